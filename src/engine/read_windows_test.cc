// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/read_windows.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"

namespace weir {
namespace {

using Pieces = std::vector<PieceIndex>;
using std::chrono::seconds;

constexpr TimePoint kNow{std::chrono::hours(1)};

ReadWindows::Window window(std::uint32_t begin, std::uint32_t end) {
  return {PieceIndex{begin}, PieceIndex{end}};
}
ReadId id(std::uint64_t number) { return ReadId{number}; }
Pieces pieces(std::uint32_t begin, std::uint32_t end) {
  Pieces out;
  for (std::uint32_t i = begin; i < end; ++i) out.push_back(PieceIndex{i});
  return out;
}

TEST(ReadWindows, ACancelledReadReleasesAllThatWasAheadOfIt) {
  ReadWindows windows;
  windows.open(id(1), window(10, 18));
  EXPECT_EQ(windows.cancel(id(1)), pieces(10, 18));
  EXPECT_TRUE(windows.cancel(id(1)).empty());
  EXPECT_EQ(windows.next_deadline(), kNever);
}

TEST(ReadWindows, WhatAnotherReadIsAboutToNeedStays) {
  ReadWindows windows;
  windows.open(id(1), window(10, 18));
  windows.open(id(2), window(12, 14));
  windows.open(id(3), window(17, 25));
  const Pieces released = windows.cancel(id(1));
  EXPECT_EQ(released, (Pieces{PieceIndex{10}, PieceIndex{11}, PieceIndex{14}, PieceIndex{15},
                              PieceIndex{16}}));
  EXPECT_EQ(windows.cancel(id(3)), pieces(17, 25));
  EXPECT_EQ(windows.cancel(id(2)), pieces(12, 14));
}

TEST(ReadWindows, AFinishedReadKeepsItsWindowForTheNextOne) {
  ReadWindows windows;
  windows.open(id(1), window(10, 18));
  EXPECT_TRUE(windows.finish(kNow, id(1)).empty());
  EXPECT_EQ(windows.next_deadline(), kNow + seconds(5));
  windows.open(id(2), window(11, 19));
  EXPECT_EQ(windows.finish(kNow + seconds(3), id(2)), pieces(10, 11));
  EXPECT_TRUE(windows.expire(kNow + seconds(8) - Duration(1)).empty());
  EXPECT_EQ(windows.expire(kNow + seconds(8)), pieces(11, 19));
  EXPECT_EQ(windows.next_deadline(), kNever);
}

TEST(ReadWindows, ReadsThatEndOutOfOrderDoNotMoveItBack) {
  ReadWindows windows;
  windows.open(id(1), window(10, 18));
  windows.open(id(2), window(11, 19));
  EXPECT_TRUE(windows.finish(kNow, id(2)).empty()) << "the first still holds its own";
  EXPECT_EQ(windows.finish(kNow, id(1)), pieces(10, 11));
  EXPECT_EQ(windows.expire(kNow + seconds(5)), pieces(11, 19));
}

TEST(ReadWindows, ACancelledReadTakesWhatLingersBeforeIt) {
  ReadWindows windows;
  windows.open(id(1), window(10, 18));
  windows.open(id(2), window(11, 19));
  (void)windows.finish(kNow, id(1));
  EXPECT_EQ(windows.cancel(id(2)), pieces(10, 19));
  windows.open(id(3), window(100, 108));
  (void)windows.finish(kNow, id(3));
  windows.open(id(4), window(10, 18));
  EXPECT_EQ(windows.cancel(id(4)), pieces(10, 18)) << "another reader's stays";
  EXPECT_EQ(windows.expire(kNow + seconds(5)), pieces(100, 108));
}

TEST(ReadWindows, TooManyThatLingerGiveUpTheOldest) {
  ReadWindows windows;
  for (std::uint32_t i = 0; i < 64; ++i) {
    windows.open(id(i), window(100 * i, 100 * i + 8));
    EXPECT_TRUE(windows.finish(kNow + seconds(i) / 100, id(i)).empty());
  }
  windows.open(id(64), window(10'000, 10'008));
  EXPECT_EQ(windows.finish(kNow + seconds(1), id(64)), pieces(0, 8));
}

// Whatever happens, what was opened is released in the end and not while somebody needs it.
TEST(ReadWindows, NothingIsLeftAndNothingIsReleasedTooEarly) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    ReadWindows windows;
    std::map<std::uint64_t, ReadWindows::Window> open;
    std::set<PieceIndex> hurried;
    TimePoint now = kNow;
    const auto release = [&](const Pieces& released) {
      for (const PieceIndex piece : released) {
        for (const auto& [number, w] : open) {
          ASSERT_FALSE(w.begin <= piece && piece < w.end) << "seed " << seed;
        }
        hurried.erase(piece);
      }
    };
    for (std::uint64_t step = 0; step < 300; ++step) {
      const auto begin = static_cast<std::uint32_t>(random.below(200));
      const std::uint64_t what = random.below(4);
      if (what < 2) {
        open[step] = window(begin, begin + 1 + static_cast<std::uint32_t>(random.below(20)));
        windows.open(id(step), open[step]);
        for (PieceIndex p = open[step].begin; p < open[step].end; p = next(p)) hurried.insert(p);
      } else if (!open.empty()) {
        const auto it =
            std::next(open.begin(), static_cast<std::ptrdiff_t>(random.below(open.size())));
        const ReadId gone = id(it->first);
        open.erase(it);
        release(what == 2 ? windows.finish(now, gone) : windows.cancel(gone));
      }
      now += std::chrono::milliseconds(random.below(400));
      release(windows.expire(now));
    }
    while (!open.empty()) {
      const ReadId gone = id(open.begin()->first);
      open.erase(open.begin());
      release(windows.cancel(gone));
    }
    release(windows.expire(now + seconds(5)));
    EXPECT_TRUE(hurried.empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir
