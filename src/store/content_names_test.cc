// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/content_names.h"

#include <gtest/gtest.h>

#include "store/memory_disk.h"
#include "store/test_torrent.h"
#include "store/torrent_storage.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;

struct Renamed {
  TestTorrent torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/_CON", 5}, {"t/d/b", 7}});
  OriginalNames original{.name = {}, .files = {{FileIndex{0}, "CON"}}};
  MemoryDisk disk;

  std::string found(const std::string& top = "t") {
    const auto names = look_up_names(disk, *torrent.info, original, {kTestRoot, top});
    return names.path(torrent.layout(), FileIndex{0});
  }
};

TEST(ContentNames, TheOriginalNameGoesBeforeTheSafeOne) {
  Renamed t;
  EXPECT_EQ(t.found(), "t/_CON") << "neither is there";
  t.disk.put_file("/data/t/_CON", Buffer(5));
  EXPECT_EQ(t.found(), "t/_CON");
  t.disk.put_file("/data/t/CON", Buffer(5));
  EXPECT_EQ(t.found(), "t/CON");
}

TEST(ContentNames, AnOriginalNameOfAnotherSizeYieldsToASafeOneThatFits) {
  Renamed t;
  t.disk.put_file("/data/t/CON", Buffer(6));
  EXPECT_EQ(t.found(), "t/CON") << "it alone is there";
  t.disk.put_file("/data/t/_CON", Buffer(5));
  EXPECT_EQ(t.found(), "t/_CON");
}

TEST(ContentNames, WhatIsNoRegularFileIsNotTaken) {
  Renamed t;
  t.disk.put_file("/elsewhere", Buffer(5));
  t.disk.put_symlink("/data/t/CON", "/elsewhere");
  EXPECT_EQ(t.found(), "t/_CON");
}

TEST(ContentNames, AnotherTopStandsForTheTorrentsName) {
  const auto tree = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 5}, {"t/d/b", 7}});
  const ContentNames renamed{.top = "other", .files = {{0, "A\t"}}};
  EXPECT_EQ(renamed.path(tree.layout(), FileIndex{0}), "other/A\t");
  EXPECT_EQ(renamed.path(tree.layout(), FileIndex{1}), "other/d/b");
  const auto file = make_test_torrent(TorrentKind::v1, kPiece, {{"t", 5}});
  EXPECT_EQ((ContentNames{.top = "other", .files = {}}.path(file.layout(), FileIndex{0})), "other");
}

TEST(ContentNames, ContentIsHeldWhereAFileHasItsSize) {
  const auto tree = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 5}, {"t/empty", 0}});
  const ContentNames names{.top = "x", .files = {}};
  MemoryDisk disk;
  disk.put_file("/data/x/empty", {});
  disk.put_file("/data/x/a", Buffer(4));
  EXPECT_FALSE(holds_content(disk, tree.layout(), names, kTestRoot));
  disk.put_file("/data/x/a", Buffer(5));
  EXPECT_TRUE(holds_content(disk, tree.layout(), names, kTestRoot));
}

TEST(ContentNames, StorageReadsUnderThem) {
  const auto tree = make_test_torrent(TorrentKind::v1, kPiece, {{"t/_CON", 20000}, {"t/b", 5}});
  StorageOptions options{.root = kTestRoot, .side_root = kTestSideRoot};
  options.names =
      std::make_shared<const ContentNames>(ContentNames{.top = "mine", .files = {{0, "CON"}}});
  const TorrentStorage storage(tree.info, options, tree.all_but({}), Bitfield(2));
  MemoryDisk disk;
  disk.put_file("/data/mine/CON", tree.contents[0]);
  disk.put_file("/data/mine/b", tree.contents[1]);
  for (std::uint32_t i = 0; i < tree.layout().piece_count(); ++i) {
    Buffer back(tree.layout().piece_size(PieceIndex{i}));
    ASSERT_TRUE(storage.read(disk, PieceIndex{i}, 0, back));
    EXPECT_EQ(back, tree.piece(PieceIndex{i}));
  }
}

}  // namespace
}  // namespace weir
