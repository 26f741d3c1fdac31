// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/work_queue.h"

#include <algorithm>

namespace weir {

WorkQueue::WorkQueue(unsigned threads) {
  const unsigned count = std::clamp(threads, 1U, kThreadsMax);
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

WorkQueue::~WorkQueue() { stop(); }

bool WorkQueue::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

TimerId WorkQueue::after(std::chrono::milliseconds delay, std::function<void()> work) {
  TimerId id{};
  {
    const std::lock_guard lock(mutex_);
    id = TimerId{++last_timer_};
    if (stopping_) return id;
    const Clock::time_point at = Clock::now() + delay;
    timers_.emplace(std::pair(at, id), std::move(work));
    due_.emplace(id, at);
  }
  // Whoever waits may be waiting for a later one.
  changed_.notify_all();
  return id;
}

void WorkQueue::cancel(TimerId timer) {
  // Declared before the lock and so destroyed after it: what it owns may call back.
  std::function<void()> dropped;
  const std::lock_guard lock(mutex_);
  const auto it = due_.find(timer);
  if (it == due_.end()) return;
  const auto entry = timers_.find({it->second, timer});
  dropped = std::move(entry->second);
  timers_.erase(entry);
  due_.erase(it);
}

void WorkQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    std::function<void()> next;
    const auto now = Clock::now();
    if (!timers_.empty() && timers_.begin()->first.first <= now) {
      next = std::move(timers_.begin()->second);
      due_.erase(timers_.begin()->first.second);
      timers_.erase(timers_.begin());
    } else if (!queue_.empty()) {
      next = std::move(queue_.front());
      queue_.pop_front();
    } else if (stopping_) {
      return;
    } else if (timers_.empty()) {
      changed_.wait(lock);
      continue;
    } else {
      // A copy: the timer may be cancelled, and gone, while it is waited for.
      const Clock::time_point at = timers_.begin()->first.first;
      changed_.wait_until(lock, at);
      continue;
    }
    lock.unlock();
    next();
    next = nullptr;
    lock.lock();
  }
}

void WorkQueue::stop() {
  const std::lock_guard only(stop_mutex_);
  std::map<std::pair<Clock::time_point, TimerId>, std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(timers_);
    due_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace weir
