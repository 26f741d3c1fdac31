// SPDX-License-Identifier: MIT OR Apache-2.0
// One simulated weir: the real Session on the virtual network, with a virtual disk, and jobs that
// take virtual time. It can be killed and started again, with or without a power cut.
//
// Checked at all times (safety), unless the scenario made this node a liar: what it sends and
// announces is the true content (UploadChecker), a piece it says is done is on its disk
// (StoredPieces), what a reader gets is the content, its piece buffers stay within their limit, it
// bans nobody honest (Referee).
//
// Fault model of the disk: jobs of one node run on `disk_workers` workers. With one they end in the
// order in which they began. With more, each job touches the disk at a random moment of its time
// and jobs overtake each other, which is what the engine is promised and no more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/session.h"
#include "sim/checkers/referee.h"
#include "sim/checkers/stored_pieces.h"
#include "sim/checkers/upload_checker.h"
#include "sim/content.h"
#include "sim/network.h"
#include "sim/sim_tracker.h"
#include "sim/world.h"
#include "store/memory_disk.h"
#include "store/memory_state_store.h"

namespace weir::sim {

struct NodeConfig {
  HostConfig host;
  SessionConfig session;
  Duration disk_delay = std::chrono::milliseconds(1);  // for each job
  double disk_bytes_per_second = 200e6;
  Duration sync_delay{};  // for each job that syncs, on top
  std::size_t disk_workers = 1;
  // What is changed on its way out (a poisoner): a share of the sendings, and blocks by number,
  // counted through the only file of the torrent.
  double corrupt_uploads = 0;
  std::function<bool(std::uint64_t)> corrupt_block;
  // What name servers say; of other names nothing.
  std::map<std::string, std::vector<IpAddress>> names;
  bool liar = false;  // its uploads are not checked, and may be banned for
  // Broken on purpose, to see that the checkers see it.
  bool skip_writes = false;              // says that pieces are written, and writes nothing
  bool corrupt_reads = false;            // gives readers other bytes
  std::size_t buffer_limit_checked = 0;  // in place of the session's own limit
};

// What a node did in this life, for scenarios to judge.
struct NodeCounters {
  std::uint64_t failures_said = 0;
  std::uint64_t recoveries_said = 0;
  std::uint64_t pieces_checked = 0;  // hashed from disk
  std::vector<Endpoint> datagrams;   // where they went
  std::uint64_t pieces_done = 0;
  std::uint64_t writes_after_removal = 0;
  std::vector<std::string> failure_codes;
  std::vector<PieceIndex> piece_order;  // of PieceDone
  std::vector<TimePoint> piece_times;   // the same, when
};

class Node : public HostHandler {
 public:
  static constexpr std::uint16_t kPort = 6881;
  static constexpr const char* kRoot = "/data";
  static constexpr const char* kSideRoot = "/state/side";
  // Buffers are taken for what must be read whatever the limit says: a piece a reader waits for.
  static constexpr std::size_t kBufferSlack = 1 << 20;
  using ReadCallback = std::function<void(const ReadDone&)>;

  Node(World& world, Network& network, SimTracker& tracker, Referee& referee, NodeConfig config);
  ~Node() override;

  // Starts or, after kill() or power_cut(), starts again: with empty memory and what the disk kept.
  void start();
  void kill();       // kill -9: the disk keeps all that was written
  void power_cut();  // the disk keeps what was synced, and tears the rest
  void stop();       // a clean end; stopped() tells when it is over
  [[nodiscard]] bool stopped() const { return session_ != nullptr && session_->stopped(); }
  [[nodiscard]] bool running() const { return session_ != nullptr; }

  // Puts the content on the disk, as a seed has it.
  void place_content(const Content& content);
  // A seed, a leech, or a magnet start.
  TorrentKey seed(const Content& content);
  TorrentKey leech(const Content& content, AddTorrent extra = {});
  TorrentKey leech_magnet(const Content& content);
  // The same with these names only: a hybrid may be known by one of its two.
  TorrentKey leech_magnet(const Content& content, const InfoHashes& names);
  // Continues from what the state store has.
  TorrentKey resume(const Content& content, AddTorrent extra = {});
  [[nodiscard]] AddTorrent request_for(const Content& content, AddTorrent extra = {}) const;
  void know(const Content& content);
  // Reads up to the end of the range or of its first piece; what comes is compared with the truth.
  // `done` runs later than this, unless the read was cancelled. Nothing when it can't be begun.
  std::optional<ReadId> read(const Content& content, TorrentKey torrent, FileIndex file,
                             std::uint64_t offset, std::uint32_t length, ReadCallback done = {});
  void cancel_read(ReadId id);

  Session& session() { return *session_; }
  // Run the session's outputs after a command given directly.
  void drain();
  MemoryDisk& disk() { return disk_; }
  MemoryStateStore& state() { return state_; }
  // Faults of the disk; the checkers' own reads are not asked about.
  void set_disk_hook(DiskFaultHook hook) { hook_ = std::move(hook); }
  [[nodiscard]] const NodeConfig& config() const { return config_; }
  NodeConfig& config() { return config_; }
  [[nodiscard]] const IpAddress& address() const { return config_.host.address; }
  [[nodiscard]] Endpoint endpoint() const { return {address(), kPort}; }

  [[nodiscard]] bool complete(const Content& content) const;  // says so
  [[nodiscard]] bool done(TorrentKey torrent) const;          // TorrentDone was said
  [[nodiscard]] bool said_removed(TorrentKey torrent) const { return removed_.contains(torrent); }
  [[nodiscard]] TorrentStatus status(TorrentKey torrent) const;
  [[nodiscard]] const NodeCounters& counters() const { return counters_; }
  // Pieces that the state store promises to have, whatever happens to the process.
  [[nodiscard]] const Bitfield& journaled(const Content& content) { return journaled_[&content]; }
  // Pieces hashed again after the last start, before the torrent was ready.
  [[nodiscard]] const std::set<PieceIndex>& rechecked() const { return rechecked_; }
  // Compares every piece it claims to have with the truth.
  void check_have(const Content& content);
  [[nodiscard]] std::size_t jobs_running() const { return jobs_running_; }
  [[nodiscard]] StreamId random_stream();

  // HostHandler
  bool on_accept(StreamId stream, const Endpoint& remote) override;
  void on_connected(StreamId stream) override;
  void on_connect_failed(StreamId stream) override;
  void on_bytes(StreamId stream) override;
  void on_writable(StreamId stream) override;
  void on_closed(StreamId stream) override;

 private:
  struct Link {
    ConnId conn{};
    std::unique_ptr<UploadChecker> checker;  // none for liars
  };
  struct PendingRead {
    const Content* content = nullptr;
    FileIndex file{};
    std::uint64_t offset = 0;
    ReadCallback done;
  };

  TorrentKey add(AddTorrent request, const Content& content);
  void link(StreamId stream, ConnId conn);
  [[nodiscard]] const Content* content_of(TorrentKey torrent) const;
  void on_event(const Event& event);
  void on_read_done(const ReadDone& done);
  void on_piece_done(TorrentKey torrent, PieceIndex piece);
  [[nodiscard]] bool stored(const Content& content, PieceIndex piece);
  void arm_timer();
  // node_io.cc
  void perform(SessionAction action);
  void resolve(const Resolve& look_up);
  void run(Job job);
  void finish(JobResult result);
  [[nodiscard]] JobResult execute(Job job);
  void note_result(const JobResult& result);
  void read_stream(StreamId stream);
  void write_stream(StreamId stream);
  std::optional<Buffer> load(const StoredRange& range, StreamId stream);
  void give(StreamId stream, Bytes bytes);

  World& world_;
  Network& network_;
  SimTracker& tracker_;
  Referee& referee_;
  NodeConfig config_;
  MemoryDisk disk_;
  MemoryStateStore state_;
  StoredPieces stored_;
  DiskFaultHook hook_;
  bool checking_ = false;  // the checkers are reading the disk
  std::unique_ptr<Session> session_;
  std::uint64_t boots_ = 1;
  std::uint64_t life_ = 0;  // callbacks of an earlier life are ignored
  std::map<StreamId, Link> links_;
  std::unordered_map<ConnId, StreamId> streams_;
  std::vector<const Content*> contents_;
  TimePoint armed_for_ = kNever;
  std::vector<TimePoint> workers_free_;
  std::size_t jobs_running_ = 0;
  bool draining_ = false;
  std::vector<TorrentKey> done_;
  std::set<TorrentKey> removed_;
  NodeCounters counters_;
  std::map<ReadId, PendingRead> reads_;
  std::map<const Content*, Bitfield> journaled_;
  std::set<PieceIndex> rechecked_;
};

}  // namespace weir::sim
