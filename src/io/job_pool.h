// SPDX-License-Identifier: MIT OR Apache-2.0
// The threads that run background jobs (store/jobs.h). Two queues, each first in, first out:
// checks of pieces on disk wait behind everything else, and leave at least one thread to the rest
// where there are two, so that a recheck does not hold up transfers. One check in kUrgentRunMax
// goes first all the same, so that transfers do not hold up a recheck for ever either.
//
// What is queued is not bounded here: the engine bounds what it has under way (LIM-09).
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "store/jobs.h"

namespace weir {

struct JobCounts {
  std::size_t queued = 0;  // other than checks
  std::size_t queued_checks = 0;
  std::size_t running = 0;  // of any kind, their `done` included
  bool operator==(const JobCounts&) const = default;
};

class JobPool {
 public:
  static constexpr unsigned kUrgentRunMax = 16;
  static constexpr unsigned kThreadsMax = 64;

  // `disk` and `state` must outlive the pool. At least one thread, at most kThreadsMax.
  JobPool(unsigned threads, Disk& disk, StateStore& state);
  // Stops, see below.
  ~JobPool();
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;

  // Runs the job on one of the threads, then calls `done` there: to post the result to where it
  // belongs, no more. `done` is called exactly once for every job, and may call run() but not
  // stop(). Any thread may call.
  void run(Job job, std::function<void(JobResult)> done);

  // Finishes what is running and all queued jobs that save something. Those that only look (reads,
  // checks, preparing) are answered with io_error "stopped" instead; the buffer of a read comes
  // back with it. Once it began, run() takes saving jobs only and answers others at once with that
  // error; once it returned, all of them. Returns when every `done` was called.
  void stop();

  [[nodiscard]] JobCounts counts() const;

 private:
  struct Task {
    Job job;
    std::function<void(JobResult)> done;
  };

  void work(unsigned number);
  [[nodiscard]] bool check_may_start() const;
  [[nodiscard]] bool take(Task& task);
  static void answer_stopped(Task task);

  Disk& disk_;
  StateStore& state_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> urgent_;
  std::deque<Task> checks_;
  std::size_t running_ = 0;
  std::size_t checks_running_ = 0;
  unsigned urgent_run_ = 0;  // jobs taken since the last check while one was waiting
  bool stopping_ = false;
  bool closed_ = false;
  std::mutex stop_mutex_;  // one stop() at a time; never held together with mutex_ by a worker
  std::vector<std::thread> threads_;
  std::size_t thread_count_ = 0;
};

}  // namespace weir
