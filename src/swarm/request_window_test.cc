// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/request_window.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/ids.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A peer at the end of a path: requests take half the delay to get there, blocks leave one after
// another at the path's rate. `burst`: blocks become visible only every so often, as they do when
// a busy loop reads the socket in turns.
class Path {
 public:
  Path(Duration delay, double bytes_per_second, Duration burst = Duration(0))
      : delay_(delay), rate_(bytes_per_second), burst_(burst) {
    window_.set_peer_limit(kRequestWindowMax);
  }

  void set_path(Duration delay, double bytes_per_second) {
    delay_ = delay;
    rate_ = bytes_per_second;
  }
  // Lets time pass. Returns the bytes a second that came in.
  double run(Duration time) {
    const TimePoint end = now_ + time;
    std::uint64_t bytes = 0;
    while (true) {
      while (in_flight_.size() < window_.size()) request();
      if (in_flight_.front().arrives > end) break;
      const TimePoint arrives = in_flight_.front().arrives;
      now_ = std::max(now_, arrives);
      while (!in_flight_.empty() && in_flight_.front().arrives <= now_) {
        window_.on_block(now_, in_flight_.front().requested, kBlockSize);
        in_flight_.pop_front();
        bytes += kBlockSize;
      }
      smallest_ = std::min(smallest_, window_.size());
    }
    now_ = end;
    return static_cast<double>(bytes) / to_seconds(time);
  }
  void forget_smallest() { smallest_ = kRequestWindowMax; }

  RequestWindow& window() { return window_; }
  TimePoint now() const { return now_; }
  std::uint32_t smallest() const { return smallest_; }

 private:
  struct Request {
    TimePoint requested;
    TimePoint arrives;
  };
  void request() {
    const TimePoint reached = now_ + delay_ / 2;
    free_at_ = std::max(free_at_, reached) + from_seconds(kBlockSize / rate_);
    TimePoint arrives = free_at_ + delay_ / 2;
    if (burst_ > Duration(0)) {
      const auto turns = (arrives.time_since_epoch() + burst_ - Duration(1)) / burst_;
      arrives = TimePoint(turns * burst_);
    }
    in_flight_.push_back({now_, arrives});
  }

  Duration delay_;
  double rate_;
  Duration burst_;
  RequestWindow window_;
  TimePoint now_ = TimePoint(std::chrono::hours(1));
  TimePoint free_at_{};
  std::deque<Request> in_flight_;
  std::uint32_t smallest_ = kRequestWindowMax;
};

// What is queued may not last longer than the head room and the delay.
void expect_queue_within(const Path& path, RequestWindow& window, Duration delay, double rate) {
  const double seconds_queued = window.size() * double{kBlockSize} / rate;
  EXPECT_LE(seconds_queued, 1.3 * (to_seconds(delay) + 1.0) + 2 * kBlockSize / rate)
      << "at " << to_seconds(path.now().time_since_epoch());
}

TEST(RequestWindow, FillsALocalPathWithinTwentyRoundTrips) {
  Path path(milliseconds(1), 1e9);
  path.run(milliseconds(20));
  EXPECT_GE(path.window().size(), 70u);
  EXPECT_GE(path.run(seconds(1)), 0.95e9);
  EXPECT_EQ(path.window().size(), kRequestWindowMax);
}

TEST(RequestWindow, FillsALongFatPathWithinEightRoundTrips) {
  Path path(milliseconds(300), 10e6);
  path.run(milliseconds(8 * 300));
  EXPECT_GE(path.run(seconds(5)), 9.5e6);
  for (int i = 0; i < 60; ++i) {
    EXPECT_GE(path.run(seconds(2)), 9.5e6);
    expect_queue_within(path, path.window(), milliseconds(300), 10e6);
  }
}

TEST(RequestWindow, KeepsASlowPathBusyWithAShortQueue) {
  Path path(milliseconds(50), 50e3);
  path.run(seconds(10));
  for (int i = 0; i < 60; ++i) {
    EXPECT_GE(path.run(seconds(10)), 45e3);
    expect_queue_within(path, path.window(), milliseconds(50), 50e3);
  }
  EXPECT_LE(path.window().size(), 6u);
}

TEST(RequestWindow, VeryLongFatPathIsBoundedByTheHardLimitOnly) {
  Path path(milliseconds(300), 100e6);
  path.run(milliseconds(300 * 12));
  EXPECT_GE(path.run(seconds(5)), 95e6);
}

TEST(RequestWindow, BurstsOnAFastPathDoNotCollapseIt) {
  for (const int burst_ms : {2, 5, 20, 50}) {
    SCOPED_TRACE(burst_ms);
    Path path(Duration(200'000), 500e6, milliseconds(burst_ms));
    path.run(milliseconds(500));
    EXPECT_GE(path.window().size(), 500u);
    path.forget_smallest();
    path.run(seconds(30));
    EXPECT_GE(path.smallest(), 1000u);
  }
}

TEST(RequestWindow, FollowsAPathThatBecomesSlowAndFastAgain) {
  Path path(milliseconds(50), 10e6);
  path.run(seconds(10));
  path.set_path(milliseconds(50), 100e3);
  path.run(seconds(60));
  expect_queue_within(path, path.window(), milliseconds(50), 100e3);
  path.set_path(milliseconds(50), 10e6);
  path.run(seconds(10));
  EXPECT_GE(path.run(seconds(5)), 9.5e6);
}

TEST(RequestWindow, FollowsADelayThatGrowsBeyondTheHeadRoom) {
  Path path(milliseconds(20), 5e6);
  path.run(seconds(20));
  path.set_path(seconds(3), 5e6);
  path.run(seconds(150));
  EXPECT_GE(path.run(seconds(60)), 3e6);
}

TEST(RequestWindow, NeverExceedsThePeersLimitOrOurs) {
  for (const std::uint32_t reqq : {1u, 2u, 10u, 250u, 2000u, 5000u, 4'000'000'000u}) {
    Path path(milliseconds(1), 1e9);
    path.window().set_peer_limit(reqq);
    for (int i = 0; i < 100; ++i) {
      path.run(milliseconds(10));
      ASSERT_LE(path.window().size(), std::min(reqq, kRequestWindowMax));
    }
    EXPECT_EQ(path.window().size(), std::min(reqq, kRequestWindowMax));
  }
}

TEST(RequestWindow, LIM_07_ConfigurationCannotExceedTheHardLimit) {
  RequestWindow window({.initial = 5000, .max = 5000});
  window.set_peer_limit(5000);
  EXPECT_LE(window.size(), 2000u);
  TimePoint now(seconds(1));
  for (int i = 0; i < 10'000; ++i) {
    now += std::chrono::microseconds(1);
    window.on_block(now, now - milliseconds(1), kBlockSize);
    ASSERT_LE(window.size(), 2000u);
  }
  EXPECT_EQ(window.size(), 2000u);
}

TEST(RequestWindow, BeginsAtTheInitialWindowWithinWhatPeersUsuallyQueue) {
  EXPECT_EQ(RequestWindow().size(), 6u);
  EXPECT_EQ(RequestWindow({.initial = 1000}).size(), 500u);
}

TEST(RequestWindow, PeerThatAnnouncesNoQueueGetsOneRequest) {
  RequestWindow window;
  window.set_peer_limit(0);
  EXPECT_EQ(window.size(), 1u);
  window.on_timeout();
  EXPECT_EQ(window.size(), 1u);
}

TEST(RequestWindow, TimeoutFallsBackToTheMinimumAndRecovers) {
  Path path(milliseconds(20), 10e6);
  path.run(seconds(5));
  path.window().on_timeout();
  EXPECT_EQ(path.window().size(), 2u);
  path.run(seconds(3));
  EXPECT_GE(path.run(seconds(2)), 9.5e6);
}

TEST(RequestWindow, ChokeRestartsAtTheInitialWindow) {
  Path path(milliseconds(20), 10e6);
  path.run(seconds(5));
  path.window().on_choke();
  EXPECT_EQ(path.window().size(), 6u);
  path.run(seconds(2));
  EXPECT_GE(path.run(seconds(2)), 9.5e6);
}

TEST(RequestWindow, TimeoutsAreGenerousMultiplesOfTheDelayWithinBounds) {
  EXPECT_EQ(RequestWindow().request_timeout(TimePoint{}), seconds(30));
  Path near(milliseconds(1), 1e9);
  near.run(seconds(5));
  EXPECT_GE(near.window().request_timeout(near.now()), kRequestTimeoutMin);
  EXPECT_LE(near.window().request_timeout(near.now()), seconds(3));
  Path slow(milliseconds(500), 20e3);
  slow.run(seconds(60));
  EXPECT_GE(slow.window().request_timeout(slow.now()), seconds(7));
  EXPECT_LE(slow.window().request_timeout(slow.now()), kRequestTimeoutMax);
}

TEST(RequestWindow, EachTimeoutInARowDoublesThePatienceUpToAMinute) {
  Path path(milliseconds(10), 10e6);
  path.run(seconds(5));
  const Duration first = path.window().request_timeout(path.now());
  path.window().on_timeout();
  EXPECT_EQ(path.window().request_timeout(path.now()), 2 * first);
  for (int i = 0; i < 100; ++i) path.window().on_timeout();
  EXPECT_EQ(path.window().request_timeout(path.now()), kRequestTimeoutMax);
  path.window().on_block(path.now(), path.now() - milliseconds(10), kBlockSize);
  EXPECT_LE(path.window().request_timeout(path.now()), 2 * first);
}

TEST(RequestWindow, BlockThatSeemsToComeBeforeItsRequestIsHarmless) {
  RequestWindow window;
  const TimePoint now(seconds(10));
  window.on_block(now, now + seconds(1), kBlockSize);
  window.on_block(now, now, 0);
  EXPECT_GE(window.size(), 2u);
  EXPECT_GE(window.request_timeout(now), kRequestTimeoutMin);
}

TEST(RequestWindowPace, BlockTimeIsThatOfThePathHoweverTheBlocksCome) {
  for (const Duration burst : {Duration(0), Duration(milliseconds(50))}) {
    Path path(milliseconds(40), 1e6, burst);
    path.run(seconds(5));
    EXPECT_NEAR(to_seconds(path.window().block_time()), kBlockSize / 1e6, 0.004);
    EXPECT_LE(path.window().delay(), milliseconds(200));
  }
}

TEST(RequestWindowPace, BeforeTheFirstBlockItIsWhatTheInitialWindowSupposes) {
  RequestWindow window({.initial = 10, .queue_time = seconds(1)});
  EXPECT_EQ(window.block_time(), milliseconds(100));
  EXPECT_EQ(window.delay(), Duration(0));
}

// The rate falls while nothing is asked; what the peer could do does not.
TEST(RequestWindowPace, AnIdlePeerStaysAsFastAsItWas) {
  Path path(milliseconds(20), 5e6);
  path.run(seconds(3));
  RequestWindow& window = path.window();
  const Duration before = window.block_time();
  EXPECT_LT(before, milliseconds(6));
  const TimePoint later = path.now() + seconds(30);
  EXPECT_LT(window.rate(later), 1e6);
  EXPECT_EQ(window.block_time(), before);
  // A single request now and then pays for the whole path, and for no idle second.
  window.on_block(later + milliseconds(23), later, kBlockSize);
  EXPECT_LT(window.block_time(), milliseconds(8));
}

}  // namespace
}  // namespace weir
