// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/jobs.h"

#include <gtest/gtest.h>

#include <numeric>

#include "store/memory_disk.h"
#include "store/memory_state_store.h"
#include "store/test_torrent.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;

class Jobs : public testing::Test {
 protected:
  explicit Jobs(TorrentKind kind = TorrentKind::hybrid)
      : torrent(make_test_torrent(kind, kPiece, {{"t/a", 40000}, {"t/b", 100}, {"t/c", 70000}})),
        storage(std::make_shared<TorrentStorage>(torrent.storage())),
        layers(std::make_shared<PieceLayers>(torrent.layers())) {}

  JobResult run(JobWork work) {
    return run_job({JobId{7}, TorrentKey{3}, std::move(work)}, disk, state);
  }
  BufferedPiece buffered(PieceIndex piece) {
    const Buffer data = torrent.piece(piece);
    BufferedPiece out{piece, pool.take(data.size())};
    std::copy(data.begin(), data.end(), out.buffer.bytes().begin());
    return out;
  }
  std::vector<PieceIndex> all_pieces() const {
    std::vector<PieceIndex> all;
    for (std::uint32_t i = 0; i < torrent.layout().piece_count(); ++i) all.push_back(PieceIndex{i});
    return all;
  }
  JobResult write_all() {
    WritePiecesJob job{storage, layers, {}};
    for (const PieceIndex piece : all_pieces()) job.pieces.push_back(buffered(piece));
    return run(std::move(job));
  }
  TorrentProgress progress() const {
    TorrentProgress all;
    all.have = Bitfield(torrent.layout().piece_count(), true);
    all.written = Bitfield(torrent.layout().piece_count());
    return all;
  }

  TestTorrent torrent;
  std::shared_ptr<TorrentStorage> storage;
  std::shared_ptr<PieceLayers> layers;
  BufferPool pool{std::size_t{1} << 30, 0};
  MemoryDisk disk;
  MemoryStateStore state;
};

TEST_F(Jobs, GoodPiecesAreWrittenAndEveryBufferComesBack) {
  WritePiecesJob job{storage, layers, {}};
  for (const PieceIndex piece : all_pieces()) job.pieces.push_back(buffered(piece));
  job.pieces[1].buffer.bytes()[5] ^= std::byte{1};
  const std::byte* const memory = job.pieces[1].buffer.bytes().data();
  JobResult result = run(std::move(job));
  EXPECT_EQ(result.id, JobId{7});
  EXPECT_EQ(result.torrent, TorrentKey{3});
  EXPECT_FALSE(result.error);
  ASSERT_EQ(result.pieces.size(), torrent.layout().piece_count());
  for (std::uint32_t i = 0; i < result.pieces.size(); ++i) {
    EXPECT_EQ(result.pieces[i].piece, PieceIndex{i});
    EXPECT_EQ(result.pieces[i].verdict, i == 1 ? PieceVerdict::bad : PieceVerdict::good);
    EXPECT_TRUE(result.pieces[i].buffer);
    EXPECT_FALSE(result.pieces[i].error);
  }
  EXPECT_EQ(result.pieces[1].buffer.bytes().data(), memory);
  EXPECT_EQ(disk.contents("/data/t/c"), torrent.content("t/c"));
  const Buffer a = *disk.contents("/data/t/a");
  EXPECT_TRUE(std::all_of(a.begin() + kPiece, a.begin() + 2 * kPiece, [](std::byte b) {
    return b == std::byte{0};
  })) << "a bad piece is never written";
}

TEST_F(Jobs, MET_30_PadBytesOfAPeerCountAsZeros) {
  BufferedPiece last_of_a = buffered(PieceIndex{2});
  const std::uint32_t payload = torrent.layout().piece_payload(PieceIndex{2});
  std::fill(last_of_a.buffer.bytes().begin() + payload, last_of_a.buffer.bytes().end(),
            std::byte{0xee});
  WritePiecesJob job{storage, layers, {}};
  job.pieces.push_back(std::move(last_of_a));
  const JobResult result = run(std::move(job));
  EXPECT_EQ(result.pieces[0].verdict, PieceVerdict::good);
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/a"}));
  EXPECT_EQ(disk.contents("/data/t/a")->size(), 40000u);
}

TEST_F(Jobs, AWriteErrorIsReportedWithItsPiece) {
  disk.set_hook([](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::write && path == "/data/t/b") return DiskErrc::no_space;
    return std::nullopt;
  });
  const JobResult result = write_all();
  EXPECT_FALSE(result.error);
  for (const PieceOutcome& outcome : result.pieces) {
    EXPECT_TRUE(outcome.buffer);
    if (outcome.piece == PieceIndex{3}) {
      EXPECT_EQ(outcome.error, (DiskError{DiskErrc::no_space, "/data/t/b"}));
    } else {
      EXPECT_FALSE(outcome.error);
    }
  }
}

TEST_F(Jobs, ACheckFindsWhatIsThereAndWhatIsNot) {
  write_all();
  disk.put_file("/data/t/c", Bytes(torrent.content("t/c")).first(20000));  // cut
  ASSERT_TRUE(disk.remove({kTestRoot, "t/b"}));
  Buffer a = torrent.content("t/a");
  a[0] ^= std::byte{1};
  disk.put_file("/data/t/a", a);
  const JobResult result = run(CheckPiecesJob{storage, layers, all_pieces()});
  EXPECT_FALSE(result.error);
  std::vector<PieceVerdict> verdicts;
  for (const PieceOutcome& outcome : result.pieces) {
    EXPECT_FALSE(outcome.error);
    verdicts.push_back(outcome.verdict);
  }
  const auto good = PieceVerdict::good;
  const auto bad = PieceVerdict::bad;
  EXPECT_EQ(verdicts, (std::vector{bad, good, good, bad, good, bad, bad, bad, bad}));
}

TEST_F(Jobs, AReadErrorDuringACheckIsNoVerdict) {
  write_all();
  disk.set_hook([](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::read && path == "/data/t/b") return DiskErrc::io_error;
    return std::nullopt;
  });
  const JobResult result = run(CheckPiecesJob{storage, layers, all_pieces()});
  EXPECT_EQ(result.pieces[3].error, (DiskError{DiskErrc::io_error, "/data/t/b"}));
  EXPECT_EQ(result.pieces[4].verdict, PieceVerdict::good);
}

TEST_F(Jobs, ALongCheckGoesInSeveralBatches) {
  const auto large = make_test_torrent(TorrentKind::v1, 1 << 20, {{"t/l", (20 << 20) + 5}});
  storage = std::make_shared<TorrentStorage>(large.storage());
  disk.put_file("/data/t/l", large.contents[0]);
  std::vector<PieceIndex> pieces;
  for (std::uint32_t i = 0; i < 21; ++i) pieces.push_back(PieceIndex{20 - i});
  const JobResult result = run(CheckPiecesJob{storage, std::make_shared<PieceLayers>(), pieces});
  ASSERT_EQ(result.pieces.size(), 21u);
  for (const PieceOutcome& outcome : result.pieces) {
    EXPECT_EQ(outcome.verdict, PieceVerdict::good) << to_int(outcome.piece);
  }
  EXPECT_TRUE(run(CheckPiecesJob{storage, layers, {}}).pieces.empty());
}

TEST_F(Jobs, AReadFillsItsBuffer) {
  write_all();
  JobResult result = run(ReadJob{storage, PieceIndex{1}, 100, pool.take(500)});
  EXPECT_FALSE(result.error);
  const auto& read = std::get<ReadJob>(result.work);
  const Buffer piece = torrent.piece(PieceIndex{1});
  EXPECT_TRUE(std::equal(piece.begin() + 100, piece.begin() + 600, read.buffer.bytes().begin()));
  ASSERT_TRUE(disk.remove({kTestRoot, "t/a"}));
  result = run(ReadJob{storage, PieceIndex{1}, 100, pool.take(500)});
  EXPECT_EQ(result.error, (DiskError{DiskErrc::not_found, "/data/t/a"}));
  EXPECT_TRUE(std::get<ReadJob>(result.work).buffer);
}

TEST_F(Jobs, PrepareOnlyLooksWhenToldSo) {
  disk.put_file("/data/t/a", torrent.content("t/a"));
  JobResult result = run(PrepareJob{storage, false});
  EXPECT_FALSE(result.error);
  ASSERT_EQ(result.files.size(), torrent.layout().files().size());
  EXPECT_EQ(result.files[0]->size, 40000u);
  EXPECT_FALSE(result.files[2]);
  disk.put_file("/data/t/b", Buffer(101));
  EXPECT_FALSE(run(PrepareJob{storage, false}).error);
  EXPECT_EQ(run(PrepareJob{storage, true}).error,
            (DiskError{DiskErrc::already_exists, "/data/t/b"}));
}

TEST_F(Jobs, FinishAndAdoptDoEachFile) {
  storage = std::make_shared<TorrentStorage>(torrent.storage({"t/b"}, true));
  WritePiecesJob write{storage, layers, {}};
  for (const PieceIndex piece : all_pieces()) write.pieces.push_back(buffered(piece));
  run(std::move(write));
  const FileIndex a = torrent.file("t/a");
  const FileIndex b = torrent.file("t/b");
  EXPECT_FALSE(run(FinishFilesJob{storage, {a, b}}).error);
  EXPECT_TRUE(disk.exists("/data/t/a"));
  EXPECT_FALSE(disk.exists("/data/t/b"));
  const auto wider = std::make_shared<TorrentStorage>(
      storage->with_sets(torrent.all_but({}), storage->finished()));
  EXPECT_FALSE(run(AdoptFilesJob{wider, {b}, progress().have}).error);
  EXPECT_EQ(disk.contents("/data/t/b.part"), torrent.content("t/b"));
}

TEST_F(Jobs, ASyncLooksAtItsFilesAfterwardsAndSavesNothing) {
  write_all();
  std::vector<DiskOperation> order;
  const auto hook = [&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    order.push_back(kind);
    return std::nullopt;
  };
  disk.set_hook(hook);
  state.set_hook(hook);
  const JobResult result = run(SyncJob{storage, {PieceIndex{0}, PieceIndex{3}}});
  EXPECT_FALSE(result.error);
  EXPECT_EQ(order, (std::vector{DiskOperation::sync, DiskOperation::sync, DiskOperation::stat,
                                DiskOperation::stat}));
  ASSERT_EQ(result.looked.size(), 2U);
  EXPECT_EQ(result.looked[0].file, torrent.file("t/a"));
  EXPECT_EQ(result.looked[0].stat->size, 40000U);
}

TEST_F(Jobs, ASyncThatFailsSaysSo) {
  write_all();
  disk.set_hook([](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::sync) return DiskErrc::io_error;
    return std::nullopt;
  });
  const JobResult result = run(SyncJob{storage, {PieceIndex{0}}});
  EXPECT_EQ(result.error, (DiskError{DiskErrc::io_error, "/data/t/a"}));
  EXPECT_TRUE(result.looked.empty());
}

TEST_F(Jobs, TheJournalLooksAtWhatWasWrittenThenSaves) {
  write_all();
  std::vector<DiskOperation> order;
  const auto hook = [&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    order.push_back(kind);
    return std::nullopt;
  };
  disk.set_hook(hook);
  state.set_hook(hook);
  const FileIndex a = torrent.file("t/a");
  const FileIndex b = torrent.file("t/b");
  TorrentProgress known = progress();
  known.written_files[b] = FileStat{1, 2, 3};
  const JobResult result = run(JournalJob{storage, "id", {a}, known});
  EXPECT_FALSE(result.error);
  EXPECT_EQ(order, (std::vector{DiskOperation::stat, DiskOperation::save_progress}));
  ASSERT_EQ(result.looked.size(), 1U);
  const auto saved = decode_progress((*state.load("id"))->progress, torrent.layout());
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->written_files.at(a), *result.looked[0].stat);
  EXPECT_EQ(saved->written_files.at(a).size, 40000U);
  EXPECT_EQ(saved->written_files.at(b), known.written_files[b]) << "known, and not looked at";
}

TEST_F(Jobs, SavingNeedsNoStorage) {
  EXPECT_FALSE(run(JournalJob{nullptr, "id", {}, progress()}).error);
  TorrentRecord record;
  record.hashes = torrent.info->hashes;
  record.root = kTestRoot;
  EXPECT_FALSE(run(SaveRecordJob{"id", record}).error);
  EXPECT_EQ(decode_record((*state.load("id"))->record), record);
  state.set_hook([](DiskOperation, const std::string&) { return DiskErrc::no_space; });
  EXPECT_EQ(run(SaveRecordJob{"id", record}).error, (DiskError{DiskErrc::no_space, "id"}));
  EXPECT_EQ(run(JournalJob{nullptr, "id", {}, progress()}).error,
            (DiskError{DiskErrc::no_space, "id"}));
}

TEST_F(Jobs, RemoveForgetsTheTorrentAndItsContentWhenAsked) {
  write_all();
  ASSERT_TRUE(state.save_record("id", {}));
  EXPECT_FALSE(run(RemoveJob{"id", nullptr}).error);
  EXPECT_FALSE(state.load("id")->has_value());
  EXPECT_EQ(disk.names().size(), 3u);
  ASSERT_TRUE(state.save_record("id", {}));
  disk.set_hook([](DiskOperation kind, const std::string& path) -> std::optional<DiskErrc> {
    if (kind == DiskOperation::remove && path == "/data/t/b") return DiskErrc::read_only;
    return std::nullopt;
  });
  EXPECT_EQ(run(RemoveJob{"id", storage}).error, (DiskError{DiskErrc::read_only, "/data/t/b"}));
  EXPECT_FALSE(state.load("id")->has_value());
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/data/t/b"}));
}

}  // namespace
}  // namespace weir
