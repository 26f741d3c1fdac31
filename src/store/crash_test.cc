// SPDX-License-Identifier: MIT OR Apache-2.0
// A download that dies at every disk and state operation, one after another, and starts again.
//
// Safety: no piece that is trusted after the restart has a wrong byte. Durability: what a journal
// that succeeded called `have` is still there, and after a kill it is trusted without a check, as
// is what it called `written`.
// Liveness: the download that goes on from there ends with the right files.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "store/jobs.h"
#include "store/memory_disk.h"
#include "store/memory_state_store.h"
#include "store/test_torrent.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;
constexpr const char* kId = "id";
constexpr const char* kBoot = "boot";

enum class Death : std::uint8_t { kill, power_cut, power_cut_losing_saves };

class Download {
 public:
  Download(const TestTorrent& torrent, MemoryDisk& disk, MemoryStateStore& state, bool part_suffix)
      : torrent_(torrent),
        disk_(disk),
        state_(state),
        storage_(std::make_shared<TorrentStorage>(torrent.storage({"t/unwanted"}, part_suffix))),
        layers_(std::make_shared<PieceLayers>(torrent.layers())) {
    progress_.have = progress_.written = Bitfield(torrent.layout().piece_count());
    progress_.writing = true;
  }

  // Runs until all is done or something fails.
  bool run_to_end() {
    if (!prepare()) return false;
    progress_.files = files_;
    progress_.boot = kBoot;
    int batch = 0;
    while (true) {
      const std::vector<PieceIndex> pieces = missing(2);
      if (pieces.empty()) break;
      if (!write(pieces)) return false;
      // Now and then two batches are under way before the sync.
      if (!journal(pieces)) return false;
      if (++batch % 2 == 0 && !sync_and_finish()) return false;
    }
    progress_.writing = false;
    return sync_and_finish();
  }

  // After a restart: what the records say, checked against the files.
  void resume(const TestTorrent& torrent, Death death, const Download& before) {
    const Bitfield& acknowledged = before.acknowledged_;
    const auto entry = state_.load(kId);
    ASSERT_TRUE(entry);
    if (*entry) {
      auto decoded = decode_progress((*entry)->progress, torrent.layout());
      ASSERT_TRUE(decoded);
      progress_ = *std::move(decoded);
    }
    update_finished();
    ASSERT_TRUE(prepare());
    const ResumePlan plan = plan_resume(torrent.layout(), progress_, files_, &storage_->wanted(),
                                        death == Death::kill ? kBoot : "another");
    for (std::size_t i = plan.trusted.find_set(0); i < plan.trusted.size();
         i = plan.trusted.find_set(i + 1)) {
      const PieceIndex piece{static_cast<std::uint32_t>(i)};
      Buffer back(torrent.layout().piece_size(piece));
      ASSERT_TRUE(storage_->read(disk_, piece, 0, back)) << i;
      ASSERT_TRUE(back == torrent.piece(piece)) << "piece " << i << " is trusted and wrong";
    }
    if (death == Death::kill) {
      EXPECT_FALSE(before.saved_.has_any_not_in(plan.trusted)) << "a kill needs no recheck";
    }
    std::vector<PieceIndex> recheck;
    for (std::uint32_t i = 0; i < plan.recheck.size(); ++i) {
      if (plan.recheck.test(i)) recheck.push_back(PieceIndex{i});
    }
    Bitfield present = plan.trusted;
    const JobResult checked = run(CheckPiecesJob{storage_, layers_, recheck});
    for (const PieceOutcome& outcome : checked.pieces) {
      ASSERT_FALSE(outcome.error);
      if (outcome.verdict == PieceVerdict::good) present.set(outcome.piece);
    }
    if (death != Death::power_cut_losing_saves) {
      EXPECT_FALSE(acknowledged.has_any_not_in(present)) << "synced bytes were lost";
    }
    // What was found may be in the cache only, so it counts as written.
    progress_.have = plan.trusted;
    progress_.written = plan.unsynced;
    for (std::size_t i = 0; i < plan.unsynced.size(); ++i) {
      if (plan.unsynced.test(i)) progress_.have.set(i, false);
    }
    for (const PieceOutcome& outcome : checked.pieces) {
      if (outcome.verdict == PieceVerdict::good) progress_.written.set(outcome.piece);
    }
    progress_.files = files_;
    progress_.writing = true;
    update_finished();
  }

 private:
  JobResult run(JobWork work) {
    return run_job({JobId{1}, TorrentKey{1}, std::move(work)}, disk_, state_);
  }

  bool prepare() {
    const JobResult result = run(PrepareJob{storage_, true});
    files_ = result.files;
    return !result.error;
  }

  std::vector<PieceIndex> missing(std::size_t max) const {
    std::vector<PieceIndex> pieces;
    for (std::uint32_t i = 0; i < torrent_.layout().piece_count() && pieces.size() < max; ++i) {
      const PieceIndex piece{i};
      if (progress_.have.test(i) || progress_.written.test(i)) continue;
      if (storage_->piece_wanted(piece)) pieces.push_back(piece);
    }
    return pieces;
  }

  bool write(const std::vector<PieceIndex>& pieces) {
    WritePiecesJob job{storage_, layers_, {}};
    for (const PieceIndex piece : pieces) {
      const Buffer data = torrent_.piece(piece);
      job.pieces.push_back({piece, pool_.take(data.size())});
      std::copy(data.begin(), data.end(), job.pieces.back().buffer.bytes().begin());
    }
    for (PieceOutcome& outcome : run(std::move(job)).pieces) {
      if (outcome.error || outcome.verdict != PieceVerdict::good) return false;
      progress_.written.set(outcome.piece);
      pool_.give_back(std::move(outcome.buffer));
    }
    return true;
  }

  bool journal(const std::vector<PieceIndex>& look) {
    std::set<FileIndex> files;
    for (const PieceIndex piece : look) {
      for (const FileIndex file : torrent_.layout().files_of(piece)) files.insert(file);
    }
    const JobResult result =
        run(JournalJob{storage_, kId, {files.begin(), files.end()}, progress_});
    if (result.error) return false;
    for (const FileLook& seen : result.looked) {
      if (seen.stat) progress_.written_files[seen.file] = *seen.stat;
    }
    acknowledged_ = saved_ = progress_.have;
    for (std::size_t i = 0; i < progress_.written.size(); ++i) {
      if (progress_.written.test(i)) saved_.set(i);
    }
    return true;
  }

  bool sync_and_finish() {
    std::vector<PieceIndex> pieces;
    for (std::uint32_t i = 0; i < progress_.written.size(); ++i) {
      if (!progress_.written.test(i)) continue;
      pieces.push_back(PieceIndex{i});
      progress_.have.set(i);
    }
    const JobResult synced = run(SyncJob{storage_, pieces});
    if (synced.error) return false;
    for (const FileLook& seen : synced.looked) progress_.files[to_int(seen.file)] = seen.stat;
    progress_.written.fill(false);
    progress_.written_files.clear();
    if (!journal({})) return false;
    std::vector<FileIndex> complete;
    for (std::uint32_t i = 0; i < torrent_.layout().files().size(); ++i) {
      if (file_complete(i) && !storage_->finished().test(i)) complete.push_back(FileIndex{i});
    }
    if (run(FinishFilesJob{storage_, complete}).error) return false;
    update_finished();
    return true;
  }

  bool file_complete(std::uint32_t file) const {
    const auto pieces = torrent_.layout().file_pieces(FileIndex{file});
    return progress_.have.find_clear(to_int(pieces.begin)) >= to_int(pieces.end);
  }

  void update_finished() {
    Bitfield finished(torrent_.layout().files().size());
    for (std::uint32_t i = 0; i < finished.size(); ++i) finished.set(i, file_complete(i));
    storage_ = std::make_shared<TorrentStorage>(storage_->with_sets(storage_->wanted(), finished));
  }

  const TestTorrent& torrent_;
  MemoryDisk& disk_;
  MemoryStateStore& state_;
  std::shared_ptr<TorrentStorage> storage_;
  std::shared_ptr<PieceLayers> layers_;
  BufferPool pool_{std::size_t{1} << 30, 1 << 20};
  TorrentProgress progress_;
  std::vector<std::optional<FileStat>> files_;
  Bitfield acknowledged_{torrent_.layout().piece_count()};  // saved as have
  Bitfield saved_{torrent_.layout().piece_count()};         // as that or as written
};

// Dies at operation `fatal`; false when the download ended before that.
bool die_and_resume(const TestTorrent& torrent, std::uint64_t fatal, Death death, bool part_suffix,
                    std::uint64_t seed) {
  MemoryDisk disk(seed);
  MemoryStateStore state;
  state.set_durable(death == Death::power_cut);
  std::uint64_t operations = 0;
  const auto hook = [&](DiskOperation, const std::string&) -> std::optional<DiskErrc> {
    if (++operations != fatal) return std::nullopt;
    disk.halt();
    state.halt();
    return DiskErrc::io_error;
  };
  disk.set_hook(hook);
  state.set_hook(hook);
  Download first(torrent, disk, state, part_suffix);
  const bool survived = first.run_to_end();
  disk.set_hook({});
  state.set_hook({});
  Random random(seed);
  if (death == Death::kill) {
    disk.restart();
    state.restart();
  } else {
    disk.crash(random);
    state.crash(random);
  }
  Download second(torrent, disk, state, part_suffix);
  second.resume(torrent, death, first);
  if (testing::Test::HasFatalFailure()) return false;
  EXPECT_TRUE(second.run_to_end());
  for (const char* path : {"t/a", "t/dir/b", "t/c"}) {
    EXPECT_TRUE(disk.contents(std::string("/data/") + path) == torrent.content(path)) << path;
  }
  EXPECT_FALSE(disk.exists("/data/t/unwanted"));
  return !survived;
}

class CrashTest : public testing::TestWithParam<std::tuple<TorrentKind, Death>> {};
INSTANTIATE_TEST_SUITE_P(All, CrashTest,
                         testing::Combine(testing::Values(TorrentKind::v1, TorrentKind::v2,
                                                          TorrentKind::hybrid),
                                          testing::Values(Death::kill, Death::power_cut,
                                                          Death::power_cut_losing_saves)));

TEST_P(CrashTest, NoOperationIsTheWrongOneToDieAt) {
  const auto [kind, death] = GetParam();
  const auto torrent = make_test_torrent(kind, kPiece,
                                         {{"t/a", 5 * kPiece + 10},
                                          {"t/dir/b", 2000},
                                          {"t/unwanted", kPiece + 3000},
                                          {"t/c", 6 * kPiece + 77}});
  const std::uint64_t seeds = death == Death::kill ? 3 : 12;
  for (const bool part_suffix : {false, true}) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      std::uint64_t fatal = 1;
      while (die_and_resume(torrent, fatal, death, part_suffix, seed)) ++fatal;
      if (HasFatalFailure() || HasFailure()) {
        FAIL() << "seed " << seed << ", operation " << fatal << ", suffix " << part_suffix;
      }
      EXPECT_GT(fatal, 40u) << "the script has become too short to mean much";
    }
  }
}

}  // namespace
}  // namespace weir
