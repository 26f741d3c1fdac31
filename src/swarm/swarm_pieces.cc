// SPDX-License-Identifier: MIT OR Apache-2.0
// Blocks that arrive, pieces that are finished, found good or bad, gained and lost.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "hash/sha.h"
#include "swarm/swarm_impl.h"

namespace weir {
namespace {

constexpr Duration kHaveDelay = std::chrono::milliseconds(100);
constexpr std::size_t kHavesAtOnce = 32;
constexpr std::size_t kDepartedMax = 4096;

std::vector<Sha1Digest> hash_blocks(Bytes piece) {
  std::vector<Bytes> blocks;
  for (std::size_t at = 0; at < piece.size(); at += kBlockSize) {
    blocks.push_back(piece.subspan(at, std::min<std::size_t>(kBlockSize, piece.size() - at)));
  }
  std::vector<Sha1Digest> hashes(blocks.size());
  sha1_many(blocks, hashes);
  return hashes;
}

}  // namespace

// `copied` is the peer's own memory with the payload, or empty when it is in the piece already.
void Swarm::Impl::block_arrived(PeerState& peer, const Landing& landing, std::uint32_t length,
                                Bytes copied) {
  if (landing.asked) peer.window.on_block(now, landing.asked_at, length);
  peer.down.add(now, length);
  down.add(now, length);
  peer.block_at = peer.useful_at = now;
  peer.snubbed = false;
  peer.rejects_in_row = peer.timeouts_in_row = 0;

  const BlockRef block = landing.block;
  OpenPiece* piece = open.find(block.piece);
  if (piece == nullptr || landing.where == Landing::Where::nowhere ||
      piece->state(block.block) == BlockState::received) {
    wasted_bytes += length;
    if (landing.asked) release(block);
    return;
  }
  if (!copied.empty()) {
    if (piece->landing(block.block)) abandon_landing_of(block);
    std::copy(copied.begin(), copied.end(), piece->destination(block.block).begin());
  }
  // A request's end is reported exactly once, and a block on credit had none, unless it was asked
  // for again while it came.
  if (!landing.asked && !withdraw(peer, block)) piece->mark_requested(block.block);
  piece->mark_received(block.block, peer.conn);
  if (piece->requesters(block.block) > 0) cancel_elsewhere(peer, block);
  if (piece->complete()) piece_complete(*piece);
}

void Swarm::Impl::piece_complete(OpenPiece& piece) {
  const PieceIndex index = piece.piece();
  std::vector<BlockOrigin> origins;
  origins.reserve(piece.block_count());
  for (std::uint32_t i = 0; i < piece.block_count(); ++i) {
    const ConnId conn = piece.source(BlockIndex{i}).value();
    // Blocks come in runs from one peer.
    const bool repeated = !origins.empty() && origins.back().conn == conn;
    origins.push_back(repeated ? origins.back() : BlockOrigin{address_of(conn), conn});
  }
  verifying[index] = std::move(origins);
  PieceBuffer buffer = piece.take_buffer();
  open.close(index);
  picker->set_pending(index, true);
  say(PieceArrived{index, std::move(buffer)});
  if (open.all().empty()) departed.clear();
}

IpAddress Swarm::Impl::address_of(ConnId conn) const {
  if (const auto it = peers.find(conn); it != peers.end()) return it->second->address();
  const auto gone = departed.find(conn);
  return gone != departed.end() ? gone->second : IpAddress{};
}

void Swarm::Impl::remember_sender(const PeerState& peer) {
  if (peer.down.total_bytes() == 0) return;
  departed[peer.conn] = peer.address();
  // Connections are numbered in order, so the first is the one that left longest ago.
  if (departed.size() > kDepartedMax) departed.erase(departed.begin());
}

void Swarm::Impl::piece_stored(PieceIndex piece, PieceBuffer buffer) {
  if (const auto it = verifying.find(piece); it != verifying.end()) {
    praise(it->second);
    verifying.erase(it);
  }
  suspicious.erase(piece);
  if (smart_ban.remembers(piece) && buffer) {
    convict(smart_ban.piece_good(piece, hash_blocks(std::as_const(buffer).bytes())));
  }
  if (buffer) pool.give_back(std::move(buffer));
  picker->set_pending(piece, false);
  piece_is_here(piece);
}

void Swarm::Impl::praise(const std::vector<BlockOrigin>& origins) {
  std::optional<ConnId> before;
  for (const BlockOrigin& origin : origins) {
    if (std::exchange(before, origin.conn) == origin.conn) continue;  // blocks come in runs
    if (PeerState* peer = find(origin.conn)) ++peer->good_pieces;
  }
}

void Swarm::Impl::piece_is_here(PieceIndex piece) {
  ++epoch;
  checked.set(piece);
  needed.set(piece, false);
  if (picker->has(piece)) return;
  picker->set_have(piece, true);
  haves.push_back(piece);
  if (haves_at == kNever) haves_at = now + kHaveDelay;
  if (haves.size() >= kHavesAtOnce || complete()) flush_haves();
  completion_changed();
}

void Swarm::Impl::piece_failed(PieceIndex piece, PieceBuffer buffer) {
  ++failed_pieces;
  ++epoch;
  wasted_bytes += buffer.size();
  ++suspicious[piece];
  picker->set_pending(piece, !verifiable(piece));
  const auto it = verifying.find(piece);
  if (it != verifying.end() && buffer) {
    const std::vector<BlockOrigin> origins = std::move(it->second);
    verifying.erase(it);
    if (!origins.empty()) {
      convict(smart_ban.piece_failed(piece, hash_blocks(std::as_const(buffer).bytes()), origins));
    }
  }
  if (buffer) pool.give_back(std::move(buffer));
  fill_all();
}

// Pieces of its that are still being judged would ban it again at once.
void Swarm::Impl::pardon(const IpAddress& address) {
  (void)banned.unban(address, now);
  smart_ban.pardon(address);
  for (auto& [piece, origins] : verifying) {
    const auto its = [&address](const BlockOrigin& origin) { return origin.sender == address; };
    if (std::ranges::any_of(origins, its)) origins.clear();  // nobody is blamed for it
  }
}

void Swarm::Impl::convict(const std::vector<IpAddress>& liars) {
  for (const IpAddress& address : liars) {
    // Its other pieces under way may fail after it: nothing new.
    if (!banned.banned(address, now)) say(BanPeer{address});
    banned.ban(address, now);
    for (auto& [conn, peer] : peers) {
      if (peer->address() == address) close(*peer, CloseReason::bad_data, "sent bad blocks");
    }
  }
}

void Swarm::Impl::piece_confirmed(PieceIndex piece) {
  needed.set(piece, false);
  if (!picker->has(piece) || checked.test(piece)) return;
  checked.set(piece);
  for (auto& [conn, peer] : peers) {
    if (peer->queue.contains([&](const BlockRequest& r) { return r.piece == piece; })) {
      want_write(*peer);
    }
  }
}

void Swarm::Impl::piece_lost(PieceIndex piece) {
  checked.set(piece, false);
  needed.set(piece, false);
  if (!picker->has(piece)) return;
  ++epoch;
  picker->set_have(piece, false);
  // Not to be fetched yet: its last arrival is still being judged, or nothing could judge the next.
  picker->set_pending(piece, verifying.contains(piece) || !verifiable(piece));
  std::erase(haves, piece);
  for (auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    if (peer->sends.holds(piece)) {
      close(*peer, CloseReason::disk_error, "a piece being sent is not good any more");
      continue;
    }
    if (const auto id = peer->extensions.id(Extension::lt_donthave); id != 0) {
      send(*peer, ExtendedMessage{id, encode_dont_have(piece)});
    }
    peer->queue.remove_all([&](const BlockRequest& request) {
      if (request.piece != piece) return false;
      refuse(*peer, request);
      return true;
    });
    resume_reading(*peer);
    update_interest(*peer);
  }
  completion_changed();
}

void Swarm::Impl::pieces_unchecked(PieceIndex begin, PieceIndex end) {
  for (PieceIndex piece = begin; piece < end; piece = weir::next(piece)) {
    checked.set(piece, false);
    needed.set(piece, false);
  }
  ++epoch;
  for (auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    if (peer->sends.holds(begin, end)) {
      close(*peer, CloseReason::disk_error, "content being sent has changed on disk");
      continue;
    }
    for (const BlockRequest& request : peer->queue.all()) {
      const bool inside = request.piece >= begin && request.piece < end;
      if (inside && picker->has(request.piece)) need_piece(request.piece);
    }
  }
}

void Swarm::Impl::flush_haves() {
  haves_at = kNever;
  if (haves.empty()) return;
  for (auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    for (const PieceIndex piece : haves) {
      if (peer->has.size() > 0 && peer->has.test(piece)) continue;
      send(*peer, HaveMessage{piece});
    }
  }
  haves.clear();
}

// Tells peers whether we only upload, and stops being interested in them when nothing is missing.
void Swarm::Impl::completion_changed() {
  if (complete() == was_complete) return;
  was_complete = complete();
  complete_since = now;
  for (auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    if (const auto id = peer->extensions.id(Extension::upload_only); id != 0) {
      send(*peer, ExtendedMessage{id, encode_upload_only(was_complete)});
    }
    update_interest(*peer);
  }
}

}  // namespace weir
