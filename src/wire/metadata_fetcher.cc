// SPDX-License-Identifier: MIT OR Apache-2.0
// What arrives, and who is to blame for it. metadata_schedule.cc decides whom to ask for what.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "hash/sha.h"
#include "wire/metadata_exchange.h"

namespace weir {
namespace {

// Testimonies kept for one size: two full rounds of the largest dictionary.
constexpr std::size_t kTestimoniesMax = 2 * kMetadataSizeCeiling / kMetadataPieceSize;

std::uint32_t piece_count(std::uint64_t size) {
  return static_cast<std::uint32_t>((size + kMetadataPieceSize - 1) / kMetadataPieceSize);
}

std::uint64_t piece_size(std::uint64_t size, std::uint32_t piece) {
  return std::min<std::uint64_t>(kMetadataPieceSize,
                                 size - std::uint64_t{piece} * kMetadataPieceSize);
}

}  // namespace

MetadataFetcher::MetadataFetcher(const MetadataFetcherConfig& config, Random& random)
    : config_(config), random_(random) {
  config_.size_max = std::min(config_.size_max, kMetadataSizeCeiling);
}

void MetadataFetcher::set_peer(TimePoint now, ConnId peer, std::uint64_t announced_size) {
  if (done_ || convicted_.contains(peer)) return;
  if (announced_size == 0 || announced_size > config_.size_max) return remove_peer(now, peer);
  const auto known = peers_.find(peer);
  if (known != peers_.end()) {
    if (known->second.size == announced_size) return;
    drop_peer(peer);
  }
  peers_[peer].size = announced_size;
  const auto [group, added] = groups_.try_emplace(announced_size);
  if (added) group->second.progress_at = now;
  schedule(now);
}

void MetadataFetcher::remove_peer(TimePoint now, ConnId peer) {
  if (done_ || !peers_.contains(peer)) return;
  drop_peer(peer);
  schedule(now);
}

void MetadataFetcher::handle_message(TimePoint now, ConnId peer, const MetadataMessage& message) {
  const auto it = peers_.find(peer);
  if (done_ || it == peers_.end()) return;
  switch (message.type) {
    case MetadataMessageType::request:
      return;
    case MetadataMessageType::data:
      handle_data(now, peer, it->second, message);
      break;
    case MetadataMessageType::reject:
      handle_reject(now, it->second, message.piece);
      break;
  }
  collect_complete();
  schedule(now);
}

void MetadataFetcher::handle_data(TimePoint now, ConnId id, Peer& peer,
                                  const MetadataMessage& message) {
  if (message.piece >= piece_count(peer.size)) {
    return convict(id, MetadataFault::piece_out_of_range);
  }
  const auto asked = std::ranges::find(peer.outstanding, message.piece, &Outstanding::piece);
  if (asked == peer.outstanding.end()) return;
  if (message.total_size && *message.total_size != peer.size) {
    return convict(id, MetadataFault::size_changed);
  }
  if (message.data.size() != piece_size(peer.size, message.piece)) {
    return convict(id, MetadataFault::bad_piece_size);
  }
  Group& group = groups_.at(peer.size);
  Piece& piece = group.pieces[message.piece];
  if (!asked->timed_out) --piece.outstanding;
  peer.outstanding.erase(asked);
  group.progress_at = now;
  if (!piece.data.empty()) return;  // asked twice, and the other was faster
  piece.data = to_buffer(message.data);
  piece.contributor = id;
  ++group.here;
  group.received_bytes += message.data.size();
}

void MetadataFetcher::handle_reject(TimePoint now, Peer& peer, std::uint32_t index) {
  const auto asked = std::ranges::find(peer.outstanding, index, &Outstanding::piece);
  if (asked == peer.outstanding.end()) return;
  if (!asked->timed_out) --groups_.at(peer.size).pieces[index].outstanding;
  peer.outstanding.erase(asked);
  back_off(now, peer);
}

void MetadataFetcher::handle_timer(TimePoint now) {
  if (done_) return;
  for (auto& [id, peer] : peers_) {
    bool late = false;
    for (Outstanding& asked : peer.outstanding) {
      if (asked.timed_out || now - asked.asked_at < config_.request_timeout) continue;
      asked.timed_out = true;
      --groups_.at(peer.size).pieces[asked.piece].outstanding;
      late = true;
    }
    if (late) back_off(now, peer);
  }
  schedule(now);
}

std::optional<MetadataAction> MetadataFetcher::next() {
  std::optional<MetadataAction> action;
  if (actions_.empty()) return action;
  action.emplace(std::move(actions_.front()));
  actions_.pop_front();
  return action;
}

// Peers must not come back in step, so each waits for a time of its own.
void MetadataFetcher::back_off(TimePoint now, Peer& peer) {
  const Duration range = config_.back_off_max - config_.back_off_min;
  const auto extra = random_.below(static_cast<std::uint64_t>(range.count()) + 1);
  peer.free_at = now + config_.back_off_min + Duration(static_cast<Duration::rep>(extra));
  ++peer.failures;
}

void MetadataFetcher::forget_requests(Peer& peer) {
  Group& group = groups_.at(peer.size);
  for (const Outstanding& asked : peer.outstanding) {
    if (!asked.timed_out) --group.pieces[asked.piece].outstanding;
  }
  peer.outstanding.clear();
}

void MetadataFetcher::drop_peer(ConnId id) {
  const auto it = peers_.find(id);
  if (it == peers_.end()) return;
  forget_requests(it->second);
  const std::uint64_t size = it->second.size;
  peers_.erase(it);
  Group& group = groups_.at(size);
  if (group.source == id) {
    group.source.reset();
    drop_data(size, group);
  }
  forget_unused(size);
}

// What was received stays useful to the next peer that announces the size.
void MetadataFetcher::forget_unused(std::uint64_t size) {
  const auto it = groups_.find(size);
  if (it == groups_.end() || peers_of(size) > 0) return;
  if (it->second.here == 0 && it->second.testimonies.empty()) groups_.erase(it);
}

void MetadataFetcher::drop_data(std::uint64_t size, Group& group) {
  for (auto& [id, peer] : peers_) {
    if (peer.size == size) peer.outstanding.clear();
  }
  group.pieces.clear();
  group.here = 0;
  group.received_bytes = 0;
}

void MetadataFetcher::convict(ConnId peer, MetadataFault fault) {
  if (!convicted_.insert(peer).second) return;
  actions_.push_back(MetadataPeerFault{peer, fault});
  drop_peer(peer);
}

void MetadataFetcher::collect_complete() {
  for (auto& [size, group] : groups_) {
    if (!judging_ && group.here == piece_count(size)) collect(size, group);
  }
}

void MetadataFetcher::collect(std::uint64_t size, Group& group) {
  MetadataCollected result;
  result.info.reserve(static_cast<std::size_t>(size));
  judged_.clear();
  for (const auto& [index, piece] : group.pieces) {
    append(result.info, piece.data);
    result.contributors.push_back(piece.contributor);
    judged_.push_back({piece.contributor, index, sha1(piece.data)});
  }
  drop_data(size, group);
  judging_ = size;
  actions_.push_back(std::move(result));
}

void MetadataFetcher::accepted() {
  WEIR_ASSERT(judging_.has_value());
  convict_contradicted(*judging_);
  done_ = true;
  judging_.reset();
  judged_.clear();
  peers_.clear();
  groups_.clear();
}

// Everyone who sent another piece than the true one, or any piece of another size, to a result that
// was rejected.
void MetadataFetcher::convict_contradicted(std::uint64_t true_size) {
  std::vector<ConnId> liars;
  for (const auto& [size, group] : groups_) {
    for (const Testimony& said : group.testimonies) {
      if (size != true_size || said.hash != judged_[said.piece].hash) liars.push_back(said.peer);
    }
  }
  for (const ConnId liar : liars) convict(liar, MetadataFault::bad_hash);
}

void MetadataFetcher::rejected(TimePoint now) {
  WEIR_ASSERT(judging_.has_value());
  const std::uint64_t size = *judging_;
  Group& group = groups_[size];  // anew when its last peer left meanwhile
  judging_.reset();
  group.progress_at = now;
  const ConnId first = judged_.front().peer;
  if (std::ranges::all_of(judged_, [&](const Testimony& t) { return t.peer == first; })) {
    convict(first, MetadataFault::bad_hash);
    forget_unused(size);
  } else {
    group.whole = true;
    group.source.reset();
    if (group.testimonies.size() + judged_.size() > kTestimoniesMax) group.testimonies.clear();
    group.testimonies.insert(group.testimonies.end(), judged_.begin(), judged_.end());
  }
  judged_.clear();
  collect_complete();
  schedule(now);
}

MetadataFetcher::Progress MetadataFetcher::progress() const {
  Progress best;
  for (const auto& [size, group] : groups_) {
    if (best.size == 0 || group.received_bytes > best.received_bytes) {
      best = {group.received_bytes, size};
    }
  }
  return best;
}

std::size_t MetadataFetcher::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [size, group] : groups_) {
    bytes += static_cast<std::size_t>(group.received_bytes) + group.pieces.size() * sizeof(Piece) +
             group.testimonies.size() * sizeof(Testimony);
  }
  return bytes;
}

}  // namespace weir
