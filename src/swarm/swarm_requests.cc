// SPDX-License-Identifier: MIT OR Apache-2.0
// Asking peers for blocks, and taking requests back.
#include <algorithm>

#include "swarm/swarm_impl.h"

namespace weir {
namespace {

constexpr std::uint32_t kRejectsMax = 50;  // WIR-30
constexpr std::uint32_t kKeptAfterFailures = 2;
constexpr std::uint32_t kTimeoutsMax = 2;  // WIR-30, without any block in between
constexpr Duration kSnubAfter = std::chrono::seconds(60);
constexpr Duration kRejectPause = std::chrono::seconds(1);
// After a choke, requests are answered or rejected at once by those who do so at all.
constexpr Duration kChokedAnswerTime = std::chrono::seconds(10);
constexpr Duration kJudgeRateAfter = std::chrono::seconds(10);
constexpr double kSlowFactor = 10;
// An honest peer may stall on its disk for a while; a fake one stays silent.
constexpr Duration kGiveUpAfter = std::chrono::seconds(20);

BlockRequest to_wire(const Layout& layout, BlockRef block) {
  return {block.piece, to_int(block.block) * kBlockSize, layout.block_size(block)};
}

}  // namespace

bool Swarm::Impl::may_ask(const PeerState& peer) const {
  if (!downloading || !picker || peer.closing || !peer.am_interested) return false;
  if (peer.peer_choking && peer.allowed_to_us.pieces.empty()) return false;
  return now >= peer.retry_at;
}

// Slow next to the others: it should not hold up a piece that they could finish.
bool Swarm::Impl::slow(const PeerState& peer) const {
  return peer.snubbed || (now - peer.connected_at >= kJudgeRateAfter &&
                          peer.window.rate(now) * kSlowFactor < fastest_rate);
}

void Swarm::Impl::fill_requests(PeerState& peer) {
  if (!may_ask(peer)) return;
  const std::size_t window = peer.window.size();
  // Requests go out in batches: one call to the picker and one write for a quarter of the window.
  if (!peer.asked.empty() && peer.asked.size() * 4 > window * 3) return;
  if (peer.asked.size() >= window || peer.dry_epoch == epoch) return;

  already.clear();
  for (const AskedBlock& asked : peer.asked.all()) already.push_back(asked.block);
  for (const Landing& landing : peer.landings) already.push_back(landing.block);
  picks.clear();
  PickRequest request{.peer = peer.conn,
                      .peer_has = peer.has,
                      .allowed_only = {},
                      .suggested = peer.suggested.pieces};
  if (peer.peer_choking) request.allowed_only = peer.allowed_to_us.pieces;
  request.blocks_max = window - peer.asked.size();
  request.slow_peer = slow(peer);
  request.parole = smart_ban.on_parole(peer.address());
  find_kept(peer);
  request.kept_for_others = kept_pieces;
  const std::size_t open_count = open.all().size();
  if (open_count < config.open_pieces_max && pool.has_room(layout().piece_length())) {
    // As many as the window needs: a limit that binds would look like a peer with nothing to give.
    const std::size_t blocks_a_piece = (layout().piece_length() + kBlockSize - 1) / kBlockSize;
    request.new_pieces_max =
        std::min(config.open_pieces_max - open_count, request.blocks_max / blocks_a_piece + 1);
  }
  if (picker->endgame(open)) {
    find_repeats(peer, request.blocks_max);
    request.repeats = repeats;
  }
  picker->pick(request, *availability, open, already, now, picks);

  const std::uint64_t asked_in_epoch = epoch;
  std::size_t asked = 0;
  while (asked < picks.size() && ask(peer, picks[asked])) ++asked;
  if (asked < request.blocks_max) peer.dry_epoch = asked_in_epoch;
  if (asked == 0 && peer.asked.empty()) update_interest(peer);
}

// A piece that failed again although one peer alone sent it is kept for those who have sent good
// pieces: newcomers could spoil it for ever, each from an address of its own.
void Swarm::Impl::find_kept(const PeerState& asking) {
  kept_pieces.clear();
  if (suspicious.empty() || asking.good_pieces > 0) return;
  for (const auto& [piece, failures] : suspicious) {
    if (failures < kKeptAfterFailures) continue;
    const bool others = std::ranges::any_of(peers, [&](const auto& entry) {
      const PeerState& peer = *entry.second;
      return peer.good_pieces > 0 && peer.has.test(piece) && !peer.peer_choking && may_ask(peer) &&
             !slow(peer) && !smart_ban.on_parole(peer.address());
    });
    if (others) kept_pieces.push_back(piece);
  }
}

void Swarm::Impl::fill_all() {
  for (auto& [conn, peer] : peers) fill_requests(*peer);
}

bool Swarm::Impl::ask(PeerState& peer, BlockRef block) {
  OpenPiece* piece = open.find(block.piece);
  if (piece == nullptr) {
    const std::uint32_t size = layout().piece_size(block.piece);
    if (open.all().size() >= config.open_pieces_max || !pool.has_room(size)) return false;
    piece = &open.open(block.piece, layout(), pool.take(size), now);
    if (suspicious.contains(block.piece) || smart_ban.on_parole(peer.address())) {
      piece->set_exclusive(peer.conn);
    }
  }
  piece->mark_requested(block.block);
  if (peer.asked.empty()) peer.block_at = now;
  peer.asked.push({block, now});
  send(peer, RequestMessage{to_wire(layout(), block)});
  return true;
}

void Swarm::Impl::release(BlockRef block) {
  OpenPiece* piece = open.find(block.piece);
  if (piece == nullptr) return;
  piece->mark_released(block.block);
  if (piece->state(block.block) == BlockState::missing) ++epoch;
}

// A peer that chokes us or is too slow owes nothing any more, but what it sent already may still
// come, hence the credits.
void Swarm::Impl::release_all(PeerState& peer, bool send_cancel) {
  for (const AskedBlock& asked : peer.asked.all()) {
    release(asked.block);
    if (send_cancel) send(peer, CancelMessage{to_wire(layout(), asked.block)});
  }
  peer.credits += static_cast<std::uint32_t>(peer.asked.size());
  peer.asked.clear();
  if (peer.good_pieces > 0 && !suspicious.empty()) ++epoch;  // nothing is kept for it now
  for (auto& [index, piece] : open.all()) {
    if (piece.exclusive() == peer.conn) piece.set_exclusive(std::nullopt);
  }
}

void Swarm::Impl::cancel_elsewhere(const PeerState& except, BlockRef block) {
  for (auto& [conn, other] : peers) {
    if (other.get() == &except || other->closing) continue;
    for (Landing& landing : other->landings) {
      if (landing.block != block || !landing.asked) continue;
      release(block);
      landing.asked = false;  // too late to cancel
    }
    if (withdraw(*other, block)) release(block);
  }
}

// Cancels a request, if there is one. Its end is the caller's to report.
bool Swarm::Impl::withdraw(PeerState& peer, BlockRef block) {
  const auto taken = peer.asked.take([&](const AskedBlock& a) { return a.block == block; });
  if (!taken) return false;
  ++peer.credits;
  send(peer, CancelMessage{to_wire(layout(), block)});
  return true;
}

void Swarm::Impl::on_reject(PeerState& peer, const BlockRequest& request) {
  if (request.begin % kBlockSize != 0) return static_cast<void>(charge(peer));
  const BlockRef block{request.piece, BlockIndex{request.begin / kBlockSize}};
  const auto taken = peer.asked.take([&](const AskedBlock& a) { return a.block == block; });
  if (!taken) {
    // The answer to a request that was cancelled: that block won't come.
    if (peer.credits > 0) --peer.credits;
    charge(peer);
    return;
  }
  release(block);
  if (peer.peer_choking) {
    // Otherwise an allowed-fast piece the peer won't give would be asked for again and again.
    peer.allowed_to_us.remove(request.piece);
    return;
  }
  // Rejects of what was asked before the last unchoke belong to the choke before it.
  if (taken->at < peer.peer_choke_changed_at) return;
  peer.retry_at = now + kRejectPause;
  if (++peer.rejects_in_row >= kRejectsMax) close(peer, CloseReason::gave_up, "rejects requests");
}

void Swarm::Impl::check_timeouts(PeerState& peer) {
  if (peer.asked.empty() && peer.landings.empty()) return;
  if (peer.peer_choking && now - peer.peer_choke_changed_at >= kChokedAnswerTime &&
      peer.allowed_to_us.pieces.empty()) {
    release_all(peer, false);
    return;
  }
  const Duration limit = std::min<Duration>(peer.window.request_timeout(now), kSnubAfter);
  if (now - peer.block_at < limit) return;
  if (peer.timeouts_in_row == 0) peer.silent_since = peer.block_at;
  peer.snubbed = true;
  peer.window.on_timeout();
  release_all(peer, true);
  // A block cut off in the middle may be asked of others; they will receive it elsewhere.
  for (Landing& landing : peer.landings) {
    if (landing.asked) release(landing.block);
    landing.asked = false;
  }
  ++peer.timeouts_in_row;
  if (peer.timeouts_in_row >= kTimeoutsMax && now - peer.silent_since >= kGiveUpAfter) {
    close(peer, CloseReason::gave_up, "does not answer requests");
  }
}

// Gives up what is here of a piece; nobody is asked for it any more.
void Swarm::Impl::discard_open(PieceIndex index) {
  OpenPiece* piece = open.find(index);
  if (piece == nullptr) return;
  for (auto& [conn, peer] : peers) {
    abandon_landing(*peer, index);
    for (Landing& landing : peer->landings) landing.asked &= landing.block.piece != index;
    peer->asked.remove_all([&](const AskedBlock& asked) {
      if (asked.block.piece != index) return false;
      ++peer->credits;
      send(*peer, CancelMessage{to_wire(layout(), asked.block)});
      return true;
    });
  }
  wasted_bytes += std::uint64_t{piece->received_count()} * kBlockSize;
  pool.give_back(piece->take_buffer());
  open.close(index);
  ++epoch;
}

}  // namespace weir
