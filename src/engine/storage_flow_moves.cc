// SPDX-License-Identifier: MIT OR Apache-2.0
// Moves: finished files get their final names, and bytes kept aside get into files selected later.
//
// A move must not happen under a job that looks for the bytes at their old place, nor the other way
// round, so it runs alone. Renames wait for a moment without jobs. An adoption is what a user waits
// for, so new jobs wait for it instead; uploads find the bytes at the old place until it is done,
// because they are copied. Saving the progress goes on: it looks under both names.
#include <utility>

#include "engine/storage_flow.h"

namespace weir {

void StorageFlow::issue_moves() {
  if (to_finish_.empty() && !to_adopt_) return;
  if (moving_ || gave_up_ || (failed_ && retry_at_ != kNever)) return;
  if (sync_running_ || writes_running_ > 0) return;
  if (checks_running_ > 0 || !reads_.empty()) return;
  if (to_adopt_) return issue_adoption();
  moving_ = true;
  std::vector<FileIndex> files;
  if (finish_singly_) {
    files.push_back(to_finish_.back());
    to_finish_.pop_back();
  } else {
    files = std::exchange(to_finish_, {});
  }
  issue(FinishFilesJob{.storage = storage_, .files = std::move(files)});
}

void StorageFlow::on_finished(TimePoint now, const JobResult& result) {
  const std::vector<FileIndex>& files = std::get<FinishFilesJob>(result.work).files;
  if (result.error) {
    to_finish_.insert(to_finish_.end(), files.begin(), files.end());
    // Of several, those that went well must not be looked for under their old names for long.
    const bool retry_now = files.size() > 1;
    finish_singly_ = true;
    if (!retry_now) fail(now, *result.error);
    return end_move(now);
  }
  Bitfield finished = storage_->finished();
  for (const FileIndex file : files) finished.set(to_int(file));
  storage_ = std::make_shared<const TorrentStorage>(
      storage_->with_sets(storage_->wanted(), std::move(finished)));
  if (to_finish_.empty()) finish_singly_ = false;
  end_move(now);
}

void StorageFlow::add_wanted(TimePoint, const Bitfield& wanted) {
  bool any = false;
  Bitfield all = to_adopt_ ? *to_adopt_ : storage_->wanted();
  for (std::size_t i = wanted.find_set(0); i < wanted.size(); i = wanted.find_set(i + 1)) {
    if (all.test(i)) continue;
    all.set(i);
    any = true;
  }
  if (!any) return;
  to_adopt_ = std::move(all);
  issue_moves();
}

void StorageFlow::issue_adoption() {
  Bitfield wanted = storage_->wanted();
  std::vector<FileIndex> files;
  for (std::size_t i = to_adopt_->find_set(0); i < to_adopt_->size();
       i = to_adopt_->find_set(i + 1)) {
    if (wanted.test(i)) continue;
    wanted.set(i);
    files.push_back(static_cast<FileIndex>(i));
  }
  to_adopt_.reset();
  moving_ = true;
  issue(AdoptFilesJob{.storage = std::make_shared<const TorrentStorage>(
                          storage_->with_sets(std::move(wanted), storage_->finished())),
                      .files = std::move(files),
                      .have = here_});
}

void StorageFlow::on_adopted(TimePoint now, const JobResult& result) {
  const auto& job = std::get<AdoptFilesJob>(result.work);
  if (result.error) {
    Bitfield wanted = job.storage->wanted();
    if (to_adopt_) {
      for (std::size_t i = to_adopt_->find_set(0); i < to_adopt_->size();
           i = to_adopt_->find_set(i + 1)) {
        wanted.set(i);
      }
    }
    to_adopt_ = std::move(wanted);
    fail(now, *result.error);
    return end_move(now);
  }
  storage_ = job.storage;
  for (const FileLook& look : result.looked) files_[to_int(look.file)] = look.stat;
  for (const FileIndex file : job.files) {
    if (covers(here_, file)) finish_file(file);
  }
  end_move(now);
}

// Whoever waited goes on.
void StorageFlow::end_move(TimePoint now) {
  moving_ = false;
  journal_dirty_ = true;
  recover_if_proven();
  issue_moves();
  if (holds()) return;
  for (BufferedRead& read : std::exchange(waiting_reads_, {})) issue_read(std::move(read));
  issue_checks();
  journal(now);
}

}  // namespace weir
