// SPDX-License-Identifier: MIT OR Apache-2.0
// Readers of what is still being fetched: their pieces come first, and nothing is fetched for those
// who have gone.
#include <algorithm>
#include <deque>
#include <memory>
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

// Reads as a connection to the HTTP server does: some chunks are asked for side by side, and more
// only when the first of them were taken.
class StreamReader {
 public:
  static constexpr std::uint32_t kChunk = 128 * 1024;
  static constexpr std::size_t kAhead = 8;

  // Everything outlives it. Takes so many bytes a second; 0 takes all at once.
  StreamReader(World& world, Node& node, const Content& content, TorrentKey torrent, double rate)
      : world_(world), node_(node), content_(content), torrent_(torrent), rate_(rate) {}

  // Goes on reading there. What was asked for elsewhere is cancelled.
  void seek(std::uint64_t offset) {
    stop();
    ask_at_ = taken_ = offset;
    began_ = world_.now();
    first_.reset();
    pump();
  }
  // As when the connection is closed.
  void stop() {
    ++life_;
    for (const Chunk& chunk : chunks_) {
      if (chunk.id) node_.cancel_read(*chunk.id);
    }
    chunks_.clear();
  }
  [[nodiscard]] bool at_end() const { return taken_ == length(); }
  // From the last seek to the first bytes.
  [[nodiscard]] std::optional<Duration> first() const { return first_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  struct Chunk {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::optional<ReadId> id;  // while it is under way
  };

  [[nodiscard]] std::uint64_t length() const { return content_.files.front().size(); }
  void pump() {
    while (chunks_.size() < kAhead && ask_at_ < length()) {
      const std::uint64_t in_piece = ask_at_ % kPieceLength;
      const std::uint64_t size =
          std::min({std::uint64_t{kChunk}, length() - ask_at_, kPieceLength - in_piece});
      const std::uint64_t at = ask_at_;
      const auto id =
          node_.read(content_, torrent_, FileIndex{0}, at, static_cast<std::uint32_t>(size),
                     [this, at](const ReadDone& done) { arrived(at, done); });
      if (!id) return;
      chunks_.push_back({at, size, id});
      ask_at_ += size;
    }
  }
  void arrived(std::uint64_t at, const ReadDone& done) {
    if (done.error) failed_ = true;
    for (Chunk& chunk : chunks_) {
      if (chunk.offset == at) chunk.id.reset();
    }
    // Not from within: the node is in the middle of saying it.
    world_.after({}, [this, life = life_] {
      if (life == life_) take();
    });
  }
  void take() {
    if (taking_ || failed_ || chunks_.empty() || chunks_.front().id) return;
    if (!first_) first_ = world_.now() - began_;
    const std::uint64_t size = chunks_.front().length;
    const Duration pause = rate_ > 0 ? from_seconds(static_cast<double>(size) / rate_) : Duration{};
    taking_ = true;
    world_.after(pause, [this, size, life = life_] {
      taking_ = false;
      if (life != life_) return;
      taken_ += size;
      chunks_.pop_front();
      pump();
      take();
    });
  }

  World& world_;
  Node& node_;
  const Content& content_;
  TorrentKey torrent_;
  double rate_;
  std::uint64_t ask_at_ = 0;
  std::uint64_t taken_ = 0;
  std::deque<Chunk> chunks_;
  TimePoint began_{};
  std::optional<Duration> first_;
  std::uint64_t life_ = 0;
  bool taking_ = false;
  bool failed_ = false;
};

// A seed with this line, and a leech that is connected to it.
struct Pair {
  Pair(World& world, std::uint64_t size, double bytes_per_second, AddTorrent extra = {})
      : content(make_content(TorrentKind::hybrid, kPieceLength, size, world.seed() % 1000 + 1)),
        setup(world) {
    NodeConfig seed_config;
    seed_config.host.up_bytes_per_second = bytes_per_second;
    setup.add_seed(content, seed_config);
    leech = &setup.add_leech(content, {}, std::move(extra));
    key = setup.downloads().front().key;
    world.run_until([&] { return leech->status(key).swarm.peers > 0; }, seconds(10));
  }
  [[nodiscard]] StreamReader reader(World& world, double rate = 0) {
    return {world, *leech, content, key, rate};
  }
  [[nodiscard]] std::uint64_t random_place(World& world) const {
    return world.random().below(content.files.front().size());
  }

  Content content;
  Setup setup;
  Node* leech = nullptr;
  TorrentKey key{};
};

// A reader walks through the file while it is fetched: it never waits for the whole.
void readers(World& world, Verdict& verdict) {
  Pair pair(world, 16 << 20, 2e6);
  const Content& content = pair.content;
  Node& leech = *pair.leech;
  const TorrentKey key = pair.key;
  const std::uint64_t length = content.files.front().size();
  std::uint64_t at = length / 2 + world.random().below(100'000);
  std::size_t reads = 0;
  TimePoint asked = world.now();
  double first = 0;
  double slowest = 0;
  std::function<void(const ReadDone&)> next = [&](const ReadDone& done) {
    const double waited = to_seconds(world.now() - asked);
    if (reads++ == 0) first = waited;
    slowest = std::max(slowest, waited);
    verdict.expect(!done.error, "a read failed");
    if (done.error) return;
    at += done.data->size();
    asked = world.now();
    if (at >= length) return;
    const std::uint64_t left = std::min<std::uint64_t>(1 << 20, length - at);
    world.after({}, [&, left] {
      leech.read(content, key, FileIndex{0}, at, static_cast<std::uint32_t>(left), next);
    });
  };
  leech.read(content, key, FileIndex{0}, at, 100'000, next);
  pair.setup.finish(verdict, minutes(5));
  world.run_for(seconds(5));
  verdict.note("first bytes after " + text(first) + " s, slowest step " + text(slowest) + " s, " +
               std::to_string(reads) + " reads");
  verdict.expect(at >= length, "the reader never came to the end");
  verdict.expect(first < 1.5, "the reader's first piece did not come first");
  verdict.expect(slowest < 3, "the reader had to wait in the middle");
}

// Somebody looks for a place in a film: jumps, looks, jumps again.
void reader_seeks(World& world, Verdict& verdict) {
  Pair pair(world, 48 << 20, 1e6);
  StreamReader reader = pair.reader(world);
  double slowest = 0;
  for (int jump = 0; jump < 12; ++jump) {
    reader.seek(pair.random_place(world));
    const bool came = world.run_until([&] { return reader.first().has_value(); }, seconds(30));
    verdict.expect(came, "nothing came after jump " + std::to_string(jump));
    slowest = std::max(slowest, to_seconds(reader.first().value_or(seconds(30))));
    world.run_for(milliseconds(world.random().below(700)));
  }
  reader.stop();
  verdict.note("first bytes after " + text(slowest) + " s at most, 12 jumps");
  verdict.expect(slowest < 2, "what was left behind came before what was asked for");
  verdict.expect(!reader.failed(), "a read failed");
}

// A player takes as much as it plays: it gets all of it, and neither holds up the download nor
// makes anybody hold more than the chunks it has asked for.
void reader_slow(World& world, Verdict& verdict) {
  Pair pair(world, 8 << 20, 4e6);
  StreamReader slow = pair.reader(world, 200e3);
  slow.seek(0);
  const double took = pair.setup.finish(verdict, minutes(1));
  verdict.expect(!slow.at_end(), "the reader was not slow");
  verdict.expect(took < 6, "a slow reader held the download up: " + text(took) + " s");
  verdict.expect(world.run_until([&] { return slow.at_end(); }, minutes(2)),
                 "the slow reader never came to the end");
  verdict.expect(!slow.failed(), "a read failed");
  verdict.note("download " + text(took) + " s");
}

// Of a torrent nobody wants more than what he reads, nothing is fetched once all have gone.
void reader_aborts(World& world, Verdict& verdict) {
  AddTorrent extra;
  extra.file_priorities = {kPriorityNone};
  Pair pair(world, 48 << 20, 2e6, std::move(extra));
  std::deque<StreamReader> readers;
  for (int i = 0; i < 8; ++i) readers.push_back(pair.reader(world, i % 2 == 0 ? 0 : 300e3));
  for (int round = 0; round < 30; ++round) {
    StreamReader& reader = readers[world.random().below(readers.size())];
    world.random().chance(0.3) ? reader.stop() : reader.seek(pair.random_place(world));
    world.run_for(milliseconds(world.random().below(500)));
  }
  for (StreamReader& reader : readers) {
    reader.stop();
    verdict.expect(!reader.failed(), "a read failed");
  }
  world.run_for(seconds(8));  // what was asked of the peer arrives, and what lingers goes
  const auto downloaded = [&] { return pair.leech->status(pair.key).swarm.downloaded_bytes; };
  const std::uint64_t before = downloaded();
  world.run_for(seconds(30));
  const std::uint64_t after = downloaded();
  verdict.note(std::to_string(before >> 20) + " MiB read, " + std::to_string(after - before) +
               " bytes came when nobody read any more");
  verdict.expect(before > 0, "nothing was read at all");
  verdict.expect(after == before, "pieces nobody waits for are fetched");
  pair.leech->check_have(pair.content);
}

}  // namespace

void add_reader_scenarios(ScenarioList& out) {
  out.push_back({"readers", "a reader gets verified bytes first, and keeps going", readers});
  out.push_back({"reader-seeks", "what a reader has left behind does not delay what it reads next",
                 reader_seeks});
  out.push_back({"reader-slow", "a slow reader holds nobody up, and gets everything", reader_slow});
  out.push_back({"reader-aborts", "nothing is fetched for readers who have gone", reader_aborts});
}

}  // namespace weir::sim
