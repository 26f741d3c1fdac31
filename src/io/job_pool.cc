// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/job_pool.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace weir {
namespace {

bool is_check(const Job& job) { return std::holds_alternative<CheckPiecesJob>(job.work); }

// Whether something would be lost if the job did not run.
bool saves(const Job& job) {
  return !is_check(job) && !std::holds_alternative<ReadJob>(job.work) &&
         !std::holds_alternative<PrepareJob>(job.work);
}

// Signals are the main thread's business: threads started under this do not take any.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

JobPool::JobPool(unsigned threads, Disk& disk, StateStore& state)
    : disk_(disk), state_(state), thread_count_(std::clamp(threads, 1U, kThreadsMax)) {
  const SignalsBlocked blocked;
  for (unsigned i = 0; i < thread_count_; ++i) {
    threads_.emplace_back([this, i] { work(i); });
  }
}

JobPool::~JobPool() { stop(); }

void JobPool::run(Job job, std::function<void(JobResult)> done) {
  Task task{std::move(job), std::move(done)};
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ && (!stopping_ || saves(task.job))) {
      (is_check(task.job) ? checks_ : urgent_).push_back(std::move(task));
      changed_.notify_one();
      return;
    }
  }
  answer_stopped(std::move(task));
}

void JobPool::stop() {
  const std::lock_guard only(stop_mutex_);
  std::deque<Task> refused;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    refused.swap(checks_);
    std::deque<Task> saving;
    for (Task& task : urgent_) (saves(task.job) ? saving : refused).push_back(std::move(task));
    urgent_.swap(saving);
    ++running_;  // so that the threads wait for what the answers below may bring
  }
  for (Task& task : refused) answer_stopped(std::move(task));
  {
    const std::lock_guard lock(mutex_);
    --running_;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    WEIR_ASSERT(thread.get_id() != std::this_thread::get_id());
    thread.join();
  }
  threads_.clear();
}

JobCounts JobPool::counts() const {
  const std::lock_guard lock(mutex_);
  return {urgent_.size(), checks_.size(), running_};
}

void JobPool::work(unsigned number) {
  pthread_setname_np(pthread_self(), ("weir-disk-" + std::to_string(number)).c_str());
  while (true) {
    Task task;
    if (!take(task)) return;
    const bool check = is_check(task.job);
    JobResult result = run_job(std::move(task.job), disk_, state_);
    // Checked before `done`: it is not to hold up the next check.
    if (check) {
      const std::lock_guard lock(mutex_);
      --checks_running_;
      changed_.notify_one();
    }
    task.done(std::move(result));
    task.done = nullptr;  // what it holds is let go before the job counts as over
    const std::lock_guard lock(mutex_);
    --running_;
    if (stopping_ && running_ == 0) changed_.notify_all();
  }
}

bool JobPool::check_may_start() const {
  return !checks_.empty() && checks_running_ < std::max<std::size_t>(1, thread_count_ - 1);
}

// Waits for the next job; false when there will be none.
bool JobPool::take(Task& task) {
  std::unique_lock lock(mutex_);
  // While stopping, a running job's `done` may still bring more to save.
  changed_.wait(lock, [this] {
    return !urgent_.empty() || check_may_start() || (stopping_ && running_ == 0);
  });
  const bool check = check_may_start() && (urgent_.empty() || urgent_run_ >= kUrgentRunMax);
  if (!check && urgent_.empty()) {
    closed_ = true;
    return false;
  }
  std::deque<Task>& queue = check ? checks_ : urgent_;
  task = std::move(queue.front());
  queue.pop_front();
  ++running_;
  if (check) ++checks_running_;
  urgent_run_ = check || checks_.empty() ? 0 : urgent_run_ + 1;
  return true;
}

void JobPool::answer_stopped(Task task) {
  JobResult result;
  result.id = task.job.id;
  result.torrent = task.job.torrent;
  result.work = std::move(task.job.work);
  result.error = DiskError{DiskErrc::io_error, "stopped"};
  task.done(std::move(result));
}

}  // namespace weir
