// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/peer_list.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kStart = TimePoint{} + hours(1);

Endpoint peer(std::uint32_t n) { return {IpAddress::v4(0x14000000 + n), 6881}; }

TEST(PeerList, RefusesWhatCannotBeDialled) {
  PeerList list;
  EXPECT_FALSE(list.add(kStart, {IpAddress::v4(0x14000001), 0}, PeerSource::tracker));
  EXPECT_FALSE(list.add(kStart, {*IpAddress::parse("224.0.0.1"), 80}, PeerSource::tracker));
  EXPECT_FALSE(list.add(kStart, {*IpAddress::parse("0.0.0.0"), 80}, PeerSource::tracker));
  EXPECT_EQ(list.size(), 0U);
}

TEST(PeerList, GivesEachAddressOnceWhileItIsInUse) {
  PeerList list;
  Random random(1);
  EXPECT_TRUE(list.add(kStart, peer(1), PeerSource::tracker));
  EXPECT_FALSE(list.add(kStart, peer(1), PeerSource::tracker));
  EXPECT_EQ(list.pick(kStart, random), peer(1));
  EXPECT_EQ(list.pick(kStart, random), std::nullopt);
  EXPECT_EQ(list.next_try(), kNever);
}

// Dials until the clock has passed `span`, every attempt failing; returns how many there were.
int attempts_within(PeerList& list, Duration span) {
  Random random(1);
  int attempts = 0;
  for (TimePoint now = kStart; now <= kStart + span;) {
    if (const auto picked = list.pick(now, random)) {
      ++attempts;
      list.failed(now, *picked);
    }
    now = std::max(list.next_try(), now + Duration(1));
  }
  return attempts;
}

TEST(PeerList, TRH_14_AnAddressThatNeverAnswersIsDialledAtMostThreeTimesInAnHour) {
  PeerList list;
  for (int i = 0; i < 10'000; ++i) list.add(kStart, peer(7), PeerSource::tracker);
  EXPECT_EQ(list.size(), 1U);
  EXPECT_LE(attempts_within(list, hours(1)), 3);
}

TEST(PeerList, WhatTheUserNamedIsTriedForEver) {
  PeerList list;
  list.add(kStart, peer(7), PeerSource::user);
  EXPECT_GE(attempts_within(list, hours(1)), 100);
}

TEST(PeerList, AFormerPeerIsTriedAgainSoonAndALiarLate) {
  Random random(1);
  PeerList list;
  list.add(kStart, peer(1), PeerSource::tracker);
  ASSERT_TRUE(list.pick(kStart, random));
  list.connected(kStart, peer(1));
  list.closed(kStart, peer(1), CloseReason::remote_closed);
  EXPECT_LE(list.next_try(), kStart + seconds(10));

  PeerList other;
  other.add(kStart, peer(1), PeerSource::tracker);
  ASSERT_TRUE(other.pick(kStart, random));
  other.connected(kStart, peer(1));
  other.closed(kStart, peer(1), CloseReason::protocol_error);
  EXPECT_GE(other.next_try(), kStart + minutes(2));
}

TEST(PeerList, TRH_14_WhoGreetsAndHangsUpIsNotDialledWithoutEnd) {
  Random random(1);
  PeerList list;
  list.add(kStart, peer(1), PeerSource::tracker);
  const auto dials_within_an_hour = [&](TimePoint from, Duration lasts) {
    int dials = 0;
    for (TimePoint now = from; now < from + hours(1); now = std::max(now, list.next_try())) {
      if (!list.pick(now, random)) break;
      ++dials;
      list.connected(now, peer(1));
      now += lasts;
      list.closed(now, peer(1), CloseReason::remote_closed);
    }
    return dials;
  };
  EXPECT_LE(dials_within_an_hour(kStart, seconds(1)), 7);
  EXPECT_GE(dials_within_an_hour(kStart + hours(2), minutes(2)), 20) << "of use after all";
}

TEST(PeerList, OurOwnAddressIsNeverDialledAgain) {
  Random random(1);
  PeerList list;
  list.add(kStart, peer(1), PeerSource::tracker);
  ASSERT_TRUE(list.pick(kStart, random));
  list.closed(kStart, peer(1), CloseReason::self_connection);
  list.retry_all(kStart);
  EXPECT_EQ(list.pick(kStart + hours(1000), random), std::nullopt);
}

TEST(PeerList, IsBoundedAndPrefersNewAddressesToFailedOnes) {
  Random random(1);
  PeerList list(10);
  for (std::uint32_t i = 0; i < 10; ++i)
    EXPECT_TRUE(list.add(kStart, peer(i), PeerSource::tracker));
  EXPECT_FALSE(list.add(kStart, peer(100), PeerSource::tracker));
  const auto failed = list.pick(kStart, random);
  ASSERT_TRUE(failed);
  list.failed(kStart, *failed);
  EXPECT_TRUE(list.add(kStart, peer(100), PeerSource::tracker));
  EXPECT_EQ(list.size(), 10U);
  EXPECT_EQ(list.source(*failed), std::nullopt);
}

}  // namespace
}  // namespace weir
