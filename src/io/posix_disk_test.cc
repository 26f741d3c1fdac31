// SPDX-License-Identifier: MIT OR Apache-2.0
// Contents and names. Hostile paths and full volumes are in posix_disk_hostile_test.cc.
#include "io/posix_disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "io/testing/scratch.h"

namespace weir {
namespace {

class PosixDiskTest : public ::testing::Test {
 protected:
  [[nodiscard]] DiskPath path(const std::string& relative) const {
    return {scratch_.path(), relative};
  }
  DiskResult<void> write(const std::string& relative, std::uint64_t offset,
                         const std::string& text) {
    const Bytes part = as_bytes(text);
    return disk_.write(path(relative), offset, std::span(&part, 1));
  }
  [[nodiscard]] std::string contents(const std::string& relative) const {
    return get_file(scratch_.at(relative));
  }
  [[nodiscard]] bool exists(const std::string& relative) const {
    return std::filesystem::exists(std::filesystem::symlink_status(scratch_.at(relative)));
  }
  [[nodiscard]] mode_t mode(const std::string& relative) const {
    struct stat found{};
    EXPECT_EQ(::stat(scratch_.at(relative).c_str(), &found), 0);
    return found.st_mode & 07777;
  }

  ScratchDir scratch_;
  PosixDisk disk_;
};

TEST_F(PosixDiskTest, WritesPartsOneAfterAnotherAndReadsThemBack) {
  // More parts than one system call takes, some of them empty.
  Random random(1);
  std::vector<Buffer> buffers(3000);
  Buffer all;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    buffers[i].resize(i % 7 == 0 ? 0 : random.below(300));
    random.fill(buffers[i]);
    append(all, buffers[i]);
  }
  const std::vector<Bytes> parts(buffers.begin(), buffers.end());
  ASSERT_TRUE(disk_.write(path("d/e/f"), 12345, parts));
  Buffer back(all.size());
  ASSERT_TRUE(disk_.read(path("d/e/f"), 12345, back));
  EXPECT_EQ(back, all);
  EXPECT_EQ(disk_.stat(path("d/e/f"))->size, 12345 + all.size());
}

TEST_F(PosixDiskTest, AWriteOfNothingCreatesTheFile) {
  ASSERT_TRUE(disk_.write(path("f"), 0, {}));
  EXPECT_EQ(disk_.stat(path("f"))->size, 0U);
}

TEST_F(PosixDiskTest, STO_09_HolesAndOffsetsBeyond32BitsReadBack) {
  for (const std::uint64_t offset :
       {std::uint64_t{1} << 31, std::uint64_t{1} << 32, (std::uint64_t{1} << 40) - 2}) {
    ASSERT_TRUE(write("big", offset, "edge"));
    Buffer back(6);
    ASSERT_TRUE(disk_.read(path("big"), offset - 2, back));
    EXPECT_EQ(as_text(back), std::string_view("\0\0edge", 6));
  }
}

TEST_F(PosixDiskTest, ReadingPastTheEndIsAShortRead) {
  ASSERT_TRUE(write("f", 0, "12345"));
  Buffer out(3);
  EXPECT_TRUE(disk_.read(path("f"), 2, out));
  EXPECT_EQ(disk_.read(path("f"), 3, out).error().code, DiskErrc::short_read);
  EXPECT_EQ(disk_.read(path("f"), ~std::uint64_t{0}, out).error().code, DiskErrc::short_read);
  EXPECT_EQ(disk_.read(path("none"), 0, out).error(),
            (DiskError{DiskErrc::not_found, scratch_.at("none")}));
}

TEST_F(PosixDiskTest, WritingBeyondTheLargestFileIsTooLarge) {
  EXPECT_EQ(write("f", ~std::uint64_t{0} - 1, "x").error().code, DiskErrc::too_large);
  EXPECT_EQ(write("f", PosixDisk::kFileSizeMax, "x").error().code, DiskErrc::too_large);
  EXPECT_EQ(write("f", PosixDisk::kFileSizeMax - 1, "x").error().code, DiskErrc::too_large);
}

TEST_F(PosixDiskTest, AllocatesSparselyOrInFull) {
  constexpr std::uint64_t kSize = 1 << 20;
  ASSERT_TRUE(disk_.allocate(path("sparse"), kSize, Preallocation::sparse));
  ASSERT_TRUE(disk_.allocate(path("full"), kSize, Preallocation::full));
  ASSERT_TRUE(disk_.allocate(path("empty"), 0, Preallocation::full));
  struct stat sparse{};
  struct stat full{};
  ASSERT_EQ(::stat(scratch_.at("sparse").c_str(), &sparse), 0);
  ASSERT_EQ(::stat(scratch_.at("full").c_str(), &full), 0);
  EXPECT_EQ(sparse.st_size, off_t{kSize});
  EXPECT_EQ(full.st_size, off_t{kSize});
  EXPECT_LT(sparse.st_blocks * 512, off_t{kSize} / 2);
  EXPECT_GE(full.st_blocks * 512, off_t{kSize});
  EXPECT_EQ(disk_.stat(path("empty"))->size, 0U);
}

TEST_F(PosixDiskTest, STO_05_AllocatingNeverShortensAFile) {
  ASSERT_TRUE(write("f", 0, "longer than asked"));
  for (const auto how : {Preallocation::sparse, Preallocation::full}) {
    ASSERT_TRUE(disk_.allocate(path("f"), 4, how));
    EXPECT_EQ(contents("f"), "longer than asked");
  }
  ASSERT_TRUE(write("f", 0, "L"));
  EXPECT_EQ(contents("f"), "Longer than asked");
}

TEST_F(PosixDiskTest, SyncsFilesOldAndNew) {
  ASSERT_TRUE(write("d/new", 0, "x"));
  EXPECT_TRUE(disk_.sync(path("d/new")));
  put_file(scratch_.at("old"), "x");
  EXPECT_TRUE(disk_.sync(path("old")));
  EXPECT_EQ(disk_.sync(path("none")).error().code, DiskErrc::not_found);
}

TEST_F(PosixDiskTest, SyncTellsThatTheFileIsGone) {
  ASSERT_TRUE(write("f", 0, "x"));
  std::filesystem::remove(scratch_.at("f"));
  EXPECT_EQ(disk_.sync(path("f")).error().code, DiskErrc::not_found);
}

TEST_F(PosixDiskTest, RenamesToAFreeNameOnly) {
  ASSERT_TRUE(write("a.part", 0, "a"));
  ASSERT_TRUE(write("b", 0, "b"));
  std::filesystem::create_directory(scratch_.at("dir"));
  EXPECT_EQ(disk_.rename(path("a.part"), path("b")).error(),
            (DiskError{DiskErrc::already_exists, scratch_.at("b")}));
  EXPECT_EQ(disk_.rename(path("a.part"), path("dir")).error().code, DiskErrc::already_exists);
  EXPECT_EQ(disk_.rename(path("dir"), path("c")).error().code, DiskErrc::not_regular);
  EXPECT_EQ(disk_.rename(path("none"), path("c")).error().code, DiskErrc::not_found);
  ASSERT_TRUE(disk_.rename(path("a.part"), path("sub/a")));
  EXPECT_EQ(contents("sub/a"), "a");
  EXPECT_EQ(contents("b"), "b");
  EXPECT_FALSE(exists("a.part"));
}

TEST_F(PosixDiskTest, LinksToAFreeNameOnly) {
  ASSERT_TRUE(write("a", 0, "content"));
  ASSERT_TRUE(disk_.link(path("a"), path("d/e/b")));
  EXPECT_EQ(disk_.stat(path("a"))->file_id, disk_.stat(path("d/e/b"))->file_id);
  EXPECT_EQ(*disk_.name_count(path("a")), 2u);
  EXPECT_EQ(disk_.link(path("a"), path("d/e/b")).error().code, DiskErrc::already_exists);
  EXPECT_EQ(disk_.link(path("absent"), path("c")).error().code, DiskErrc::not_found);
  std::filesystem::create_symlink("a", scratch_.at("symlink"));
  EXPECT_EQ(disk_.link(path("symlink"), path("c")).error().code, DiskErrc::not_regular);
  EXPECT_EQ(disk_.link(path("a"), path("../c")).error().code, DiskErrc::not_contained);
  ASSERT_TRUE(disk_.remove(path("a")));
  EXPECT_EQ(contents("d/e/b"), "content");
}

TEST_F(PosixDiskTest, WhatReplacesAFileIsWrittenFromThenOn) {
  ASSERT_TRUE(write("a", 0, "new"));
  ASSERT_TRUE(write("b", 0, "old"));  // stays open
  ASSERT_TRUE(disk_.replace(path("a"), path("b")));
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(contents("b"), "new");
  ASSERT_TRUE(write("b", 0, "N"));
  EXPECT_EQ(contents("b"), "New");
  ASSERT_TRUE(write("a", 0, "again"));
  EXPECT_EQ(disk_.replace(path("a"), path("absent")).error().code, DiskErrc::not_found);
  std::filesystem::create_directory(scratch_.at("directory"));
  EXPECT_EQ(disk_.replace(path("a"), path("directory")).error().code, DiskErrc::not_regular);
}

TEST_F(PosixDiskTest, ARenamedFileIsWrittenUnderItsNewName) {
  ASSERT_TRUE(write("a", 0, "old"));
  ASSERT_TRUE(disk_.rename(path("a"), path("b")));
  ASSERT_TRUE(write("a", 0, "new"));
  ASSERT_TRUE(write("b", 0, "OLD"));
  EXPECT_EQ(contents("a"), "new");
  EXPECT_EQ(contents("b"), "OLD");
}

TEST_F(PosixDiskTest, STO_07_RemovesRegularFilesOnly) {
  ASSERT_TRUE(write("d/f", 0, "x"));
  std::filesystem::create_symlink("f", scratch_.at("d/link"));
  std::filesystem::create_directory(scratch_.at("d/sub"));
  EXPECT_EQ(disk_.remove(path("d/link")).error().code, DiskErrc::not_regular);
  EXPECT_EQ(disk_.remove(path("d/sub")).error().code, DiskErrc::not_regular);
  EXPECT_EQ(disk_.remove(path("d/none")).error().code, DiskErrc::not_found);
  ASSERT_TRUE(disk_.remove(path("d/f")));
  EXPECT_FALSE(exists("d/f"));
  EXPECT_TRUE(exists("d/link") && exists("d/sub"));
  EXPECT_EQ(disk_.stat(path("d/f")).error().code, DiskErrc::not_found);
}

TEST_F(PosixDiskTest, STO_07_RemovesEmptyParentsUpToTheRootAndNoOthers) {
  std::filesystem::create_directories(scratch_.at("kept/a/b/c"));
  put_file(scratch_.at("kept/foreign"), "x");
  disk_.remove_empty_parents(path("kept/a/b/c/f"));
  EXPECT_FALSE(exists("kept/a"));
  EXPECT_TRUE(exists("kept/foreign"));
  std::filesystem::create_directories(scratch_.at("only/one"));
  disk_.remove_empty_parents(path("only/one/gone/f"));
  EXPECT_FALSE(exists("only"));
  EXPECT_TRUE(std::filesystem::exists(scratch_.path()));
  disk_.remove_empty_parents(path("f"));
  EXPECT_TRUE(std::filesystem::exists(scratch_.path()));
}

TEST_F(PosixDiskTest, MakesSymlinksWhereNothingIs) {
  ASSERT_TRUE(disk_.make_symlink(path("d/link"), "f"));
  EXPECT_EQ(std::filesystem::read_symlink(scratch_.at("d/link")), "f");
  EXPECT_EQ(disk_.make_symlink(path("d/link"), "g").error().code, DiskErrc::already_exists);
  EXPECT_EQ(disk_.make_symlink(path("d"), "g").error().code, DiskErrc::already_exists);
}

TEST_F(PosixDiskTest, ExecutableIsWhoMayRead) {
  const mode_t before = ::umask(027);
  ASSERT_TRUE(write("f", 0, "x"));
  ::umask(before);
  ASSERT_EQ(mode("f"), 0640U);
  ASSERT_TRUE(disk_.set_executable(path("f")));
  EXPECT_EQ(mode("f"), 0750U);
  ASSERT_TRUE(disk_.set_executable(path("f")));
  EXPECT_EQ(mode("f"), 0750U);
}

TEST_F(PosixDiskTest, StatSaysWhenAFileIsTheSameUnderTwoNames) {
  ASSERT_TRUE(write("a", 0, "abc"));
  ASSERT_TRUE(write("c", 0, "abc"));
  std::filesystem::create_hard_link(scratch_.at("a"), scratch_.at("b"));
  const auto a = disk_.stat(path("a"));
  ASSERT_TRUE(a);
  EXPECT_EQ(a->size, 3U);
  EXPECT_GT(a->mtime_ns, std::int64_t{1'600'000'000} * 1'000'000'000);
  EXPECT_EQ(*a, *disk_.stat(path("b")));
  EXPECT_NE(a->file_id, disk_.stat(path("c"))->file_id);
}

TEST_F(PosixDiskTest, CreatesRootsWithTheirParents) {
  ASSERT_TRUE(create_root(scratch_.at("x/y/z")));
  EXPECT_TRUE(create_root(scratch_.at("x/y/z/")));
  EXPECT_TRUE(create_root("/"));
  put_file(scratch_.at("file"), "");
  EXPECT_EQ(create_root(scratch_.at("file")).error().code, DiskErrc::not_regular);
  EXPECT_EQ(create_root(scratch_.at("file/sub")).error().code, DiskErrc::not_regular);
}

TEST_F(PosixDiskTest, ThreadsWriteTheirPartsOfOneFile) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Buffer block(1000, static_cast<std::byte>('a' + t));
      const Bytes part = block;
      for (std::uint64_t i = 0; i < 100; ++i) {
        const std::uint64_t offset = (i * 4 + static_cast<std::uint64_t>(t)) * block.size();
        EXPECT_TRUE(disk_.write(path("d/f"), offset, std::span(&part, 1)));
        if (i % 30 == 0) {
          EXPECT_TRUE(disk_.sync(path("d/f")));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string all = contents("d/f");
  ASSERT_EQ(all.size(), 400'000U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i], static_cast<char>('a' + i / 1000 % 4)) << i;
  }
}

}  // namespace
}  // namespace weir
