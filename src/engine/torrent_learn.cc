// SPDX-License-Identifier: MIT OR Apache-2.0
// What becomes known of a torrent after it was added: its metadata, from peers or from the user,
// and more ways to find its peers.
#include <algorithm>
#include <utility>

#include "engine/torrent.h"
#include "metainfo/parse.h"

namespace weir {
namespace {

// BEP 53: what `so` names is wanted, everything else is not; without it, everything is.
std::vector<std::uint8_t> selection(const Magnet& magnet, std::size_t files) {
  if (magnet.selected.empty()) return {};
  std::vector<std::uint8_t> priorities(files, kPriorityNone);
  for (const Magnet::FileRange& range : magnet.selected) {
    for (std::size_t i = range.first; i <= range.last && i < files; ++i) {
      priorities[i] = kPriorityNormal;
    }
  }
  return priorities;
}

// Both may name one half of a hybrid only.
bool contradict(const InfoHashes& a, const InfoHashes& b) {
  return (a.v1 && b.v1 && *a.v1 != *b.v1) || (a.v2 && b.v2 && *a.v2 != *b.v2);
}

}  // namespace

void Torrent::on_metadata(TimePoint now, Buffer info) {
  if (info_) return;  // the user was quicker
  if (!info_bytes_match(info, hashes_)) return swarm_->metadata_rejected(now);
  auto parsed = parse_info(info);
  if (!parsed) {
    // The bytes match the hash, so every peer would send the same: asking again is no use (UTM-07).
    return give_up(now, "bad_metadata", error_name(parsed.error().code));
  }
  torrent_file_stale_ = true;
  use_metadata(now, std::move(*parsed));
}

void Torrent::use_metadata(TimePoint now, std::shared_ptr<const TorrentInfo> info) {
  // The other half of a hybrid may have been added by its own name (MAG-05).
  if (!host_.add_hashes(now, key_, info->hashes)) {
    return give_up(now, error_name(SessionErrc::already_added), info->hashes.wire_hash().hex());
  }
  info_ = std::move(info);
  hashes_ = info_->hashes;
  for (const Sha1Digest& hash : hashes_.wire_hashes()) announcer_.add_info_hash(now, hash);
  if (request_.select_files && request_.file_priorities.empty()) {
    request_.file_priorities = request_.select_files(*info_);
  } else if (request_.magnet && request_.file_priorities.empty()) {
    request_.file_priorities = selection(*request_.magnet, info_->layout.files().size());
  }
  save_record();
  event(MetadataReady{});
  start_storage(now);
}

SessionResult<void> Torrent::learn(TimePoint now, TorrentNews news) {
  if (stopping_) return std::unexpected(SessionError{SessionErrc::stopping, {}});
  if (error_ && !error_->recovers) {
    return std::unexpected(SessionError{SessionErrc::bad_request, error_->code});
  }
  if (news.metadata && contradict(news.metadata->info->hashes, hashes_)) {
    return std::unexpected(SessionError{SessionErrc::bad_metadata, "of another torrent"});
  }
  // BEP 27: whoever may take part in a private torrent learns of its peers from its own trackers.
  const auto& info = info_ || !news.metadata ? info_ : news.metadata->info;
  if (!info || !info->is_private) {
    for (const Endpoint& peer : news.peers) add_peer_address(now, peer, PeerSource::user);
    learn_trackers(now, news.trackers);
  }
  if (!news.metadata) return {};
  std::vector<AnnouncerTier> tiers;
  for (const auto& urls : news.metadata->tracker_tiers) tiers.push_back({urls, false});
  announcer_.add_tiers(now, tiers);
  if (info_) return {};
  request_.metadata = std::move(news.metadata);
  request_.torrent_file = std::move(news.torrent_file);
  use_metadata(now, request_.metadata->info);
  return {};
}

void Torrent::learn_trackers(TimePoint now, const std::vector<std::string>& urls) {
  std::vector<AnnouncerTier> tiers;
  for (const std::string& url : urls) tiers.push_back({{url}, false});
  const std::size_t known = announcer_.trackers().size();
  announcer_.add_tiers(now, tiers);
  const auto trackers = announcer_.trackers();
  if (trackers.size() == known) return;
  // For the record: a torrent keeps what it has learned.
  auto metadata =
      request_.metadata ? std::make_shared<TorrentMetadata>(*request_.metadata) : nullptr;
  for (std::size_t i = known; i < trackers.size(); ++i) {
    if (metadata) metadata->tracker_tiers.push_back({trackers[i].url});
    if (!metadata && request_.magnet) request_.magnet->trackers.push_back(trackers[i].url);
  }
  if (metadata) request_.metadata = std::move(metadata);
  if (info_) torrent_file_stale_ = true;
  save_record();
}

}  // namespace weir
