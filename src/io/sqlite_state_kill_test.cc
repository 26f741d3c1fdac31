// SPDX-License-Identifier: MIT OR Apache-2.0
// A process that saves without pause is killed at random moments; the next one finds values that
// were saved whole.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "base/random.h"
#include "io/sqlite_state.h"
#include "io/testing/scratch.h"

namespace weir {
namespace {

// A value that tells whether it is whole: its number in every place, in a length that follows from
// it, so that pages are taken and given back all the time.
Buffer numbered(std::uint64_t number) {
  Buffer value;
  const std::uint64_t count = 1 + number * 7919 % 3000;
  for (std::uint64_t i = 0; i < count; ++i) append_be(value, number);
  return value;
}

std::optional<std::uint64_t> number_of(Bytes value) {
  if (value.size() < 8) return std::nullopt;
  const std::uint64_t number = load_be64(value.first<8>());
  const Buffer whole = numbered(number);
  if (!std::ranges::equal(value, whole)) return std::nullopt;
  return number;
}

// Runs in the child. Tells through the pipe what was saved, after it was.
[[noreturn]] void save_for_ever(const std::string& directory, std::uint64_t from, int pipe) {
  const auto store = SqliteStateStore::open(directory);
  if (!store) ::_exit(1);
  for (std::uint64_t number = from;; ++number) {
    const Buffer value = numbered(number);
    if (!(*store)->save_record("x", value) || !(*store)->save_progress("x", value)) ::_exit(2);
    if (::write(pipe, &number, sizeof(number)) != sizeof(number)) ::_exit(3);
  }
}

TEST(SqliteStateKill, EverySaveThatSucceededIsThereWholeAfterAKill) {
  const ScratchDir scratch;
  Random random(7);
  std::uint64_t next = 1;
  std::uint64_t saves = 0;
  for (int round = 0; round < 30; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) save_for_ever(scratch.at("state"), next, pipe[1]);
    ::close(pipe[1]);
    std::uint64_t told = next - 1;
    std::uint64_t number = 0;
    // The first save is waited for, so that every round kills a process in the middle of its work.
    if (::read(pipe[0], &number, sizeof(number)) == sizeof(number)) told = number;
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(20'000)));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "ended by itself: " << WEXITSTATUS(status);
    while (::read(pipe[0], &number, sizeof(number)) == sizeof(number)) told = number;
    ::close(pipe[0]);

    const auto store = SqliteStateStore::open(scratch.at("state"));
    ASSERT_TRUE(store) << store.error().detail;
    ASSERT_FALSE((*store)->set_aside());
    const auto entry = (*store)->load("x");
    ASSERT_TRUE(entry && *entry);
    const auto record = number_of((*entry)->record);
    const auto progress = number_of((*entry)->progress);
    ASSERT_TRUE(record && progress) << "torn in round " << round;
    // At most what was being saved at that moment is ahead of what was told.
    EXPECT_TRUE(*progress == told || *progress == told + 1);
    EXPECT_TRUE(*record == *progress || *record == *progress + 1);
    saves += told - (next - 1);
    next = *record + 1;
  }
  EXPECT_GT(saves, 60U);
}

}  // namespace
}  // namespace weir
