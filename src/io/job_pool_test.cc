// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/job_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "hash/sha.h"
#include "io/posix_disk.h"
#include "io/sqlite_state.h"
#include "io/testing/scratch.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;

// A disk whose reads wait at a gate and are counted.
class GateDisk : public PosixDisk {
 public:
  DiskResult<void> read(const DiskPath& path, std::uint64_t offset, MutableBytes out) override {
    const std::size_t inside = ++inside_;
    most_ = std::max(most_.load(), inside);
    gate_.wait();
    --inside_;
    return PosixDisk::read(path, offset, out);
  }
  void open() { promise_.set_value(); }
  void wait_for_readers(std::size_t count) const {
    while (inside_ < count) std::this_thread::yield();
  }
  [[nodiscard]] std::size_t inside() const { return inside_; }
  [[nodiscard]] std::size_t most() const { return most_; }

 private:
  std::promise<void> promise_;
  std::shared_future<void> gate_ = promise_.get_future().share();
  std::atomic<std::size_t> inside_ = 0;
  std::atomic<std::size_t> most_ = 0;
};

// One file of zeros, a piece long for each of `pieces`.
std::shared_ptr<const TorrentStorage> make_storage(const std::string& root, std::uint32_t pieces) {
  auto info = std::make_shared<TorrentInfo>();
  TorrentFile file;
  file.path = "f";
  file.length = std::uint64_t{kPiece} * pieces;
  info->name = "f";
  info->layout = Layout(TorrentKind::v1, kPiece, {file});
  info->piece_hashes.assign(pieces, sha1(Buffer(kPiece)));
  put_file(root + "/f", std::string(file.length, '\0'));
  Bitfield wanted(1);
  wanted.set(0);
  return std::make_shared<const TorrentStorage>(
      info, StorageOptions{.root = root, .side_root = root}, wanted, wanted);
}

class JobPoolTest : public ::testing::Test {
 protected:
  JobPoolTest() : storage_(make_storage(scratch_.path(), 4)) {}

  Job read(std::uint64_t id) {
    return {JobId{id}, {}, ReadJob{storage_, PieceIndex{0}, 0, buffers_.take(kPiece)}};
  }
  Job check(std::uint64_t id) {
    return {JobId{id}, {}, CheckPiecesJob{storage_, layers_, {PieceIndex{0}}}};
  }
  static Job save(std::uint64_t id) {
    return {JobId{id}, {}, JournalJob{nullptr, std::to_string(id), {}, {}}};
  }
  // Where results go: the ids in the order of their coming.
  std::function<void(JobResult)> note() {
    return [this](JobResult result) {
      const std::lock_guard lock(mutex_);
      results_.push_back(std::move(result));
    };
  }
  std::vector<std::uint64_t> ids() {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> all;
    for (const JobResult& result : results_) all.push_back(to_int(result.id));
    return all;
  }
  [[nodiscard]] const JobResult& result(std::uint64_t id) const {
    return *std::ranges::find(results_, JobId{id}, &JobResult::id);
  }

  ScratchDir scratch_;
  BufferPool buffers_{64 << 20, 0};
  GateDisk disk_;
  std::unique_ptr<SqliteStateStore> state_ = *SqliteStateStore::in_memory();
  std::shared_ptr<const TorrentStorage> storage_;
  std::shared_ptr<const PieceLayers> layers_ = std::make_shared<const PieceLayers>();
  std::mutex mutex_;
  std::vector<JobResult> results_;
};

TEST_F(JobPoolTest, RunsJobsAndGivesTheirResults) {
  disk_.open();
  {
    JobPool pool(2, disk_, *state_);
    std::promise<void> both;
    std::atomic<int> left = 2;
    const auto done = [&](JobResult result) {
      note()(std::move(result));
      if (--left == 0) both.set_value();
    };
    pool.run(check(1), done);
    pool.run(read(2), done);
    both.get_future().wait();
  }
  ASSERT_EQ(ids().size(), 2U);
  ASSERT_EQ(result(1).pieces.size(), 1U);
  EXPECT_EQ(result(1).pieces[0].verdict, PieceVerdict::good);
  EXPECT_FALSE(result(2).error);
  EXPECT_EQ(std::get<ReadJob>(result(2).work).buffer.bytes()[kPiece - 1], std::byte{0});
}

TEST_F(JobPoolTest, ChecksWaitBehindEverythingElse) {
  JobPool pool(1, disk_, *state_);
  pool.run(read(1), note());
  disk_.wait_for_readers(1);
  pool.run(check(2), note());
  pool.run(check(3), note());
  pool.run(save(4), note());
  pool.run(read(5), note());
  EXPECT_EQ(pool.counts(), (JobCounts{.queued = 2, .queued_checks = 2, .running = 1}));
  disk_.open();
  while (ids().size() < 5) std::this_thread::yield();
  EXPECT_EQ(ids(), (std::vector<std::uint64_t>{1, 4, 5, 2, 3}));
}

TEST_F(JobPoolTest, ACheckGoesFirstAfterALongRunOfOthers) {
  JobPool pool(1, disk_, *state_);
  pool.run(read(1), note());
  disk_.wait_for_readers(1);
  pool.run(check(1000), note());
  constexpr std::uint64_t kRun = JobPool::kUrgentRunMax;
  for (std::uint64_t id = 2; id <= kRun + 10; ++id) pool.run(save(id), note());
  disk_.open();
  while (ids().size() < kRun + 11) std::this_thread::yield();
  const auto order = ids();
  const auto place = std::ranges::find(order, 1000U) - order.begin();
  EXPECT_EQ(place, static_cast<std::ptrdiff_t>(kRun + 1));
}

TEST_F(JobPoolTest, ChecksLeaveAThreadToTheRest) {
  JobPool pool(3, disk_, *state_);
  for (std::uint64_t id = 1; id <= 6; ++id) pool.run(check(id), note());
  disk_.wait_for_readers(2);
  pool.run(save(100), note());
  while (ids().empty()) std::this_thread::yield();
  EXPECT_EQ(ids(), (std::vector<std::uint64_t>{100}));
  EXPECT_EQ(disk_.inside(), 2U);
  disk_.open();
  while (ids().size() < 7) std::this_thread::yield();
  EXPECT_LE(disk_.most(), 2U);
}

TEST_F(JobPoolTest, StoppingFinishesWhatSavesAndAnswersTheRest) {
  JobPool pool(1, disk_, *state_);
  pool.run(read(1), note());
  disk_.wait_for_readers(1);
  pool.run(check(2), note());
  pool.run(read(3), note());
  pool.run(save(4), note());
  pool.run({JobId{5}, {}, PrepareJob{storage_, true}}, note());
  pool.run(save(6), note());
  auto stopped = std::async(std::launch::async, [&] { pool.stop(); });
  while (ids().size() < 3) std::this_thread::yield();
  EXPECT_EQ(ids(), (std::vector<std::uint64_t>{2, 3, 5}));
  EXPECT_EQ(result(3).error, (DiskError{DiskErrc::io_error, "stopped"}));
  EXPECT_TRUE(std::get<ReadJob>(result(3).work).buffer);
  disk_.open();
  stopped.wait();
  EXPECT_EQ(ids(), (std::vector<std::uint64_t>{2, 3, 5, 1, 4, 6}));
  EXPECT_FALSE(result(1).error || result(4).error || result(6).error);
  EXPECT_EQ(state_->load_all()->size(), 2U);
  EXPECT_EQ(pool.counts(), JobCounts{});
  pool.stop();
}

TEST_F(JobPoolTest, WhatARunningJobBringsToSaveIsSavedWhileStopping) {
  JobPool pool(2, disk_, *state_);
  pool.run(read(1), [&](JobResult) {
    pool.run(save(2), [&](JobResult) {
      pool.run(save(3), note());
      pool.run(check(4), note());
    });
  });
  disk_.wait_for_readers(1);
  auto stopped = std::async(std::launch::async, [&] { pool.stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  disk_.open();
  stopped.wait();
  auto all = ids();
  std::ranges::sort(all);
  EXPECT_EQ(all, (std::vector<std::uint64_t>{3, 4}));
  EXPECT_FALSE(result(3).error);
  EXPECT_TRUE(result(4).error);
}

TEST_F(JobPoolTest, AfterTheStopEveryJobIsAnsweredAtOnce) {
  JobPool pool(2, disk_, *state_);
  pool.stop();
  pool.run(save(1), note());
  ASSERT_EQ(ids().size(), 1U);
  EXPECT_EQ(result(1).error, (DiskError{DiskErrc::io_error, "stopped"}));
}

TEST_F(JobPoolTest, ManyJobsFromManyThreadsAreEachAnsweredOnce) {
  disk_.open();
  {
    JobPool pool(4, disk_, *state_);
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < 200; ++i) {
          const std::uint64_t id = t * 200 + i;
          pool.run(i % 3 == 0 ? check(id) : save(id), note());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  auto all = ids();
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), 800U);
  for (std::uint64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i);
}

TEST_F(JobPoolTest, ThreadsAreNamedAndTakeNoSignals) {
  JobPool pool(0, disk_, *state_);  // one thread, at least
  std::promise<std::string> name;
  std::atomic<bool> blocked = false;
  pool.run(save(1), [&](JobResult) {
    std::array<char, 16> text{};
    pthread_getname_np(pthread_self(), text.data(), text.size());
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGTERM) == 1;
    name.set_value(text.data());
  });
  EXPECT_EQ(name.get_future().get(), "weir-disk-0");
  EXPECT_TRUE(blocked);
}

}  // namespace
}  // namespace weir
