// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/endgame.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kNone = Duration(0);

TEST(EndGame, ABlockTakesAsLongAsThoseBeforeItAndItself) {
  const PeerPace peer{.block_time = milliseconds(100)};
  EXPECT_EQ(time_to_arrive(peer, 0), milliseconds(100));
  EXPECT_EQ(time_to_arrive(peer, 9), milliseconds(1000));
}

TEST(EndGame, TimeAlreadyWaitedCountsUntilTheBlockIsDue) {
  PeerPace peer{.block_time = milliseconds(100), .silence = milliseconds(70)};
  EXPECT_EQ(time_to_arrive(peer, 0), milliseconds(30));
  peer.silence = peer.block_time;
  EXPECT_EQ(time_to_arrive(peer, 0), kNone);
}

TEST(EndGame, WhoIsLateIsExpectedToStaySilentAsLongAgain) {
  const PeerPace peer{.block_time = milliseconds(100), .silence = seconds(3)};
  EXPECT_EQ(time_to_arrive(peer, 0), milliseconds(2900));
  EXPECT_EQ(time_to_arrive(peer, 2), milliseconds(3100));
}

TEST(EndGame, ANewRequestWaitsForThePathAndForWhatIsQueued) {
  const PeerPace peer{.block_time = milliseconds(10), .delay = milliseconds(50)};
  EXPECT_EQ(time_to_deliver(peer, 0), milliseconds(60));
  EXPECT_EQ(time_to_deliver(peer, 4), milliseconds(100));
}

TEST(EndGame, ACopyMustGainAFixedTimeAndAFactor) {
  EXPECT_FALSE(worth_repeating(kRepeatGain - Duration(1), kNone, kNone));
  EXPECT_TRUE(worth_repeating(kRepeatGain, kNone, kNone));
  const Duration candidate = seconds(4);
  const Duration enough = kRepeatFactor * candidate + kRepeatGain;
  EXPECT_FALSE(worth_repeating(enough - Duration(1), candidate, kNone));
  EXPECT_TRUE(worth_repeating(enough, candidate, kNone));
}

// When the line is full, every queue is long, and a copy only makes them longer.
TEST(EndGame, NothingIsRepeatedThatComesInTimeWithTheRest) {
  const Duration rest = seconds(4);
  const Duration enough = kRepeatFactor * rest + kRepeatGain;
  EXPECT_FALSE(worth_repeating(enough - Duration(1), kNone, rest));
  EXPECT_TRUE(worth_repeating(enough, kNone, rest));
}

TEST(EndGame, AbsurdPacesAreCutToAnHour) {
  const PeerPace stuck{
      .block_time = Duration::max(), .delay = Duration::max(), .silence = Duration::max()};
  EXPECT_EQ(time_to_arrive(stuck, SIZE_MAX), hours(1));
  EXPECT_EQ(time_to_deliver(stuck, SIZE_MAX), hours(2));
  const PeerPace backwards{.block_time = Duration(-1), .delay = kNone, .silence = Duration(-1)};
  EXPECT_LE(time_to_arrive(backwards, 5), Duration(1));
  EXPECT_TRUE(worth_repeating(hours(2), kNone, kNone));
}

}  // namespace
}  // namespace weir
