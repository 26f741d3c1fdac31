// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/smart_ban.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace weir {
namespace {

constexpr TimePoint kNow = TimePoint(std::chrono::hours(1));

IpAddress host(std::uint32_t number) { return IpAddress::v4(0x0a000000 + number); }
PieceIndex piece(std::uint32_t index) { return static_cast<PieceIndex>(index); }

Sha1Digest hash_of(std::uint32_t content) {
  Sha1Digest digest;
  digest.bytes[0] = static_cast<std::byte>(content & 0xff);
  digest.bytes[1] = static_cast<std::byte>(content >> 8 & 0xff);
  return digest;
}

// A piece as it arrived: who sent each block, and what it was (0: as it should be).
struct Arrival {
  std::vector<BlockOrigin> origins;
  std::vector<Sha1Digest> hashes;

  Arrival& add(std::uint32_t sender, std::uint32_t content = 0) {
    origins.push_back({host(sender), ConnId{sender}});
    hashes.push_back(hash_of(content));
    return *this;
  }
};

std::vector<IpAddress> fail(SmartBan& bans, std::uint32_t index, const Arrival& arrival) {
  return bans.piece_failed(piece(index), arrival.hashes, arrival.origins);
}

std::vector<IpAddress> good(SmartBan& bans, std::uint32_t index, std::size_t blocks) {
  return bans.piece_good(piece(index), std::vector<Sha1Digest>(blocks, hash_of(0)));
}

using Addresses = std::vector<IpAddress>;

TEST(SmartBan, LIM_10_SoleSourceIsNamedAtItsFirstFailure) {
  SmartBan bans;
  EXPECT_EQ(fail(bans, 1, Arrival().add(7, 9).add(7).add(7)), Addresses{host(7)});
  EXPECT_FALSE(bans.remembers(piece(1)));
}

TEST(SmartBan, LiarIsNamedWhenThePieceIsGoodAndTheOthersAreCleared) {
  SmartBan bans;
  EXPECT_TRUE(fail(bans, 1, Arrival().add(1).add(2, 5).add(3)).empty());
  EXPECT_TRUE(bans.remembers(piece(1)));
  EXPECT_TRUE(bans.on_parole(host(1)));
  EXPECT_TRUE(bans.on_parole(host(2)));
  EXPECT_EQ(good(bans, 1, 3), Addresses{host(2)});
  EXPECT_FALSE(bans.on_parole(host(1)));
  EXPECT_FALSE(bans.on_parole(host(2)));
  EXPECT_FALSE(bans.remembers(piece(1)));
}

TEST(SmartBan, LiarsOfEarlierAttemptsAreNamedToo) {
  SmartBan bans;
  fail(bans, 1, Arrival().add(1).add(2, 5));
  fail(bans, 1, Arrival().add(3, 6).add(1));
  EXPECT_EQ(bans.strikes(host(1)), 2u);
  Addresses named = good(bans, 1, 2);
  std::ranges::sort(named);
  EXPECT_EQ(named, (Addresses{host(2), host(3)}));
}

TEST(SmartBan, GoodPieceThatNeverFailedNamesNobody) {
  SmartBan bans;
  EXPECT_TRUE(good(bans, 1, 4).empty());
}

TEST(SmartBan, WhatAPardonedSenderDidIsForgotten) {
  SmartBan bans;
  fail(bans, 1, Arrival().add(1).add(2, 5));
  fail(bans, 2, Arrival().add(1).add(3, 5));
  bans.pardon(host(2));
  EXPECT_FALSE(bans.remembers(piece(1)));
  EXPECT_EQ(bans.strikes(host(2)), 0u);
  EXPECT_EQ(bans.strikes(host(1)), 1u);
  EXPECT_TRUE(good(bans, 1, 2).empty());
  EXPECT_EQ(good(bans, 2, 2), Addresses{host(3)});
}

// A liar puts one bad block into every piece that a fast honest peer works on.
TEST(SmartBan, AttributionAttackNeverNamesTheHonestPeer) {
  SmartBan bans;
  constexpr std::uint32_t kHonest = 1, kLiar = 2;
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_TRUE(fail(bans, i, Arrival().add(kHonest).add(kHonest).add(kLiar, 1)).empty());
  }
  EXPECT_EQ(bans.strikes(host(kHonest)), 100u);
  EXPECT_EQ(good(bans, 0, 3), Addresses{host(kLiar)});
  EXPECT_FALSE(bans.on_parole(host(kHonest)));
  // Its blocks that were still on their way put no blame on anybody either.
  EXPECT_TRUE(fail(bans, 200, Arrival().add(kHonest).add(kLiar, 1)).empty());
  EXPECT_FALSE(bans.on_parole(host(kHonest)));
}

TEST(SmartBan, ParoleNamesTheLiarAndExplainsAllItsFailures) {
  SmartBan bans;
  for (std::uint32_t i = 0; i < 4; ++i) fail(bans, i, Arrival().add(1).add(2, 1));
  EXPECT_EQ(fail(bans, 9, Arrival().add(2, 1).add(2)), Addresses{host(2)});
  EXPECT_EQ(bans.strikes(host(1)), 0u);
}

TEST(SmartBan, AnExplainedFailureStillNamesItsSecondLiar) {
  SmartBan bans;
  fail(bans, 1, Arrival().add(1).add(2, 1).add(3, 1));
  EXPECT_EQ(fail(bans, 2, Arrival().add(2, 1)), Addresses{host(2)});
  EXPECT_EQ(bans.strikes(host(3)), 0u);
  const Addresses named = good(bans, 1, 3);
  EXPECT_TRUE(std::ranges::count(named, host(3)) == 1);
  EXPECT_TRUE(std::ranges::count(named, host(1)) == 0);
}

TEST(SmartBan, LIM_10_FourFailuresOfOnePieceAreSuspicionTheFifthIsABan) {
  SmartBan bans;
  for (std::uint32_t attempt = 0; attempt < 4; ++attempt) {
    EXPECT_TRUE(fail(bans, 1, Arrival().add(1, 1).add(10 + attempt)).empty());
  }
  EXPECT_EQ(bans.strikes(host(1)), 4u);
  EXPECT_EQ(fail(bans, 1, Arrival().add(1, 1).add(20)), Addresses{host(1)});
  for (const std::uint32_t other : {10u, 11u, 12u, 13u, 20u})
    EXPECT_EQ(bans.strikes(host(other)), 0u);
}

TEST(SmartBan, RemembersBlocksUpToItsLimitAndForgetsTheOldestFailure) {
  SmartBan bans(5, 4);
  fail(bans, 8, Arrival().add(1).add(2, 1));
  fail(bans, 3, Arrival().add(3).add(4, 1));
  EXPECT_EQ(bans.remembered_blocks(), 4u);
  EXPECT_TRUE(bans.remembers(piece(8)));
  fail(bans, 5, Arrival().add(5).add(6, 1));
  EXPECT_EQ(bans.remembered_blocks(), 4u);
  EXPECT_FALSE(bans.remembers(piece(8)));
  EXPECT_TRUE(bans.remembers(piece(3)));
  EXPECT_EQ(bans.strikes(host(1)), 0u) << "no strike outlives its evidence";
}

TEST(SmartBan, AttemptsAtOnePieceAreBounded) {
  SmartBan bans(3, 1000);
  for (std::uint32_t i = 0; i < 50; ++i) {
    fail(bans, 1, Arrival().add(100 + 2 * i).add(101 + 2 * i));
  }
  EXPECT_EQ(bans.remembered_blocks(), 6u);
  EXPECT_EQ(bans.strikes(host(100)), 0u);
}

// Liars always lie; the others never do. Failed pieces are fetched again, from anyone.
TEST(SmartBan, RandomSwarmsNameEveryLiarAndNoHonestPeer) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    SmartBan bans;
    constexpr std::uint32_t kPeers = 20, kLiars = 4, kBlocks = 8;
    std::set<IpAddress> banned;
    const auto note = [&](const Addresses& named) { banned.insert(named.begin(), named.end()); };
    for (std::uint32_t i = 0; i < 300; ++i) {
      for (int attempt = 0;; ++attempt) {
        Arrival arrival;
        const auto alone = static_cast<std::uint32_t>(random.below(kPeers));
        bool bad = false;
        for (std::uint32_t b = 0; b < kBlocks; ++b) {
          // After a failure the piece comes from one peer.
          auto sender = attempt > 0 ? alone : static_cast<std::uint32_t>(random.below(kPeers));
          if (banned.contains(host(sender))) sender = kLiars;
          arrival.add(sender, sender < kLiars ? 1 + b : 0);
          bad = bad || sender < kLiars;
        }
        if (!bad) break;
        note(fail(bans, i, arrival));
      }
      note(good(bans, i, kBlocks));
    }
    EXPECT_EQ(banned.size(), kLiars);
    for (std::uint32_t i = 0; i < kLiars; ++i) EXPECT_TRUE(banned.contains(host(i)));
    EXPECT_EQ(bans.remembered_blocks(), 0u);
    for (std::uint32_t i = 0; i < kPeers; ++i) EXPECT_EQ(bans.strikes(host(i)), 0u);
  }
}

TEST(BanList, BanEndsWithItsPeriod) {
  BanList bans(std::chrono::seconds(60));
  bans.ban(host(1), kNow);
  EXPECT_TRUE(bans.banned(host(1), kNow));
  EXPECT_TRUE(bans.banned(host(1), kNow + std::chrono::milliseconds(59'999)));
  EXPECT_FALSE(bans.banned(host(1), kNow + std::chrono::seconds(60)));
  EXPECT_TRUE(bans.entries(kNow + std::chrono::seconds(60)).empty());
  EXPECT_FALSE(bans.banned(host(2), kNow));
}

TEST(BanList, BanAgainStartsThePeriodAnew) {
  BanList bans(std::chrono::seconds(60));
  bans.ban(host(1), kNow);
  bans.ban(host(1), kNow + std::chrono::seconds(50));
  EXPECT_TRUE(bans.banned(host(1), kNow + std::chrono::seconds(100)));
}

TEST(BanList, UnbanTakesEffectAtOnce) {
  BanList bans;
  bans.ban(host(1), kNow);
  EXPECT_TRUE(bans.unban(host(1), kNow));
  EXPECT_FALSE(bans.banned(host(1), kNow));
  EXPECT_FALSE(bans.unban(host(1), kNow));
}

TEST(BanList, ABanOfAnotherRunLastsAtMostAPeriod) {
  BanList bans(std::chrono::seconds(60));
  bans.ban_until(host(1), kNow, kNow + std::chrono::seconds(10));
  bans.ban_until(host(2), kNow, kNow + std::chrono::hours(10));
  bans.ban_until(host(3), kNow, kNow);
  EXPECT_TRUE(bans.banned(host(1), kNow + std::chrono::seconds(9)));
  EXPECT_FALSE(bans.banned(host(1), kNow + std::chrono::seconds(10)));
  EXPECT_FALSE(bans.unban(host(1), kNow + std::chrono::seconds(10))) << "it is over";
  EXPECT_TRUE(bans.banned(host(2), kNow + std::chrono::seconds(59)));
  EXPECT_FALSE(bans.banned(host(2), kNow + std::chrono::seconds(60)));
  EXPECT_EQ(bans.entries(kNow).size(), 1u);
}

TEST(BanList, FullListLetsTheEntryGoThatEndsFirst) {
  BanList bans(std::chrono::hours(1), 3);
  for (std::uint32_t i = 0; i < 3; ++i) bans.ban(host(i), kNow + std::chrono::seconds(i));
  EXPECT_EQ(bans.size(), 3u);
  EXPECT_TRUE(bans.banned(host(0), kNow));
  bans.ban(host(3), kNow + std::chrono::seconds(3));
  EXPECT_EQ(bans.size(), 3u);
  EXPECT_FALSE(bans.banned(host(0), kNow));
  EXPECT_TRUE(bans.banned(host(1), kNow));
  const auto entries = bans.entries(kNow);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries.front().address, host(1));
  EXPECT_EQ(entries.front().until, kNow + std::chrono::seconds(1) + std::chrono::hours(1));
}

TEST(BanList, ExpiredEntriesGiveWayBeforeLiveOnes) {
  BanList bans(std::chrono::seconds(10), 2);
  bans.ban(host(1), kNow);
  bans.ban(host(2), kNow + std::chrono::seconds(5));
  bans.ban(host(3), kNow + std::chrono::seconds(12));
  EXPECT_TRUE(bans.banned(host(2), kNow + std::chrono::seconds(12)));
  EXPECT_EQ(bans.size(), 2u);
}

}  // namespace
}  // namespace weir
