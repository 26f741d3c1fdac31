// SPDX-License-Identifier: MIT OR Apache-2.0
// What peers tell: choking, interest, and which pieces they have.
#include <algorithm>
#include <utility>

#include "swarm/swarm_impl.h"

namespace weir {
namespace {

constexpr std::size_t kSuggestionsMax = 16;   // WIR-23
constexpr std::size_t kAllowedFastMax = 100;  // BEP 6 suggests 10; more is kept out

}  // namespace

void Swarm::Impl::on_choke(PeerState& peer) {
  charge(peer);
  if (peer.peer_choking) return;
  peer.peer_choking = true;
  peer.peer_choke_changed_at = now;
  peer.window.on_choke();
  // Without the fast extension a choke voids all requests (BEP 3); with it each one is answered.
  if (!peer.fast) release_all(peer, false);
}

void Swarm::Impl::on_unchoke(PeerState& peer) {
  charge(peer);
  if (!peer.peer_choking) return;
  peer.peer_choking = false;
  peer.peer_choke_changed_at = now;
  peer.retry_at = now;
  peer.dry_epoch = 0;
  if (!peer.asked.empty()) peer.block_at = now;
  fill_requests(peer);
}

void Swarm::Impl::on_interested(PeerState& peer, bool interested) {
  if (peer.peer_interested == interested) {
    charge(peer);
    return;
  }
  if (!charge(peer)) return;
  peer.peer_interested = interested;
  peer.useful_at = now;
  if (picker) run_choker(false);
}

void Swarm::Impl::on_have(PeerState& peer, PieceIndex piece) {
  peer.pieces_told = true;
  if (!picker) {
    if (peer.early.haves.size() >= kEarlyHavesMax) {
      close(peer, CloseReason::message_flood, "too many haves before the metadata");
      return;
    }
    peer.early.haves.push_back(piece);
    return;
  }
  if (to_int(piece) >= layout().piece_count()) {
    close(peer, CloseReason::protocol_error, "have out of range");
    return;
  }
  if (peer.has.test(piece)) {
    charge(peer);
    return;
  }
  peer.has.set(piece);
  availability->add(piece);
  if (picker->has(piece) || !picker->wanted(piece)) return;
  peer.dry_epoch = 0;
  set_interested(peer, true);
  if (peer.asked.empty()) fill_requests(peer);
}

void Swarm::Impl::on_dont_have(PeerState& peer, PieceIndex piece) {
  if (!charge(peer)) return;
  if (!picker) {
    std::erase(peer.early.haves, piece);
    return;
  }
  if (to_int(piece) >= layout().piece_count()) {
    close(peer, CloseReason::protocol_error, "lt_donthave out of range");
    return;
  }
  if (!peer.has.test(piece)) return;
  if (peer.counted_as_seed) {
    availability->remove_seed();
    peer.counted_as_seed = false;
    peer.has.set(piece, false);
    availability->add_peer(peer.has);
  } else {
    peer.has.set(piece, false);
    availability->remove(piece);
  }
  peer.upload_only = false;
  peer.asked.remove_all([&](const AskedBlock& asked) {
    if (asked.block.piece != piece) return false;
    release(asked.block);
    ++peer.credits;
    return true;
  });
  update_interest(peer);
}

void Swarm::Impl::on_bitfield(PeerState& peer, Bytes wire) {
  // aria2 sends bitfields later too, in place of many haves; they tell what came to be there.
  const bool late = std::exchange(peer.pieces_told, true);
  if (late && !charge(peer)) return;
  if (!picker) {
    if (wire.size() > kEarlyBitfieldMax) {
      close(peer, CloseReason::protocol_error, "bitfield too long");
      return;
    }
    peer.early.bitfield = to_buffer(wire);
    peer.early.has_bitfield = true;
    return;
  }
  auto has = Bitfield::from_wire(wire, layout().piece_count());
  if (!has) {
    close(peer, CloseReason::protocol_error, "bitfield of the wrong size");
    return;
  }
  if (!late) return set_peer_pieces(peer, std::move(*has));
  for (std::size_t i = has->find_set(0); i < has->size() && !peer.closing;
       i = has->find_set(i + 1)) {
    if (!peer.has.test(i)) on_have(peer, static_cast<PieceIndex>(i));
  }
}

void Swarm::Impl::on_have_all(PeerState& peer, bool all) {
  if (peer.pieces_told) {
    close(peer, CloseReason::protocol_error, "have-all or have-none not first");
    return;
  }
  peer.pieces_told = true;
  if (!picker) {
    peer.early.all = all;
    return;
  }
  set_peer_pieces(peer, Bitfield(layout().piece_count(), all));
}

// REQUIRES: nothing of this peer is counted yet.
void Swarm::Impl::set_peer_pieces(PeerState& peer, Bitfield has) {
  peer.has = std::move(has);
  peer.counted_as_seed = peer.is_seed();
  if (peer.counted_as_seed) {
    availability->add_seed();
  } else {
    availability->add_peer(peer.has);
  }
  peer.dry_epoch = 0;
  update_interest(peer);
}

void Swarm::Impl::apply_early(PeerState& peer) {
  const std::uint32_t count = layout().piece_count();
  EarlyPieces early = std::move(peer.early);
  peer.early = {};
  Bitfield has(count, early.all);
  if (early.has_bitfield) {
    auto parsed = Bitfield::from_wire(early.bitfield, count);
    if (!parsed) {
      close(peer, CloseReason::protocol_error, "bitfield of the wrong size");
      return;
    }
    has = std::move(*parsed);
  }
  const auto outside = [&](PieceIndex piece) { return to_int(piece) >= count; };
  if (std::any_of(early.haves.begin(), early.haves.end(), outside) ||
      std::any_of(peer.suggested.pieces.begin(), peer.suggested.pieces.end(), outside) ||
      std::any_of(peer.allowed_to_us.pieces.begin(), peer.allowed_to_us.pieces.end(), outside)) {
    close(peer, CloseReason::protocol_error, "piece out of range");
    return;
  }
  for (const PieceIndex piece : early.haves) has.set(piece);
  set_peer_pieces(peer, std::move(has));
}

void Swarm::Impl::on_suggest(PeerState& peer, PieceIndex piece) {
  if (!charge(peer)) return;
  if (picker && to_int(piece) >= layout().piece_count()) {
    close(peer, CloseReason::protocol_error, "suggested piece out of range");
    return;
  }
  auto& pieces = peer.suggested.pieces;
  if (peer.suggested.contains(piece) || (picker && picker->has(piece))) return;
  if (pieces.size() >= kSuggestionsMax) pieces.erase(pieces.begin());
  pieces.push_back(piece);
}

void Swarm::Impl::on_allowed_fast(PeerState& peer, PieceIndex piece) {
  if (!charge(peer)) return;
  if (picker && to_int(piece) >= layout().piece_count()) {
    close(peer, CloseReason::protocol_error, "allowed fast piece out of range");
    return;
  }
  auto& pieces = peer.allowed_to_us.pieces;
  if (peer.allowed_to_us.contains(piece) || pieces.size() >= kAllowedFastMax) return;
  if (picker && picker->has(piece)) return;
  pieces.push_back(piece);
  peer.dry_epoch = 0;
  if (picker && peer.peer_choking) fill_requests(peer);
}

void Swarm::Impl::update_interest(PeerState& peer) {
  if (!picker || peer.closing) return;
  set_interested(peer, picker->missing_wanted() > 0 && picker->interesting(peer.has));
}

void Swarm::Impl::set_interested(PeerState& peer, bool interested) {
  if (peer.am_interested == interested) return;
  peer.am_interested = interested;
  if (interested) {
    send(peer, InterestedMessage{});
    fill_requests(peer);
  } else {
    send(peer, NotInterestedMessage{});
  }
}

}  // namespace weir
