// SPDX-License-Identifier: MIT OR Apache-2.0
// One torrent's way to and from the disk, as a state machine over background jobs: preparing its
// files, checking what is there, writing pieces in batches, journaling progress in the order that
// makes it trustworthy, checking pieces before they are first served, and reading for readers.
//
// Owner: the torrent. One input, then drain next(). Jobs it yields are run elsewhere; their results
// come back through handle_job(). At most one sync and one save of the progress are under way;
// everything else may overlap.
//
// A JournalJob leaves here with the totals of earlier runs; the owner adds those of this one.
//
// A piece is `here` when it was verified and written in this run, or trusted from the saved
// progress. It is `checked` when its hash was seen to be right in this run; only checked pieces are
// served.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "engine/session_types.h"
#include "store/jobs.h"

namespace weir {

struct FlowConfig {
  Duration journal_interval = std::chrono::seconds(5);
  std::uint64_t journal_bytes = 256u << 20;
  // Pieces wait this long for others, so that several are hashed side by side.
  Duration batch_delay = std::chrono::milliseconds(10);
  std::size_t batch_pieces = 16;
  std::size_t batch_bytes = 16u << 20;
  std::size_t check_jobs = 4;                         // recheck jobs at once
  std::size_t check_bytes = 64u << 20;                // bytes a job
  Duration retry_interval = std::chrono::seconds(5);  // after the disk was full or failing
  std::string boot_id;  // names this boot of the machine, see TorrentProgress; empty: not known
};

struct FlowStart {
  std::shared_ptr<const TorrentInfo> info;
  PieceLayers layers;
  StorageOptions storage;
  Bitfield wanted;  // by file
  StartCheck check = StartCheck::resume;
  bool seed_only = false;
  Buffer saved_progress;
};

// What the flow tells its owner.
struct FlowReady {};  // prepared and checked: here() and checked() hold what was found
struct FlowStored {
  PieceIndex piece{};
  PieceBuffer buffer;
};
struct FlowBadPiece {
  PieceIndex piece{};
  PieceBuffer buffer;
};
struct FlowDropped {  // could not be judged; to be fetched again later
  PieceIndex piece{};
  PieceBuffer buffer;
};
struct FlowChecked {  // after check_for_serving() or recheck()
  PieceIndex piece{};
  bool good = false;
  // The disk would not say: checked again, and told again, when it is well.
  std::optional<DiskError> error;
};
struct FlowUnchecked {  // these pieces are not checked any more
  PieceIndex begin{};
  PieceIndex end{};
};
struct FlowFileDone {
  FileIndex file{};
};
struct FlowSynced {};  // everything here is on stable storage and journaled
struct FlowFailed {
  std::string code;
  std::string detail;
  bool recovers = false;
};
struct FlowRecovered {};
struct FlowRead {
  std::uint64_t token = 0;
  PieceBuffer buffer;
  std::optional<DiskError> error;
  bool stale = false;  // a file changed since it was verified: these bytes are nobody's
};
using FlowOutput =
    std::variant<Job, FlowReady, FlowStored, FlowBadPiece, FlowDropped, FlowChecked, FlowUnchecked,
                 FlowFileDone, FlowSynced, FlowFailed, FlowRecovered, FlowRead>;

class StorageFlow {
 public:
  // `id`: the torrent's name in the state store. `next_job` gives job ids unique in the session.
  StorageFlow(TorrentKey torrent, std::string id, FlowConfig config,
              std::function<JobId()> next_job);

  void start(TimePoint now, FlowStart start);
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] bool failed() const { return failed_; }

  void piece_arrived(TimePoint now, PieceIndex piece, PieceBuffer buffer);
  // False: no more pieces are under way, so there is nothing to wait for when batching.
  void expect_more(bool more) { more_expected_ = more; }
  void check_for_serving(TimePoint now, PieceIndex piece);
  // What the file was when its pieces were verified, while nobody but us can have changed it; null
  // when that is not known or it is still being written.
  [[nodiscard]] const FileStat* seen(FileIndex file) const;
  // The same for a file of which every byte is known to be verified: not after it has changed,
  // until all of it was checked again.
  [[nodiscard]] const FileStat* verified(FileIndex file) const;
  // The file at this place was replaced by another of the same verified content. As after a change
  // its pieces are checked before they are served, but the next start trusts them.
  void content_replaced(TimePoint now, FileIndex file, const FileStat& now_is);
  // The file is something else now: its pieces are checked again before they are served. False when
  // that was known already.
  bool content_changed(FileIndex file, const FileStat& now_is);
  void recheck(TimePoint now);
  void read(TimePoint now, std::uint64_t token, PieceIndex piece, std::uint32_t offset,
            PieceBuffer buffer);
  // Files wanted from now on too; files once wanted keep their place. Takes effect when no job is
  // under way that looks for their bytes at the old place.
  void add_wanted(TimePoint now, const Bitfield& wanted);
  // Journals what there is; FlowSynced follows when nothing is left to sync.
  void save(TimePoint now);
  void add_layer(const PieceLayer& layer);
  // Writes what is pending and journals everything; idle() tells when that is done.
  void stop(TimePoint now);
  [[nodiscard]] bool idle() const;
  // Ends the flow: what it still holds of the pool's memory goes back.
  void give_back(BufferPool& pool);

  void handle_job(TimePoint now, JobResult result);
  void handle_timer(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;
  [[nodiscard]] std::optional<FlowOutput> next();

  [[nodiscard]] const Bitfield& here() const { return here_; }
  [[nodiscard]] const Bitfield& checked() const { return checked_; }
  [[nodiscard]] const TorrentStorage& storage() const { return *storage_; }
  [[nodiscard]] std::shared_ptr<const TorrentStorage> shared_storage() const { return storage_; }
  [[nodiscard]] const PieceLayers& layers() const { return *layers_; }
  [[nodiscard]] std::uint32_t check_total() const { return check_total_; }
  [[nodiscard]] std::uint32_t check_done() const { return check_done_; }

 private:
  JobId issue(JobWork work);
  // storage_flow.cc: start and checks
  void prepare();
  void on_prepared(TimePoint now, JobResult& result);
  void plan_checks(const std::vector<std::optional<FileStat>>& files);
  void issue_checks();
  void on_checked(TimePoint now, JobResult& result);
  void become_ready(TimePoint now);
  void serve_checks();
  void check_ahead();
  // storage_flow_write.cc: writing
  void flush_writes();
  void issue_writes();
  void recover();
  void recover_if_proven();
  void retry(TimePoint now);
  [[nodiscard]] bool holds() const { return moving_ || (to_adopt_ && !failed_); }
  void on_written(TimePoint now, JobResult& result);
  void on_piece_stored(TimePoint now, PieceIndex piece, PieceBuffer buffer);
  // storage_flow_journal.cc
  void note_written(PieceIndex piece);
  [[nodiscard]] bool all_written() const;
  void journal(TimePoint now);
  void issue_sync(TimePoint now);
  void issue_save();
  void on_synced(TimePoint now, const JobResult& result);
  void on_saved(TimePoint now, const JobResult& result);
  void forget_synced_files();
  // storage_flow_moves.cc, and the files' ends
  void finish_files(PieceIndex piece);
  void finish_file(FileIndex file);
  void issue_moves();
  void issue_adoption();
  void on_finished(TimePoint now, const JobResult& result);
  void on_adopted(TimePoint now, const JobResult& result);
  void end_move(TimePoint now);
  struct BufferedRead {
    std::uint64_t token = 0;
    PieceIndex piece{};
    std::uint32_t offset = 0;
    PieceBuffer buffer;
  };
  void issue_read(BufferedRead read);
  void fail(TimePoint now, const DiskError& error);
  void fail_for_good(std::string code, std::string detail);
  // Whether all pieces of a file with content are in the set.
  [[nodiscard]] bool covers(const Bitfield& pieces, FileIndex file) const;

  TorrentKey torrent_;
  std::string id_;
  FlowConfig config_;
  std::function<JobId()> next_job_;
  std::deque<FlowOutput> outputs_;

  std::shared_ptr<const TorrentInfo> info_;
  std::shared_ptr<const PieceLayers> layers_;
  std::shared_ptr<const TorrentStorage> storage_;
  StartCheck check_ = StartCheck::resume;
  bool seed_only_ = false;
  std::optional<TorrentProgress> saved_;
  bool ready_ = false;
  bool failed_ = false;
  bool gave_up_ = false;  // failed for good
  bool stopping_ = false;
  bool more_expected_ = true;
  std::size_t jobs_running_ = 0;

  Bitfield here_;
  Bitfield checked_;

  // Checking.
  std::deque<PieceIndex> to_check_;
  std::size_t checks_running_ = 0;
  std::uint32_t check_total_ = 0;
  std::uint32_t check_done_ = 0;
  std::vector<PieceIndex> serve_queue_;
  std::set<PieceIndex> serve_pending_;
  std::set<PieceIndex> unread_;           // the disk failed when they were to be checked
  std::set<PieceIndex> stored_lately_;    // while a check was under way
  std::size_t serve_ahead_ = 0;           // pieces that the next check takes along
  std::map<JobId, std::uint64_t> reads_;  // to the reader's token

  // Writing.
  std::vector<BufferedPiece> pending_;
  std::size_t pending_bytes_ = 0;
  TimePoint pending_since_{};
  std::size_t writes_running_ = 0;
  TimePoint retry_at_ = kNever;
  Bitfield finishing_;  // files said to be done
  // Moves: renames and adoptions, one at a time and alone.
  std::vector<FileIndex> to_finish_;
  bool finish_singly_ = false;        // several at once failed: find out which
  std::optional<Bitfield> to_adopt_;  // by file
  bool moving_ = false;
  std::vector<BufferedRead> waiting_reads_;

  // Journaling. A piece here is in one of synced_, syncing_ and unsynced_.
  Bitfield synced_;                   // on stable storage
  std::vector<PieceIndex> unsynced_;  // written since the last sync began
  std::uint64_t unsynced_bytes_ = 0;
  std::vector<PieceIndex> syncing_;
  std::vector<PieceIndex> unsaved_;  // written since the last save began
  std::vector<PieceIndex> saving_;
  bool sync_running_ = false;
  bool save_running_ = false;
  bool sync_failed_ = false;
  bool save_failed_ = false;
  bool journal_dirty_ = false;
  TimePoint last_sync_{};
  std::vector<std::optional<FileStat>> files_;   // as they were after their last sync
  std::map<FileIndex, FileStat> written_files_;  // of pieces not synced, after they were written
  std::set<FileIndex> doubted_;                  // changed behind our back
  std::set<PieceIndex> changed_lately_;  // while a check is under way that may have read before
  std::uint64_t uploaded_before_ = 0;    // in earlier runs
  std::uint64_t downloaded_before_ = 0;
};

}  // namespace weir
