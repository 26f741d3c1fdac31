// SPDX-License-Identifier: MIT OR Apache-2.0
// Writing pieces, finishing files, and surviving a disk that refuses. Journaling is in
// storage_flow_journal.cc.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "engine/storage_flow.h"

namespace weir {
namespace {

bool passes_by_itself(DiskErrc code) {
  switch (code) {
    case DiskErrc::no_space:
    case DiskErrc::permission:
    case DiskErrc::read_only:
    case DiskErrc::io_error:
    case DiskErrc::not_found:
    case DiskErrc::short_read:
      return true;
    case DiskErrc::already_exists:
    case DiskErrc::not_regular:
    case DiskErrc::not_contained:
    case DiskErrc::name_too_long:
    case DiskErrc::too_large:
      return false;
  }
  return false;
}

}  // namespace

void StorageFlow::piece_arrived(TimePoint now, PieceIndex piece, PieceBuffer buffer) {
  WEIR_ASSERT(ready_);
  if (seed_only_) {
    outputs_.emplace_back(FlowDropped{piece, std::move(buffer)});
    return;
  }
  if (pending_.empty()) pending_since_ = now;
  pending_bytes_ += buffer.size();
  pending_.push_back({piece, std::move(buffer)});
  if (pending_.size() >= config_.batch_pieces || pending_bytes_ >= config_.batch_bytes) {
    flush_writes();
  }
}

void StorageFlow::flush_writes() {
  if (!pending_.empty() && !failed_ && !holds()) issue_writes();
}

void StorageFlow::issue_writes() {
  pending_bytes_ = 0;
  ++writes_running_;
  issue(WritePiecesJob{
      .storage = storage_, .layers = layers_, .pieces = std::exchange(pending_, {})});
}

void StorageFlow::recover() {
  if (gave_up_ || sync_failed_ || save_failed_) return;
  if (!std::exchange(failed_, false)) return;
  retry_at_ = kNever;
  outputs_.emplace_back(FlowRecovered{});
}

// Some work went well. The disk is well again, unless what it refused still waits to be tried.
void StorageFlow::recover_if_proven() {
  if (retry_at_ != kNever || !unread_.empty() || !pending_.empty() || writes_running_ > 0) return;
  if (to_adopt_ || !to_finish_.empty()) return;
  if (ready_) recover();
}

void StorageFlow::on_written(TimePoint now, JobResult& result) {
  --writes_running_;
  std::optional<DiskError> error;
  bool any_stored = false;
  for (PieceOutcome& outcome : result.pieces) {
    if (outcome.error) {
      // Kept and written again when the disk takes it: nothing received is fetched twice.
      error = outcome.error;
      pending_bytes_ += outcome.buffer.size();
      pending_.push_back({outcome.piece, std::move(outcome.buffer)});
      continue;
    }
    switch (outcome.verdict) {
      case PieceVerdict::good:
        any_stored = true;
        on_piece_stored(now, outcome.piece, std::move(outcome.buffer));
        break;
      case PieceVerdict::bad:
        outputs_.emplace_back(FlowBadPiece{outcome.piece, std::move(outcome.buffer)});
        break;
      case PieceVerdict::unverifiable:
        outputs_.emplace_back(FlowDropped{outcome.piece, std::move(outcome.buffer)});
        break;
      case PieceVerdict::inconsistent:
        outputs_.emplace_back(FlowDropped{outcome.piece, std::move(outcome.buffer)});
        fail_for_good("inconsistent_hybrid", "the v1 and v2 hashes of a piece disagree");
        break;
    }
  }
  if (error) {
    fail(now, *error);
  } else if (any_stored) {
    recover();
  }
  issue_moves();
  journal(now);
}

void StorageFlow::on_piece_stored(TimePoint, PieceIndex piece, PieceBuffer buffer) {
  if (checks_running_ > 0) stored_lately_.insert(piece);
  unread_.erase(piece);
  here_.set(piece);
  checked_.set(piece);
  note_written(piece);
  outputs_.emplace_back(FlowStored{piece, std::move(buffer)});
  finish_files(piece);
}

void StorageFlow::finish_files(PieceIndex piece) {
  for (const FileIndex file : info_->layout.files_of(piece)) {
    if (covers(here_, file)) finish_file(file);
  }
}

void StorageFlow::finish_file(FileIndex file) {
  if (finishing_.test(to_int(file)) || !storage_->wanted().test(to_int(file))) return;
  finishing_.set(to_int(file));
  outputs_.emplace_back(FlowFileDone{file});
  if (seed_only_) return;
  const bool executable = info_->layout.file(file).attributes.executable;
  if (!storage_->options().part_suffix && !executable) return;
  to_finish_.push_back(file);
  issue_moves();
}

void StorageFlow::fail(TimePoint now, const DiskError& error) {
  if (gave_up_) return;
  const bool recovers = passes_by_itself(error.code);
  gave_up_ = !recovers;
  if (recovers) retry_at_ = now + config_.retry_interval;
  if (std::exchange(failed_, true) && recovers) return;  // said already
  outputs_.emplace_back(FlowFailed{error_name(error.code), error.path, recovers});
}

void StorageFlow::fail_for_good(std::string code, std::string detail) {
  failed_ = true;
  if (std::exchange(gave_up_, true)) return;
  retry_at_ = kNever;
  outputs_.emplace_back(FlowFailed{std::move(code), std::move(detail), false});
}

void StorageFlow::stop(TimePoint now) {
  stopping_ = true;
  to_check_.clear();
  serve_queue_.clear();
  if (!ready_) return;
  flush_writes();
  save(now);
}

bool StorageFlow::idle() const {
  if (jobs_running_ > 0) return false;
  if (!ready_ || failed_ || seed_only_) return true;
  return pending_.empty() && unsynced_.empty() && to_finish_.empty() && !to_adopt_ &&
         !journal_dirty_;
}

void StorageFlow::give_back(BufferPool& pool) {
  for (BufferedPiece& piece : pending_) pool.give_back(std::move(piece.buffer));
  for (BufferedRead& read : waiting_reads_) pool.give_back(std::move(read.buffer));
  pending_.clear();
  waiting_reads_.clear();
}

void StorageFlow::retry(TimePoint) {
  retry_at_ = kNever;
  if (!ready_) {
    if (!stopping_) prepare();
    return;
  }
  // What the disk refused says whether it is well again.
  for (const PieceIndex piece : unread_) {
    if (serve_pending_.insert(piece).second) serve_queue_.push_back(piece);
  }
  issue_moves();
  if (!pending_.empty() && !holds()) issue_writes();
  journal_dirty_ = true;
  if (seed_only_) recover_if_proven();
}

void StorageFlow::handle_timer(TimePoint now) {
  if (retry_at_ <= now) retry(now);
  if (!ready_) return;
  if (!pending_.empty() &&
      (now - pending_since_ >= config_.batch_delay || !more_expected_ || stopping_)) {
    flush_writes();
  }
  journal(now);
}

// Never earlier than handle_timer() can do something about it.
TimePoint StorageFlow::next_deadline() const {
  TimePoint at = retry_at_;
  if (!ready_ || failed_ || holds()) return at;
  if (!pending_.empty()) {
    at = std::min(at, more_expected_ ? pending_since_ + config_.batch_delay : pending_since_);
  }
  if (!unsynced_.empty() && !sync_running_ && !seed_only_) {
    at = std::min(at, last_sync_ + config_.journal_interval);
  }
  return at;
}

}  // namespace weir
