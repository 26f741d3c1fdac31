// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers for people, and the controls that change what is wanted.
#include <algorithm>

#include "swarm/swarm_impl.h"

namespace weir {

SwarmStats Swarm::Impl::stats(TimePoint at) const {
  SwarmStats stats;
  stats.downloaded_bytes = down.total_bytes();
  stats.uploaded_bytes = up.total_bytes();
  stats.wasted_bytes = wasted_bytes;
  stats.failed_pieces = failed_pieces;
  stats.down_rate = down.bytes_per_second(at);
  stats.up_rate = up.bytes_per_second(at);
  for (const auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    ++stats.peers;
    if (peer->is_seed()) ++stats.seeds;
  }
  if (availability) stats.distributed_copies = availability->distributed_copies();
  stats.closed = closed;
  return stats;
}

std::vector<PeerStatus> Swarm::Impl::status(TimePoint at) const {
  std::vector<PeerStatus> all;
  for (const auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    PeerStatus one;
    one.conn = conn;
    one.remote = peer->init.remote;
    one.direction = peer->init.direction;
    one.source = peer->init.source;
    one.peer_id = peer->init.handshake.peer_id;
    one.client = peer->client;
    one.v2 = peer->init.v2;
    one.am_choking = peer->am_choking;
    one.am_interested = peer->am_interested;
    one.peer_choking = peer->peer_choking;
    one.peer_interested = peer->peer_interested;
    one.snubbed = peer->snubbed;
    if (peer->has.size() > 0) {
      one.progress = static_cast<double>(peer->has.count()) / static_cast<double>(peer->has.size());
    }
    one.down_rate = peer->down.bytes_per_second(at);
    one.up_rate = peer->up.bytes_per_second(at);
    one.downloaded_bytes = peer->down.total_bytes();
    one.uploaded_bytes = peer->up.total_bytes();
    one.requests_out = static_cast<std::uint32_t>(peer->asked.size() + peer->landings.size());
    one.requests_in = static_cast<std::uint32_t>(peer->queue.size());
    one.strikes = smart_ban.strikes(peer->address());
    all.push_back(std::move(one));
  }
  std::sort(all.begin(), all.end(),
            [](const PeerStatus& a, const PeerStatus& b) { return a.conn < b.conn; });
  return all;
}

void Swarm::Impl::set_piece_priorities(std::span<const PiecePriority> priorities) {
  for (std::uint32_t i = 0; i < priorities.size(); ++i) {
    picker->set_priority(PieceIndex{i}, priorities[i]);
  }
  std::vector<PieceIndex> unwanted;
  for (const auto& [index, piece] : open.all()) {
    if (!picker->wanted(index)) unwanted.push_back(index);
  }
  for (const PieceIndex index : unwanted) discard_open(index);
  wants_changed();
}

void Swarm::Impl::set_deadline(PieceIndex piece, TimePoint deadline) {
  if (!picker || to_int(piece) >= layout().piece_count()) return;
  const bool was_wanted = picker->wanted(piece);
  picker->set_deadline(piece, deadline);
  if (!was_wanted) return wants_changed();
  ++epoch;
  fill_all();
}

void Swarm::Impl::wants_changed() {
  ++epoch;
  completion_changed();
  for (auto& [conn, peer] : peers) update_interest(*peer);
  fill_all();
}

}  // namespace weir
