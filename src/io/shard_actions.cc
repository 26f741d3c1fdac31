// SPDX-License-Identifier: MIT OR Apache-2.0
// What the session asks for, carried out. Nothing here calls the session: whatever an action leads
// to is a later input.
#include <utility>
#include <variant>

#include "io/internal/shard_impl.h"
#include "io/internal/turn.h"

namespace weir {

void Shard::Impl::drain() {
  while (auto action = session.next()) {
    std::visit([this](auto& what) { perform(what); }, *action);
  }
}

void Shard::Impl::perform(Dial& action) {
  const auto connection = std::make_shared<Connection>(io, *this, action.conn);
  connections.emplace(action.conn, connection);
  connection->dial(action.remote);
}

void Shard::Impl::perform(Close& action) {
  const auto it = connections.find(action.conn);
  if (it == connections.end()) return;
  it->second->close();
  connections.erase(it);
}

void Shard::Impl::perform(WakeRead& action) {
  const auto it = connections.find(action.conn);
  if (it != connections.end()) it->second->wake_read();
}

void Shard::Impl::perform(WakeWrite& action) {
  const auto it = connections.find(action.conn);
  if (it != connections.end()) it->second->wake_write();
}

void Shard::Impl::perform(StartJob& action) {
  ++jobs_under_way;
  // A closed mailbox means the shard is gone or going: nobody waits for the result any more.
  disk.run(std::move(action.job), [this, letters = mailbox](JobResult result) {
    letters->post([this, result = std::move(result)]() mutable {
      --jobs_under_way;
      if (finished) return;
      const Turn turn(*this);
      session.handle_job(now, std::move(result));
    });
  });
}

void Shard::Impl::perform(HttpGet& action) { http.get(action); }

void Shard::Impl::perform(CancelRequest& action) {
  http.cancel(action.id);
  resolver.cancel(action.id);
}

void Shard::Impl::perform(Resolve& action) {
  resolver.lookup(action.id, action.host, action.family);
}

void Shard::Impl::perform(SendUdp& action) {
  UdpSocket* udp = action.to.address.is_v4() ? udp_v4.get() : udp_v6.get();
  if (udp != nullptr) udp->send(action.to, action.packet);
}

void Shard::Impl::perform(Event& action) {
  if (on_event) on_event(action);
}

}  // namespace weir
