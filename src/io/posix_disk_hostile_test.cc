// SPDX-License-Identifier: MIT OR Apache-2.0
// Paths that lead elsewhere, things that are no files, volumes that are full or read-only.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "io/posix_disk.h"
#include "io/testing/scratch.h"

namespace weir {
namespace {

class HostileDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(root());
    std::filesystem::create_directory(scratch_.at("outside"));
    put_file(scratch_.at("outside/canary"), "alive");
  }
  [[nodiscard]] std::string root() const { return scratch_.at("root"); }
  [[nodiscard]] std::string at(const std::string& relative) const {
    return root() + '/' + relative;
  }
  [[nodiscard]] DiskPath path(const std::string& relative) const { return {root(), relative}; }
  DiskResult<void> write(const DiskPath& where, const std::string& text) {
    const Bytes part = as_bytes(text);
    return disk_.write(where, 0, std::span(&part, 1));
  }
  // Every operation that takes a path, and what it answered.
  std::vector<std::optional<DiskErrc>> answers(const DiskPath& where) {
    const auto code = [](const auto& result) {
      return result ? std::nullopt : std::optional(result.error().code);
    };
    Buffer out(1);
    return {code(disk_.stat(where)),
            code(disk_.read(where, 0, out)),
            code(write(where, "x")),
            code(disk_.allocate(where, 10, Preallocation::sparse)),
            code(disk_.allocate(where, 10, Preallocation::full)),
            code(disk_.sync(where)),
            code(disk_.set_executable(where)),
            code(disk_.remove(where)),
            code(disk_.rename(where, path("renamed")))};
  }
  void expect_all(const DiskPath& where, DiskErrc code) {
    const auto all = answers(where);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i], code) << "operation " << i << " on " << where.relative << ": "
                              << (all[i] ? error_name(*all[i]) : "done");
    }
  }
  // Nothing was created, changed or removed outside the root.
  void expect_outside_untouched() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch_.path())) {
      if (entry.path().string().starts_with(root())) continue;
      ++count;
    }
    EXPECT_EQ(count, 2U);  // the directory and the canary
    EXPECT_EQ(get_file(scratch_.at("outside/canary")), "alive");
    struct stat found{};
    ASSERT_EQ(::stat(scratch_.at("outside/canary").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0111, 0U);
  }

  ScratchDir scratch_;
  PosixDisk disk_;
};

TEST_F(HostileDiskTest, MET_15_ALinkMadeFirstIsNotFollowedByTheFileAfterIt) {
  for (const std::string& target : {scratch_.at("outside"), std::string("../outside")}) {
    ASSERT_TRUE(disk_.make_symlink(path("t/d"), target));
    expect_all(path("t/d/canary"), DiskErrc::not_contained);
    expect_all(path("t/d/x"), DiskErrc::not_contained);
    expect_all(path("t/d/new/x"), DiskErrc::not_contained);
    EXPECT_EQ(disk_.make_symlink(path("t/d/link"), "x").error().code, DiskErrc::not_contained);
    disk_.remove_empty_parents(path("t/d/x"));
    expect_outside_untouched();
    std::filesystem::remove(at("t/d"));
  }
}

TEST_F(HostileDiskTest, MET_15_ALinkInTheFilesOwnPlaceIsNoFile) {
  ASSERT_TRUE(disk_.make_symlink(path("x"), scratch_.at("outside/canary")));
  ASSERT_TRUE(disk_.make_symlink(path("dangling"), scratch_.at("outside/new")));
  expect_all(path("x"), DiskErrc::not_regular);
  expect_all(path("dangling"), DiskErrc::not_regular);
  ASSERT_TRUE(write(path("f"), "f"));
  EXPECT_EQ(disk_.rename(path("f"), path("dangling")).error().code, DiskErrc::already_exists);
  expect_outside_untouched();
}

TEST_F(HostileDiskTest, MET_15_ADirectorySwappedForALinkIsNotFollowed) {
  ASSERT_TRUE(write(path("d/canary"), "inside"));
  std::filesystem::rename(at("d"), at("moved"));
  std::filesystem::create_directory_symlink(scratch_.at("outside"), at("d"));
  disk_.files().clear();
  expect_all(path("d/canary"), DiskErrc::not_contained);
  expect_outside_untouched();
}

TEST_F(HostileDiskTest, STO_01_PathsThatLeaveTheRootAreRefused) {
  const std::string nul("a\0b", 3);
  for (const std::string& relative :
       std::vector<std::string>{"", ".", "..", "../outside/canary", "a/../../outside/canary", "/",
                                "/etc/passwd", "a//b", "a/", "./a", "a/.", nul}) {
    expect_all(path(relative), DiskErrc::not_contained);
    EXPECT_EQ(disk_.make_symlink(path(relative), "x").error().code, DiskErrc::not_contained);
    disk_.remove_empty_parents(path(relative));
  }
  expect_outside_untouched();
  EXPECT_TRUE(std::filesystem::is_empty(root()));
}

TEST_F(HostileDiskTest, STO_01_TheRootIsAbsoluteAndMayBeReachedThroughLinks) {
  EXPECT_EQ(write({"relative", "f"}, "x").error().code, DiskErrc::not_contained);
  EXPECT_EQ(write({"", "f"}, "x").error().code, DiskErrc::not_contained);
  EXPECT_EQ(write({"~", "f"}, "x").error().code, DiskErrc::not_contained);
  ASSERT_TRUE(write(path("~"), "only a name"));
  EXPECT_EQ(get_file(at("~")), "only a name");
  std::filesystem::create_directory_symlink("real", at("link"));
  std::filesystem::create_directory(at("real"));
  ASSERT_TRUE(write({at("link"), "d/f"}, "x"));
  EXPECT_EQ(get_file(at("real/d/f")), "x");
}

TEST_F(HostileDiskTest, STO_01_NamesThatOnlyLookDangerousArePlainNames) {
  for (const char* name : {"...", "..a", "a..", "a\\b", "-rf", "\n", "*"}) {
    ASSERT_TRUE(write(path(name), "x")) << name;
    EXPECT_EQ(get_file(at(name)), "x") << name;
  }
}

TEST_F(HostileDiskTest, STO_03_WhatIsNoFileIsAnsweredWithoutBlocking) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0666), 0);
  std::filesystem::create_directory(at("directory"));
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string socket_name = at("socket");
  ASSERT_LT(socket_name.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, socket_name.c_str(), socket_name.size() + 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  std::vector<std::string> names = {"fifo", "directory", "socket"};
  if (::mknod(at("device").c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0) names.push_back("device");
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& name : names) {
    expect_all(path(name), DiskErrc::not_regular);
    EXPECT_TRUE(std::filesystem::exists(at(name))) << name;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  ::close(listener);
}

TEST_F(HostileDiskTest, STO_03_AFileIsNoDirectory) {
  put_file(at("file"), "x");
  expect_all(path("file/below"), DiskErrc::not_regular);
  EXPECT_EQ(get_file(at("file")), "x");
}

TEST_F(HostileDiskTest, STO_05_AFileThatMayNotBeWrittenIsNamedAndLeftAlone) {
  put_file(at("f"), "theirs");
  ASSERT_EQ(::chmod(at("f").c_str(), 0444), 0);
  const AsNobody nobody;
  const DiskError expected{DiskErrc::permission, at("f")};
  EXPECT_EQ(write(path("f"), "ours").error(), expected);
  EXPECT_EQ(disk_.allocate(path("f"), 100, Preallocation::sparse).error(), expected);
  Buffer out(6);
  EXPECT_TRUE(disk_.read(path("f"), 0, out));
  EXPECT_EQ(write(path("f"), "ours").error(), expected);  // the handle for reading is no help
  EXPECT_EQ(get_file(at("f")), "theirs");
}

TEST_F(HostileDiskTest, STO_05_ADirectoryThatMayNotBeWrittenIsAPermissionError) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  const AsNobody nobody;
  EXPECT_EQ(write(path("new"), "x").error(), (DiskError{DiskErrc::permission, at("new")}));
  EXPECT_EQ(write(path("d/new"), "x").error().code, DiskErrc::permission);
}

TEST_F(HostileDiskTest, STO_05_WhetherAPathMayBeWrittenIsKnownWithoutChangingAnything) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  put_file(at("theirs"), "x");
  std::filesystem::create_directory(at("open"));
  ASSERT_EQ(::chmod(at("open").c_str(), 0777), 0);
  std::filesystem::create_symlink("open", at("link"));
  for (const char* name : {"theirs", "new", "d/new", "open/new", "open/d/e/new"}) {
    EXPECT_TRUE(disk_.check_writable(path(name))) << name << " as a user who may";
  }
  const AsNobody nobody;
  EXPECT_EQ(disk_.check_writable(path("theirs")).error(),
            (DiskError{DiskErrc::permission, at("theirs")}));
  for (const char* name : {"new", "d/new"}) {
    EXPECT_EQ(disk_.check_writable(path(name)).error(), (DiskError{DiskErrc::permission, root()}));
  }
  EXPECT_TRUE(disk_.check_writable(path("open/new")));
  EXPECT_TRUE(disk_.check_writable(path("open/d/e/new")));
  // What else is wrong with a path is for those who use it to say.
  EXPECT_TRUE(disk_.check_writable(path("link/new")));
  EXPECT_TRUE(disk_.check_writable({root() + "/gone", "new"}));
  EXPECT_FALSE(std::filesystem::exists(at("open/d")));
}

TEST_F(HostileDiskTest, STO_15_NamesUpTo255BytesWork) {
  const std::string longest = std::string(250, 'n') + ".part";
  ASSERT_TRUE(write(path(longest), "x"));
  ASSERT_TRUE(disk_.rename(path(longest), path(std::string(255, 'm'))));
  ASSERT_TRUE(write(path(std::string(255, 'd') + '/' + longest), "x"));
  expect_all(path(std::string(256, 'n')), DiskErrc::name_too_long);
  expect_all(path(std::string(256, 'd') + "/x"), DiskErrc::name_too_long);
}

TEST_F(HostileDiskTest, STO_08_FullPreallocationBeyondTheVolumeChangesNothing) {
  TinyVolume volume(root(), "size=1m");
  if (!volume.mounted()) GTEST_SKIP() << "may not mount";
  const auto before = disk_.free_space(root());
  ASSERT_TRUE(before);
  EXPECT_EQ(*before, 1U << 20);
  constexpr std::uint64_t kHuge = 100'000'000'000'000;
  EXPECT_EQ(disk_.allocate(path("d/huge"), kHuge, Preallocation::full).error(),
            (DiskError{DiskErrc::no_space, at("d/huge")}));
  EXPECT_TRUE(std::filesystem::is_empty(root()));
  EXPECT_EQ(disk_.free_space(root()), before);
  // A file already there keeps its size and its bytes.
  ASSERT_TRUE(write(path("f"), "mine"));
  EXPECT_EQ(disk_.allocate(path("f"), 2 << 20, Preallocation::full).error().code,
            DiskErrc::no_space);
  EXPECT_EQ(get_file(at("f")), "mine");
  EXPECT_TRUE(disk_.allocate(path("f"), 512 << 10, Preallocation::full));
  EXPECT_EQ(disk_.allocate(path("g"), ~std::uint64_t{0}, Preallocation::full).error().code,
            DiskErrc::too_large);
}

TEST_F(HostileDiskTest, STO_08_AFullVolumeIsReportedAndWritingGoesOnWhenThereIsRoom) {
  TinyVolume volume(root(), "size=256k");
  if (!volume.mounted()) GTEST_SKIP() << "may not mount";
  put_file(at("ballast"), std::string(128 << 10, 'b'));
  const std::string data(200 << 10, 'd');
  EXPECT_EQ(write(path("f"), data).error(), (DiskError{DiskErrc::no_space, at("f")}));
  ASSERT_TRUE(disk_.remove(path("ballast")));
  ASSERT_TRUE(write(path("f"), data));
  EXPECT_EQ(get_file(at("f")), data);
}

TEST_F(HostileDiskTest, STO_08_MoreThanAFileMayHoldIsTooLarge) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64 << 10;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
  const auto written = write(path("f"), std::string(100 << 10, 'x'));
  const auto grown = disk_.allocate(path("g"), 100 << 10, Preallocation::sparse);
  const auto reserved = disk_.allocate(path("h"), 100 << 10, Preallocation::full);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(written.error().code, DiskErrc::too_large);
  EXPECT_EQ(grown.error().code, DiskErrc::too_large);
  EXPECT_EQ(reserved.error().code, DiskErrc::too_large);
  EXPECT_FALSE(std::filesystem::exists(at("g")) || std::filesystem::exists(at("h")));
}

TEST_F(HostileDiskTest, AReadOnlyVolumeIsReadOnly) {
  TinyVolume volume(root(), "size=1m");
  if (!volume.mounted()) GTEST_SKIP() << "may not mount";
  put_file(at("f"), "x");
  volume.make_read_only();
  EXPECT_EQ(write(path("f"), "y").error(), (DiskError{DiskErrc::read_only, at("f")}));
  EXPECT_EQ(write(path("new"), "y").error().code, DiskErrc::read_only);
  EXPECT_EQ(write(path("d/new"), "y").error().code, DiskErrc::read_only);
  EXPECT_EQ(disk_.check_writable(path("f")).error(), (DiskError{DiskErrc::read_only, at("f")}));
  EXPECT_EQ(disk_.check_writable(path("d/new")).error(), (DiskError{DiskErrc::read_only, root()}));
  EXPECT_EQ(disk_.remove(path("f")).error().code, DiskErrc::read_only);
  EXPECT_EQ(disk_.rename(path("f"), path("g")).error().code, DiskErrc::read_only);
  EXPECT_EQ(disk_.set_executable(path("f")).error().code, DiskErrc::read_only);
  Buffer out(1);
  EXPECT_TRUE(disk_.read(path("f"), 0, out));
  EXPECT_TRUE(disk_.sync(path("f")));
}

}  // namespace
}  // namespace weir
