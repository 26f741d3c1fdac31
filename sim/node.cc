// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/node.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir::sim {
namespace {

constexpr const char* kRoot = "/data";
constexpr const char* kSideRoot = "/state/side";

template <class... Fs>
struct Overload : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overload(Fs...) -> Overload<Fs...>;

std::uint64_t job_bytes(const Job& job) {
  if (const auto* write = std::get_if<WritePiecesJob>(&job.work)) {
    std::uint64_t bytes = 0;
    for (const auto& piece : write->pieces) bytes += piece.buffer.size();
    return bytes;
  }
  if (const auto* check = std::get_if<CheckPiecesJob>(&job.work)) {
    return check->pieces.size() * check->storage->info().layout.piece_length();
  }
  return 4096;
}

}  // namespace

Node::Node(World& world, Network& network, SimTracker& tracker, NodeConfig config)
    : world_(world),
      network_(network),
      tracker_(tracker),
      config_(std::move(config)),
      disk_(world.random().next()) {
  config_.session.side_root = kSideRoot;
  start();
}

Node::~Node() { network_.remove_host(address()); }

void Node::start() {
  ++life_;
  disk_.restart();
  state_.restart();
  session_ = std::make_unique<Session>(config_.session, world_.random().next());
  session_->set_listen_port(kPort);
  network_.add_host(config_.host, kPort, this);
  contents_.clear();
  done_.clear();
  armed_for_ = kNever;
}

void Node::kill() {
  world_.trace("kill", life_);
  ++life_;
  network_.remove_host(address());
  conns_.clear();
  streams_.clear();
  session_.reset();
}

void Node::power_cut() {
  kill();
  disk_.crash(world_.random());
  state_.crash(world_.random());
}

void Node::place_content(const Content& content) {
  const auto& files = content.layout().files();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].attributes.pad || files[i].length == 0) continue;
    disk_.put_file(std::string(kRoot) + "/" + files[i].path, content.files[i]);
  }
}

AddTorrent Node::base_request(const Content& content) const {
  AddTorrent request;
  request.metadata = content.metadata;
  request.torrent_file = content.torrent_file;
  request.storage.root = kRoot;
  request.storage.side_root = kSideRoot;
  return request;
}

TorrentKey Node::add(AddTorrent request, const Content& content) {
  if (std::find(contents_.begin(), contents_.end(), &content) == contents_.end()) {
    contents_.push_back(&content);
  }
  const auto added = session_->add(world_.now(), std::move(request));
  WEIR_ASSERT(added.has_value());
  drain();
  return *added;
}

TorrentKey Node::seed(const Content& content) {
  place_content(content);
  AddTorrent request = base_request(content);
  request.check = StartCheck::trust;
  request.seed_only = true;
  return add(std::move(request), content);
}

TorrentKey Node::leech(const Content& content, AddTorrent extra) {
  AddTorrent request = base_request(content);
  request.peers = std::move(extra.peers);
  request.sequential = extra.sequential;
  request.file_priorities = std::move(extra.file_priorities);
  request.storage.part_suffix = extra.storage.part_suffix;
  request.limits = extra.limits;
  return add(std::move(request), content);
}

TorrentKey Node::leech_magnet(const Content& content) {
  AddTorrent request = base_request(content);
  request.metadata.reset();
  request.torrent_file.clear();
  request.magnet = Magnet{};
  request.magnet->hashes = content.info().hashes;
  request.magnet->trackers = {kTrackerUrl};
  return add(std::move(request), content);
}

TorrentKey Node::resume(const Content& content) {
  AddTorrent request = base_request(content);
  const auto entry = state_.load(content.info().hashes.wire_hash().hex());
  if (entry && *entry) request.saved_progress = (*entry)->progress;
  return add(std::move(request), content);
}

bool Node::complete(const Content& content) const {
  if (!session_) return false;
  const auto key = session_->find(content.info().hashes);
  const Bitfield* have = key ? session_->have(*key) : nullptr;
  return have != nullptr && have->size() == content.layout().piece_count() && have->all();
}

bool Node::done(TorrentKey torrent) const {
  return std::find(done_.begin(), done_.end(), torrent) != done_.end();
}

std::vector<IpAddress> Node::banned() const { return banned_; }

TorrentStatus Node::status(TorrentKey torrent) const {
  return *session_->status(world_.now(), torrent);
}

void Node::check_have(const Content& content) {
  const auto key = session_ ? session_->find(content.info().hashes) : std::nullopt;
  const Bitfield* have = key ? session_->have(*key) : nullptr;
  if (have == nullptr) return;
  for (std::size_t i = have->find_set(0); i < have->size(); i = have->find_set(i + 1)) {
    const auto piece = static_cast<PieceIndex>(i);
    Buffer stored;
    const TorrentStorage storage(content.metadata->info,
                                 StorageOptions{.root = kRoot,
                                                .side_root = kSideRoot,
                                                .part_suffix = false,
                                                .preallocation = Preallocation::sparse},
                                 Bitfield(content.layout().files().size(), true),
                                 Bitfield(content.layout().files().size()));
    stored.resize(content.layout().piece_size(piece));
    const auto read = storage.read(disk_, piece, 0, stored);
    if (!read || stored != content.piece(piece)) {
      world_.violation(address().text() + " claims piece " + std::to_string(i) +
                       " but its bytes are not the content");
    }
  }
}

void Node::drain() {
  if (draining_ || !session_) return;
  draining_ = true;
  const std::uint64_t life = life_;
  while (session_) {
    auto action = session_->next();
    if (!action) break;
    perform(std::move(*action));
    if (life != life_) break;
  }
  draining_ = false;
  if (session_ && life == life_) arm_timer();
}

void Node::arm_timer() {
  const TimePoint at = session_->next_deadline();
  if (at == kNever || (armed_for_ <= at && armed_for_ > world_.now())) return;
  armed_for_ = at;
  // A machine that asks for the past again and again would stop virtual time.
  world_.at(std::max(at, world_.now() + std::chrono::microseconds(10)), [this, life = life_] {
    if (life != life_ || !session_) return;
    armed_for_ = kNever;
    session_->handle_timer(world_.now());
    drain();
  });
}

void Node::perform(SessionAction action) {
  std::visit(Overload{
                 [&](const Dial& dial) {
                   const StreamId stream = network_.connect(address(), dial.remote);
                   conns_[stream] = dial.conn;
                   streams_[dial.conn] = stream;
                 },
                 [&](const Close& close) {
                   const auto it = streams_.find(close.conn);
                   if (it == streams_.end()) return;
                   const StreamId stream = it->second;
                   streams_.erase(it);
                   conns_.erase(stream);
                   world_.trace(close_reason_name(close.reason));
                   network_.close(stream, address());
                 },
                 [&](const WakeRead& wake) {
                   if (const auto it = streams_.find(wake.conn); it != streams_.end()) {
                     world_.after({}, [this, life = life_, stream = it->second] {
                       if (life == life_) read_stream(stream);
                     });
                   }
                 },
                 [&](const WakeWrite& wake) {
                   if (const auto it = streams_.find(wake.conn); it != streams_.end()) {
                     world_.after({}, [this, life = life_, stream = it->second] {
                       if (life == life_) write_stream(stream);
                     });
                   }
                 },
                 [&](StartJob& start) { run(std::move(start.job)); },
                 [&](const HttpGet& get) {
                   tracker_.get(get.url, address(),
                                [this, life = life_, id = get.id](HttpReply reply) {
                                  if (life != life_ || !session_) return;
                                  session_->handle_http_reply(world_.now(), id, std::move(reply));
                                  drain();
                                });
                 },
                 [&](const CancelRequest&) {},
                 [&](const Resolve&) {},
                 [&](const SendUdp&) {},
                 [&](const Event& event) { on_event(event); },
             },
             action);
}

void Node::on_event(const Event& event) {
  const auto* piece = std::get_if<PieceDone>(&event.body);
  world_.trace("event", event.body.index(), piece != nullptr ? to_int(piece->piece) : 0);
  if (std::holds_alternative<TorrentDone>(event.body)) done_.push_back(event.torrent);
  if (std::holds_alternative<TorrentFailed>(event.body)) ++failures_said_;
  if (std::holds_alternative<TorrentRecovered>(event.body)) ++recoveries_said_;
  if (const auto* ban = std::get_if<PeerBanned>(&event.body)) banned_.push_back(ban->address);
}

// The disk does one thing after the other, each taking its time; the work itself is done when it
// ends.
void Node::run(Job job) {
  const Duration took = config_.disk_delay + from_seconds(static_cast<double>(job_bytes(job)) /
                                                          config_.disk_bytes_per_second);
  disk_free_ = std::max(disk_free_, world_.now()) + took;
  auto shared = std::make_shared<Job>(std::move(job));
  world_.at(disk_free_, [this, life = life_, shared] {
    if (life != life_) return;
    JobResult result = run_job(std::move(*shared), disk_, state_);
    if (life != life_ || !session_) return;  // killed by a fault hook in the middle
    session_->handle_job(world_.now(), std::move(result));
    drain();
  });
}

bool Node::on_accept(StreamId stream, const Endpoint& remote) {
  if (!session_) return false;
  const ConnId conn = session_->new_conn_id();
  const bool welcome = session_->handle_accepted(world_.now(), conn, remote);
  if (welcome) {
    conns_[stream] = conn;
    streams_[conn] = stream;
  }
  drain();
  return welcome;
}

void Node::on_connected(StreamId stream) {
  const auto it = conns_.find(stream);
  if (it == conns_.end()) return;
  session_->handle_dialled(world_.now(), it->second, endpoint());
  drain();
}

void Node::on_connect_failed(StreamId stream) {
  const auto it = conns_.find(stream);
  if (it == conns_.end()) return;
  const ConnId conn = it->second;
  conns_.erase(it);
  streams_.erase(conn);
  session_->handle_dial_failed(world_.now(), conn);
  drain();
}

void Node::on_closed(StreamId stream) {
  const auto it = conns_.find(stream);
  if (it == conns_.end()) return;
  const ConnId conn = it->second;
  conns_.erase(it);
  streams_.erase(conn);
  session_->handle_closed(world_.now(), conn, CloseReason::remote_closed);
  drain();
}

void Node::on_bytes(StreamId stream) { read_stream(stream); }
void Node::on_writable(StreamId stream) { write_stream(stream); }

void Node::read_stream(StreamId stream) {
  while (session_ && network_.received(stream, address()) > 0) {
    const auto it = conns_.find(stream);
    if (it == conns_.end()) return;
    std::array<MutableBytes, 40> spans;
    const std::size_t count = session_->prepare(world_.now(), it->second, spans);
    if (count == 0) break;
    const std::size_t bytes = network_.receive(stream, address(), std::span(spans).first(count));
    session_->commit(world_.now(), it->second, bytes);
    drain();
  }
  drain();
}

void Node::write_stream(StreamId stream) {
  while (session_) {
    const auto it = conns_.find(stream);
    if (it == conns_.end()) return;
    const std::size_t room = network_.send_room(stream, address());
    if (room == 0) {
      network_.want_room(stream, address());
      break;
    }
    std::vector<SendRange> ranges;
    session_->collect(world_.now(), it->second, room, ranges);
    if (ranges.empty()) break;
    std::size_t sent = 0;
    bool full = false;
    for (const SendRange& range : ranges) {
      const auto* stored = std::get_if<StoredRange>(&range);
      const Buffer bytes = stored != nullptr ? load(*stored) : to_buffer(std::get<Bytes>(range));
      const std::size_t taken = network_.send(stream, address(), bytes);
      sent += taken;
      full = taken < bytes.size();
      if (full) break;
    }
    session_->sent(world_.now(), it->second, sent);
    drain();
    if (full) return;  // on_writable follows
  }
  drain();
}

Buffer Node::load(const StoredRange& range) {
  Buffer bytes(range.length);
  if (range.zeros()) return bytes;
  const auto read = disk_.read(range.path, range.offset, bytes);
  if (!read) world_.violation("a range to be sent can't be read: " + range.path.relative);
  check_upload(range, bytes);
  if (config_.corrupt_uploads > 0 && world_.random().chance(config_.corrupt_uploads)) {
    bytes[world_.random().below(bytes.size())] ^= std::byte{0x55};
  }
  return bytes;
}

void Node::check_upload(const StoredRange& range, const Buffer& bytes) {
  for (const Content* content : contents_) {
    const auto& files = content->layout().files();
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].path != range.path.relative || range.path.root != kRoot) continue;
      const auto begin = content->files[i].begin() + static_cast<std::ptrdiff_t>(range.offset);
      if (!std::equal(bytes.begin(), bytes.end(), begin)) {
        world_.violation(address().text() + " uploads bytes that are not the content");
      }
      return;
    }
  }
}

}  // namespace weir::sim
