// SPDX-License-Identifier: MIT OR Apache-2.0
// Preparing, finishing and removing a torrent's files.
#include <gtest/gtest.h>

#include "store/memory_disk.h"
#include "store/test_torrent.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;

TorrentStorage preallocated(const TestTorrent& torrent) {
  const StorageOptions options{kTestRoot, kTestSideRoot, false, Preallocation::full};
  return {torrent.info, options, torrent.all_but({}), Bitfield(torrent.layout().files().size())};
}

Buffer bytes(std::size_t size) { return Buffer(size, std::byte{5}); }

TEST(StoragePrepare, MakesEmptyFilesAndLinksOnly) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece,
                                         {{"t/a", 10},
                                          {"t/d/empty", 0},
                                          {"t/d/link", 0, {.symlink = true}, "t/a"},
                                          {"t/d/e/deep", 0, {.symlink = true}, "t/d/empty"},
                                          {"t/up", 0, {.symlink = true}, "t/d"}});
  MemoryDisk disk;
  ASSERT_TRUE(torrent.storage().prepare(disk));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/d/e/deep", "/data/t/d/empty",
                                                    "/data/t/d/link", "/data/t/up"}));
  EXPECT_EQ(disk.symlink_target("/data/t/d/link"), "../a");
  EXPECT_EQ(disk.symlink_target("/data/t/d/e/deep"), "../empty");
  EXPECT_EQ(disk.symlink_target("/data/t/up"), "d");
  EXPECT_TRUE(torrent.storage().prepare(disk)) << "a second time changes nothing";
}

TEST(StoragePrepare, MET_15_NoLinkLeadsOutOfTheTorrent) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece,
                                         {{"t/a", 1},
                                          {"t/l1", 0, {.symlink = true}, "/etc/passwd"},
                                          {"t/l2", 0, {.symlink = true}, "t/../../x"},
                                          {"t/l3", 0, {.symlink = true}, "other/x"},
                                          {"t/l4", 0, {.symlink = true}, ""},
                                          {"t/l5", 0, {.symlink = true}, "t/./a"}});
  MemoryDisk disk;
  ASSERT_TRUE(torrent.storage().prepare(disk));
  EXPECT_TRUE(disk.names().empty());
}

TEST(StoragePrepare, MET_15_ALinkWhereADirectoryShouldBeStopsWriting) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/d/x", 10}});
  MemoryDisk disk;
  disk.put_symlink("/data/t/d", "/outside");
  EXPECT_EQ(torrent.storage().prepare(disk).error().code, DiskErrc::not_contained);
  const auto written =
      torrent.storage().write_piece(disk, PieceIndex{0}, torrent.piece(PieceIndex{0}));
  EXPECT_EQ(written.error().code, DiskErrc::not_contained);
  EXPECT_EQ(disk.names().size(), 1u);
}

TEST(StoragePrepare, STO_05_ALargerFileIsNamedAndKept) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/new", 0}, {"t/a", 10}});
  MemoryDisk disk;
  disk.put_file("/data/t/a", bytes(11));
  const auto result = torrent.storage().prepare(disk);
  EXPECT_EQ(result.error(), (DiskError{DiskErrc::already_exists, "/data/t/a"}));
  EXPECT_EQ(disk.contents("/data/t/a"), bytes(11));
  EXPECT_FALSE(disk.exists("/data/t/new")) << "conflicts are found before anything is created";
  const auto suffixed = torrent.storage({}, true).prepare(disk);
  EXPECT_EQ(suffixed.error(), (DiskError{DiskErrc::already_exists, "/data/t/a"}));
}

TEST(StoragePrepare, STO_05_AReadOnlyFileIsNamed) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}});
  MemoryDisk disk;
  disk.set_hook([](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::write) return DiskErrc::permission;
    return std::nullopt;
  });
  const auto result =
      torrent.storage().write_piece(disk, PieceIndex{0}, torrent.piece(PieceIndex{0}));
  EXPECT_EQ(result.error(), (DiskError{DiskErrc::permission, "/data/t/a"}));
}

DiskFaultHook nothing_may_be_written(std::vector<std::string>& asked) {
  return [&asked](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (kind != DiskOperation::check_writable) return std::nullopt;
    asked.push_back(path);
    return DiskErrc::read_only;
  };
}

TEST(StoragePrepare, WhatCanNotBeWrittenIsKnownBeforeTheFirstPiece) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/b", 10}});
  for (const bool short_file : {false, true}) {
    MemoryDisk disk;
    std::vector<std::string> asked;
    disk.set_hook(nothing_may_be_written(asked));
    disk.put_file("/data/t/a", bytes(10));
    if (short_file) disk.put_file("/data/t/b", bytes(9));
    EXPECT_EQ(torrent.storage().prepare(disk).error(),
              (DiskError{DiskErrc::read_only, "/data/t/b"}));
    EXPECT_EQ(asked, std::vector<std::string>{"/data/t/b"});
  }
}

TEST(StoragePrepare, ContentOfFullSizeNeedsNoRightToWrite) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/none", 0}});
  MemoryDisk disk;
  std::vector<std::string> asked;
  disk.set_hook(nothing_may_be_written(asked));
  disk.put_file("/data/t/a", bytes(10));
  disk.put_file("/data/t/none", {});
  EXPECT_TRUE(torrent.storage().prepare(disk));
  EXPECT_EQ(asked, std::vector<std::string>{});
}

TEST(StoragePrepare, OneMissingFileSpeaksForItsDirectory) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece,
                                         {{"t/a", 10}, {"t/b", 10}, {"t/d/a", 10}, {"t/d/b", 10}});
  MemoryDisk disk;
  std::vector<std::string> asked;
  disk.set_hook([&asked](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::check_writable) asked.push_back(path);
    return std::nullopt;
  });
  ASSERT_TRUE(torrent.storage().prepare(disk));
  EXPECT_EQ(asked, (std::vector<std::string>{"/data/t/a", "/data/t/d/a"}));
}

TEST(StoragePrepare, FilesOfTheRightOrSmallerSizeAreTakenOver) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/b", 10}});
  MemoryDisk disk;
  disk.put_file("/data/t/a", bytes(10));
  disk.put_file("/data/t/b", bytes(4));
  ASSERT_TRUE(torrent.storage().prepare(disk));
  EXPECT_EQ(disk.contents("/data/t/a"), bytes(10));
  EXPECT_EQ(disk.contents("/data/t/b"), bytes(4));
  const auto stats = torrent.storage({"t/a"}).stat_files(disk);
  EXPECT_FALSE(stats[0]);
  EXPECT_EQ(stats[1]->size, 4u);
}

TEST(StoragePrepare, STO_08_ATorrentLargerThanTheVolumeIsRefusedBeforehand) {
  auto info = std::make_shared<TorrentInfo>();
  info->name = "t";
  info->hashes.v1 = Sha1Digest{};
  constexpr std::uint64_t kTerabyte = 1'000'000'000'000;
  info->layout = make_test_layout(TorrentKind::v1, 256 * 1024 * 1024,
                                  {{"t/small", 1000}, {"t/huge", 100 * kTerabyte}});
  StorageOptions options{kTestRoot, kTestSideRoot, false, Preallocation::full};
  const TorrentStorage storage(info, options, Bitfield(2, true), Bitfield(2));
  MemoryDisk disk;
  disk.set_capacity(1'000'000'000);
  EXPECT_EQ(storage.prepare(disk).error(), (DiskError{DiskErrc::no_space, kTestRoot}));
  EXPECT_TRUE(disk.names().empty());
  EXPECT_EQ(disk.bytes_used(), 0u);
  options.preallocation = Preallocation::sparse;
  EXPECT_TRUE(TorrentStorage(info, options, Bitfield(2, true), Bitfield(2)).prepare(disk));
}

TEST(StoragePrepare, FullPreallocationReservesWhatIsMissing) {
  const auto torrent =
      make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10 * kPiece}, {"t/b", 10 * kPiece}});
  MemoryDisk disk;
  disk.set_capacity(20 * kPiece);
  disk.put_file("/data/t/a", bytes(10 * kPiece));
  const auto before = disk.stat({kTestRoot, "t/a"});
  ASSERT_TRUE(preallocated(torrent).prepare(disk));
  EXPECT_EQ(disk.bytes_used(), 20 * kPiece);
  EXPECT_EQ(disk.stat({kTestRoot, "t/a"}), before) << "a complete file is not touched";
}

TEST(StorageParts, AnIncompleteFileHasItsSuffixUntilItIsFinished) {
  const auto torrent =
      make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10, {.executable = true}}, {"t/b", 10}});
  const auto storage = torrent.storage({}, true);
  MemoryDisk disk;
  ASSERT_TRUE(storage.write_piece(disk, PieceIndex{0}, torrent.piece(PieceIndex{0})));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/a.part", "/data/t/b.part"}));
  ASSERT_TRUE(storage.finish_file(disk, FileIndex{0}));
  EXPECT_TRUE(storage.finish_file(disk, FileIndex{0})) << "again after a crash";
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/a", "/data/t/b.part"}));
  EXPECT_TRUE(disk.executable("/data/t/a"));
  Bitfield finished(2);
  finished.set(std::size_t{0});
  const auto later = storage.with_sets(storage.wanted(), finished);
  Buffer back(20);
  ASSERT_TRUE(later.read(disk, PieceIndex{0}, 0, back));
  EXPECT_EQ(back, torrent.piece(PieceIndex{0}));
}

TEST(StorageParts, FinishingReplacesNoForeignFile) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}});
  const auto storage = torrent.storage({}, true);
  MemoryDisk disk;
  ASSERT_TRUE(storage.write_piece(disk, PieceIndex{0}, torrent.piece(PieceIndex{0})));
  disk.put_file("/data/t/a", bytes(3));
  EXPECT_EQ(storage.finish_file(disk, FileIndex{0}).error().code, DiskErrc::already_exists);
  EXPECT_EQ(storage.prepare(disk).error(), (DiskError{DiskErrc::already_exists, "/data/t/a"}));
  EXPECT_EQ(disk.contents("/data/t/a"), bytes(3));
}

TEST(StorageParts, PrepareMendsANameThatACrashLeftBehind) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}});
  const auto unfinished = torrent.storage({}, true);
  const auto finished = unfinished.with_sets(unfinished.wanted(), Bitfield(1, true));
  MemoryDisk disk;
  disk.put_file("/data/t/a.part", bytes(10));
  ASSERT_TRUE(finished.prepare(disk));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/a"}));
  ASSERT_TRUE(unfinished.prepare(disk));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/a.part"}));
}

TEST(StorageParts, ARunWithoutTheSuffixGoesOnWithWhatOneWithItLeft) {
  const auto torrent =
      make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/b", 10}, {"t/c", 10}});
  MemoryDisk disk;
  disk.put_file("/data/t/a.part", bytes(4));
  disk.put_file("/data/t/b", bytes(5));
  disk.put_file("/data/t/b.part", bytes(6));
  disk.put_file("/data/t/c.part", bytes(11));
  ASSERT_TRUE(torrent.storage().prepare(disk));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/a", "/data/t/b", "/data/t/b.part",
                                                    "/data/t/c.part"}))
      << "what stands beside a file of the final name, or is longer, is somebody else's";
  EXPECT_EQ(disk.contents("/data/t/a"), bytes(4));
  EXPECT_EQ(disk.contents("/data/t/b.part"), bytes(6));
  EXPECT_EQ(disk.contents("/data/t/c.part"), bytes(11));
}

TEST(StorageParts, AnEmptyFileIsNeverIncomplete) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/none", 0}});
  MemoryDisk disk;
  ASSERT_TRUE(torrent.storage({}, true).prepare(disk));
  EXPECT_EQ(disk.names(), std::vector<std::string>{"/data/t/none"});
  MemoryDisk older;
  older.put_file("/data/t/none.part", {});
  ASSERT_TRUE(torrent.storage({}, true).prepare(older));
  EXPECT_EQ(older.names(), std::vector<std::string>{"/data/t/none"});
}

TEST(StorageParts, AFileThatIsCalledPartIsNobodysRemains) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/a.part", 10}});
  MemoryDisk disk;
  disk.put_file("/data/t/a.part", bytes(4));
  ASSERT_TRUE(torrent.storage().prepare(disk));
  EXPECT_EQ(disk.names(), std::vector<std::string>{"/data/t/a.part"});
}

TEST(StorageParts, STO_15_NamesOf255BytesStillTakeASuffix) {
  const std::string fits = "t/" + std::string(250, 'a');
  const std::string longer = "t/" + std::string(251, 'b');
  const std::string longest = "t/" + std::string(255, 'c');
  std::string cut = "t/";  // a character of three bytes lies across the cut
  while (cut.size() + 3 <= 257) cut += "\xe2\x82\xac";
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece,
                                         {{fits, 10}, {longer, 10}, {longest, 10}, {cut, 10}});
  const auto storage = torrent.storage({}, true);
  MemoryDisk disk;
  ASSERT_TRUE(storage.prepare(disk));
  ASSERT_TRUE(storage.write_piece(disk, PieceIndex{0}, torrent.piece(PieceIndex{0})));
  const auto names = disk.names();
  ASSERT_EQ(names.size(), 4u);
  for (const std::string& name : names) EXPECT_TRUE(name.ends_with(".part")) << name;
  EXPECT_EQ(storage.file_path(FileIndex{0}).relative, fits + ".part");
  EXPECT_LE(storage.file_path(FileIndex{3}).relative.size(), 257u);
  for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(storage.finish_file(disk, FileIndex{i}));
  for (const std::string& path : {fits, longer, longest, cut}) {
    EXPECT_EQ(disk.contents("/data/" + path), torrent.content(path));
  }
}

TEST(StorageParts, ASuffixedNameIsNeverAnotherFileOfTheTorrent) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece,
                                         {{"t/a", 10},
                                          {"t/a.part", 10},
                                          {"t/a.part.part", 10},
                                          {"t/b", 10},
                                          {"t/b.part/x", 10},
                                          {"t/a~0.part", 10},
                                          {"t/a~0", 10}});
  const auto storage = torrent.storage({}, true);
  MemoryDisk disk;
  ASSERT_TRUE(storage.prepare(disk));
  ASSERT_TRUE(storage.write_piece(disk, PieceIndex{0}, torrent.piece(PieceIndex{0})));
  EXPECT_EQ(disk.names().size(), 7u);
  for (std::uint32_t i = 0; i < 7; ++i) ASSERT_TRUE(storage.finish_file(disk, FileIndex{i}));
  for (const TorrentFile& file : torrent.layout().files()) {
    EXPECT_EQ(disk.contents("/data/" + file.path), torrent.content(file.path)) << file.path;
  }
}

TEST(StorageRemove, STO_07_OnlyTheTorrentsOwnFilesAndEmptyDirectoriesGo) {
  const auto torrent = make_test_torrent(
      TorrentKind::v1, kPiece,
      {{"t/a", 10}, {"t/d/b", 10}, {"t/e/f/c", 10}, {"t/g/x", 10}, {"t/h/big", 10}, {"t/u", 10}});
  const auto storage = torrent.storage({"t/u"});
  MemoryDisk disk;
  disk.put_symlink("/data/t/g", "/outside");
  disk.put_file("/outside/x", bytes(10));
  disk.put_file("/data/t/d/foreign", bytes(1));
  disk.put_file("/data/t/h/big", bytes(11));
  disk.put_file("/data/t/u", bytes(10));
  disk.put_file("/data/t/a", bytes(10));
  disk.put_file("/data/t/d/b", bytes(10));
  disk.put_file("/data/t/e/f/c", bytes(10));
  disk.put_file(storage.side_path().root + '/' + storage.side_path().relative, bytes(10));
  disk.put_directory("/data/t/e/mount");
  ASSERT_TRUE(storage.remove_files(disk));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/d/foreign", "/data/t/g",
                                                    "/data/t/h/big", "/data/t/u", "/outside/x"}));
  EXPECT_FALSE(disk.has_directory("/data/t/e/f"));
  EXPECT_TRUE(disk.has_directory("/data/t/e/mount"));
}

TEST(StorageRemove, LeavesNothingOfACompleteTorrent) {
  const auto torrent =
      make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/d/b", 10}, {"t/d/e/c", 0}});
  const auto storage = torrent.storage({}, true);
  MemoryDisk disk;
  ASSERT_TRUE(storage.prepare(disk));
  ASSERT_TRUE(storage.write_piece(disk, PieceIndex{0}, torrent.piece(PieceIndex{0})));
  ASSERT_TRUE(storage.finish_file(disk, FileIndex{1}));
  ASSERT_TRUE(storage.remove_files(disk));
  EXPECT_TRUE(disk.names().empty());
  EXPECT_FALSE(disk.has_directory("/data/t"));
  EXPECT_TRUE(disk.has_directory("/data"));
}

TEST(StorageRemove, GoesOnAfterAnErrorAndTellsOfIt) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 10}, {"t/b", 10}});
  MemoryDisk disk;
  disk.put_file("/data/t/a", bytes(10));
  disk.put_file("/data/t/b", bytes(10));
  disk.set_hook([](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::remove && path == "/data/t/a") return DiskErrc::permission;
    return std::nullopt;
  });
  EXPECT_EQ(torrent.storage().remove_files(disk).error(),
            (DiskError{DiskErrc::permission, "/data/t/a"}));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/a"}));
}

}  // namespace
}  // namespace weir
