// SPDX-License-Identifier: MIT OR Apache-2.0
// The inside of Shard. Everything but the constructor, start(), post() and stop() runs on the
// shard's thread.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "io/internal/connection.h"
#include "io/internal/http_fetcher.h"
#include "io/internal/listen_sockets.h"
#include "io/internal/listener.h"
#include "io/internal/mailbox.h"
#include "io/internal/resolver.h"
#include "io/internal/udp_socket.h"
#include "io/shard.h"

namespace weir {

struct Shard::Impl final : ConnectionHost {
  // After that the shard ends whatever is under way.
  static constexpr std::chrono::seconds kStopMax{4};
  // The least time between two timer calls, so that a machine that keeps asking for the past costs
  // little.
  static constexpr Duration kTimerMin = std::chrono::milliseconds(1);

  Impl(ShardConfig shard_config, ShardDisk& shard_disk, EventHandler handler);

  // ConnectionHost
  void begin_turn() override;
  void end_turn() override;
  void dialled(ConnId conn, const Endpoint& local) override;
  void dial_failed(ConnId conn, const NetError& error) override;
  void closed(ConnId conn, CloseReason reason) override;
  std::size_t prepare(ConnId conn, std::span<MutableBytes> out) override;
  void commit(ConnId conn, std::size_t bytes) override;
  void collect(ConnId conn, std::size_t bytes_max, std::vector<SendRange>& out) override;
  void sent(ConnId conn, std::size_t bytes) override;
  void send_failed(ConnId conn, const DiskError& error) override;
  void content_changed(ConnId conn, const StoredRange& range, const FileStat& now_is) override;
  DiskResult<SendFile> open_read(ConnId conn, const DiskPath& path) override;

  // shard.cc
  NetResult<void> start();
  void run();
  void begin_stop();
  void finish();
  void warn(const std::string& text) const;

  // shard_actions.cc
  void drain();
  void perform(Dial& action);
  void perform(Close& action);
  void perform(WakeRead& action);
  void perform(WakeWrite& action);
  void perform(StartJob& action);
  void perform(HttpGet& action);
  void perform(CancelRequest& action);
  void perform(Resolve& action);
  void perform(SendUdp& action);
  void perform(Event& action);

  // shard_network.cc
  void open_sockets(ListenSockets sockets);
  void accepted(Descriptor fd, const Endpoint& remote);
  void arm_timer();
  void timer_fired();

  ShardConfig config;
  ShardDisk& disk;
  EventHandler on_event;
  std::vector<Endpoint> listening;

  boost::asio::io_context io{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
  std::shared_ptr<Mailbox> mailbox;  // shared with jobs under way and name look-ups
  Session session;
  HttpFetcher http;
  Resolver resolver;
  boost::asio::steady_timer timer;
  TimePoint armed_for = kNever;
  boost::asio::steady_timer stop_timer;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::unique_ptr<UdpSocket> udp_v4;
  std::unique_ptr<UdpSocket> udp_v6;
  // Operations under way hold a connection too, until they noticed it is closed.
  std::unordered_map<ConnId, std::shared_ptr<Connection>> connections;

  TimePoint now{};  // of the turn
  std::size_t jobs_under_way = 0;
  bool stopping = false;
  bool finished = false;
  std::thread thread;
};

}  // namespace weir
