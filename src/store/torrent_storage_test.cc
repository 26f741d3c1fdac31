// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/torrent_storage.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/memory_disk.h"
#include "store/test_torrent.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;
constexpr std::uint64_t kOne = 1;

void write_all(const TestTorrent& torrent, const TorrentStorage& storage, Disk& disk) {
  for (std::uint32_t i = 0; i < torrent.layout().piece_count(); ++i) {
    if (!storage.piece_wanted(PieceIndex{i})) continue;
    ASSERT_TRUE(storage.write_piece(disk, PieceIndex{i}, torrent.piece(PieceIndex{i})));
  }
}

std::string side_name(const TorrentStorage& storage) {
  return storage.side_path().root + '/' + storage.side_path().relative;
}

TEST(TorrentStorage, PiecesLandInTheFilesTheyBelongTo) {
  for (const auto kind : {TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid}) {
    const auto torrent = make_test_torrent(
        kind, kPiece, {{"t/a", 20000}, {"t/d/b", 5}, {"t/d/c", 40000}, {"t/d/e", kPiece}});
    const auto storage = torrent.storage();
    MemoryDisk disk;
    write_all(torrent, storage, disk);
    for (const char* path : {"t/a", "t/d/b", "t/d/c", "t/d/e"}) {
      EXPECT_EQ(disk.contents(std::string("/data/") + path), torrent.content(path));
    }
    EXPECT_EQ(disk.names().size(), 4u);
    for (std::uint32_t i = 0; i < torrent.layout().piece_count(); ++i) {
      Buffer back(torrent.layout().piece_size(PieceIndex{i}));
      ASSERT_TRUE(storage.read(disk, PieceIndex{i}, 0, back));
      EXPECT_EQ(back, torrent.piece(PieceIndex{i}));
    }
  }
}

TEST(TorrentStorage, AFileThatIsNotThereMayHaveItsOtherName) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 5}, {"t/b", 5}});
  const auto storage = torrent.storage({"t/b"}, true);
  const DiskPath part{kTestRoot, "t/a.part"}, whole{kTestRoot, "t/a"};
  EXPECT_EQ(storage.moved_path(part), whole);
  EXPECT_EQ(storage.moved_path(whole), std::nullopt) << "not a path it gave";
  EXPECT_EQ(storage.moved_path({kTestRoot, "t/b.part"}), std::nullopt) << "not on disk";
  EXPECT_EQ(storage.moved_path(storage.side_path()), std::nullopt);
  Bitfield finished(2);
  finished.set(0);
  EXPECT_EQ(storage.with_sets(storage.wanted(), finished).moved_path(whole), part);
  EXPECT_EQ(torrent.storage().moved_path(whole), std::nullopt) << "without .part";
}

TEST(TorrentStorage, AnyRangeReadsAsItWasWritten) {
  const auto torrent =
      make_test_torrent(TorrentKind::hybrid, kPiece, {{"t/a", 20000}, {"t/b", 5}, {"t/c", 40000}});
  const auto storage = torrent.storage({"t/c"});
  MemoryDisk disk;
  for (std::uint32_t i = 0; i < torrent.layout().piece_count(); ++i) {
    ASSERT_TRUE(storage.write_piece(disk, PieceIndex{i}, torrent.piece(PieceIndex{i})));
  }
  Random random(4);
  for (int round = 0; round < 500; ++round) {
    const PieceIndex piece{
        static_cast<std::uint32_t>(random.below(torrent.layout().piece_count()))};
    const std::uint32_t size = torrent.layout().piece_size(piece);
    const auto offset = static_cast<std::uint32_t>(random.below(size + 1));
    Buffer back(random.below(size - offset + 1));
    ASSERT_TRUE(storage.read(disk, piece, offset, back));
    const Buffer whole = torrent.piece(piece);
    EXPECT_TRUE(std::equal(back.begin(), back.end(), whole.begin() + offset));
  }
}

TEST(TorrentStorage, MET_30_PadsAreZerosAndNeverWritten) {
  const auto torrent =
      make_test_torrent(TorrentKind::hybrid, kPiece, {{"t/a", 100}, {"t/.pad/0", 50}, {"t/c", 1}});
  const auto storage = torrent.storage();
  EXPECT_EQ(storage.locate(PieceIndex{0}, 50, 100),
            (std::vector<StoredRange>{{{kTestRoot, "t/a"}, 50, 50}, {{}, 0, 50}}));
  MemoryDisk disk;
  Buffer first = torrent.piece(PieceIndex{0});
  first[200] = std::byte{9};  // a pad byte that is not zero
  ASSERT_TRUE(storage.write_piece(disk, PieceIndex{0}, first));
  write_all(torrent, storage, disk);
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/.pad/0", "/data/t/a", "/data/t/c"}))
      << "an ordinary file keeps its name, whatever it is";
  EXPECT_EQ(disk.contents("/data/t/.pad/0")->size(), 50u);
  Buffer back(1, std::byte{1});
  ASSERT_TRUE(storage.read(disk, PieceIndex{0}, 200, back));
  EXPECT_EQ(back[0], std::byte{0});
}

TEST(TorrentStorage, BehindTheEndOfAV2PieceThereAreZeros) {
  const auto torrent = make_test_torrent(TorrentKind::v2, kPiece, {{"t/a", 100}, {"t/b", 7}});
  const auto storage = torrent.storage();
  EXPECT_EQ(storage.locate(PieceIndex{0}, 0, 16384),
            (std::vector<StoredRange>{{{kTestRoot, "t/a"}, 0, 100}, {{}, 0, 16284}}));
  for (const std::uint32_t offset : {7U, 8U, 16'383U}) {
    EXPECT_EQ(storage.locate(PieceIndex{1}, offset, 9), (std::vector<StoredRange>{{{}, 0, 9}}));
  }
  EXPECT_EQ(storage.locate(PieceIndex{0}, 99, 2),
            (std::vector<StoredRange>{{{kTestRoot, "t/a"}, 99, 1}, {{}, 0, 1}}));
}

TEST(TorrentStorage, ABoundaryPieceDoesNotCreateItsUnwantedNeighbour) {
  const auto torrent = make_test_torrent(
      TorrentKind::v1, kPiece, {{"t/a", 20000}, {"t/b", 20000}, {"t/x", 3}, {"t/c", 40000}});
  const auto storage = torrent.storage({"t/a", "t/x", "t/c"});
  MemoryDisk disk;
  write_all(torrent, storage, disk);
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/b", side_name(storage)}));
  EXPECT_EQ(disk.contents("/data/t/b"), torrent.content("t/b"));
  EXPECT_FALSE(storage.piece_wanted(PieceIndex{0}));
  EXPECT_TRUE(storage.piece_wanted(PieceIndex{1}));
  EXPECT_FALSE(storage.piece_wanted(PieceIndex{3}));
  // The two unwanted files behind b are one run in the side file.
  EXPECT_EQ(storage.locate(PieceIndex{2}, 0, kPiece),
            (std::vector<StoredRange>{{{kTestRoot, "t/b"}, 12768, 7232},
                                      {storage.side_path(), 40000, 9152}}));
  for (const std::uint32_t i : {1u, 2u}) {
    Buffer back(kPiece);
    ASSERT_TRUE(storage.read(disk, PieceIndex{i}, 0, back));
    EXPECT_EQ(back, torrent.piece(PieceIndex{i}));
  }
}

TEST(TorrentStorage, TheSideFileIsNamedByTheWireHash) {
  const auto torrent = make_test_torrent(TorrentKind::v2, kPiece, {{"t/a", 1}});
  EXPECT_EQ(torrent.storage().side_path().relative,
            torrent.info->hashes.v2->hex().substr(0, 40) + ".side");
}

TEST(TorrentStorage, AdoptedBytesComeFromTheSideFileAndAreSynced) {
  const auto torrent =
      make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 20000}, {"t/b", 20000}, {"t/c", 40000}});
  const auto before = torrent.storage({"t/a", "t/c"});
  MemoryDisk disk;
  write_all(torrent, before, disk);
  Bitfield have(torrent.layout().piece_count());
  have.set(1);
  have.set(2);
  const auto after = before.with_sets(torrent.all_but({"t/c"}), before.finished());
  ASSERT_TRUE(after.adopt_side_bytes(disk, torrent.file("t/a"), have));
  Random random(1);
  disk.crash(random);
  Buffer back(20000 - kPiece);
  ASSERT_TRUE(disk.read({kTestRoot, "t/a"}, kPiece, back));
  EXPECT_TRUE(std::equal(back.begin(), back.end(), torrent.content("t/a").begin() + kPiece));
  EXPECT_FALSE(disk.exists("/data/t/c"));
}

TEST(TorrentStorage, NothingIsAdoptedWithoutPieces) {
  const auto torrent = make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 20000}, {"t/b", 20000}});
  MemoryDisk disk;
  const Bitfield none(torrent.layout().piece_count());
  EXPECT_TRUE(torrent.storage().adopt_side_bytes(disk, torrent.file("t/a"), none));
  EXPECT_TRUE(disk.names().empty());
  Bitfield all(torrent.layout().piece_count(), true);
  const auto result = torrent.storage().adopt_side_bytes(disk, torrent.file("t/a"), all);
  EXPECT_EQ(result.error().code, DiskErrc::not_found);
}

TEST(TorrentStorage, SyncReachesEachFileOfThePiecesOnce) {
  const auto torrent =
      make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 20000}, {"t/b", 20000}, {"t/c", 40000}});
  const auto storage = torrent.storage({"t/c"});
  MemoryDisk disk;
  write_all(torrent, storage, disk);
  std::vector<std::string> synced;
  disk.set_hook([&](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::sync) synced.push_back(path);
    return std::nullopt;
  });
  ASSERT_TRUE(storage.sync_pieces(disk, {PieceIndex{0}, PieceIndex{1}, PieceIndex{2}}));
  EXPECT_EQ(synced, (std::vector<std::string>{side_name(storage), "/data/t/a", "/data/t/b"}));
  synced.clear();
  ASSERT_TRUE(storage.sync_pieces(disk, {PieceIndex{0}}));
  EXPECT_EQ(synced, (std::vector<std::string>{"/data/t/a"}));
}

TEST(TorrentStorage, STO_09_OffsetsBeyond32And40BitsKeepTheirBytes) {
  constexpr std::uint32_t kLarge = 4 * 1024 * 1024;
  for (const auto kind : {TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid}) {
    auto info = std::make_shared<TorrentInfo>();
    info->name = "t";
    info->hashes.v1 = Sha1Digest{};
    // Ends exactly on a piece, in the middle of one, and far behind every 32-bit edge.
    info->layout = make_test_layout(kind, kLarge,
                                    {{"t/edge", kOne << 31},
                                     {"t/odd", (kOne << 32) + 12345},
                                     {"t/unwanted", (kOne << 40) + 777},
                                     {"t/last", (kOne << 33) + 1}});
    const Layout& layout = info->layout;
    Bitfield wanted(layout.files().size(), true);
    const std::size_t unwanted = kind == TorrentKind::hybrid ? 3 : 2;
    wanted.set(unwanted, false);
    const TorrentStorage storage(info, {kTestRoot, kTestSideRoot}, wanted,
                                 Bitfield(layout.files().size()));
    ASSERT_EQ(layout.files()[unwanted].path, "t/unwanted");
    MemoryDisk disk;
    Random random(9);
    std::vector<std::pair<PieceIndex, Buffer>> written;
    for (const std::uint64_t edge : {kOne << 31, kOne << 32, (kOne << 32) + (kOne << 31),
                                     kOne << 40, layout.total_size() - 1}) {
      for (const std::uint64_t number : {edge / kLarge - 1, edge / kLarge}) {
        const PieceIndex piece{static_cast<std::uint32_t>(number)};
        Buffer data(layout.piece_size(piece));
        random.fill(data);
        ASSERT_TRUE(storage.write_piece(disk, piece, data));
        written.emplace_back(piece, std::move(data));
      }
    }
    for (auto& [piece, data] : written) {
      Buffer back(data.size());
      ASSERT_TRUE(storage.read(disk, piece, 0, back));
      std::size_t at = 0;
      for (const StoredRange& range : storage.locate(piece, 0, layout.piece_size(piece))) {
        if (range.zeros())
          std::fill_n(data.begin() + static_cast<int>(at), range.length, std::byte{0});
        at += range.length;
      }
      EXPECT_TRUE(back == data) << to_int(piece);
    }
  }
}

}  // namespace
}  // namespace weir
