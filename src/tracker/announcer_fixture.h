// SPDX-License-Identifier: MIT OR Apache-2.0
// An announcer at a time of its own, and who answers it. For tests.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tracker/announcer.h"

namespace weir {

inline constexpr TimePoint kStart{std::chrono::seconds(1000)};
inline const IpAddress kRemote = IpAddress::v4(0x08080808);

inline AnnouncerConfig only_v4() {
  AnnouncerConfig config;
  config.port = 6881;
  config.ipv6 = false;
  return config;
}

inline Sha1Digest hash_of(std::uint8_t value) {
  Sha1Digest hash;
  hash.bytes.fill(std::byte{value});
  return hash;
}

struct AnnouncerFixture {
  explicit AnnouncerFixture(std::vector<AnnouncerTier> tiers, AnnouncerConfig config = only_v4(),
                            std::vector<Sha1Digest> hashes = {hash_of(1)})
      : announcer(config, tiers, std::move(hashes), random) {}

  std::vector<AnnounceRequest> drain() {
    std::vector<AnnounceRequest> out;
    while (auto request = announcer.next(now, stats)) out.push_back(std::move(*request));
    return out;
  }
  // The only request there is.
  AnnounceRequest one() {
    auto all = drain();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? AnnounceRequest{} : all.front();
  }
  void advance(Duration by) { advance_to(now + by); }
  void advance_to(TimePoint to) {
    now = to;
    announcer.handle_timer(now);
  }
  void reply(const AnnounceRequest& request, AnnounceReply answer = {}) {
    announcer.handle_reply(now, request.id, answer, kRemote);
  }
  void fail(const AnnounceRequest& request, std::optional<TrackerRetryHint> retry = {}) {
    announcer.handle_failure(now, request.id, {TrackerErrc::tracker_failure, "no", retry});
  }

  TimePoint now = kStart;
  AnnounceStats stats{.left = 100};
  Random random{3};
  Announcer announcer;
};

}  // namespace weir
