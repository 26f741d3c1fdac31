// SPDX-License-Identifier: MIT OR Apache-2.0
// A few threads that run functions which may block, and a clock for functions that run later.
//
// Functions of one queue run in any order and side by side; who needs an order asks for the next
// when the one before has run. What is queued is not bounded here: each user has a bounded number
// of functions under way (one for an upload, one for a reader, one for a request).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

enum class TimerId : std::uint64_t {};  // never reused

class WorkQueue {
 public:
  static constexpr unsigned kThreadsMax = 64;
  using Clock = std::chrono::steady_clock;

  // At least one thread, at most kThreadsMax.
  explicit WorkQueue(unsigned threads);
  ~WorkQueue();  // stops
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // Any thread may call. False once stop() began: the function is destroyed without having run.
  bool post(std::function<void()> work);
  // Runs it after that time, unless it is cancelled or the queue stopped before.
  TimerId after(std::chrono::milliseconds delay, std::function<void()> work);
  // Afterwards it has begun to run or never will.
  void cancel(TimerId timer);

  // Runs what is queued, drops the timers and waits for the threads. Not from one of them.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::map<std::pair<Clock::time_point, TimerId>, std::function<void()>> timers_;
  std::map<TimerId, Clock::time_point> due_;
  std::uint64_t last_timer_ = 0;
  bool stopping_ = false;
  std::mutex stop_mutex_;  // one stop() at a time
  std::vector<std::thread> threads_;
};

}  // namespace weir
