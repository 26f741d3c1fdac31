// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/workers.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "cli/render.h"
#include "cli/stop_signal.h"

namespace weir {
namespace {

constexpr unsigned kThreadsMax = 64;
using Clock = std::chrono::steady_clock;

class PieceWorkers {
 public:
  explicit PieceWorkers(const PieceWork& work)
      : work_(work), step_(pieces_per_run(work.layout->piece_length())) {}

  CliResult<void> run(Output& output) {
    const std::uint64_t runs = (work_.layout->piece_count() + step_ - 1) / step_;
    const auto threads = static_cast<unsigned>(std::clamp<std::uint64_t>(runs, 1, work_.threads));
    running_ = threads;
    std::vector<std::jthread> pool;
    for (unsigned number = 0; number < threads; ++number) {
      pool.emplace_back([this, number] { work(number); });
    }
    show_until_done(output);
    pool.clear();
    output.clear();
    if (failure_) return std::unexpected(*failure_);
    if (stop_requested()) {
      return std::unexpected(CliError{.exit = ExitCode::unfinished,
                                      .code = "interrupted",
                                      .text = "stopped before the end",
                                      .offset = {},
                                      .field = {}});
    }
    return {};
  }

 private:
  void work(unsigned number) {
    const std::uint32_t count = work_.layout->piece_count();
    while (!failed_ && !stop_requested()) {
      const std::uint64_t begin = next_.fetch_add(step_);
      if (begin >= count) break;
      const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(begin + step_, count));
      const PieceRun run{static_cast<PieceIndex>(begin), static_cast<PieceIndex>(end)};
      auto result = work_.run(number, run);
      if (!result) {
        failed_ = true;
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::move(result.error());
        break;
      }
      std::uint64_t bytes = 0;
      for (PieceIndex p = run.begin; p < run.end; p = next(p)) bytes += work_.layout->piece_size(p);
      done_bytes_ += bytes;
    }
    const std::lock_guard lock(mutex_);
    --running_;
    ended_.notify_all();
  }

  void show_until_done(Output& output) {
    const auto started = Clock::now();
    // Short work shows nothing.
    (void)output.plain_due(started);
    std::unique_lock lock(mutex_);
    while (
        !ended_.wait_for(lock, std::chrono::milliseconds(200), [this] { return running_ == 0; })) {
      const auto now = Clock::now();
      const HashingProgress progress{
          .what = work_.what,
          .done_bytes = std::min(done_bytes_.load(), work_.layout->total_size()),
          .total_bytes = work_.layout->total_size(),
          .elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - started)};
      output.draw({render_hashing(progress, output.columns())});
      if (output.plain_due(now)) output.note(render_hashing(progress, 0));
    }
  }

  const PieceWork& work_;
  const std::uint32_t step_;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<std::uint64_t> done_bytes_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  unsigned running_ = 0;
  std::optional<CliError> failure_;
};

}  // namespace

CliResult<void> work_on_pieces(const PieceWork& work, Output& output) {
  return PieceWorkers(work).run(output);
}

std::uint32_t pieces_per_run(std::uint32_t piece_length) {
  constexpr std::uint64_t kWorthwhile = 4 * 1024 * 1024;
  constexpr std::uint64_t kLanes = 16;
  const std::uint64_t wanted = std::max(kLanes, kWorthwhile / piece_length);
  return static_cast<std::uint32_t>(
      std::max<std::uint64_t>(1, std::min(wanted, kRunBytesMax / piece_length)));
}

std::optional<unsigned> thread_count(const std::optional<std::string>& option) {
  if (!option) return std::clamp(std::thread::hardware_concurrency(), 2u, kThreadsMax);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(option->data(), option->data() + option->size(), value);
  if (error != std::errc{} || end != option->data() + option->size()) return std::nullopt;
  if (value < 1 || value > kThreadsMax) return std::nullopt;
  return value;
}

}  // namespace weir
