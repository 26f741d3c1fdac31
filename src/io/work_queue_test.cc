// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(WorkQueue, RunsWhatIsQueuedBeforeItStops) {
  std::atomic<int> ran = 0;
  {
    WorkQueue queue(3);
    for (int i = 0; i < 500; ++i) {
      EXPECT_TRUE(queue.post([&ran] { ++ran; }));
    }
    queue.stop();
    EXPECT_EQ(ran, 500);
    EXPECT_FALSE(queue.post([&ran] { ++ran; }));
  }
  EXPECT_EQ(ran, 500);
}

TEST(WorkQueue, ATimerRunsAndACancelledOneDoesNot) {
  WorkQueue queue(1);
  std::promise<void> ran;
  bool cancelled_ran = false;
  const TimerId never = queue.after(milliseconds(1), [] {});
  const TimerId late = queue.after(hours(1), [&] { cancelled_ran = true; });
  queue.after(milliseconds(5), [&] { ran.set_value(); });
  ran.get_future().get();
  queue.cancel(late);
  queue.cancel(never);  // has run: nothing happens
  queue.stop();
  EXPECT_FALSE(cancelled_ran);
}

// A thread waits for the first timer while it is cancelled; for AddressSanitizer to judge.
TEST(WorkQueue, TimersAreCancelledWhileTheyAreWaitedFor) {
  WorkQueue queue(3);
  for (int i = 0; i < 300; ++i) {
    const TimerId timer = queue.after(milliseconds(20), [] {});
    std::promise<void> waiting;
    ASSERT_TRUE(queue.post([&] { waiting.set_value(); }));
    waiting.get_future().get();
    queue.cancel(timer);
    queue.after(milliseconds(0), [] {});  // wakes who waited
  }
}

TEST(WorkQueue, AnEarlierTimerIsNotHeldUpByALaterOne) {
  WorkQueue queue(1);
  queue.after(hours(1), [] {});
  std::promise<void> ran;
  queue.after(milliseconds(1), [&] { ran.set_value(); });
  ran.get_future().get();
}

TEST(WorkQueue, StoppingDropsTimersWithWhatTheyOwn) {
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;
  WorkQueue queue(2);
  queue.after(hours(1), [owned = std::move(owned)] {});
  EXPECT_FALSE(watch.expired());
  queue.stop();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace weir
