// SPDX-License-Identifier: MIT OR Apache-2.0
// Starting a torrent's storage and checking what is on disk. Writing is in storage_flow_write.cc.
#include "engine/storage_flow.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir {

StorageFlow::StorageFlow(TorrentKey torrent, std::string id, FlowConfig config,
                         std::function<JobId()> next_job)
    : torrent_(torrent), id_(std::move(id)), config_(config), next_job_(std::move(next_job)) {}

JobId StorageFlow::issue(JobWork work) {
  ++jobs_running_;
  const JobId id = next_job_();
  outputs_.emplace_back(Job{.id = id, .torrent = torrent_, .work = std::move(work)});
  return id;
}

void StorageFlow::start(TimePoint now, FlowStart start) {
  const Layout& layout = start.info->layout;
  info_ = std::move(start.info);
  layers_ = std::make_shared<const PieceLayers>(std::move(start.layers));
  check_ = start.check;
  seed_only_ = start.seed_only;
  here_ = Bitfield(layout.piece_count());
  checked_ = Bitfield(layout.piece_count());
  synced_ = Bitfield(layout.piece_count());
  finishing_ = Bitfield(layout.files().size());
  last_sync_ = now;
  // A record that can't be read is no reason to lose anything: everything is checked instead.
  if (auto saved = decode_progress(start.saved_progress, layout)) {
    saved_ = std::move(*saved);
    uploaded_before_ = saved_->uploaded_bytes;
    downloaded_before_ = saved_->downloaded_bytes;
  }
  // A finished file has its final name, so it must be looked for under that.
  if (saved_) {
    for (std::size_t f = 0; f < layout.files().size(); ++f) {
      finishing_.set(f, covers(saved_->have, static_cast<FileIndex>(f)));
    }
  }
  storage_ = std::make_shared<const TorrentStorage>(info_, std::move(start.storage),
                                                    std::move(start.wanted), finishing_);
  prepare();
}

// With progress from an earlier run there is nothing to look for elsewhere.
void StorageFlow::prepare() {
  PrepareJob job{.storage = storage_, .create = !seed_only_};
  if (storage_->options().copies && !seed_only_ && !saved_) {
    job.search = std::make_shared<CopySearch>(storage_, layers_, storage_->options().copies);
  }
  issue(std::move(job));
}

bool StorageFlow::covers(const Bitfield& pieces, FileIndex file) const {
  const TorrentFile& entry = info_->layout.file(file);
  if (entry.attributes.pad || entry.length == 0) return false;
  const auto range = info_->layout.file_pieces(file);
  return pieces.find_clear(to_int(range.begin)) >= to_int(range.end);
}

void StorageFlow::on_prepared(TimePoint now, JobResult& result) {
  if (ready_ || stopping_) return;
  if (result.again && !result.error) {
    issue(std::move(result.work));
    return;
  }
  if (result.error) {
    // Nothing was begun yet: a full disk or a missing right is tried again, a conflict is final.
    const bool recovers =
        result.error->code == DiskErrc::no_space || result.error->code == DiskErrc::permission ||
        result.error->code == DiskErrc::read_only || result.error->code == DiskErrc::io_error;
    if (recovers) retry_at_ = now + config_.retry_interval;
    if (std::exchange(failed_, true)) return;  // said already
    gave_up_ = !recovers;
    outputs_.emplace_back(FlowFailed{error_name(result.error->code), result.error->path, recovers});
    return;
  }
  if (std::exchange(failed_, false)) outputs_.emplace_back(FlowRecovered{});
  files_ = result.files;
  plan_checks(result.files);
  check_total_ = static_cast<std::uint32_t>(to_check_.size());
  if (to_check_.empty()) return become_ready(now);
  issue_checks();
}

void StorageFlow::plan_checks(const std::vector<std::optional<FileStat>>& files) {
  const Layout& layout = info_->layout;
  if (check_ == StartCheck::trust) {
    here_.fill(true);
    synced_.fill(true);
    return;
  }
  if (check_ == StartCheck::resume && saved_) {
    const ResumePlan plan =
        plan_resume(layout, *saved_, files, &storage_->wanted(), config_.boot_id);
    here_ = plan.trusted;
    synced_ = plan.trusted;
    for (std::size_t i = plan.unsynced.find_set(0); i < plan.unsynced.size();
         i = plan.unsynced.find_set(i + 1)) {
      synced_.set(i, false);
      if (!seed_only_) note_written(static_cast<PieceIndex>(i));
    }
    for (std::size_t i = plan.recheck.find_set(0); i < plan.recheck.size();
         i = plan.recheck.find_set(i + 1)) {
      to_check_.push_back(static_cast<PieceIndex>(i));
    }
    return;
  }
  // No record: whatever exists may be the content, so every piece with a file that exists is
  // hashed.
  Bitfield exists(layout.piece_count());
  for (std::size_t f = 0; f < files.size(); ++f) {
    const TorrentFile& file = layout.files()[f];
    if (!files[f] || files[f]->size == 0 || file.attributes.pad || file.length == 0) continue;
    const auto range = layout.file_pieces(static_cast<FileIndex>(f));
    for (PieceIndex p = range.begin; p < range.end; p = weir::next(p)) exists.set(p);
  }
  for (std::size_t i = exists.find_set(0); i < exists.size(); i = exists.find_set(i + 1)) {
    to_check_.push_back(static_cast<PieceIndex>(i));
  }
}

void StorageFlow::issue_checks() {
  if (holds()) return;
  while (!to_check_.empty() && checks_running_ < config_.check_jobs) {
    CheckPiecesJob job{.storage = storage_, .layers = layers_, .pieces = {}};
    std::uint64_t bytes = 0;
    while (!to_check_.empty() && (bytes < config_.check_bytes || job.pieces.empty())) {
      bytes += info_->layout.piece_size(to_check_.front());
      job.pieces.push_back(to_check_.front());
      to_check_.pop_front();
    }
    ++checks_running_;
    issue(std::move(job));
  }
}

void StorageFlow::on_checked(TimePoint now, JobResult& result) {
  for (PieceOutcome& outcome : result.pieces) {
    const PieceIndex piece = outcome.piece;
    const bool good = !outcome.error && outcome.verdict == PieceVerdict::good;
    const bool for_serving = serve_pending_.erase(piece) > 0;
    if (changed_lately_.erase(piece) > 0 && !stopping_) {  // maybe read before the change
      if (for_serving) {
        check_for_serving(now, piece);
      } else {
        to_check_.push_back(piece);
      }
      continue;
    }
    if (!good && !for_serving && stored_lately_.erase(piece) > 0 && !stopping_) {
      to_check_.push_back(piece);  // read while it was being written
      continue;
    }
    if (!for_serving) ++check_done_;
    // A read that failed says nothing about the piece: it stays unchecked, hence unserved.
    if (outcome.error && here_.test(piece)) {
      unread_.insert(piece);
      if (ready_) outputs_.emplace_back(FlowChecked{piece, false, outcome.error});
      fail(now, *outcome.error);
      continue;
    }
    unread_.erase(piece);
    const bool was_here = here_.test(piece);
    here_.set(piece, good);
    checked_.set(piece, good);
    if (!good) synced_.set(piece, false);
    if (good != was_here) journal_dirty_ = true;
    if (good && !was_here && !seed_only_) note_written(piece);
    if (ready_) outputs_.emplace_back(FlowChecked{piece, good, std::nullopt});
  }
  if (--checks_running_ == 0) {
    stored_lately_.clear();
    changed_lately_.clear();
  }
  recover_if_proven();
  issue_moves();
  issue_checks();
  // A check cut short says nothing about the rest: what was saved before stays as it is.
  if (!ready_ && !stopping_ && checks_running_ == 0 && to_check_.empty()) return become_ready(now);
  journal(now);  // what was found is to be remembered, and stopping waits for it
}

void StorageFlow::become_ready(TimePoint now) {
  ready_ = true;
  for (std::size_t f = 0; f < info_->layout.files().size(); ++f) {
    if (covers(here_, static_cast<FileIndex>(f))) finish_file(static_cast<FileIndex>(f));
  }
  outputs_.emplace_back(FlowReady{});
  journal_dirty_ = true;
  journal(now);
}

const FileStat* StorageFlow::seen(FileIndex file) const {
  const std::size_t f = to_int(file);
  if (!ready_ || f >= files_.size() || !files_[f]) return nullptr;
  // A seed never writes; of a download the journal knows a file once all of it was synced.
  return seed_only_ || covers(synced_, file) ? &*files_[f] : nullptr;
}

bool StorageFlow::content_changed(FileIndex file, const FileStat& now_is) {
  const FileStat* before = seen(file);
  if (before == nullptr || *before == now_is) return false;
  files_[to_int(file)] = now_is;
  doubted_.insert(file);
  const auto range = info_->layout.file_pieces(file);
  for (PieceIndex piece = range.begin; piece < range.end; piece = weir::next(piece)) {
    checked_.set(piece, false);
    if (checks_running_ > 0) changed_lately_.insert(piece);
  }
  outputs_.emplace_back(FlowUnchecked{range.begin, range.end});
  return true;
}

const FileStat* StorageFlow::verified(FileIndex file) const {
  const FileStat* stat = seen(file);
  if (stat == nullptr || seed_only_ || !covers(here_, file)) return nullptr;
  return doubted_.contains(file) && !covers(checked_, file) ? nullptr : stat;
}

void StorageFlow::content_replaced(TimePoint now, FileIndex file, const FileStat& now_is) {
  if (verified(file) == nullptr || !content_changed(file, now_is)) return;
  doubted_.erase(file);
  save(now);
}

void StorageFlow::recheck(TimePoint) {
  if (!ready_) return;
  check_total_ = info_->layout.piece_count();
  check_done_ = 0;
  to_check_.clear();
  std::set<PieceIndex> busy;
  for (const BufferedPiece& piece : pending_) busy.insert(piece.piece);
  for (std::uint32_t i = 0; i < check_total_; ++i) {
    // What is being written right now is verified in memory and must not be read half-written.
    const auto piece = static_cast<PieceIndex>(i);
    if ((writes_running_ > 0 && !here_.test(i)) || busy.contains(piece)) {
      ++check_done_;
    } else {
      to_check_.push_back(piece);
    }
  }
  issue_checks();
}

void StorageFlow::check_for_serving(TimePoint, PieceIndex piece) {
  if (!here_.test(piece) || !serve_pending_.insert(piece).second) return;
  serve_queue_.push_back(piece);
}

// Who wants one piece usually wants its neighbours too, and pieces hashed side by side cost a third
// of a piece hashed alone. So the more is asked for, the more is checked along with it.
void StorageFlow::check_ahead() {
  std::uint64_t bytes = 0;
  for (const PieceIndex piece : serve_queue_) bytes += info_->layout.piece_size(piece);
  const std::size_t first = to_int(serve_queue_.back()) + 1;
  const std::size_t last = std::min(here_.size(), first + 4 * config_.batch_pieces);
  std::size_t left = serve_ahead_;
  for (std::size_t i = here_.find_set(first); i < last && left > 0; i = here_.find_set(i + 1)) {
    const auto piece = static_cast<PieceIndex>(i);
    if (serve_queue_.size() >= config_.batch_pieces) break;
    if (checked_.test(i) || serve_pending_.contains(piece)) continue;
    bytes += info_->layout.piece_size(piece);
    if (bytes > config_.batch_bytes) break;
    serve_pending_.insert(piece);
    serve_queue_.push_back(piece);
    --left;
  }
  serve_ahead_ = std::min(2 * serve_ahead_ + 1, config_.batch_pieces - 1);
}

// Issued when the inputs of this moment are handled, so that all pieces asked for go into one job.
void StorageFlow::serve_checks() {
  if (holds() || serve_queue_.empty()) return;
  check_ahead();
  while (!serve_queue_.empty()) {
    const std::size_t count = std::min(serve_queue_.size(), config_.batch_pieces);
    CheckPiecesJob job{.storage = storage_, .layers = layers_, .pieces = {}};
    job.pieces.assign(serve_queue_.begin(),
                      serve_queue_.begin() + static_cast<std::ptrdiff_t>(count));
    serve_queue_.erase(serve_queue_.begin(),
                       serve_queue_.begin() + static_cast<std::ptrdiff_t>(count));
    ++checks_running_;
    issue(std::move(job));
  }
}

void StorageFlow::read(TimePoint, std::uint64_t token, PieceIndex piece, std::uint32_t offset,
                       PieceBuffer buffer) {
  WEIR_ASSERT(here_.test(piece));
  BufferedRead read{token, piece, offset, std::move(buffer)};
  if (holds()) {
    waiting_reads_.push_back(std::move(read));
  } else {
    issue_read(std::move(read));
  }
}

void StorageFlow::issue_read(BufferedRead read) {
  std::vector<FileSeen> known;
  for (const FileIndex file : info_->layout.files_of(read.piece)) {
    if (const FileStat* stat = seen(file)) known.push_back({file, *stat});
  }
  const JobId id = issue(ReadJob{.storage = storage_,
                                 .piece = read.piece,
                                 .offset = read.offset,
                                 .buffer = std::move(read.buffer),
                                 .seen = std::move(known)});
  reads_.emplace(id, read.token);
}

void StorageFlow::add_layer(const PieceLayer& layer) {
  auto layers = std::make_shared<PieceLayers>(*layers_);
  layers->add(info_->layout, layer);
  layers_ = std::move(layers);
}

void StorageFlow::handle_job(TimePoint now, JobResult result) {
  WEIR_ASSERT(jobs_running_ > 0);
  --jobs_running_;
  if (std::holds_alternative<PrepareJob>(result.work)) {
    on_prepared(now, result);
  } else if (std::holds_alternative<CheckPiecesJob>(result.work)) {
    on_checked(now, result);
  } else if (std::holds_alternative<WritePiecesJob>(result.work)) {
    on_written(now, result);
  } else if (std::holds_alternative<JournalJob>(result.work)) {
    on_saved(now, result);
  } else if (std::holds_alternative<SyncJob>(result.work)) {
    on_synced(now, result);
  } else if (auto* read = std::get_if<ReadJob>(&result.work)) {
    const auto it = reads_.find(result.id);
    WEIR_ASSERT(it != reads_.end());
    for (const FileSeen& changed : result.changed) content_changed(changed.file, changed.stat);
    outputs_.emplace_back(
        FlowRead{it->second, std::move(read->buffer), result.error, !result.changed.empty()});
    reads_.erase(it);
    issue_moves();
  } else if (std::holds_alternative<FinishFilesJob>(result.work)) {
    on_finished(now, result);
  } else if (std::holds_alternative<AdoptFilesJob>(result.work)) {
    on_adopted(now, result);
  }
}

std::optional<FlowOutput> StorageFlow::next() {
  if (outputs_.empty()) serve_checks();
  if (outputs_.empty()) return std::nullopt;
  FlowOutput output = std::move(outputs_.front());
  outputs_.pop_front();
  return output;
}

}  // namespace weir
