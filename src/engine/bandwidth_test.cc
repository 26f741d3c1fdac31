// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/bandwidth.h"

#include <gtest/gtest.h>

#include <map>

namespace weir {
namespace {

constexpr TorrentKey kTorrent{1};
constexpr TorrentKey kOther{2};

// Lets connections move bytes whenever they may, waking them as told; returns bytes by connection.
std::map<ConnId, std::uint64_t> run(Bandwidth& bandwidth,
                                    std::vector<std::pair<ConnId, TorrentKey>> conns,
                                    Duration span) {
  std::map<ConnId, std::uint64_t> moved;
  std::map<ConnId, TorrentKey> torrent_of(conns.begin(), conns.end());
  std::vector<ConnId> ready;
  for (const auto& [conn, torrent] : conns) ready.push_back(conn);
  TimePoint now{};
  const TimePoint end = now + span;
  while (now < end) {
    for (const ConnId conn : ready) {
      const TorrentKey torrent = torrent_of[conn];
      for (int i = 0; i < 1000; ++i) {
        const std::uint64_t bytes =
            std::min<std::uint64_t>(bandwidth.allowance(now, torrent, conn), 256 * 1024);
        if (bytes == 0) break;
        bandwidth.consume(now, torrent, bytes);
        moved[conn] += bytes;
      }
    }
    ready.clear();
    if (bandwidth.next_wake() == kNever) break;
    now = std::max(bandwidth.next_wake(), now + Duration(1));
    bandwidth.wake(now, ready);
  }
  return moved;
}

TEST(Bandwidth, UnlimitedNeverPutsAnyoneInLine) {
  Bandwidth bandwidth;
  EXPECT_EQ(bandwidth.allowance({}, kTorrent, ConnId{1}), UINT64_MAX);
  EXPECT_EQ(bandwidth.next_wake(), kNever);
}

TEST(Bandwidth, AGlobalLimitHoldsOverTimeAndIsSharedEvenly) {
  Bandwidth bandwidth;
  bandwidth.set_global({}, 1'000'000);
  const auto moved =
      run(bandwidth, {{ConnId{1}, kTorrent}, {ConnId{2}, kTorrent}, {ConnId{3}, kOther}},
          std::chrono::seconds(20));
  std::uint64_t total = 0;
  for (const auto& [conn, bytes] : moved) {
    total += bytes;
    EXPECT_GT(bytes, 5'000'000U);
    EXPECT_LT(bytes, 8'500'000U);
  }
  EXPECT_LE(total, 20'600'000U);
  EXPECT_GE(total, 19'000'000U);
}

TEST(Bandwidth, ATorrentsOwnLimitBindsOnlyThatTorrent) {
  Bandwidth bandwidth;
  bandwidth.set_global({}, 4'000'000);
  bandwidth.set_torrent({}, kTorrent, 500'000);
  const auto moved =
      run(bandwidth, {{ConnId{1}, kTorrent}, {ConnId{2}, kOther}}, std::chrono::seconds(20));
  EXPECT_NEAR(static_cast<double>(moved.at(ConnId{1})), 10e6, 1e6);
  EXPECT_GT(moved.at(ConnId{2}), 60'000'000U);
}

TEST(Bandwidth, LiftingALimitWakesWhoWaits) {
  Bandwidth bandwidth;
  TimePoint now{};
  bandwidth.set_global(now, 20'000);
  while (const std::uint64_t bytes = bandwidth.allowance(now, kTorrent, ConnId{1})) {
    bandwidth.consume(now, kTorrent, bytes);
  }
  EXPECT_GT(bandwidth.next_wake(), now);
  bandwidth.set_global(now, 0);
  std::vector<ConnId> woken;
  bandwidth.wake(now, woken);
  EXPECT_EQ(woken, std::vector<ConnId>{ConnId{1}});
}

TEST(Bandwidth, AConnectionThatIsGoneIsNotWoken) {
  Bandwidth bandwidth;
  TimePoint now{};
  bandwidth.set_global(now, 20'000);
  while (const std::uint64_t bytes = bandwidth.allowance(now, kTorrent, ConnId{1})) {
    bandwidth.consume(now, kTorrent, bytes);
  }
  bandwidth.forget(ConnId{1});
  std::vector<ConnId> woken;
  bandwidth.wake(now + std::chrono::hours(1), woken);
  EXPECT_TRUE(woken.empty());
}

}  // namespace
}  // namespace weir
