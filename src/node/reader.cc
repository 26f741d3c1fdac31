// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/reader.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "node/event_log.h"
#include "node/node.h"

namespace weir {
namespace {
// How long to wait before asking a torrent again whose files are not ready yet: it was added a
// moment ago.
constexpr std::chrono::milliseconds kNotReadyRetry{50};

using ReadResult = NodeResult<ReadPart>;
}  // namespace

struct Reader::State : std::enable_shared_from_this<State> {
  struct Chunk {
    std::uint64_t offset = 0;  // in the file; its name too
    std::uint32_t length = 0;
    std::optional<ReadHandle> handle;
    std::optional<ReadResult> result;
  };

  State(Node& its_node, const Found& found, FileIndex its_file)
      : node(its_node),
        torrent(found.key),
        info(found.info),
        file(its_file),
        id(torrent_id(found.publication ? found.publication->reference->info->hashes
                                        : found.info->hashes)) {}

  // Asks for more, on a thread of the node's.
  void post_pump() {
    node.work().post([self = shared_from_this()] { self->pump(); });
  }
  void pump();
  void ask(std::uint64_t offset, std::uint32_t length);
  // A chunk that is sent from the disk; false: the engine is to be asked.
  bool take_stored(std::uint64_t offset);
  void arrived(std::uint64_t offset, const ClientResult<std::shared_ptr<const Buffer>>& result);
  void time_out(std::uint64_t number);
  void close();
  // The next bytes, when they are here. REQUIRES: the mutex is held.
  std::optional<ReadResult> take(std::size_t bytes_max);
  [[nodiscard]] Chunk* find(std::uint64_t offset);

  Node& node;
  const TorrentKey torrent;
  const std::shared_ptr<const TorrentInfo> info;
  const FileIndex file;
  const std::string id;

  std::mutex pump_mutex;     // one pump at a time; before `mutex`
  bool wanted = false;       // the file is among those to be fetched; the pump's
  std::mutex mutex;          // everything below
  bool from_disk = false;    // next_part() asks
  std::uint64_t ask_at = 0;  // what is asked next
  std::uint64_t end = 0;
  std::deque<Chunk> chunks;  // asked, in order
  std::size_t taken = 0;     // of the first chunk
  bool closed = false;
  std::optional<NodeError> failed;
  std::function<void(ReadResult)> waiting;
  std::size_t waiting_max = 0;
  std::uint64_t waits = 0;
  TimerId timer{};
};

Reader::State::Chunk* Reader::State::find(std::uint64_t offset) {
  const auto it = std::find_if(chunks.begin(), chunks.end(),
                               [offset](const Chunk& chunk) { return chunk.offset == offset; });
  return it == chunks.end() ? nullptr : &*it;
}

void Reader::State::pump() {
  const std::lock_guard one(pump_mutex);
  node.used(id);
  const Layout& layout = info->layout;
  const std::uint64_t base = layout.file(file).offset;
  while (true) {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    {
      const std::lock_guard lock(mutex);
      if (closed || failed || ask_at == end || chunks.size() >= kChunksAhead) return;
      offset = ask_at;
    }
    if (take_stored(offset)) continue;
    if (!wanted) {
      // Asked for by hash alone, a torrent begins with no files but the one asked for.
      (void)node.client().want_files(torrent, {file});
      wanted = true;
    }
    {
      const std::lock_guard lock(mutex);
      if (closed) return;
      // The engine gives no more than to the end of a piece.
      const std::uint64_t in_piece = (base + offset) % layout.piece_length();
      length = static_cast<std::uint32_t>(
          std::min({std::uint64_t{kChunkBytes}, end - offset, layout.piece_length() - in_piece}));
      chunks.push_back({offset, length, std::nullopt, std::nullopt});
      ask_at += length;
    }
    ask(offset, length);
  }
}

bool Reader::State::take_stored(std::uint64_t offset) {
  std::uint32_t most = 0;
  {
    const std::lock_guard lock(mutex);
    if (!from_disk) return false;
    most = static_cast<std::uint32_t>(std::min<std::uint64_t>(kStoredBytes, end - offset));
  }
  auto stored = node.client().stored(torrent, file, offset, most);
  if (!stored) return false;
  std::function<void(ReadResult)> tell;
  std::optional<ReadResult> told;
  {
    const std::lock_guard lock(mutex);
    if (closed) return true;
    const auto length = static_cast<std::uint32_t>(stored->length);
    chunks.push_back({offset, length, std::nullopt, ReadPart{nullptr, std::move(stored)}});
    ask_at += length;
    if (!waiting || chunks.size() > 1) return true;
    told = take(waiting_max);
    tell = std::exchange(waiting, nullptr);
    node.work().cancel(timer);
  }
  tell(std::move(*told));
  return true;
}

void Reader::State::ask(std::uint64_t offset, std::uint32_t length) {
  const ReadHandle handle = node.client().read_async(
      torrent, file, offset, length,
      [self = shared_from_this(), offset](ClientResult<std::shared_ptr<const Buffer>> result) {
        self->arrived(offset, result);
      });
  bool too_late = false;
  {
    const std::lock_guard lock(mutex);
    Chunk* const chunk = find(offset);
    if (chunk && !chunk->result) chunk->handle = handle;
    too_late = closed;
  }
  if (too_late) node.client().cancel_read(handle);
}

// On the engine's thread.
void Reader::State::arrived(std::uint64_t offset,
                            const ClientResult<std::shared_ptr<const Buffer>>& result) {
  std::function<void(ReadResult)> tell;
  std::optional<ReadResult> told;
  {
    const std::lock_guard lock(mutex);
    Chunk* const chunk = find(offset);
    if (closed || !chunk) return;
    chunk->handle.reset();
    if (!result && result.error().code == "no_metadata") {
      const std::uint32_t length = chunk->length;
      node.work().after(kNotReadyRetry,
                        [self = shared_from_this(), offset, length] { self->ask(offset, length); });
      return;
    }
    if (!result) {
      const bool stopping = result.error().code == "stopping";
      chunk->result =
          std::unexpected(NodeError{stopping ? NodeErrc::stopping : NodeErrc::engine,
                                    result.error().code + ": " + result.error().detail});
    } else if ((*result)->size() != chunk->length) {
      chunk->result = std::unexpected(NodeError{NodeErrc::engine, "a read came short"});
    } else {
      chunk->result = ReadPart{*result, std::nullopt};
    }
    if (!waiting || chunk != &chunks.front()) return;
    told = take(waiting_max);
    tell = std::exchange(waiting, nullptr);
    node.work().cancel(timer);
  }
  post_pump();
  tell(std::move(*told));
}

std::optional<ReadResult> Reader::State::take(std::size_t bytes_max) {
  if (failed) return std::unexpected(*failed);
  if (chunks.empty()) {
    if (ask_at == end) return ReadPart{};
    return std::nullopt;
  }
  Chunk& first = chunks.front();
  if (!first.result) return std::nullopt;
  if (!*first.result) {
    failed = first.result->error();
    return std::unexpected(*failed);
  }
  if ((*first.result)->stored) {
    ReadPart part = std::move(**first.result);
    chunks.pop_front();
    return part;
  }
  std::shared_ptr<const Buffer> bytes = (*first.result)->bytes;
  if (taken > 0 || bytes->size() > bytes_max) {
    const std::size_t size = std::min(bytes_max, bytes->size() - taken);
    auto part = std::make_shared<const Buffer>(to_buffer(Bytes(*bytes).subspan(taken, size)));
    taken += size;
    if (taken < bytes->size()) return ReadPart{part, std::nullopt};
    bytes = std::move(part);
  }
  chunks.pop_front();
  taken = 0;
  return ReadPart{std::move(bytes), std::nullopt};
}

void Reader::State::time_out(std::uint64_t number) {
  std::function<void(ReadResult)> tell;
  {
    const std::lock_guard lock(mutex);
    if (!waiting || waits != number) return;
    failed = NodeError{NodeErrc::timed_out, "the next bytes did not come in time"};
    tell = std::exchange(waiting, nullptr);
  }
  tell(std::unexpected(*failed));
}

void Reader::State::close() {
  std::vector<ReadHandle> handles;
  std::function<void(ReadResult)> dropped;
  {
    const std::lock_guard lock(mutex);
    closed = true;
    dropped = std::exchange(waiting, nullptr);
    for (const Chunk& chunk : chunks) {
      if (chunk.handle) handles.push_back(*chunk.handle);
    }
    chunks.clear();
    node.work().cancel(timer);
  }
  if (handles.empty()) return;
  node.work().post([self = shared_from_this(), handles = std::move(handles)] {
    for (const ReadHandle handle : handles) self->node.client().cancel_read(handle);
  });
}

Reader::Reader(std::shared_ptr<State> state) : state_(std::move(state)) {}
Reader::~Reader() { state_->close(); }

void Reader::next(std::size_t bytes_max,
                  std::function<void(NodeResult<std::shared_ptr<const Buffer>>)> done) {
  ask(bytes_max, false, [done = std::move(done)](ReadResult part) {
    if (!part) return done(std::unexpected(part.error()));
    done(std::move(part->bytes));
  });
}

void Reader::next_part(std::size_t bytes_max, std::function<void(ReadResult)> done) {
  ask(bytes_max, true, std::move(done));
}

void Reader::ask(std::size_t bytes_max, bool stored, std::function<void(ReadResult)> done) {
  State& s = *state_;
  std::optional<ReadResult> ready;
  {
    const std::lock_guard lock(s.mutex);
    s.from_disk = stored;
    ready = s.take(std::max<std::size_t>(1, bytes_max));
    if (!ready) {
      s.waiting = std::move(done);
      s.waiting_max = std::max<std::size_t>(1, bytes_max);
      const std::uint64_t number = ++s.waits;
      s.timer =
          s.node.work().after(s.node.config().read_timeout,
                              [self = s.shared_from_this(), number] { self->time_out(number); });
    }
  }
  s.post_pump();
  if (ready) done(std::move(*ready));
}

std::unique_ptr<Reader> Node::read(const Found& found, FileIndex file, std::uint64_t offset,
                                   std::uint64_t length) {
  auto state = std::make_shared<Reader::State>(*this, found, file);
  state->ask_at = offset;
  state->end = offset + length;
  return std::unique_ptr<Reader>(new Reader(std::move(state)));
}

}  // namespace weir
