// SPDX-License-Identifier: MIT OR Apache-2.0
// What is saved of a torrent when the user changes something or its metadata grows.
#include <utility>

#include "engine/torrent.h"
#include "metainfo/write.h"

namespace weir {
namespace {
constexpr Duration kRecordRetry = std::chrono::seconds(5);
constexpr Duration kTotalsInterval = std::chrono::minutes(1);
}  // namespace

TorrentRecord Torrent::record() {
  if (std::exchange(torrent_file_stale_, false)) request_.torrent_file = write_torrent_file();
  TorrentRecord record;
  record.torrent_file = request_.torrent_file;
  if (request_.magnet) record.magnet = format_magnet(*request_.magnet);
  record.hashes = hashes_;
  record.root = request_.storage.root;
  record.part_suffix = request_.storage.part_suffix;
  record.paused = paused_;
  record.sequential = request_.sequential;
  record.file_priorities = request_.file_priorities;
  return record;
}

Buffer Torrent::torrent_file() const {
  if (!info_) return {};
  const bool known = !request_.torrent_file.empty() && !torrent_file_stale_;
  return known ? request_.torrent_file : write_torrent_file();
}

Buffer Torrent::write_torrent_file() const {
  TorrentMetadata metadata;
  if (request_.metadata) {
    metadata = *request_.metadata;
  } else if (request_.magnet) {
    metadata.tracker_tiers = {request_.magnet->trackers};
  }
  metadata.info = info_;
  metadata.piece_layers.insert(metadata.piece_layers.end(), learned_layers_.begin(),
                               learned_layers_.end());
  return write_torrent(metadata);
}

std::vector<StoredFile> Torrent::stored_files() const {
  std::vector<StoredFile> out;
  if (!storage_started_ || !flow_.ready()) return out;
  const TorrentStorage& storage = flow_.storage();
  for (std::uint32_t i = 0; i < info_->layout.files().size(); ++i) {
    const FileIndex file{i};
    const FileStat* seen = storage.on_disk(file) ? flow_.verified(file) : nullptr;
    if (seen != nullptr) out.push_back({file, storage.file_path(file), *seen});
  }
  return out;
}

// A seed leaves nothing behind.
void Torrent::save_record() {
  if (request_.seed_only) return;
  record_dirty_ = true;
  issue_record();
}

void Torrent::issue_record() {
  if (!record_dirty_ || record_running_ || record_retry_at_ != kNever) return;
  record_dirty_ = false;
  record_running_ = true;
  host_.act(StartJob{Job{.id = host_.next_job(),
                         .torrent = key_,
                         .work = SaveRecordJob{.id = id_, .record = record()}}});
}

void Torrent::on_record_saved(TimePoint now, const JobResult& result) {
  record_running_ = false;
  if (result.error) {
    record_dirty_ = true;
    record_retry_at_ = now + kRecordRetry;
    if (std::exchange(record_failed_, true)) return;
    if (!error_) fail(error_name(result.error->code), result.error->path, true);
    return;
  }
  if (std::exchange(record_failed_, false) && error_ && error_->recovers && !flow_.failed()) {
    error_.reset();
    event(TorrentRecovered{});
  }
  issue_record();
}

void Torrent::save_layers(const PieceLayer& layer) {
  learned_layers_.push_back(layer);
  if (!info_) return;
  torrent_file_stale_ = true;
  save_record();
}

void Torrent::add_totals(TimePoint now, TorrentProgress& progress) {
  const SwarmStats stats = swarm_->stats(now);
  progress.uploaded_bytes += stats.uploaded_bytes;
  progress.downloaded_bytes += stats.downloaded_bytes;
  totals_saved_ = stats.uploaded_bytes + stats.downloaded_bytes;
}

void Torrent::save_totals(TimePoint now) {
  const SwarmStats stats = swarm_->stats(now);
  const bool changed = stats.uploaded_bytes + stats.downloaded_bytes != totals_saved_;
  // Without peers nothing changes, so an idle torrent needs no timer.
  totals_due_ = swarm_->peer_count() > 0 ? now + kTotalsInterval : kNever;
  if (changed && flow_.ready()) flow_.save(now);
}

}  // namespace weir
