// SPDX-License-Identifier: MIT OR Apache-2.0
// A node's life, its torrents and what it says. Bytes and jobs are in node_io.cc.
#include "sim/node.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir::sim {

Node::Node(World& world, Network& network, SimTracker& tracker, Referee& referee, NodeConfig config)
    : world_(world),
      network_(network),
      tracker_(tracker),
      referee_(referee),
      config_(std::move(config)),
      disk_(world.random().next()),
      stored_(disk_, kRoot, kSideRoot) {
  config_.session.side_root = kSideRoot;
  if (config_.liar) referee_.declare_liar(address());
  disk_.set_hook([this](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (checking_ || !hook_) return std::nullopt;
    return hook_(kind, path);
  });
  state_.set_hook([this](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (checking_ || !hook_) return std::nullopt;
    return hook_(kind, path);
  });
  start();
}

Node::~Node() { network_.remove_host(address()); }

void Node::start() {
  ++life_;
  disk_.restart();
  state_.restart();
  config_.session.boot_id = "boot " + std::to_string(boots_);
  session_ = std::make_unique<Session>(config_.session, world_.random().next());
  session_->set_listen_port(kPort);
  network_.add_host(config_.host, kPort, this);
  contents_.clear();
  done_.clear();
  counters_ = {};
  reads_.clear();
  rechecked_.clear();
  armed_for_ = kNever;
  jobs_running_ = 0;
  workers_free_.assign(std::max<std::size_t>(1, config_.disk_workers), TimePoint{});
}

void Node::kill() {
  world_.trace("kill", life_);
  ++life_;
  network_.remove_host(address());
  links_.clear();
  streams_.clear();
  session_.reset();
}

void Node::power_cut() {
  kill();
  disk_.crash(world_.random());
  state_.crash(world_.random());
  stored_.forget();
  journaled_.clear();
  ++boots_;
}

void Node::stop() {
  session_->stop(world_.now());
  drain();
}

void Node::place_content(const Content& content) {
  const auto& files = content.layout().files();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].attributes.pad || files[i].length == 0) continue;
    disk_.put_file(std::string(kRoot) + "/" + files[i].path, content.files[i]);
  }
}

AddTorrent Node::request_for(const Content& content, AddTorrent extra) const {
  AddTorrent request = std::move(extra);
  request.metadata = content.metadata;
  request.torrent_file = content.torrent_file;
  request.storage.root = kRoot;
  request.storage.side_root = kSideRoot;
  return request;
}

void Node::know(const Content& content) {
  if (std::find(contents_.begin(), contents_.end(), &content) == contents_.end()) {
    contents_.push_back(&content);
  }
}

TorrentKey Node::add(AddTorrent request, const Content& content) {
  know(content);
  const auto added = session_->add(world_.now(), std::move(request));
  WEIR_ASSERT(added.has_value());
  drain();
  return *added;
}

TorrentKey Node::seed(const Content& content) {
  place_content(content);
  AddTorrent request = request_for(content);
  request.check = StartCheck::trust;
  request.seed_only = true;
  return add(std::move(request), content);
}

TorrentKey Node::leech(const Content& content, AddTorrent extra) {
  return add(request_for(content, std::move(extra)), content);
}

TorrentKey Node::leech_magnet(const Content& content) {
  return leech_magnet(content, content.info().hashes);
}

TorrentKey Node::leech_magnet(const Content& content, const InfoHashes& names) {
  AddTorrent request = request_for(content);
  request.metadata.reset();
  request.torrent_file.clear();
  request.magnet = Magnet{};
  request.magnet->hashes = names;
  request.magnet->trackers = {kTrackerUrl};
  return add(std::move(request), content);
}

TorrentKey Node::resume(const Content& content, AddTorrent extra) {
  AddTorrent request = request_for(content, std::move(extra));
  checking_ = true;  // a start reads its state before the session is there to fail
  const auto entry = state_.load(content.info().hashes.wire_hash().hex());
  checking_ = false;
  if (entry && *entry) request.saved_progress = (*entry)->progress;
  return add(std::move(request), content);
}

std::optional<ReadId> Node::read(const Content& content, TorrentKey torrent, FileIndex file,
                                 std::uint64_t offset, std::uint32_t length, ReadCallback done) {
  const auto id = session_->read(world_.now(), torrent, file, offset, length);
  if (!id) return std::nullopt;
  reads_[*id] = PendingRead{&content, file, offset, std::move(done)};
  drain();
  return *id;
}

void Node::cancel_read(ReadId id) {
  reads_.erase(id);
  session_->cancel_read(id);
  drain();
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

TorrentStatus Node::status(TorrentKey torrent) const {
  auto status = session_->status(world_.now(), torrent);
  return status ? std::move(*status) : TorrentStatus{};
}

const Content* Node::content_of(TorrentKey torrent) const {
  const auto info = session_->info(torrent);
  if (info == nullptr) return nullptr;
  for (const Content* content : contents_) {
    if (content->info().hashes == info->hashes) return content;
  }
  return nullptr;
}

bool Node::stored(const Content& content, PieceIndex piece) {
  checking_ = true;
  const bool good = stored_.seen_true(content, piece);
  checking_ = false;
  return good;
}

void Node::check_have(const Content& content) {
  const auto key = session_ ? session_->find(content.info().hashes) : std::nullopt;
  const Bitfield* have = key ? session_->have(*key) : nullptr;
  if (have == nullptr) return;
  for (std::size_t i = have->find_set(0); i < have->size(); i = have->find_set(i + 1)) {
    checking_ = true;
    const bool good = stored_.true_now(content, static_cast<PieceIndex>(i));
    checking_ = false;
    if (good) continue;
    world_.violation(address().text() + " claims piece " + std::to_string(i) +
                     " but its bytes are not the content");
  }
}

StreamId Node::random_stream() {
  if (links_.empty()) return StreamId{};
  auto it = links_.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(world_.random().below(links_.size())));
  return it->first;
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
  if (!session_ || life != life_) return;
  const std::size_t buffers = session_->buffer_bytes();
  const std::size_t limit = config_.buffer_limit_checked > 0
                                ? config_.buffer_limit_checked
                                : config_.session.buffer_bytes_max + kBufferSlack;
  if (buffers > limit) {
    world_.violation(address().text() + " holds " + std::to_string(buffers) +
                     " bytes in piece buffers");
  }
  arm_timer();
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

void Node::on_event(const Event& event) {
  const auto* piece = std::get_if<PieceDone>(&event.body);
  world_.trace("event", event.body.index(), piece != nullptr ? to_int(piece->piece) : 0);
  if (piece != nullptr) on_piece_done(event.torrent, piece->piece);
  if (std::holds_alternative<TorrentDone>(event.body)) done_.push_back(event.torrent);
  if (std::holds_alternative<TorrentRemoved>(event.body)) removed_.insert(event.torrent);
  if (const auto* failed = std::get_if<TorrentFailed>(&event.body)) {
    ++counters_.failures_said;
    counters_.failure_codes.push_back(failed->code);
  }
  if (std::holds_alternative<TorrentRecovered>(event.body)) ++counters_.recoveries_said;
  if (const auto* ban = std::get_if<PeerBanned>(&event.body)) {
    referee_.saw_ban(address(), ban->address);
  }
  if (const auto* read = std::get_if<ReadDone>(&event.body)) on_read_done(*read);
}

void Node::on_piece_done(TorrentKey torrent, PieceIndex piece) {
  ++counters_.pieces_done;
  counters_.piece_order.push_back(piece);
  counters_.piece_times.push_back(world_.now());
  const Content* content = content_of(torrent);
  if (content == nullptr || config_.liar || stored(*content, piece)) return;
  world_.violation(address().text() + " says piece " + std::to_string(to_int(piece)) +
                   " is done, but its disk does not hold it");
}

void Node::on_read_done(const ReadDone& done) {
  const auto it = reads_.find(done.id);
  if (it == reads_.end()) return world_.violation("a read ends that was never begun");
  const PendingRead read = std::move(it->second);
  reads_.erase(it);
  if (!done.error) {
    Buffer data = *done.data;
    if (config_.corrupt_reads) data.front() ^= std::byte{1};
    const Buffer& truth = read.content->files[to_int(read.file)];
    const auto begin = truth.begin() + static_cast<std::ptrdiff_t>(read.offset);
    if (data.empty() || !std::equal(data.begin(), data.end(), begin)) {
      world_.violation(address().text() + " gives a reader bytes that are not the content");
    }
  }
  if (read.done) read.done(done);
}

}  // namespace weir::sim
