// SPDX-License-Identifier: MIT OR Apache-2.0
// What comes in from the network and the clock, as input to the session.
#include <utility>

#include "io/clock.h"
#include "io/internal/shard_impl.h"
#include "io/internal/turn.h"

namespace weir {

void Shard::Impl::open_sockets(ListenSockets sockets) {
  listening = std::move(sockets.endpoints);
  for (Descriptor& fd : sockets.listeners) {
    Listener::Handlers handlers;
    handlers.accepted = [this](Descriptor accepted_fd, const Endpoint& remote) {
      accepted(std::move(accepted_fd), remote);
    };
    handlers.paused = [this](const NetError& error) {
      warn("no connection accepted for a second: " + std::string(error_name(error.code)));
    };
    listeners.push_back(std::make_unique<Listener>(io, std::move(fd), std::move(handlers)));
    listeners.back()->start();
  }
  const auto received = [this](const Endpoint& from, Bytes packet) {
    const Turn turn(*this);
    session.handle_udp(now, from, packet);
  };
  if (sockets.udp_v4) {
    udp_v4 = std::make_unique<UdpSocket>(io, std::move(*sockets.udp_v4), received);
    udp_v4->start();
  }
  if (sockets.udp_v6) {
    udp_v6 = std::make_unique<UdpSocket>(io, std::move(*sockets.udp_v6), received);
    udp_v6->start();
  }
  if (!listening.empty()) session.set_listen_port(listening[0].port);
}

void Shard::Impl::accepted(Descriptor fd, const Endpoint& remote) {
  const Turn turn(*this);
  const ConnId id = session.new_conn_id();
  if (!session.handle_accepted(now, id, remote)) return;
  const auto connection = std::make_shared<Connection>(io, *this, id);
  connections.emplace(id, connection);
  connection->start(std::move(fd));
}

void Shard::Impl::dialled(ConnId conn, const Endpoint& local) {
  session.handle_dialled(now, conn, local);
  drain();
}

void Shard::Impl::dial_failed(ConnId conn, const NetError&) {
  connections.erase(conn);
  session.handle_dial_failed(now, conn);
  drain();
}

void Shard::Impl::closed(ConnId conn, CloseReason reason) {
  connections.erase(conn);
  session.handle_closed(now, conn, reason);
  drain();
}

std::size_t Shard::Impl::prepare(ConnId conn, std::span<MutableBytes> out) {
  return session.prepare(now, conn, out);
}

void Shard::Impl::commit(ConnId conn, std::size_t bytes) {
  session.commit(now, conn, bytes);
  drain();
}

void Shard::Impl::collect(ConnId conn, std::size_t bytes_max, std::vector<SendRange>& out) {
  session.collect(now, conn, bytes_max, out);
}

void Shard::Impl::sent(ConnId conn, std::size_t bytes) {
  session.sent(now, conn, bytes);
  drain();
}

DiskResult<SendFile> Shard::Impl::open_read(ConnId conn, const DiskPath& path) {
  auto opened = disk.open_read(path);
  if (opened || opened.error().code != DiskErrc::not_found) return opened;
  // A job may have renamed it while its result is still on the way here.
  const auto moved = session.moved_path(conn, path);
  return moved ? disk.open_read(*moved) : opened;
}

void Shard::Impl::content_changed(ConnId conn, const StoredRange& range, const FileStat& now_is) {
  session.handle_content_changed(now, conn, range, now_is);
  drain();
}

void Shard::Impl::send_failed(ConnId conn, const DiskError& error) {
  session.handle_send_failed(now, conn, error);
  drain();
  const auto it = connections.find(conn);
  if (it == connections.end()) return;
  // What was promised to the peer can't be sent, so there is no way to go on.
  it->second->close();
  closed(conn, CloseReason::disk_error);
}

void Shard::Impl::arm_timer() {
  const TimePoint at = session.next_deadline();
  // An alarm that comes early is cheaper than moving it with every input.
  if (at >= armed_for) return;
  armed_for = at;
  timer.expires_at(to_steady(at));
  timer.async_wait([this](const boost::system::error_code& failed) {
    if (!failed && !finished) timer_fired();
  });
}

void Shard::Impl::timer_fired() {
  now = steady_now();
  armed_for = kNever;
  if (session.next_deadline() > now) return arm_timer();
  {
    const Turn turn(*this);
    session.handle_timer(now);
  }
  if (finished || armed_for > now + kTimerMin) return;
  armed_for = now + kTimerMin;
  timer.expires_at(to_steady(armed_for));
  timer.async_wait([this](const boost::system::error_code& failed) {
    if (!failed && !finished) timer_fired();
  });
}

}  // namespace weir
