// SPDX-License-Identifier: MIT OR Apache-2.0
// One simulated weir: the real Session on the virtual network, with a virtual disk, and jobs that
// take virtual time. It can be killed and started again, with or without a power cut.
//
// Checked at all times (safety): content it sends as a piece's bytes is the torrent's true content,
// unless the scenario made this node a liar.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/session.h"
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
  // The share of uploaded blocks that are changed on their way out (a poisoner).
  double corrupt_uploads = 0;
};

class Node : public HostHandler {
 public:
  static constexpr std::uint16_t kPort = 6881;

  Node(World& world, Network& network, SimTracker& tracker, NodeConfig config);
  ~Node() override;

  // Starts or, after kill() or power_cut(), starts again: with empty memory and what the disk kept.
  void start();
  void kill();       // kill -9: the disk keeps all that was written
  void power_cut();  // the disk keeps what was synced, and tears the rest
  [[nodiscard]] bool running() const { return session_ != nullptr; }

  // Puts the content on the disk, as a seed has it.
  void place_content(const Content& content);
  // A seed, a leech, or a magnet start.
  TorrentKey seed(const Content& content);
  TorrentKey leech(const Content& content, AddTorrent extra = {});
  TorrentKey leech_magnet(const Content& content);
  // Continues from what the state store has.
  TorrentKey resume(const Content& content);

  Session& session() { return *session_; }
  // Run the session's outputs after a command given directly.
  void drain();
  MemoryDisk& disk() { return disk_; }
  MemoryStateStore& state() { return state_; }
  [[nodiscard]] const IpAddress& address() const { return config_.host.address; }
  [[nodiscard]] Endpoint endpoint() const { return {address(), kPort}; }

  [[nodiscard]] bool complete(const Content& content) const;  // says so, and it is true
  [[nodiscard]] bool done(TorrentKey torrent) const;          // TorrentDone was said
  [[nodiscard]] std::vector<IpAddress> banned() const;
  [[nodiscard]] TorrentStatus status(TorrentKey torrent) const;
  [[nodiscard]] std::uint64_t failures_said() const { return failures_said_; }
  [[nodiscard]] std::uint64_t recoveries_said() const { return recoveries_said_; }
  // Compares every piece it claims to have with the truth.
  void check_have(const Content& content);

  // HostHandler
  bool on_accept(StreamId stream, const Endpoint& remote) override;
  void on_connected(StreamId stream) override;
  void on_connect_failed(StreamId stream) override;
  void on_bytes(StreamId stream) override;
  void on_writable(StreamId stream) override;
  void on_closed(StreamId stream) override;

 private:
  [[nodiscard]] AddTorrent base_request(const Content& content) const;
  TorrentKey add(AddTorrent request, const Content& content);
  void perform(SessionAction action);
  void run(Job job);
  void read_stream(StreamId stream);
  void write_stream(StreamId stream);
  [[nodiscard]] Buffer load(const StoredRange& range);
  void check_upload(const StoredRange& range, const Buffer& bytes);
  void on_event(const Event& event);
  void arm_timer();

  World& world_;
  Network& network_;
  SimTracker& tracker_;
  NodeConfig config_;
  MemoryDisk disk_;
  MemoryStateStore state_;
  std::unique_ptr<Session> session_;
  std::uint64_t life_ = 0;  // callbacks of an earlier life are ignored
  std::unordered_map<StreamId, ConnId> conns_;
  std::unordered_map<ConnId, StreamId> streams_;
  std::vector<const Content*> contents_;
  TimePoint armed_for_ = kNever;
  TimePoint disk_free_{};
  bool draining_ = false;
  std::vector<TorrentKey> done_;
  std::vector<IpAddress> banned_;
  std::uint64_t failures_said_ = 0;
  std::uint64_t recoveries_said_ = 0;
};

}  // namespace weir::sim
