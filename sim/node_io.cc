// SPDX-License-Identifier: MIT OR Apache-2.0
// How a simulated node moves bytes and runs jobs.
#include <algorithm>
#include <array>
#include <utility>

#include "sim/node.h"

namespace weir::sim {
namespace {

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

void Node::link(StreamId stream, ConnId conn) {
  Link& link = links_[stream];
  link.conn = conn;
  streams_[conn] = stream;
  if (config_.liar) return;
  link.checker = std::make_unique<UploadChecker>(
      world_, address().text(),
      UploadChecker::Questions{
          .content = [this](const Sha1Digest& hash) -> const Content* {
            for (const Content* content : contents_) {
              if (content->info().hashes.matches(hash)) return content;
            }
            return nullptr;
          },
          .stored = [this](const Content& content,
                           PieceIndex piece) { return stored(content, piece); }});
}

void Node::perform(SessionAction action) {
  const auto later = [this](ConnId conn, void (Node::*what)(StreamId)) {
    const auto it = streams_.find(conn);
    if (it == streams_.end()) return;
    world_.after({}, [this, life = life_, stream = it->second, what] {
      if (life == life_) (this->*what)(stream);
    });
  };
  std::visit(
      Overload{
          [&](const Dial& dial) { link(network_.connect(address(), dial.remote), dial.conn); },
          [&](const Close& close) {
            const auto it = streams_.find(close.conn);
            if (it == streams_.end()) return;
            const StreamId stream = it->second;
            streams_.erase(it);
            links_.erase(stream);
            world_.trace(close_reason_name(close.reason));
            network_.close(stream);
          },
          [&](const WakeRead& wake) { later(wake.conn, &Node::read_stream); },
          [&](const WakeWrite& wake) { later(wake.conn, &Node::write_stream); },
          [&](StartJob& start) { run(std::move(start.job)); },
          [&](const HttpGet& get) {
            tracker_.get(get.url, address(), [this, life = life_, id = get.id](HttpReply reply) {
              if (life != life_ || !session_) return;
              session_->handle_http_reply(world_.now(), id, std::move(reply));
              drain();
            });
          },
          [&](const CancelRequest&) {},
          [&](const Resolve& look_up) { resolve(look_up); },
          [&](const SendUdp& packet) { counters_.datagrams.push_back(packet.to); },
          [&](const Event& event) { on_event(event); },
      },
      action);
}

void Node::resolve(const Resolve& look_up) {
  const auto known = config_.names.find(look_up.host);
  if (known == config_.names.end()) return;
  world_.after(std::chrono::milliseconds(20), [this, life = life_, id = look_up.id, known] {
    if (life != life_ || !session_) return;
    session_->handle_resolved(world_.now(), id, known->second);
    drain();
  });
}

// Each job takes the worker that is free first. With one worker the disk is touched when the job
// ends; with several, at a random moment of it.
void Node::run(Job job) {
  Duration took = config_.disk_delay +
                  from_seconds(static_cast<double>(job_bytes(job)) / config_.disk_bytes_per_second);
  if (std::holds_alternative<SyncJob>(job.work)) took += config_.sync_delay;
  TimePoint& free = *std::min_element(workers_free_.begin(), workers_free_.end());
  const TimePoint begin = std::max(free, world_.now());
  const bool ordered = workers_free_.size() == 1;
  if (!ordered) took = world_.random().jitter(took, 0.9);
  free = begin + took;
  const TimePoint touches =
      ordered ? free : begin + from_seconds(to_seconds(took) * world_.random().unit());
  const auto shared = std::make_shared<Job>(std::move(job));
  const auto result = std::make_shared<JobResult>();
  ++jobs_running_;
  world_.at(touches, [this, life = life_, shared, result] {
    if (life != life_) return;
    *result = execute(std::move(*shared));
  });
  world_.at(free, [this, life = life_, result] {
    if (life != life_ || !session_) return;
    finish(std::move(*result));
  });
}

JobResult Node::execute(Job job) {
  if (config_.skip_writes) {
    if (auto* write = std::get_if<WritePiecesJob>(&job.work)) {
      JobResult result{
          .id = job.id, .torrent = job.torrent, .work = {}, .pieces = {}, .files = {}, .error = {}};
      for (BufferedPiece& piece : write->pieces) {
        result.pieces.push_back(
            {piece.piece, PieceVerdict::good, std::nullopt, std::move(piece.buffer)});
      }
      write->pieces.clear();
      result.work = std::move(job.work);
      return result;
    }
  }
  const bool writes = std::holds_alternative<WritePiecesJob>(job.work);
  if (writes && removed_.contains(job.torrent)) ++counters_.writes_after_removal;
  return run_job(std::move(job), disk_, state_);
}

void Node::note_result(const JobResult& result) {
  if (const auto* check = std::get_if<CheckPiecesJob>(&result.work)) {
    counters_.pieces_checked += check->pieces.size();
    const bool ready = session_->have(result.torrent) != nullptr;
    if (!ready) rechecked_.insert(check->pieces.begin(), check->pieces.end());
  }
  const auto* journal = std::get_if<JournalJob>(&result.work);
  const Content* content = content_of(result.torrent);
  if (journal == nullptr || result.error || content == nullptr) return;
  Bitfield promised = journal->progress.have;
  const Bitfield& written = journal->progress.written;
  for (std::size_t i = written.find_set(0); i < written.size(); i = written.find_set(i + 1)) {
    promised.set(i);
  }
  journaled_[content] = std::move(promised);
}

void Node::finish(JobResult result) {
  --jobs_running_;
  note_result(result);
  session_->handle_job(world_.now(), std::move(result));
  drain();
}

bool Node::on_accept(StreamId stream, const Endpoint& remote) {
  if (!session_) return false;
  const ConnId conn = session_->new_conn_id();
  const bool welcome = session_->handle_accepted(world_.now(), conn, remote);
  if (welcome) link(stream, conn);
  drain();
  return welcome;
}

void Node::on_connected(StreamId stream) {
  const auto it = links_.find(stream);
  if (it == links_.end()) return;
  session_->handle_dialled(world_.now(), it->second.conn, endpoint());
  drain();
}

void Node::on_connect_failed(StreamId stream) {
  const auto it = links_.find(stream);
  if (it == links_.end()) return;
  const ConnId conn = it->second.conn;
  links_.erase(it);
  streams_.erase(conn);
  session_->handle_dial_failed(world_.now(), conn);
  drain();
}

void Node::on_closed(StreamId stream) {
  const auto it = links_.find(stream);
  if (it == links_.end()) return;
  const ConnId conn = it->second.conn;
  links_.erase(it);
  streams_.erase(conn);
  session_->handle_closed(world_.now(), conn, CloseReason::remote_closed);
  drain();
}

void Node::on_bytes(StreamId stream) { read_stream(stream); }
void Node::on_writable(StreamId stream) { write_stream(stream); }

void Node::read_stream(StreamId stream) {
  while (session_ && network_.received(stream) > 0) {
    const auto it = links_.find(stream);
    if (it == links_.end()) return;
    const ConnId conn = it->second.conn;
    std::array<MutableBytes, 40> spans;
    const std::size_t count = session_->prepare(world_.now(), conn, spans);
    if (count == 0) break;
    const std::size_t bytes = network_.receive(stream, std::span(spans).first(count));
    session_->commit(world_.now(), conn, bytes);
    drain();
  }
  drain();
}

void Node::give(StreamId stream, Bytes bytes) {
  const auto it = links_.find(stream);
  if (it != links_.end() && it->second.checker) it->second.checker->sent(bytes);
}

void Node::write_stream(StreamId stream) {
  while (session_) {
    const auto it = links_.find(stream);
    if (it == links_.end()) return;
    const ConnId conn = it->second.conn;
    const std::size_t room = network_.send_room(stream);
    if (room == 0) {
      network_.want_room(stream);
      break;
    }
    std::vector<SendRange> ranges;
    session_->collect(world_.now(), conn, room, ranges);
    if (ranges.empty()) break;
    std::size_t sent = 0;
    bool full = false;
    for (const SendRange& range : ranges) {
      const auto* stored = std::get_if<StoredRange>(&range);
      if (stored != nullptr && stored->seen) {
        const auto now_is = disk_.stat(stored->path);
        if (now_is && *now_is != *stored->seen) {
          session_->handle_content_changed(world_.now(), conn, *stored, *now_is);
          return drain();
        }
      }
      const auto bytes =
          stored != nullptr ? load(*stored, stream) : to_buffer(std::get<Bytes>(range));
      if (!bytes) {
        session_->handle_send_failed(world_.now(), conn,
                                     DiskError{DiskErrc::io_error, stored->path.relative});
        return drain();
      }
      const std::size_t taken = network_.send(stream, *bytes);
      give(stream, Bytes(*bytes).first(taken));
      sent += taken;
      full = taken < bytes->size();
      if (full) break;
    }
    session_->sent(world_.now(), conn, sent);
    drain();
    if (full) return;  // on_writable follows
  }
  drain();
}

std::optional<Buffer> Node::load(const StoredRange& range, StreamId stream) {
  Buffer bytes(range.length);
  if (!range.zeros() && !disk_.read(range.path, range.offset, bytes)) return std::nullopt;
  const bool false_block =
      config_.corrupt_block && config_.corrupt_block(range.offset / kBlockSize);
  if (false_block ||
      (config_.corrupt_uploads > 0 && world_.random().chance(config_.corrupt_uploads))) {
    bytes[world_.random().below(bytes.size())] ^= std::byte{0x55};
    referee_.saw_poison(address(), network_.remote(stream));
  }
  return bytes;
}

}  // namespace weir::sim
