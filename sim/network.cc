// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/network.h"

#include <algorithm>
#include <utility>

namespace weir::sim {
namespace {
// The end that accepted has the top bit set.
constexpr std::uint64_t kAccepted = std::uint64_t{1} << 63;
}  // namespace

void Network::add_host(HostConfig config, std::uint16_t port, HostHandler* handler) {
  hosts_[config.address] = Host{config, port, handler, {}, {}};
}

void Network::close_all(const IpAddress& address) {
  std::vector<StreamId> theirs;
  for (const auto& [id, stream] : streams_) {
    if (stream.a.address == address) theirs.push_back(id);
    if (stream.b.address == address) theirs.push_back(opposite(id));
  }
  for (const StreamId end : theirs) close(end);
}

void Network::remove_host(const IpAddress& address) {
  close_all(address);
  hosts_.erase(address);
}

Network::Host* Network::host(const IpAddress& address) {
  const auto it = hosts_.find(address);
  return it == hosts_.end() ? nullptr : &it->second;
}

bool Network::separated(const IpAddress& a, const IpAddress& b) const {
  return partition_.contains(a) != partition_.contains(b);
}

StreamId Network::opposite(StreamId end) {
  return static_cast<StreamId>(static_cast<std::uint64_t>(end) ^ kAccepted);
}

const Network::Stream* Network::find(StreamId end) const {
  const auto it =
      streams_.find(static_cast<StreamId>(static_cast<std::uint64_t>(end) & ~kAccepted));
  return it == streams_.end() ? nullptr : &it->second;
}

Network::Stream* Network::find(StreamId end) {
  return const_cast<Stream*>(std::as_const(*this).find(end));
}

const Network::Side& Network::own(const Stream& stream, StreamId end) {
  return (static_cast<std::uint64_t>(end) & kAccepted) != 0 ? stream.b : stream.a;
}

Network::Side& Network::own(Stream& stream, StreamId end) {
  return const_cast<Side&>(own(std::as_const(stream), end));
}

void Network::erase(StreamId end) {
  streams_.erase(static_cast<StreamId>(static_cast<std::uint64_t>(end) & ~kAccepted));
}

StreamId Network::connect(const IpAddress& from, const Endpoint& to) {
  const auto id = static_cast<StreamId>(next_stream_++);
  ++dials_[to.address];
  Stream& stream = streams_[id];
  stream.a.address = from;
  stream.b.address = to.address;
  stream.port = to.port;
  const Host* source = host(from);
  const Host* target = host(to.address);
  const Duration one_way =
      source->config.delay + (target != nullptr ? target->config.delay : source->config.delay);
  world_.after(one_way * 2, [this, id] { finish_connect(id); });
  return id;
}

void Network::finish_connect(StreamId id) {
  const Stream* stream = find(id);
  if (stream == nullptr) return;  // given up meanwhile
  const IpAddress from = stream->a.address;
  const IpAddress to = stream->b.address;
  const Host* callee = host(to);
  const bool reachable = callee != nullptr && callee->port == stream->port && !separated(from, to);
  if (!reachable || !callee->handler->on_accept(opposite(id), Endpoint{from, 50000})) {
    erase(id);
    if (const Host* caller = host(from)) caller->handler->on_connect_failed(id);
    return;
  }
  find(id)->open = true;
  world_.trace("connected", static_cast<std::uint64_t>(id));
  if (const Host* caller = host(from)) caller->handler->on_connected(id);
}

std::size_t Network::send_room(StreamId end) const {
  const Stream* stream = find(end);
  if (stream == nullptr || !stream->open) return 0;
  const Side& side = own(*stream, end);
  const std::size_t used = side.outgoing.size() + side.in_flight;
  return used >= kSendBuffer ? 0 : kSendBuffer - used;
}

std::size_t Network::send(StreamId end, Bytes bytes) {
  const std::size_t count = std::min(bytes.size(), send_room(end));
  Stream* stream = find(end);
  if (stream == nullptr) return 0;
  Side& side = own(*stream, end);
  side.starved = count < bytes.size();
  side.outgoing.insert(side.outgoing.end(), bytes.begin(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(count));
  pump(end);
  return count;
}

void Network::want_room(StreamId end) {
  if (Stream* stream = find(end)) own(*stream, end).starved = true;
}

// Puts the next chunk on the wire: it waits for the uplink, travels, waits for the downlink.
void Network::pump(StreamId from) {
  Stream* stream = find(from);
  if (stream == nullptr || !stream->open) return;
  Side& side = own(*stream, from);
  Side& peer = own(*stream, opposite(from));
  if (side.sending || side.outgoing.empty()) return;
  if (peer.incoming.size() + side.in_flight >= kReceiveBuffer) return;  // the receiver is slow
  Host* source = host(side.address);
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
  world_.at(up_done, [this, from] {
    Stream* found = find(from);
    if (found == nullptr) return;
    own(*found, from).sending = false;
    pump(from);
  });
  world_.at(arrival, [this, to = opposite(from), chunk = std::move(chunk)]() mutable {
    deliver(to, std::move(chunk));
  });
}

void Network::deliver(StreamId to, Buffer bytes) {
  Stream* stream = find(to);
  if (stream == nullptr) return;
  Side& side = own(*stream, to);
  Side& sender = own(*stream, opposite(to));
  const IpAddress target = side.address;
  const IpAddress source = sender.address;
  if (separated(target, source)) return cut(to);
  sender.in_flight -= bytes.size();
  side.incoming.insert(side.incoming.end(), bytes.begin(), bytes.end());
  const bool wake = std::exchange(sender.starved, false);
  pump(opposite(to));
  if (Host* receiver = host(target)) receiver->handler->on_bytes(to);
  if (!wake) return;
  if (Host* h = host(source)) h->handler->on_writable(opposite(to));
}

std::size_t Network::received(StreamId end) const {
  const Stream* stream = find(end);
  return stream == nullptr ? 0 : own(*stream, end).incoming.size();
}

std::size_t Network::receive(StreamId end, std::span<const MutableBytes> out) {
  Stream* stream = find(end);
  if (stream == nullptr) return 0;
  Side& side = own(*stream, end);
  std::size_t total = 0;
  for (const MutableBytes& part : out) {
    const std::size_t count = std::min(part.size(), side.incoming.size());
    const auto last = side.incoming.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(side.incoming.begin(), last, part.begin());
    side.incoming.erase(side.incoming.begin(), last);
    total += count;
  }
  pump(opposite(end));
  return total;
}

void Network::close(StreamId end) {
  const Stream* stream = find(end);
  if (stream == nullptr) return;
  const Host* closer = host(own(*stream, end).address);
  const IpAddress other = own(*stream, opposite(end)).address;
  const bool open = stream->open;
  const Duration delay = closer != nullptr ? closer->config.delay : Duration{};
  erase(end);
  world_.trace("closed", static_cast<std::uint64_t>(end));
  if (!open) return;
  world_.after(delay, [this, end, other] {
    if (Host* h = host(other)) h->handler->on_closed(opposite(end));
  });
}

IpAddress Network::remote(StreamId end) const {
  const Stream* stream = find(end);
  return stream == nullptr ? IpAddress{} : own(*stream, opposite(end)).address;
}

void Network::set_rates(const IpAddress& address, double up_bytes_per_second,
                        double down_bytes_per_second) {
  Host* h = host(address);
  if (h == nullptr) return;
  h->config.up_bytes_per_second = up_bytes_per_second;
  h->config.down_bytes_per_second = down_bytes_per_second;
}

void Network::cut(StreamId end) {
  const Stream* stream = find(end);
  if (stream == nullptr) return;
  const IpAddress own_address = own(*stream, end).address;
  const IpAddress other_address = own(*stream, opposite(end)).address;
  erase(end);
  world_.trace("cut", static_cast<std::uint64_t>(end));
  if (Host* h = host(own_address)) h->handler->on_closed(end);
  if (Host* h = host(other_address)) h->handler->on_closed(opposite(end));
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
