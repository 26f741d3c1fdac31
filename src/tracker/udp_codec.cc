// SPDX-License-Identifier: MIT OR Apache-2.0
// Packets of the UDP tracker protocol.
#include <algorithm>

#include "base/assert.h"
#include "tracker/reply_values.h"
#include "tracker/udp_tracker.h"

namespace weir {
namespace {

constexpr std::uint64_t kProtocolId = 0x41727101980;  // BEP 15 "connect"
constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kConnectReplySize = 16;
constexpr std::size_t kAnnounceReplySize = 20;
constexpr std::size_t kScrapeEntrySize = 12;
constexpr std::uint8_t kUrlDataOption = 2;  // BEP 41
constexpr std::size_t kOptionBytesMax = 255;

std::uint32_t word(Bytes packet, std::size_t offset) {
  return load_be32(packet.subspan(offset).first<4>());
}

Buffer request_header(std::uint64_t connection, UdpTrackerAction action,
                      std::uint32_t transaction) {
  Buffer out;
  append_be<std::uint64_t>(out, connection);
  append_be<std::uint32_t>(out, static_cast<std::uint32_t>(action));
  append_be<std::uint32_t>(out, transaction);
  return out;
}

// A target longer than one option goes on in the next; the tracker joins them.
void append_url_data(Buffer& out, std::string_view target) {
  while (!target.empty()) {
    const auto part = target.substr(0, kOptionBytesMax);
    out.push_back(std::byte{kUrlDataOption});
    out.push_back(static_cast<std::byte>(part.size()));
    append(out, part);
    target.remove_prefix(part.size());
  }
}

}  // namespace

Buffer encode_udp_connect(std::uint32_t transaction) {
  return request_header(kProtocolId, UdpTrackerAction::connect, transaction);
}

Buffer encode_udp_announce(std::uint64_t connection, std::uint32_t transaction,
                           const AnnounceParams& params, std::string_view target) {
  Buffer out = request_header(connection, UdpTrackerAction::announce, transaction);
  append(out, params.info_hash.view());
  append(out, params.peer_id.view());
  append_be<std::uint64_t>(out, params.stats.downloaded);
  append_be<std::uint64_t>(out, params.stats.left);
  append_be<std::uint64_t>(out, params.stats.uploaded);
  append_be<std::uint32_t>(out, static_cast<std::uint32_t>(params.event));
  append_be<std::uint32_t>(out, 0);  // our address: the packet's source
  append_be<std::uint32_t>(out, params.key);
  append_be<std::uint32_t>(out, params.numwant);
  append_be<std::uint16_t>(out, params.port);
  if (target != "/") append_url_data(out, target);
  return out;
}

Buffer encode_udp_scrape(std::uint64_t connection, std::uint32_t transaction,
                         std::span<const Sha1Digest> info_hashes) {
  WEIR_ASSERT(!info_hashes.empty() && info_hashes.size() <= kUdpScrapeHashesMax);
  Buffer out = request_header(connection, UdpTrackerAction::scrape, transaction);
  for (const Sha1Digest& hash : info_hashes) append(out, hash.view());
  return out;
}

std::optional<UdpReplyHeader> udp_reply_header(Bytes packet) {
  if (packet.size() < kHeaderSize) return std::nullopt;
  return UdpReplyHeader{.action = word(packet, 0), .transaction = word(packet, 4)};
}

std::optional<std::uint64_t> decode_udp_connect(Bytes packet) {
  if (packet.size() < kConnectReplySize) return std::nullopt;
  return load_be64(packet.subspan(kHeaderSize).first<8>());
}

std::optional<AnnounceReply> decode_udp_announce(Bytes packet, AddressFamily family) {
  if (packet.size() < kAnnounceReplySize) return std::nullopt;
  AnnounceReply reply;
  // The field is a signed number in the specification: 2^31 and above are negative.
  reply.interval = tracker_interval(static_cast<std::int32_t>(word(packet, 8)));
  reply.leechers = tracker_count(word(packet, 12));
  reply.seeders = tracker_count(word(packet, 16));
  PeerCollector peers;
  peers.add_compact(packet.subspan(kAnnounceReplySize), family);
  reply.peers = std::move(peers).take();
  return reply;
}

std::optional<std::vector<ScrapeCounts>> decode_udp_scrape(Bytes packet,
                                                           std::span<const Sha1Digest> asked) {
  if (packet.size() < kHeaderSize) return std::nullopt;
  std::vector<ScrapeCounts> out;
  Bytes rest = packet.subspan(kHeaderSize);
  for (const Sha1Digest& hash : asked) {
    if (rest.size() < kScrapeEntrySize) break;
    out.push_back({.info_hash = hash,
                   .seeders = tracker_count(word(rest, 0)),
                   .leechers = tracker_count(word(rest, 8)),
                   .downloads = tracker_count(word(rest, 4))});
    rest = rest.subspan(kScrapeEntrySize);
  }
  return out;
}

TrackerError decode_udp_error(Bytes packet) {
  const Bytes text = packet.subspan(std::min(packet.size(), kHeaderSize));
  return {TrackerErrc::tracker_failure, tracker_text(as_text(text)), std::nullopt};
}

}  // namespace weir
