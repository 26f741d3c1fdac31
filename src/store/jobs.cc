// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/jobs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"
#include "store/piece_check.h"

namespace weir {
namespace {

void zero_pads(const Layout& layout, PieceIndex piece, MutableBytes data) {
  std::size_t at = 0;
  for (const FileSlice& slice : layout.slices(piece, 0, layout.piece_size(piece))) {
    const MutableBytes part = data.subspan(at, slice.length);
    if (slice.pad) std::fill(part.begin(), part.end(), std::byte{0});
    at += slice.length;
  }
}

std::optional<DiskError> error_of(DiskResult<void> result) {
  if (result) return std::nullopt;
  return std::move(result).error();
}

class JobRunner {
 public:
  JobRunner(Disk& disk, StateStore& state, JobResult& result)
      : disk_(disk), state_(state), result_(result) {}

  void operator()(WritePiecesJob& job);
  void operator()(CheckPiecesJob& job) {
    result_.pieces = check_pieces(disk_, *job.storage, *job.layers, job.pieces);
  }
  void operator()(ReadJob& job) {
    result_.error = error_of(job.storage->read(disk_, job.piece, job.offset, job.buffer.bytes()));
    // After the read: a change before it, or during it, is seen then.
    for (const FileSeen& seen : job.seen) {
      const auto now = job.storage->stat_file(disk_, seen.file);
      if (now && *now != seen.stat) result_.changed.push_back({seen.file, *now});
    }
  }
  void operator()(PrepareJob& job) {
    result_.again = job.search && job.search->step(disk_);
    if (result_.again) return;
    if (job.create) result_.error = error_of(job.storage->prepare(disk_));
    result_.files = job.storage->stat_files(disk_);
  }
  void operator()(FinishFilesJob& job) {
    for (const FileIndex file : job.files) fail_with(job.storage->finish_file(disk_, file));
  }
  void operator()(AdoptFilesJob& job) {
    for (const FileIndex file : job.files) {
      fail_with(job.storage->adopt_side_bytes(disk_, file, job.have));
      look(*job.storage, file);
    }
  }
  void operator()(SyncJob& job);
  void operator()(JournalJob& job);
  void operator()(SaveRecordJob& job) {
    result_.error = error_of(state_.save_record(job.id, encode_record(job.record)));
  }
  void operator()(RemoveJob& job) {
    if (job.storage) fail_with(job.storage->remove_files(disk_));
    fail_with(state_.remove(job.id));
  }

 private:
  void look(const TorrentStorage& storage, FileIndex file) {
    result_.looked.push_back({file, storage.stat_file(disk_, file)});
  }
  // A file may be getting its final name at this moment.
  std::optional<FileStat> stat_moved(const TorrentStorage& storage, FileIndex file) {
    const auto other = storage.on_disk(file) ? storage.other_path(file) : std::nullopt;
    const auto found = other ? disk_.stat(*other) : std::unexpected(DiskError{});
    return found ? std::optional(*found) : std::nullopt;
  }
  // Keeps the first error; the job goes on with what does not depend on it.
  void fail_with(DiskResult<void> result) {
    if (!result && !result_.error) result_.error = std::move(result).error();
  }

  Disk& disk_;
  StateStore& state_;
  JobResult& result_;
};

void JobRunner::operator()(WritePiecesJob& job) {
  const TorrentInfo& info = job.storage->info();
  std::vector<PieceData> data;
  for (BufferedPiece& piece : job.pieces) {
    const MutableBytes bytes = piece.buffer.bytes();
    if (bytes.size() == info.layout.piece_size(piece.piece)) {
      zero_pads(info.layout, piece.piece, bytes);
    }
    data.push_back({piece.piece, bytes});
  }
  std::vector<PieceVerdict> verdicts(data.size());
  verify_pieces(info, *job.layers, data, verdicts);
  for (std::size_t i = 0; i < data.size(); ++i) {
    PieceOutcome outcome{.piece = data[i].piece, .verdict = verdicts[i], .error = {}, .buffer = {}};
    if (verdicts[i] == PieceVerdict::good) {
      outcome.error = error_of(job.storage->write_piece(disk_, data[i].piece, data[i].data));
    }
    outcome.buffer = std::move(job.pieces[i].buffer);
    result_.pieces.push_back(std::move(outcome));
  }
}

void JobRunner::operator()(SyncJob& job) {
  fail_with(job.storage->sync_pieces(disk_, job.pieces));
  if (result_.error) return;
  std::set<FileIndex> touched;
  for (const PieceIndex piece : job.pieces) {
    for (const FileIndex file : job.storage->info().layout.files_of(piece)) touched.insert(file);
  }
  for (const FileIndex file : touched) look(*job.storage, file);
}

void JobRunner::operator()(JournalJob& job) {
  for (const FileIndex file : job.look) {
    look(*job.storage, file);
    auto& stat = result_.looked.back().stat;
    if (!stat) stat = stat_moved(*job.storage, file);
    if (stat) job.progress.written_files[file] = *stat;
  }
  fail_with(state_.save_progress(job.id, encode_progress(job.progress)));
}

}  // namespace

JobResult run_job(Job job, Disk& disk, StateStore& state) {
  JobResult result;
  result.id = job.id;
  result.torrent = job.torrent;
  result.work = std::move(job.work);
  std::visit(JobRunner(disk, state, result), result.work);
  return result;
}

}  // namespace weir
