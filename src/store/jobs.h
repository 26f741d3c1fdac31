// SPDX-License-Identifier: MIT OR Apache-2.0
// Background work as values: the engine issues a Job, an executor runs it with run_job() on some
// thread and posts the JobResult back to the engine's shard. The daemon runs them on a bounded
// pool, the simulator inline on its virtual disk; both run the same code.
//
// The engine never has two jobs under way that touch the same bytes with one of them writing, nor
// two of one torrent that sync, or two that save its progress, so an executor may run any number in
// parallel and in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/piece_buffer.h"
#include "store/copy_search.h"
#include "store/disk.h"
#include "store/resume.h"
#include "store/torrent_storage.h"
#include "store/verifier.h"

namespace weir {

struct FileSeen {
  FileIndex file{};
  FileStat stat;
};
struct FileLook {
  FileIndex file{};
  std::optional<FileStat> stat;  // nothing: it is not there
};

struct BufferedPiece {
  PieceIndex piece{};
  PieceBuffer buffer;
};

// Hashes pieces just received, several at once, and writes those that are good. Bytes of pad files
// are set to zero first, whatever a peer sent for them (BEP 47).
struct WritePiecesJob {
  std::shared_ptr<const TorrentStorage> storage;
  std::shared_ptr<const PieceLayers> layers;
  std::vector<BufferedPiece> pieces;
};
// Hashes pieces already on disk: recheck, and the check before a piece is first uploaded. Holds no
// more than kCheckBatchBytes at a time, whatever the piece length. A piece whose bytes are not
// there is bad, which is no error.
inline constexpr std::size_t kCheckBatchBytes = 16 * 1024 * 1024;
struct CheckPiecesJob {
  std::shared_ptr<const TorrentStorage> storage;
  std::shared_ptr<const PieceLayers> layers;
  std::vector<PieceIndex> pieces;
};
// Reads content for a reader (the caller has seen to it that the pieces are verified).
struct ReadJob {
  std::shared_ptr<const TorrentStorage> storage;
  PieceIndex piece{};
  std::uint32_t offset = 0;
  PieceBuffer buffer;  // its size is the length to read
  // What files were when their bytes were verified; a file that is anything else after the read is
  // told in JobResult::changed.
  std::vector<FileSeen> seen = {};
};
// Preflight and creation of what must exist before the first byte; reports the files' stats. With a
// search, what that finds comes first, a step a job: while it is not through, JobResult::again says
// that the same job is to be issued once more.
struct PrepareJob {
  std::shared_ptr<const TorrentStorage> storage;
  bool create = true;  // false: only look (a seed never creates or changes anything)
  std::shared_ptr<CopySearch> search = nullptr;
};
struct FinishFilesJob {
  std::shared_ptr<const TorrentStorage> storage;
  std::vector<FileIndex> files;
};
// Looks at the files in the end.
struct AdoptFilesJob {
  std::shared_ptr<const TorrentStorage> storage;  // with the new selection
  std::vector<FileIndex> files;
  Bitfield have;
};
// Brings the bytes of pieces, and the names of their files, to stable storage; then looks at those
// files. May take long: what is saved meanwhile must not wait for it.
struct SyncJob {
  std::shared_ptr<const TorrentStorage> storage;
  std::vector<PieceIndex> pieces;
};
// Saves the progress. What it calls `have` was in a SyncJob that went well, what it calls `written`
// in a WritePiecesJob: the order that makes it trustworthy.
struct JournalJob {
  std::shared_ptr<const TorrentStorage> storage;  // none: nothing to look at
  std::string id;
  std::vector<FileIndex> look;  // to be added to progress.written_files as they are now
  TorrentProgress progress;
};
struct SaveRecordJob {
  std::string id;
  TorrentRecord record;
};
// Forgets the torrent even when some of its files could not be removed; the error says so.
struct RemoveJob {
  std::string id;
  std::shared_ptr<const TorrentStorage> storage;  // set: the content is removed too
};

using JobWork = std::variant<WritePiecesJob, CheckPiecesJob, ReadJob, PrepareJob, FinishFilesJob,
                             AdoptFilesJob, SyncJob, JournalJob, SaveRecordJob, RemoveJob>;

struct Job {
  JobId id{};
  TorrentKey torrent{};
  JobWork work;
};

struct PieceOutcome {
  PieceIndex piece{};
  PieceVerdict verdict = PieceVerdict::bad;
  std::optional<DiskError> error;  // read or write failed; the verdict says nothing then
  PieceBuffer buffer;              // given back with every WritePiecesJob
};

struct JobResult {
  JobId id{};
  TorrentKey torrent{};
  JobWork work;  // as issued, minus the buffers of WritePieces, which are in `pieces`
  std::vector<PieceOutcome> pieces;            // WritePieces, CheckPieces
  std::vector<std::optional<FileStat>> files;  // Prepare
  std::optional<DiskError> error;              // of the job as a whole
  std::vector<FileSeen> changed = {};          // Read: as they are now
  std::vector<FileLook> looked = {};           // Adopt, Sync, Journal
  bool again = false;                          // Prepare
};

// Runs one job to its end. Blocking; thread-safe as far as `disk` and `state` are.
[[nodiscard]] JobResult run_job(Job job, Disk& disk, StateStore& state);

}  // namespace weir
