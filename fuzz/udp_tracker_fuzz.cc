// SPDX-License-Identifier: MIT OR Apache-2.0
// Packets to a UDP tracker client. The first byte of the input says what the request is; then each
// packet is a length byte, an action byte, a flag byte (bit 0: the right transaction id, bit 1: the
// right source, bit 2: time passes first) and the bytes that follow the header.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "tracker/udp_tracker.h"

using namespace weir;

namespace {

constexpr Duration kPatience = std::chrono::seconds(60);

UdpTrackerRequest request_of(std::uint8_t kind) {
  if (kind % 2 == 0) return UdpAnnounceRequest{.params = {}, .target = "/announce"};
  return UdpScrapeRequest{std::vector<Sha1Digest>(1 + kind % kUdpScrapeHashesMax)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const auto take = [&input]() -> std::uint8_t {
    if (input.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(input.front());
    input = input.subspan(1);
    return value;
  };
  const std::uint8_t kind = take();
  const Endpoint tracker = Endpoint::parse(kind & 128 ? "[2606::1]:6969" : "8.8.8.8:6969").value();
  TimePoint now{std::chrono::seconds(1)};
  const TimePoint deadline = now + kPatience;
  UdpConnectionIds ids;
  Random random(kind);
  if (kind & 64) ids.put(now, tracker, 7);
  UdpTrackerClient client(tracker, request_of(kind), deadline, ids, random);
  client.start(now);
  std::uint32_t transaction = 0;
  while (!input.empty()) {
    while (const auto sent = client.next()) {
      WEIR_ASSERT(sent->size() >= 16);
      transaction = load_be32(Bytes(*sent).subspan(12).first<4>());
    }
    const std::size_t length = take();
    const std::uint32_t action = take();
    const std::uint8_t flags = take();
    if (flags & 4) {
      if (client.next_deadline() != kNever) now = std::max(now, client.next_deadline());
      client.handle_timer(now);
    }
    Buffer packet;
    append_be<std::uint32_t>(packet, action);
    append_be<std::uint32_t>(packet, flags & 1 ? transaction : ~transaction);
    const Bytes body = input.first(std::min(length, input.size()));
    append(packet, body);
    input = input.subspan(body.size());
    Endpoint from = tracker;
    if (!(flags & 2)) ++from.port;
    const bool accepted = client.handle_packet(now, from, packet);
    WEIR_ASSERT(!accepted || (from == tracker));
    WEIR_ASSERT(client.done() || client.next_deadline() <= deadline);
  }
  client.handle_timer(deadline);
  WEIR_ASSERT(client.done() && client.next_deadline() == kNever && !client.next());
  if (const auto* reply =
          client.result() ? std::get_if<AnnounceReply>(&*client.result()) : nullptr) {
    WEIR_ASSERT(reply->peers.size() <= kTrackerPeersMax);
    WEIR_ASSERT(reply->interval >= kTrackerIntervalMin && reply->interval <= kTrackerIntervalMax);
  }
  return 0;
}
