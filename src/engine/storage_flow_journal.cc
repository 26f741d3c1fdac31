// SPDX-License-Identifier: MIT OR Apache-2.0
// Journaling in safe order. A save is quick, a sync may take as long as the disk likes, so they are
// jobs of their own: while a sync runs, what is written meanwhile is saved as such. At most one of
// each is under way. docs/decisions/0005-progress-journal.md.
#include <algorithm>
#include <utility>

#include "engine/storage_flow.h"

namespace weir {

void StorageFlow::note_written(PieceIndex piece) {
  unsynced_.push_back(piece);
  unsynced_bytes_ += info_->layout.piece_size(piece);
  unsaved_.push_back(piece);
  journal_dirty_ = true;
}

void StorageFlow::save(TimePoint now) {
  journal_dirty_ = true;
  journal(now);
}

// Nothing will follow that a later sync could take along.
bool StorageFlow::all_written() const {
  return writes_running_ == 0 && pending_.empty() && to_finish_.empty() && !moving_ && !to_adopt_ &&
         (!more_expected_ || stopping_);
}

void StorageFlow::journal(TimePoint now) {
  if (!ready_ || seed_only_) return;
  // What the disk refused is tried again when its time has come; saves of what it took go on.
  const bool waits = failed_ && retry_at_ != kNever;
  // The save first: with few workers the sync could keep it waiting.
  if (journal_dirty_ && !save_running_ && !(save_failed_ && (waits || gave_up_))) issue_save();
  if (holds() || waits || (sync_failed_ && gave_up_)) return;
  if (!unsynced_.empty() && !sync_running_ &&
      (all_written() || sync_failed_ || now - last_sync_ >= config_.journal_interval ||
       unsynced_bytes_ >= config_.journal_bytes)) {
    issue_sync(now);
  }
}

void StorageFlow::issue_sync(TimePoint now) {
  syncing_ = std::exchange(unsynced_, {});
  unsynced_bytes_ = 0;
  last_sync_ = now;
  sync_running_ = true;
  issue(SyncJob{.storage = storage_, .pieces = syncing_});
}

void StorageFlow::issue_save() {
  JournalJob job{.storage = storage_, .id = id_, .look = {}, .progress = {}};
  job.progress.have = synced_;
  job.progress.written = Bitfield(here_.size());
  for (const auto* pieces : {&syncing_, &unsynced_}) {
    for (const PieceIndex piece : *pieces) {
      if (here_.test(piece)) job.progress.written.set(piece);
    }
  }
  job.progress.files = files_;
  job.progress.uploaded_bytes = uploaded_before_;
  job.progress.downloaded_bytes = downloaded_before_;
  // Until the last sync was looked at, files are newer than the record knows.
  job.progress.writing = !all_written() || !unsynced_.empty() || !syncing_.empty();
  job.progress.boot = config_.boot_id;
  job.progress.written_files = written_files_;
  saving_ = std::exchange(unsaved_, {});
  for (const PieceIndex piece : saving_) {
    for (const FileIndex file : info_->layout.files_of(piece)) job.look.push_back(file);
  }
  std::sort(job.look.begin(), job.look.end());
  job.look.erase(std::unique(job.look.begin(), job.look.end()), job.look.end());
  journal_dirty_ = false;
  save_running_ = true;
  issue(std::move(job));
}

void StorageFlow::on_synced(TimePoint now, const JobResult& result) {
  sync_running_ = false;
  sync_failed_ = result.error.has_value();
  const std::vector<PieceIndex> pieces = std::exchange(syncing_, {});
  if (result.error) {
    // Not durable: these pieces go back in line, and count as written only should we die before.
    unsynced_.insert(unsynced_.end(), pieces.begin(), pieces.end());
    journal_dirty_ = true;
    fail(now, *result.error);
    return journal(now);
  }
  for (const PieceIndex piece : pieces) {
    if (here_.test(piece)) synced_.set(piece);
  }
  // Found bad and written again meanwhile: the sync may have been too early for that.
  for (const PieceIndex piece : unsynced_) synced_.set(piece, false);
  for (const FileLook& look : result.looked) files_[to_int(look.file)] = look.stat;
  forget_synced_files();
  journal_dirty_ = true;
  recover_if_proven();
  issue_moves();
  journal(now);
}

// Only files with pieces that are not synced are worth knowing about.
void StorageFlow::forget_synced_files() {
  std::map<FileIndex, FileStat> kept;
  for (const PieceIndex piece : unsynced_) {
    for (const FileIndex file : info_->layout.files_of(piece)) {
      const auto it = written_files_.find(file);
      if (it != written_files_.end()) kept.insert(*it);
    }
  }
  written_files_ = std::move(kept);
}

void StorageFlow::on_saved(TimePoint now, const JobResult& result) {
  save_running_ = false;
  save_failed_ = result.error.has_value();
  for (const FileLook& look : result.looked) {
    if (look.stat) written_files_[look.file] = *look.stat;
  }
  const std::vector<PieceIndex> pieces = std::exchange(saving_, {});
  if (result.error) {
    unsaved_.insert(unsaved_.end(), pieces.begin(), pieces.end());
    journal_dirty_ = true;
    return fail(now, *result.error);
  }
  recover_if_proven();
  if (unsynced_.empty() && syncing_.empty() && !journal_dirty_ && pending_.empty() &&
      writes_running_ == 0 && to_finish_.empty() && !to_adopt_ && !moving_) {
    outputs_.emplace_back(FlowSynced{});
  }
  issue_moves();
  journal(now);
}

}  // namespace weir
