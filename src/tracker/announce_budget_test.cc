// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/announce_budget.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};
TorrentKey torrent(std::uint32_t number) { return TorrentKey{number}; }

TEST(AnnounceBudget, TRH_15_InFlightLimitAtAndPastIt) {
  AnnounceBudget budget({.in_flight_max = 50, .per_second_max = 1000});
  for (std::uint32_t i = 0; i < 60; ++i) budget.want(torrent(i), AnnounceUrgency::normal);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(budget.grant(kStart));
  EXPECT_FALSE(budget.grant(kStart));
  EXPECT_EQ(budget.next_deadline(), kNever);
  budget.finished(torrent(0));
  EXPECT_EQ(budget.grant(kStart), torrent(50));
}

TEST(AnnounceBudget, TRH_15_NeverAboveFiftyInAnySecond) {
  // A thousand torrents whose trackers fail at once, and ask again at once.
  AnnounceBudget budget;
  Random random(7);
  std::deque<TimePoint> grants;
  for (std::uint32_t i = 0; i < 1000; ++i) budget.want(torrent(i), AnnounceUrgency::normal);
  TimePoint now = kStart;
  while (now < kStart + 20s) {
    while (const auto granted = budget.grant(now)) {
      grants.push_back(now);
      budget.finished(*granted);
      budget.want(*granted, AnnounceUrgency::normal);
      while (grants.front() <= now - 1s) grants.pop_front();
      ASSERT_LE(grants.size(), 50u);
    }
    ASSERT_GT(budget.next_deadline(), now);
    ASSERT_LE(budget.next_deadline(), now + 1s);
    now += std::chrono::milliseconds(1 + random.below(40));
  }
}

TEST(AnnounceBudget, TakesTurnsBetweenTorrents) {
  AnnounceBudget budget;
  budget.want(torrent(1), AnnounceUrgency::normal);
  budget.want(torrent(2), AnnounceUrgency::normal);
  budget.want(torrent(1), AnnounceUrgency::normal);
  for (int i = 0; i < 10; ++i) {
    const auto granted = budget.grant(kStart);
    ASSERT_EQ(granted, torrent(i % 2 == 0 ? 1 : 2));
    budget.want(*granted, AnnounceUrgency::normal);
  }
}

TEST(AnnounceBudget, OneTorrentCannotTakeAllSlots) {
  AnnounceBudget budget;
  for (int i = 0; i < 25; ++i) {
    budget.want(torrent(1), AnnounceUrgency::normal);
    ASSERT_EQ(budget.grant(kStart), torrent(1));
  }
  budget.want(torrent(1), AnnounceUrgency::normal);
  EXPECT_FALSE(budget.grant(kStart));
  EXPECT_EQ(budget.next_deadline(), kNever);
  budget.want(torrent(2), AnnounceUrgency::normal);
  EXPECT_EQ(budget.grant(kStart), torrent(2));
  budget.finished(torrent(1));
  EXPECT_EQ(budget.grant(kStart), torrent(1));
}

TEST(AnnounceBudget, UrgentGoesFirstAndWantIsIdempotent) {
  AnnounceBudget budget;
  budget.want(torrent(1), AnnounceUrgency::normal);
  budget.want(torrent(2), AnnounceUrgency::normal);
  budget.want(torrent(2), AnnounceUrgency::urgent);
  budget.want(torrent(2), AnnounceUrgency::normal);
  EXPECT_EQ(budget.waiting(), 2u);
  EXPECT_EQ(budget.grant(kStart), torrent(2));
  EXPECT_EQ(budget.grant(kStart), torrent(1));
  EXPECT_FALSE(budget.grant(kStart));
}

TEST(AnnounceBudget, ForgottenTorrentsGetNoTurn) {
  AnnounceBudget budget;
  budget.want(torrent(1), AnnounceUrgency::urgent);
  budget.forget(torrent(1));
  budget.forget(torrent(9));
  EXPECT_FALSE(budget.grant(kStart));
  EXPECT_EQ(budget.waiting(), 0u);
}

}  // namespace
}  // namespace weir
