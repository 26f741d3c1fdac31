// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/network.h"

#include <algorithm>
#include <utility>

namespace weir::sim {

void Network::add_host(HostConfig config, std::uint16_t port, HostHandler* handler) {
  hosts_[config.address] = Host{config, port, handler, {}, {}};
}

void Network::remove_host(const IpAddress& address) {
  std::vector<StreamId> theirs;
  for (const auto& [id, stream] : streams_) {
    if (stream.a.address == address || stream.b.address == address) theirs.push_back(id);
  }
  for (const StreamId id : theirs) close(id, address);
  hosts_.erase(address);
}

Network::Host* Network::host(const IpAddress& address) {
  const auto it = hosts_.find(address);
  return it == hosts_.end() ? nullptr : &it->second;
}

bool Network::separated(const IpAddress& a, const IpAddress& b) const {
  return partition_.contains(a) != partition_.contains(b);
}

Network::Side& Network::own(Stream& stream, const IpAddress& address) {
  return stream.a.address == address ? stream.a : stream.b;
}

Network::Side& Network::other(Stream& stream, const IpAddress& address) {
  return stream.a.address == address ? stream.b : stream.a;
}

StreamId Network::connect(const IpAddress& from, const Endpoint& to) {
  const auto id = static_cast<StreamId>(next_stream_++);
  Stream& stream = streams_[id];
  stream.a.address = from;
  stream.b.address = to.address;
  const Host* source = host(from);
  const Host* target = host(to.address);
  const Duration one_way =
      source->config.delay + (target != nullptr ? target->config.delay : source->config.delay);
  world_.after(one_way * 2, [this, id, from, to] {
    const auto it = streams_.find(id);
    if (it == streams_.end()) return;  // given up meanwhile
    Host* caller = host(from);
    Host* callee = host(to.address);
    const bool reachable = callee != nullptr && callee->handler != nullptr &&
                           callee->port == to.port && !separated(from, to.address);
    if (!reachable || !callee->handler->on_accept(id, Endpoint{from, 50000})) {
      streams_.erase(id);
      if (caller != nullptr) caller->handler->on_connect_failed(id);
      return;
    }
    it->second.open = true;
    world_.trace("connected", static_cast<std::uint64_t>(id));
    if (caller != nullptr) caller->handler->on_connected(id);
  });
  return id;
}

std::size_t Network::send_room(StreamId id, const IpAddress& from) const {
  const auto it = streams_.find(id);
  if (it == streams_.end() || !it->second.open) return 0;
  const Side& side = it->second.a.address == from ? it->second.a : it->second.b;
  const std::size_t used = side.outgoing.size() + side.in_flight;
  return used >= kSendBuffer ? 0 : kSendBuffer - used;
}

std::size_t Network::send(StreamId id, const IpAddress& from, Bytes bytes) {
  const std::size_t count = std::min(bytes.size(), send_room(id, from));
  const auto it = streams_.find(id);
  if (it == streams_.end()) return 0;
  Side& side = own(it->second, from);
  side.starved = count < bytes.size();
  side.outgoing.insert(side.outgoing.end(), bytes.begin(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(count));
  pump(id, from);
  return count;
}

void Network::want_room(StreamId id, const IpAddress& from) {
  const auto it = streams_.find(id);
  if (it != streams_.end()) own(it->second, from).starved = true;
}

// Puts the next chunk on the wire: it waits for the uplink, travels, waits for the downlink.
void Network::pump(StreamId id, const IpAddress& from) {
  const auto it = streams_.find(id);
  if (it == streams_.end() || !it->second.open) return;
  Side& side = own(it->second, from);
  Side& peer = other(it->second, from);
  if (side.sending || side.outgoing.empty()) return;
  if (peer.incoming.size() + side.in_flight >= kReceiveBuffer) return;  // the receiver is slow
  Host* source = host(from);
  Host* target = host(peer.address);
  if (source == nullptr || target == nullptr) return;

  const std::size_t count = std::min(kChunk, side.outgoing.size());
  const auto end = side.outgoing.begin() + static_cast<std::ptrdiff_t>(count);
  Buffer chunk(side.outgoing.begin(), end);
  side.outgoing.erase(side.outgoing.begin(), end);
  side.in_flight += count;
  side.sending = true;

  const auto bytes = static_cast<double>(count);
  const TimePoint up_done = std::max(world_.now(), source->up_free) +
                            from_seconds(bytes / source->config.up_bytes_per_second);
  source->up_free = up_done;
  const TimePoint reached = up_done + source->config.delay + target->config.delay;
  const TimePoint down_done = std::max(reached, target->down_free) +
                              from_seconds(bytes / target->config.down_bytes_per_second);
  target->down_free = down_done;
  const TimePoint arrival = std::max(down_done, side.last_arrival + Duration(1));
  side.last_arrival = arrival;
  world_.at(up_done, [this, id, from] {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    own(found->second, from).sending = false;
    pump(id, from);
  });
  world_.at(arrival, [this, id, to = peer.address, chunk = std::move(chunk)]() mutable {
    deliver(id, to, std::move(chunk));
  });
}

void Network::deliver(StreamId id, const IpAddress& to, Buffer bytes) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  Side& side = own(it->second, to);
  Side& sender = other(it->second, to);
  if (separated(to, sender.address)) return cut(id);
  sender.in_flight -= bytes.size();
  side.incoming.insert(side.incoming.end(), bytes.begin(), bytes.end());
  const bool wake = std::exchange(sender.starved, false);
  const IpAddress from = sender.address;
  pump(id, from);
  if (Host* receiver = host(to)) receiver->handler->on_bytes(id);
  if (!wake) return;
  if (Host* source = host(from)) source->handler->on_writable(id);
}

std::size_t Network::received(StreamId id, const IpAddress& at) const {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return 0;
  return (it->second.a.address == at ? it->second.a : it->second.b).incoming.size();
}

std::size_t Network::receive(StreamId id, const IpAddress& at, std::span<const MutableBytes> out) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return 0;
  Side& side = own(it->second, at);
  std::size_t total = 0;
  for (const MutableBytes& part : out) {
    const std::size_t count = std::min(part.size(), side.incoming.size());
    const auto end = side.incoming.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(side.incoming.begin(), end, part.begin());
    side.incoming.erase(side.incoming.begin(), end);
    total += count;
  }
  pump(id, other(it->second, at).address);
  return total;
}

void Network::close(StreamId id, const IpAddress& by) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  const IpAddress remote = other(it->second, by).address;
  const bool open = it->second.open;
  const Duration delay = host(by) != nullptr ? host(by)->config.delay : Duration{};
  streams_.erase(it);
  world_.trace("closed", static_cast<std::uint64_t>(id));
  if (!open) return;
  world_.after(delay, [this, id, remote] {
    if (Host* other_end = host(remote)) other_end->handler->on_closed(id);
  });
}

void Network::cut(StreamId id) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  const IpAddress a = it->second.a.address;
  const IpAddress b = it->second.b.address;
  streams_.erase(it);
  world_.trace("cut", static_cast<std::uint64_t>(id));
  for (const IpAddress& end : {a, b}) {
    if (Host* h = host(end)) h->handler->on_closed(id);
  }
}

void Network::partition(const std::vector<IpAddress>& group) {
  partition_.clear();
  partition_.insert(group.begin(), group.end());
  std::vector<StreamId> broken;
  for (const auto& [id, stream] : streams_) {
    if (stream.open && separated(stream.a.address, stream.b.address)) broken.push_back(id);
  }
  for (const StreamId id : broken) cut(id);
}

void Network::cut_random_stream() {
  std::vector<StreamId> open;
  for (const auto& [id, stream] : streams_) {
    if (stream.open) open.push_back(id);
  }
  if (!open.empty()) cut(open[world_.random().below(open.size())]);
}

}  // namespace weir::sim
