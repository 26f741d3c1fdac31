// SPDX-License-Identifier: MIT OR Apache-2.0
// Which announced sizes are fetched, and which peer is asked for which piece.
#include <algorithm>
#include <tuple>

#include "wire/metadata_exchange.h"

namespace weir {

std::size_t MetadataFetcher::peers_of(std::uint64_t size) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(peers_, [&](const auto& p) { return p.second.size == size; }));
}

void MetadataFetcher::schedule(TimePoint now) {
  last_now_ = now;
  if (done_ || judging_) return;
  choose_groups(now);
  for (auto& [size, group] : groups_) {
    if (group.active && group.whole) choose_source(now, size, group);
  }
  for (auto& [id, peer] : peers_) {
    Group& group = groups_.at(peer.size);
    if (!group.active || now < peer.free_at) continue;
    if (!group.whole || group.source == id) ask(now, id, peer, group);
  }
}

// Sizes take turns: one without progress makes room when another waits. Of those waiting, the one
// that most peers announce comes first, but never before one that stalled less often.
void MetadataFetcher::choose_groups(TimePoint now) {
  std::size_t waiting = 0;
  std::size_t active = 0;
  for (const auto& [size, group] : groups_) {
    if (group.active) {
      ++active;
    } else if (peers_of(size) > 0) {
      ++waiting;
    }
  }
  if (active + waiting > config_.sizes_max) {
    for (auto it = groups_.begin(); it != groups_.end();) {
      auto& [size, group] = *it;
      const bool empty = peers_of(size) == 0;
      if (group.active && (empty || now - group.progress_at >= config_.stall_timeout)) {
        drop_data(size, group);
        group.active = false;
        group.source.reset();
        ++group.stalls;
        --active;
      }
      it = empty && !group.active ? groups_.erase(it) : std::next(it);
    }
  }
  while (active < config_.sizes_max) {
    Group* best = nullptr;
    std::tuple<std::uint32_t, std::size_t> best_rank{};
    for (auto& [size, group] : groups_) {
      if (group.active || peers_of(size) == 0) continue;
      const std::tuple rank{group.stalls, SIZE_MAX - peers_of(size)};
      if (best != nullptr && rank >= best_rank) continue;
      best = &group;
      best_rank = rank;
    }
    if (best == nullptr) return;
    best->active = true;
    best->progress_at = now;
    ++active;
  }
}

// In whole mode one peer sends everything. It is replaced when it is silent and another is free.
void MetadataFetcher::choose_source(TimePoint now, std::uint64_t size, Group& group) {
  if (group.source) {
    const Peer& source = peers_.at(*group.source);
    const bool working =
        std::ranges::any_of(source.outstanding, [](const Outstanding& o) { return !o.timed_out; });
    if (working || source.free_at <= now) return;
  }
  std::optional<ConnId> best;
  for (const auto& [id, peer] : peers_) {
    if (peer.size != size || peer.free_at > now || group.source == id) continue;
    if (!best || peer.failures < peers_.at(*best).failures) best = id;
  }
  if (!best) return;
  drop_data(size, group);
  group.source = best;
}

void MetadataFetcher::ask(TimePoint now, ConnId id, Peer& peer, Group& group) {
  auto active = static_cast<std::uint32_t>(
      std::ranges::count(peer.outstanding, false, &Outstanding::timed_out));
  for (; active < config_.requests_per_peer; ++active) {
    const auto index = pick(now, peer, group);
    if (!index) return;
    const auto known = std::ranges::find(peer.outstanding, *index, &Outstanding::piece);
    if (known != peer.outstanding.end()) {
      *known = {*index, now, false};
    } else {
      peer.outstanding.push_back({*index, now, false});
    }
    Piece& piece = group.pieces[*index];
    ++piece.outstanding;
    piece.asked_at = now;
    actions_.push_back(MetadataWanted{id, *index});
  }
}

// The first piece nobody is asked for, or else one whose answer is taking long.
std::optional<std::uint32_t> MetadataFetcher::pick(TimePoint now, const Peer& peer,
                                                   const Group& group) const {
  const auto count =
      static_cast<std::uint32_t>((peer.size + kMetadataPieceSize - 1) / kMetadataPieceSize);
  std::optional<std::uint32_t> second;
  auto known = group.pieces.begin();
  for (std::uint32_t i = 0; i < count; ++i) {
    while (known != group.pieces.end() && known->first < i) ++known;
    if (known == group.pieces.end() || known->first != i) return i;
    const Piece& piece = known->second;
    if (!piece.data.empty()) continue;
    if (piece.outstanding == 0) return i;
    if (second || now - piece.asked_at < config_.repeat_after) continue;
    const bool mine = std::ranges::any_of(
        peer.outstanding, [&](const Outstanding& o) { return o.piece == i && !o.timed_out; });
    if (!mine) second = i;
  }
  return second;
}

TimePoint MetadataFetcher::next_deadline() const {
  if (done_ || judging_) return kNever;
  TimePoint first = kNever;
  const auto consider = [&](TimePoint at) {
    if (at > last_now_) first = std::min(first, at);
  };
  for (const auto& [id, peer] : peers_) {
    consider(peer.free_at);
    for (const Outstanding& asked : peer.outstanding) {
      if (!asked.timed_out) consider(asked.asked_at + config_.request_timeout);
    }
  }
  const bool others_wait =
      std::ranges::any_of(groups_, [](const auto& g) { return !g.second.active; });
  for (const auto& [size, group] : groups_) {
    if (!group.active) continue;
    if (others_wait) consider(group.progress_at + config_.stall_timeout);
    for (const auto& [index, piece] : group.pieces) {
      if (piece.data.empty() && piece.outstanding > 0) {
        consider(piece.asked_at + config_.repeat_after);
      }
    }
  }
  return first;
}

}  // namespace weir
