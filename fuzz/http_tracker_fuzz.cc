// SPDX-License-Identifier: MIT OR Apache-2.0
// Bodies of announce and scrape replies, and tracker URLs, from hostile trackers and torrents.
#include <cstdint>

#include "base/assert.h"
#include "base/utf8.h"
#include "tracker/http_tracker.h"

using namespace weir;

namespace {

void check_reply(const AnnounceReply& reply) {
  WEIR_ASSERT(reply.peers.size() <= kTrackerPeersMax);
  WEIR_ASSERT(reply.interval >= kTrackerIntervalMin && reply.interval <= kTrackerIntervalMax);
  WEIR_ASSERT(!reply.min_interval || (*reply.min_interval >= kTrackerIntervalMin &&
                                      *reply.min_interval <= kTrackerIntervalMax));
  WEIR_ASSERT(is_utf8(reply.warning));
  for (const Endpoint& peer : reply.peers) {
    WEIR_ASSERT(peer.port != 0 && peer.address.scope() != AddressScope::unusable);
  }
}

void check_url(std::string_view text) {
  const auto url = parse_tracker_url(text);
  if (!url) {
    WEIR_ASSERT(is_utf8(url.error().text));
    return;
  }
  // What we print is what we parse, and nothing in it can break a request line.
  const std::string printed = url->text();
  for (const char c : printed) WEIR_ASSERT(c > ' ' && c < 0x7f);
  if (printed.size() <= kTrackerUrlMax) WEIR_ASSERT(parse_tracker_url(printed) == *url);
  if (url->scheme != TrackerScheme::udp) {
    const Sha1Digest hash;
    (void)http_announce_url(*url, {});
    (void)http_scrape_url(*url, {&hash, 1});
    (void)redirect_allowed(*url, text, 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const Sha1Digest hash = Sha1Digest::from(as_bytes("abcdefghijklmnopqrst")).value();
  if (const auto reply = parse_http_announce(200, input)) {
    check_reply(*reply);
  } else {
    WEIR_ASSERT(is_utf8(reply.error().text));
  }
  if (const auto counts = parse_http_scrape(200, input, {&hash, 1})) {
    WEIR_ASSERT(counts->counts.size() <= 1);
    WEIR_ASSERT(!counts->min_interval || *counts->min_interval >= kTrackerIntervalMin);
  }
  check_url(as_text(input));
  return 0;
}
