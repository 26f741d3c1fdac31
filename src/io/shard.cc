// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of a shard: from start() to the last thing it waits for.
#include "io/shard.h"

#include <csignal>
#include <utility>

#include "io/clock.h"
#include "io/internal/shard_impl.h"
#include "io/internal/turn.h"

namespace weir {

Shard::Impl::Impl(ShardConfig shard_config, ShardDisk& shard_disk, EventHandler handler)
    : config(std::move(shard_config)),
      disk(shard_disk),
      on_event(std::move(handler)),
      mailbox(std::make_shared<Mailbox>(io)),
      session(config.session, config.random_seed),
      http(io, {config.session.client_version, config.ca_file, {}},
           [this](RequestId id, HttpReply reply) {
             const Turn turn(*this);
             session.handle_http_reply(now, id, std::move(reply));
           }),
      resolver(mailbox,
               [this](RequestId id, const std::vector<IpAddress>& addresses) {
                 const Turn turn(*this);
                 session.handle_resolved(now, id, addresses);
               }),
      timer(io),
      stop_timer(io) {}

void Shard::Impl::warn(const std::string& text) const {
  if (config.warn) config.warn(text);
}

NetResult<void> Shard::Impl::start() {
  // sendfile() has no flag against the signal; a lost peer is an error code like any other.
  std::signal(SIGPIPE, SIG_IGN);
  auto sockets = open_listen_sockets(config.listen);
  if (!sockets) return std::unexpected(sockets.error());
  for (const std::string& warning : sockets->warnings) warn(warning);
  open_sockets(std::move(*sockets));
  work.emplace(io.get_executor());
  thread = std::thread([this] { run(); });
  return {};
}

void Shard::Impl::run() {
  {
    const Turn first(*this);
  }
  // Ends when nothing is under way any more: see finish().
  io.run();
}

void Shard::Impl::begin_turn() { now = steady_now(); }

void Shard::Impl::end_turn() {
  if (finished) return;
  drain();
  if (stopping && jobs_under_way == 0 && session.stopped()) return finish();
  arm_timer();
}

void Shard::Impl::begin_stop() {
  if (stopping) return;
  const Turn turn(*this);
  stopping = true;
  for (const auto& listener : listeners) listener->close();
  stop_timer.expires_after(kStopMax);
  stop_timer.async_wait([this](const boost::system::error_code& failed) {
    if (failed || finished) return;
    warn("stopped without waiting for the rest");
    finish();
  });
  session.stop(now);
}

void Shard::Impl::finish() {
  finished = true;
  mailbox->close();
  for (const auto& listener : listeners) listener->close();
  for (const auto& [id, connection] : connections) connection->close();
  connections.clear();
  http.close();
  for (UdpSocket* udp : {udp_v4.get(), udp_v6.get()}) {
    if (udp != nullptr) udp->close();
  }
  timer.cancel();
  stop_timer.cancel();
  work.reset();
}

Shard::Shard(ShardConfig config, ShardDisk& disk, EventHandler on_event)
    : impl_(std::make_unique<Impl>(std::move(config), disk, std::move(on_event))) {}

Shard::~Shard() { stop(); }

NetResult<void> Shard::start() { return impl_->start(); }

const std::vector<Endpoint>& Shard::listening() const { return impl_->listening; }

bool Shard::post(Task task) {
  Impl& s = *impl_;
  return s.mailbox->post([&s, task = std::move(task)] {
    if (s.finished) return;
    const Turn turn(s);
    task(s.session, s.now);
  });
}

void Shard::stop() {
  Impl& s = *impl_;
  if (s.thread.joinable()) {
    s.mailbox->post([&s] { s.begin_stop(); });
    s.thread.join();
  }
  s.mailbox->close();
  s.resolver.stop();
}

}  // namespace weir
