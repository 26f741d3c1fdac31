// SPDX-License-Identifier: MIT OR Apache-2.0
// Peers coming and going, what they are told first, and the limits on what they may cost.
#include <algorithm>

#include "swarm/swarm_impl.h"
#include "wire/allowed_fast.h"
#include "wire/encoder.h"

namespace weir {
namespace {

constexpr std::size_t kSendQueueMax = 512 * 1024;  // LIM-09, messages only

WireDecoderOptions decoder_options(bool fast, bool extended, bool hashes, const TorrentInfo* info) {
  WireDecoderOptions options;
  options.negotiated = {.fast = fast, .extended = extended, .v2 = hashes, .piece_count = {}};
  if (info != nullptr) options.negotiated.piece_count = info->layout.piece_count();
  return options;
}

}  // namespace

Swarm::Impl::Impl(SwarmConfig swarm_config, InfoHashes info_hashes, BufferPool& buffer_pool,
                  Random& random_source)
    : config(std::move(swarm_config)),
      hashes(std::move(info_hashes)),
      pool(buffer_pool),
      random(random_source),
      choker(ChokerConfig{.slots_fixed = config.upload_slots}, random_source) {
  MetadataFetcherConfig fetcher;
  fetcher.size_max = config.metadata_max;
  metadata_fetcher.emplace(fetcher, random);
}

PeerState* Swarm::Impl::find(ConnId conn) {
  const auto it = peers.find(conn);
  return it == peers.end() || it->second->closing ? nullptr : it->second.get();
}

void Swarm::Impl::add_peer(PeerInit init) {
  flush_haves();  // so that the newcomer, who is told all we have, is not told twice
  const ReservedBits theirs = init.handshake.reserved;
  const bool fast = theirs.fast();
  const bool extended = theirs.extension();
  const bool speaks_hashes = hashes.v2.has_value() && (init.v2 || theirs.v2());
  const ConnId conn = init.conn;
  auto owned = std::make_unique<PeerState>(
      std::move(init), decoder_options(fast, extended, speaks_hashes, info.get()), now);
  PeerState& peer = *owned;
  peer.fast = fast;
  peer.extended = extended;
  peer.hashes = speaks_hashes;
  if (!peers.emplace(conn, std::move(owned)).second) return;
  if (next_tick == kNever) next_tick = now + std::chrono::seconds(1);
  if (picker) {
    peer.has = Bitfield(layout().piece_count());
    availability->add_peer(peer.has);
  }
  if (banned.banned(peer.address(), now)) {
    close(peer, CloseReason::banned);
    return;
  }
  send_pieces(peer);
  if (peer.extended) send_extension_handshake(peer);
  if (peer.fast && picker) send_allowed_fast(peer);
}

void Swarm::Impl::send_pieces(PeerState& peer) {
  const bool none = !picker || picker->have().none();
  if (peer.fast && none) {
    send(peer, HaveNoneMessage{});
  } else if (peer.fast && picker->have().all()) {
    send(peer, HaveAllMessage{});
  } else if (!none) {
    send(peer, BitfieldMessage{picker->have().wire()});
  }
}

void Swarm::Impl::send_extension_handshake(PeerState& peer) {
  ExtensionHandshake hello;
  hello.offer(Extension::ut_metadata);
  hello.offer(Extension::upload_only);
  hello.offer(Extension::lt_donthave);
  if (!config.client_version.empty()) hello.client = config.client_version;
  if (peer.init.direction == PeerDirection::outgoing && config.listen_port != 0) {
    hello.port = config.listen_port;
  }
  hello.reqq = config.reqq;
  hello.your_ip = peer.address();
  if (info) {
    hello.metadata_size = info->raw_info.size();
    if (complete()) hello.upload_only = true;
  }
  send(peer, ExtendedMessage{kExtensionHandshakeId, encode_extension_handshake(hello)});
}

// BEP 6: a few pieces that a newcomer may fetch while choked. Only pieces that are here are worth
// naming, and seeds want none.
void Swarm::Impl::send_allowed_fast(PeerState& peer) {
  if (peer.is_seed() || !peer.allowed_to_peer.pieces.empty()) return;
  for (const PieceIndex piece :
       allowed_fast_set(peer.address(), hashes.wire_hash(), layout().piece_count())) {
    if (!picker->has(piece)) continue;
    peer.allowed_to_peer.pieces.push_back(piece);
    send(peer, AllowedFastMessage{piece});
  }
  peer.allowed_served.assign(peer.allowed_to_peer.pieces.size(), 0);
}

void Swarm::Impl::want_write(PeerState& peer) {
  if (peer.signalled || peer.closing) return;
  peer.signalled = true;
  say(WantWrite{peer.conn});
}

void Swarm::Impl::send(PeerState& peer, const WireMessage& message) {
  if (peer.closing) return;
  append_message(peer.sends.control(), message);
  if (peer.sends.control_bytes() > kSendQueueMax) peer.overflowed = overflows = true;
  want_write(peer);
}

bool Swarm::Impl::charge(PeerState& peer) {
  if (peer.closing) return false;
  if (peer.message_budget.available(now) == 0) {
    close(peer, CloseReason::message_flood, "too many messages that move nothing");
    return false;
  }
  peer.message_budget.consume(now, 1);
  return true;
}

void Swarm::Impl::close(PeerState& peer, CloseReason reason, std::string detail) {
  if (peer.closing) return;
  ++closed[reason];
  say(ClosePeer{peer.conn, reason, std::move(detail)});
  forget(peer);
}

// Takes everything back from a peer that is gone.
void Swarm::Impl::forget(PeerState& peer) {
  if (peer.closing) return;
  peer.closing = true;
  ++closing;
  release_all(peer, false);
  for (const Landing& landing : peer.landings) {
    OpenPiece* piece = open.find(landing.block.piece);
    if (piece == nullptr) continue;
    if (landing.where == Landing::Where::in_place) piece->set_landing(landing.block.block, false);
    if (landing.asked) release(landing.block);
  }
  peer.landings.clear();
  if (picker && peer.has.size() > 0) {
    if (peer.counted_as_seed) {
      availability->remove_seed();
    } else {
      availability->remove_peer(peer.has);
    }
  }
  remember_sender(peer);
  metadata_server.remove_peer(peer.conn);
  if (metadata_fetcher) metadata_fetcher->remove_peer(now, peer.conn);
  if (hash_fetcher) hash_fetcher->peer_gone(peer.conn);
}

// Ends an input: peers closed by it are let go, and what they leave behind is given to others.
void Swarm::Impl::sweep() {
  if (overflows) {
    overflows = false;
    for (auto& [conn, peer] : peers) {
      if (peer->overflowed) close(*peer, CloseReason::message_flood, "does not read what it asked");
    }
  }
  if (closing == 0) return;
  bool slot_free = false;
  for (const auto& [conn, peer] : peers) slot_free |= peer->closing && !peer->am_choking;
  closing = 0;
  std::erase_if(peers, [](const auto& entry) { return entry.second->closing; });
  if (peers.empty()) {
    next_tick = kNever;
    return;
  }
  if (!picker) return pump_metadata();
  if (slot_free) run_choker(false);
  fill_all();
  ask_hashes();
}

void Swarm::Impl::ban(const IpAddress& address) {
  banned.ban(address, now);
  for (auto& [conn, peer] : peers) {
    if (peer->address() == address) close(*peer, CloseReason::banned);
  }
}

}  // namespace weir
