// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/choker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace weir {
namespace {

constexpr Duration kRound = std::chrono::seconds(10);

// A crowd whose unchoked state follows the choker's word, one round after another.
class Crowd {
 public:
  Crowd(ChokerConfig config, std::uint64_t seed) : random_(seed), choker_(config, random_) {}

  ChokeCandidate& add(double rate_from_peer = 0) {
    peers_.push_back({.peer = ConnId{peers_.size() + 1},
                      .interested = true,
                      .rate_from_peer = rate_from_peer,
                      .connected_at = now_ - std::chrono::hours(1)});
    return peers_.back();
  }
  std::vector<ConnId> round(bool seeding, double upload_rate = 0, double limit = 0) {
    const auto result = choker_.decide(now_, peers_, seeding, upload_rate, limit);
    apply(result);
    now_ += kRound;
    return result;
  }
  void apply(const std::vector<ConnId>& unchoke) {
    for (ChokeCandidate& peer : peers_) {
      const bool on = std::ranges::find(unchoke, peer.peer) != unchoke.end();
      if (on && !peer.unchoked) peer.unchoked_since = now_;
      peer.unchoked = on;
    }
  }
  ChokeCandidate& operator[](std::size_t index) { return peers_[index]; }
  std::vector<ChokeCandidate>& peers() { return peers_; }
  Choker& choker() { return choker_; }
  TimePoint now() const { return now_; }

 private:
  Random random_;
  Choker choker_;
  TimePoint now_ = TimePoint(std::chrono::hours(100));
  std::vector<ChokeCandidate> peers_;
};

bool contains(const std::vector<ConnId>& list, std::uint64_t peer) {
  return std::ranges::find(list, ConnId{peer}) != list.end();
}

TEST(ChokerLeecher, UnchokesThoseThatGiveMostAndOneOther) {
  Crowd crowd({}, 1);
  for (int i = 1; i <= 10; ++i) crowd.add(i * 1000);
  const auto result = crowd.round(false);
  ASSERT_EQ(result.size(), 4u);
  EXPECT_EQ((std::set<ConnId>(result.begin(), result.begin() + 3)),
            (std::set<ConnId>{ConnId{8}, ConnId{9}, ConnId{10}}));
  EXPECT_LT(to_int(result.back()), 8u);
}

TEST(ChokerLeecher, NobodyIsListedTwiceAndOnlyTheInterestedAreListed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Crowd crowd({}, seed);
    for (int i = 0; i < 12; ++i) crowd.add(i % 4 * 1000).interested = i % 3 != 0;
    for (int i = 0; i < 10; ++i) {
      const auto result = crowd.round(seed % 2 == 0);
      EXPECT_EQ(std::set<ConnId>(result.begin(), result.end()).size(), result.size());
      EXPECT_EQ(result.size(), 4u);
      for (ConnId peer : result) EXPECT_TRUE(crowd[to_int(peer) - 1].interested);
    }
  }
}

TEST(ChokerLeecher, FewerPeersThanSlotsAreAllUnchoked) {
  Crowd crowd({}, 1);
  crowd.add(0);
  crowd.add(5000);
  EXPECT_EQ(crowd.round(false).size(), 2u);
  crowd[0].interested = false;
  EXPECT_EQ(crowd.round(false), std::vector<ConnId>{ConnId{2}});
}

TEST(ChokerLeecher, NoPeersIsNoDecision) {
  Crowd crowd({}, 1);
  EXPECT_TRUE(crowd.round(false).empty());
  EXPECT_TRUE(crowd.round(true).empty());
}

TEST(ChokerLeecher, OptimisticSlotRotatesEveryThirdRoundAndOnlyThen) {
  Crowd crowd({}, 3);
  for (int i = 0; i < 3; ++i) crowd.add(100'000);
  for (int i = 0; i < 10; ++i) crowd.add(0);
  std::set<ConnId> lucky;
  ConnId before{};
  for (int round = 0; round < 60; ++round) {
    const ConnId optimistic = crowd.round(false).back();
    EXPECT_GT(to_int(optimistic), 3u);
    if (round % 3 != 0) {
      EXPECT_EQ(optimistic, before);
    } else {
      EXPECT_NE(optimistic, before);
    }
    before = optimistic;
    lucky.insert(optimistic);
  }
  EXPECT_GE(lucky.size(), 7u);
}

TEST(ChokerLeecher, OptimisticPeerThatEarnsARegularSlotIsReplaced) {
  Crowd crowd({}, 3);
  for (int i = 0; i < 8; ++i) crowd.add(i < 3 ? 1000 : 0);
  const ConnId first = crowd.round(false).back();
  crowd[to_int(first) - 1].rate_from_peer = 50'000;
  const auto result = crowd.round(false);
  EXPECT_EQ(result.front(), first);
  EXPECT_EQ(result.size(), 4u);
  EXPECT_NE(result.back(), first);
}

TEST(ChokerLeecher, SnubbedPeerGetsTheOptimisticSlotAtMost) {
  Crowd crowd({}, 4);
  for (int i = 0; i < 5; ++i) crowd.add(1000);
  crowd.add(1'000'000).snubbed = true;
  int optimistic = 0;
  for (int round = 0; round < 300; ++round) {
    const auto result = crowd.round(false);
    ASSERT_EQ(result.size(), 4u);
    for (std::size_t i = 0; i + 1 < result.size(); ++i) EXPECT_NE(result[i], ConnId{6});
    if (result.back() == ConnId{6}) ++optimistic;
  }
  EXPECT_GT(optimistic, 0);
}

TEST(ChokerLeecher, SnubbedPeersAreNotUsedToFillSlots) {
  Crowd crowd({}, 4);
  for (int i = 0; i < 4; ++i) crowd.add(1000).snubbed = true;
  EXPECT_EQ(crowd.round(false).size(), 1u) << "the optimistic slot";
  for (auto& peer : crowd.peers()) peer.unchoked = false;
  EXPECT_TRUE(crowd.choker().fill_free_slots(crowd.now(), crowd.peers()).empty());
}

TEST(ChokerLeecher, NewPeersAreThreeTimesAsLikelyToBeOptimistic) {
  int fresh = 0;
  constexpr int kRuns = 8000;
  for (int run = 0; run < kRuns; ++run) {
    Crowd crowd({}, static_cast<std::uint64_t>(run + 1));
    for (int i = 0; i < 3; ++i) crowd.add(1000);
    crowd.add(0);
    crowd.add(0).connected_at = crowd.now() - std::chrono::seconds(59);
    const auto& givers = crowd.round(false);
    // One of the two that give nothing.
    if (givers.back() == ConnId{5}) ++fresh;
  }
  EXPECT_NEAR(fresh, kRuns * 3 / 4, kRuns / 40);
}

TEST(ChokerLeecher, SingleSlotIsSharedByTheBestAndTheOptimistic) {
  Crowd crowd({.slots_fixed = 1}, 5);
  crowd.add(1000);
  for (int i = 0; i < 4; ++i) crowd.add(0);
  int best = 0;
  for (int round = 0; round < 30; ++round) {
    const auto result = crowd.round(false);
    ASSERT_EQ(result.size(), 1u);
    if (result.front() == ConnId{1}) ++best;
  }
  EXPECT_GE(best, 20);
  EXPECT_LT(best, 30);
}

TEST(ChokerSeed, EveryInterestedPeerIsServedWithinBoundedRounds) {
  for (const int count : {5, 20, 60}) {
    Crowd crowd({}, static_cast<std::uint64_t>(count));
    for (int i = 0; i < count; ++i) crowd.add().rate_to_peer = i * 1000;
    std::map<ConnId, int> last;
    // Four slots: one peer enters in two rounds of three.
    const int bound = count * 3 / 2 + 8;
    for (int round = 0; round < 4 * bound; ++round) {
      for (ConnId peer : crowd.round(true)) last[peer] = round;
      if (round < bound) continue;
      for (const auto& peer : crowd.peers()) EXPECT_LE(round - last[peer.peer], bound);
    }
    EXPECT_EQ(last.size(), static_cast<std::size_t>(count));
  }
}

TEST(ChokerSeed, EveryThirdRoundChangesNothing) {
  Crowd crowd({}, 6);
  for (int i = 0; i < 20; ++i) crowd.add();
  std::set<ConnId> before;
  for (int round = 0; round < 30; ++round) {
    const auto result = crowd.round(true);
    const std::set<ConnId> now(result.begin(), result.end());
    ASSERT_EQ(now.size(), 4u);
    std::vector<ConnId> entered;
    std::ranges::set_difference(now, before, std::back_inserter(entered));
    const std::size_t expected = round == 0 ? 4 : round % 3 == 2 ? 0 : 1;
    EXPECT_EQ(entered.size(), expected);
    before = now;
  }
}

TEST(ChokerSeed, UploadRateDecidesBetweenPeersUnchokedAtTheSameTime) {
  Crowd crowd({}, 7);
  for (int i = 0; i < 5; ++i) crowd.add().rate_to_peer = i * 100;
  for (int i = 0; i < 4; ++i) {
    crowd[static_cast<std::size_t>(i)].unchoked = true;
    crowd[static_cast<std::size_t>(i)].unchoked_since = crowd.now() - kRound;
  }
  const auto result = crowd.round(true);
  EXPECT_FALSE(contains(result, 1)) << "the slowest gives way";
  EXPECT_TRUE(contains(result, 5));
}

TEST(Choker, EarlyDecisionOnlyFillsFreeSlots) {
  Crowd crowd({}, 8);
  for (int i = 0; i < 8; ++i) crowd.add(1000 * (i + 1));
  const auto before = crowd.round(false);
  const TimePoint early = crowd.now() - kRound / 2;
  ASSERT_LT(early, crowd.choker().next_round());
  crowd[to_int(before[0]) - 1].interested = false;
  crowd.peers().push_back({.peer = ConnId{99}, .interested = true, .rate_from_peer = 1e9});
  const auto after = crowd.choker().decide(early, crowd.peers(), false, 0, 0);
  EXPECT_EQ(after.size(), 4u);
  EXPECT_TRUE(contains(after, 99));
  for (std::size_t i = 1; i < before.size(); ++i) EXPECT_TRUE(contains(after, to_int(before[i])));
  EXPECT_GT(crowd.choker().next_round(), early);
}

TEST(Choker, FullSlotsLeaveNothingToFill) {
  Crowd crowd({}, 8);
  for (int i = 0; i < 8; ++i) crowd.add(1000);
  EXPECT_EQ(crowd.choker().fill_free_slots(crowd.now(), crowd.peers()).size(), 4u);
  crowd.round(false);
  EXPECT_TRUE(crowd.choker().fill_free_slots(crowd.now(), crowd.peers()).empty());
}

TEST(ChokerSlots, GrowWhileEachSlotBringsMoreUpToTheMaximum) {
  Crowd crowd({.slots_max = 12}, 9);
  for (int i = 0; i < 40; ++i) crowd.add();
  for (int round = 0; round < 60; ++round) crowd.round(true, crowd.choker().slots() * 100'000.0);
  EXPECT_EQ(crowd.choker().slots(), 12u);
}

TEST(ChokerSlots, StopAtTheUplinksEndAndHoldStill) {
  Crowd crowd({}, 10);
  for (int i = 0; i < 100; ++i) crowd.add();
  const auto rate = [&] { return std::min(crowd.choker().slots() * 100'000.0, 1'000'000.0); };
  for (int round = 0; round < 60; ++round) crowd.round(true, rate());
  for (int round = 0; round < 200; ++round) {
    crowd.round(true, rate());
    EXPECT_GE(crowd.choker().slots(), 10u);
    EXPECT_LE(crowd.choker().slots(), 12u);
  }
}

TEST(ChokerSlots, KnownLimitThatIsReachedStopsGrowth) {
  Crowd crowd({}, 11);
  for (int i = 0; i < 100; ++i) crowd.add();
  for (int round = 0; round < 60; ++round) {
    crowd.round(true, std::min(crowd.choker().slots() * 50'000.0, 500'000.0), 500'000);
  }
  EXPECT_GE(crowd.choker().slots(), 9u);
  EXPECT_LE(crowd.choker().slots(), 10u);
}

TEST(ChokerSlots, ShrinkToTheMinimumWhenTheRatePerSlotCollapses) {
  Crowd crowd({.slots_max = 30}, 12);
  for (int i = 0; i < 40; ++i) crowd.add();
  for (int round = 0; round < 40; ++round) crowd.round(true, crowd.choker().slots() * 100'000.0);
  ASSERT_GT(crowd.choker().slots(), 20u);
  for (int round = 0; round < 200; ++round) crowd.round(true, 1000);
  EXPECT_EQ(crowd.choker().slots(), 4u);
}

TEST(ChokerSlots, FixedNumberNeverChanges) {
  Crowd crowd({.slots_fixed = 7}, 13);
  for (int i = 0; i < 40; ++i) crowd.add();
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(crowd.round(round % 2 == 0, round % 3 * 1e7).size(), 7u);
  }
}

TEST(ChokerSlots, UnusedSlotsTeachNothing) {
  Crowd crowd({}, 14);
  for (int i = 0; i < 3; ++i) crowd.add(1000);
  for (int round = 0; round < 50; ++round) crowd.round(false, 1e9);
  EXPECT_EQ(crowd.choker().slots(), 4u);
}

}  // namespace
}  // namespace weir
