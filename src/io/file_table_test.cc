// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/file_table.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "io/testing/scratch.h"

namespace weir {
namespace {

class FileTableTest : public ::testing::Test {
 protected:
  [[nodiscard]] DiskPath path(const std::string& relative) const {
    return {scratch_.path(), relative};
  }
  void put(const std::string& relative, const std::string& contents = "x") {
    put_file(scratch_.at(relative), contents);
  }
  ScratchDir scratch_;
};

TEST_F(FileTableTest, OpensEachPathOnce) {
  put("a");
  FileTable table;
  const auto first = table.open_read(path("a"));
  const auto second = table.open_read(path("a"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(table.open_count(), 1U);
}

TEST_F(FileTableTest, ClosesTheLeastRecentlyUsedPastTheLimit) {
  for (const char* name : {"a", "b", "c"}) put(name);
  FileTable table(2);
  const std::weak_ptr<const FileHandle> a = *table.open_read(path("a"));
  const std::weak_ptr<const FileHandle> b = *table.open_read(path("b"));
  EXPECT_FALSE(a.expired() || b.expired());
  ASSERT_TRUE(table.open_read(path("a")));
  ASSERT_TRUE(table.open_read(path("c")));
  EXPECT_EQ(table.open_count(), 2U);
  EXPECT_FALSE(a.expired());
  EXPECT_TRUE(b.expired());
}

TEST_F(FileTableTest, AHandleInUseOutlivesItsPlaceInTheTable) {
  put("a", "kept");
  put("b");
  FileTable table(1);
  const FileRef a = *table.open_read(path("a"));
  ASSERT_TRUE(table.open_read(path("b")));
  char byte = 0;
  EXPECT_EQ(::pread(a->fd(), &byte, 1, 3), 1);
  EXPECT_EQ(byte, 't');
}

TEST_F(FileTableTest, NeverTakesMoreThanHalfOfTheDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const FileTable table(1000);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(table.limit(), 50U);
  EXPECT_EQ(FileTable(0).limit(), 1U);
}

TEST_F(FileTableTest, AReadHandleIsReplacedByOneThatCanWrite) {
  put("a");
  FileTable table;
  ASSERT_TRUE(table.open_read(path("a")));
  EXPECT_EQ(table.find_writable(path("a")), nullptr);
  const auto writable = table.open_write(path("a"));
  ASSERT_TRUE(writable);
  EXPECT_TRUE((*writable)->writable());
  EXPECT_EQ(*table.open_read(path("a")), *writable);
  EXPECT_EQ(table.find_writable(path("a")), *writable);
  EXPECT_EQ(table.open_count(), 1U);
}

TEST_F(FileTableTest, ForgettingLetsTheNextOpenSeeTheNewFile) {
  put("a", "old");
  FileTable table;
  const FileRef old = *table.open_read(path("a"));
  std::filesystem::rename(scratch_.at("a"), scratch_.at("b"));
  put("a", "new");
  EXPECT_EQ(*table.open_read(path("a")), old);
  table.forget(path("a"));
  const FileRef now = *table.open_read(path("a"));
  char byte = 0;
  EXPECT_EQ(::pread(now->fd(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'n');
}

TEST_F(FileTableTest, AReadSeesTheFileThatReplacedTheOneKeptOpen) {
  put("a", "old");
  FileTable table;
  const FileRef old = *table.open_read(path("a"));
  put("incoming", "new");
  std::filesystem::rename(scratch_.at("incoming"), scratch_.at("a"));
  const FileRef now = *table.open_read(path("a"));
  char byte = 0;
  EXPECT_EQ(::pread(now->fd(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'n');
  EXPECT_EQ(::pread(old->fd(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'o');
  EXPECT_EQ(*table.open_read(path("a")), now);
  EXPECT_EQ(table.open_count(), 1U);
}

TEST_F(FileTableTest, AReadOfARemovedFileFindsNone) {
  put("a");
  FileTable table;
  ASSERT_TRUE(table.open_read(path("a")));
  std::filesystem::remove(scratch_.at("a"));
  EXPECT_EQ(table.open_read(path("a")).error().code, DiskErrc::not_found);
  EXPECT_EQ(table.open_count(), 0U);
}

TEST_F(FileTableTest, OpeningForWritingDoesNotCreate) {
  FileTable table;
  EXPECT_EQ(table.open_write(path("a")).error().code, DiskErrc::not_found);
  EXPECT_FALSE(std::filesystem::exists(scratch_.at("a")));
  ASSERT_TRUE(table.create(path("d/e/a")));
  EXPECT_TRUE(std::filesystem::is_regular_file(scratch_.at("d/e/a")));
}

TEST_F(FileTableTest, AMissingRootIsNotCreated) {
  FileTable table;
  const DiskPath gone{scratch_.at("volume"), "a"};
  const auto created = table.create(gone);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error(), (DiskError{DiskErrc::not_found, gone.root}));
  EXPECT_FALSE(std::filesystem::exists(gone.root));
}

TEST_F(FileTableTest, AClearedTableLetsTheVolumeBeUnmounted) {
  TinyVolume volume(scratch_.path(), "size=1m");
  if (!volume.mounted()) GTEST_SKIP() << "may not mount";
  put("a");
  FileTable table;
  ASSERT_TRUE(table.open_read(path("a")));
  EXPECT_FALSE(volume.unmount());
  table.clear();
  EXPECT_TRUE(volume.unmount());
}

TEST_F(FileTableTest, ManyThreadsShareASmallTable) {
  for (int i = 0; i < 8; ++i) put(std::to_string(i), std::string(1, static_cast<char>('0' + i)));
  FileTable table(3);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const int number = (i * 7 + t) % 8;
        const DiskPath name = path(std::to_string(number));
        const auto file = i % 3 == 0 ? table.open_write(name) : table.open_read(name);
        char byte = 0;
        if (!file || ::pread((*file)->fd(), &byte, 1, 0) != 1 || byte != '0' + number) ++wrong;
        if (i % 50 == 0) table.forget(name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(table.open_count(), 3U);
}

// The component-wise walk has to judge as openat2(2) does.
TEST_F(FileTableTest, MET_15_WalkingGivesTheSameAnswersAsTheKernel) {
  std::filesystem::create_directories(scratch_.at("in/deep"));
  std::filesystem::create_directory_symlink("/tmp", scratch_.at("link"));
  put("plain");
  struct Case {
    std::string relative;
    std::optional<DiskErrc> error;
  };
  const std::vector<Case> cases = {
      {"in/deep/x", std::nullopt},          {"x", std::nullopt},
      {"none/x", DiskErrc::not_found},      {"plain/x", DiskErrc::not_regular},
      {"link/x", DiskErrc::not_contained},  {"link/deep/x", DiskErrc::not_contained},
      {"in/../x", DiskErrc::not_contained}, {"../x", DiskErrc::not_contained}};
  for (const Case& each : cases) {
    const DiskPath name = path(each.relative);
    const auto parent = parent_of(name.relative);
    const auto kernel = open_directory(name, parent);
    const auto walked = walk_to_directory(name, parent, MissingDirectories::fail);
    EXPECT_EQ(kernel.has_value(), !each.error) << each.relative;
    EXPECT_EQ(walked.has_value(), !each.error) << each.relative;
    if (!each.error || kernel || walked) continue;
    EXPECT_EQ(kernel.error().code, *each.error) << each.relative;
    EXPECT_EQ(walked.error(), kernel.error()) << each.relative;
  }
}

TEST_F(FileTableTest, APathLongerThanTheKernelTakesAtOnceIsWalked) {
  std::string relative;
  for (int i = 0; i < 25; ++i) relative += std::string(200, 'd') + '/';
  FileTable table;
  const auto created = table.create(path(relative + "x"));
  ASSERT_TRUE(created) << error_name(created.error().code);
  EXPECT_TRUE(table.open_read(path(relative + "x")));
}

}  // namespace
}  // namespace weir
