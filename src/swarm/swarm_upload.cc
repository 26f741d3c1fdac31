// SPDX-License-Identifier: MIT OR Apache-2.0
// Serving blocks: which requests are kept, which are refused, and what is sent when.
#include <algorithm>

#include "swarm/swarm_impl.h"

namespace weir {
namespace {

constexpr std::uint32_t kBadRequestsMax = 300;  // LIM-07
constexpr std::size_t kReadAgain = kRequestQueueMax * 3 / 4;
constexpr Duration kChokeGrace = std::chrono::seconds(2);  // WIR-11
constexpr std::uint32_t kChokedRequestsMax = 100;          // after the grace, then the peer goes
constexpr std::uint32_t kAllowedRepeats = 3;               // WIR-10
constexpr Duration kChokeChangeMin = std::chrono::seconds(10);
constexpr std::uint64_t kHashRateChoked = 256 * 1024;  // WIR-26
constexpr std::uint64_t kHashRateUnchoked = 2 * 1024 * 1024;

// How much of a piece may be asked for. In v2 a file's last piece ends with the file, but
// libtorrent lays v2 torrents out with padding, as a hybrid has it, and asks for whole blocks: what
// is behind the end of the file is zeros.
std::uint32_t askable_size(const Layout& layout, PieceIndex piece) {
  const std::uint32_t size = layout.piece_size(piece);
  if (layout.kind() != TorrentKind::v2) return size;
  return (size + kBlockSize - 1) / kBlockSize * kBlockSize;
}

bool follows(const BlockRequest& before, const BlockRequest& request) {
  return before.piece == request.piece && before.begin + before.length == request.begin;
}

}  // namespace

void Swarm::Impl::refuse(PeerState& peer, const BlockRequest& request) {
  if (!peer.fast) return;  // BEP 3 has no refusal, silence is the answer
  send(peer, RejectMessage{request});
}

bool Swarm::Impl::bad_request(PeerState& peer, const BlockRequest& request) {
  bool bad = !picker || to_int(request.piece) >= layout().piece_count();
  if (!bad) {
    const std::uint32_t size = layout().piece_size(request.piece);
    bad = request.length == 0 || request.length > kBlockSize || request.begin >= size ||
          request.length > askable_size(layout(), request.piece) - request.begin ||
          !picker->has(request.piece);
  }
  if (!bad) return false;
  refuse(peer, request);
  if (++peer.bad_requests >= kBadRequestsMax) {
    close(peer, CloseReason::bad_request_flood, "too many bad requests");
  }
  return true;
}

// BEP 6 "allowed fast": served while choked, but no piece more than a few times over (WIR-10).
bool Swarm::Impl::may_serve_choked(PeerState& peer, PieceIndex piece) {
  const auto& pieces = peer.allowed_to_peer.pieces;
  const auto it = std::find(pieces.begin(), pieces.end(), piece);
  if (it == pieces.end()) return false;
  std::uint32_t& served = peer.allowed_served[static_cast<std::size_t>(it - pieces.begin())];
  if (served >= kAllowedRepeats * layout().block_count(piece)) return false;
  ++served;
  return true;
}

void Swarm::Impl::on_request(PeerState& peer, const BlockRequest& request) {
  if (bad_request(peer, request)) return;
  if (!peer.peer_interested) on_interested(peer, true);  // some clients ask without saying so
  // Repeats are looked for where a run of requests begins only: a walk through the queue for each
  // block would be most of what serving costs, and one served twice harms its receiver alone.
  const bool continues = !peer.queue.empty() && follows(peer.queue.all().back(), request);
  if (!continues && peer.queue.contains([&](const BlockRequest& r) { return r == request; })) {
    charge(peer);
    return;
  }
  if (peer.am_choking && !may_serve_choked(peer, request.piece)) {
    refuse(peer, request);
    if (now - peer.choke_changed_at >= kChokeGrace &&
        ++peer.choked_requests >= kChokedRequestsMax) {
      close(peer, CloseReason::bad_request_flood, "keeps requesting while choked");
    }
    return;
  }
  // Without BEP 6 there is no refusing, and one dropped in silence is missing for minutes: what the
  // last read brought is kept, and no more is read (hold_reading).
  if (peer.fast && peer.queue.size() >= kRequestQueueMax) {
    refuse(peer, request);
    charge(peer);
    return;
  }
  peer.queue.push(request);
  if (servable(request.piece)) {
    want_write(peer);
  } else {
    need_piece(request.piece);
  }
}

// rtorrent asks for as much as it gets in three seconds, and knows no reject: what is over the
// limit waits in the socket, where it costs the peer and not us.
bool Swarm::Impl::hold_reading(PeerState& peer) {
  if (peer.fast || peer.queue.size() < kRequestQueueMax) return false;
  peer.reading_held = true;
  return true;
}

void Swarm::Impl::resume_reading(PeerState& peer) {
  if (!peer.reading_held || peer.queue.size() > kReadAgain) return;
  peer.reading_held = false;
  peer.heard_at = now;  // it was not silent: we did not listen
  say(WantRead{peer.conn});
}

void Swarm::Impl::need_piece(PieceIndex piece) {
  if (needed.test(piece)) return;
  needed.set(piece);
  say(PieceNeeded{piece});
}

void Swarm::Impl::on_cancel(PeerState& peer, const BlockRequest& request) {
  const auto taken = peer.queue.take([&](const BlockRequest& r) { return r == request; });
  if (!taken) {
    charge(peer);
    return;
  }
  refuse(peer, request);  // BEP 6: every request is answered, a cancelled one too
}

void Swarm::Impl::set_choking(PeerState& peer, bool choke) {
  if (peer.am_choking == choke) return;
  peer.am_choking = choke;
  peer.choke_changed_at = now;
  if (choke) {
    send(peer, ChokeMessage{});
    peer.queue.remove_all([&](const BlockRequest& request) {
      if (peer.allowed_to_peer.contains(request.piece)) return false;
      refuse(peer, request);
      return true;
    });
    resume_reading(peer);
  } else {
    send(peer, UnchokeMessage{});
    peer.ever_unchoked = true;
    peer.choked_requests = 0;
    peer.sent_since_unchoke_bytes = 0;
  }
  peer.hash_budget.set_rate(now, choke ? kHashRateChoked : kHashRateUnchoked);
}

std::size_t Swarm::Impl::collect(PeerState& peer, std::size_t bytes_max,
                                 std::vector<SendItem>& out) {
  peer.sends.fix_control();
  while (peer.sends.fixed_bytes() < bytes_max) {
    const auto request = peer.queue.take([&](const BlockRequest& r) { return servable(r.piece); });
    if (!request) break;
    peer.sends.add_block({request->piece, request->begin, request->length});
  }
  const std::size_t listed = peer.sends.list(bytes_max, out);
  if (listed == peer.sends.fixed_bytes()) peer.signalled = false;
  return listed;
}

void Swarm::Impl::sent(PeerState& peer, std::size_t bytes) {
  if (bytes == 0) return;
  const SendQueue::Sent done = peer.sends.sent(bytes);
  peer.sent_at = now;
  if (peer.reading_held) peer.heard_at = now;  // it takes what it asked for, so it is there
  resume_reading(peer);
  if (done.content_bytes == 0) return;
  peer.useful_at = now;
  peer.sent_since_unchoke_bytes += done.content_bytes;
  peer.up.add(now, done.content_bytes);
  up.add(now, done.content_bytes);
}

void Swarm::Impl::run_choker(bool full_round) {
  candidates.clear();
  for (const auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    candidates.push_back({.peer = conn,
                          .interested = peer->peer_interested,
                          .snubbed = peer->snubbed,
                          .unchoked = !peer->am_choking,
                          .rate_from_peer = peer->down.bytes_per_second(now),
                          .rate_to_peer = peer->up.bytes_per_second(now),
                          .unchoked_since = peer->choke_changed_at,
                          .connected_at = peer->connected_at,
                          .sent_since_unchoke_bytes = peer->sent_since_unchoke_bytes});
  }
  if (!full_round) {
    for (const ConnId conn : choker.fill_free_slots(now, candidates)) {
      PeerState* peer = find(conn);
      const bool rested = peer != nullptr &&
                          (!peer->ever_unchoked || now - peer->choke_changed_at >= kChokeChangeMin);
      if (rested) set_choking(*peer, false);
    }
    return;
  }
  std::vector<ConnId> chosen =
      choker.decide(now, candidates, complete(), up.bytes_per_second(now), upload_limit);
  std::sort(chosen.begin(), chosen.end());
  for (auto& [conn, peer] : peers) {
    if (peer->closing) continue;
    const bool choke = !std::binary_search(chosen.begin(), chosen.end(), conn);
    // Fibrillation helps nobody: a peer keeps its state for some seconds at least.
    if (peer->ever_unchoked && now - peer->choke_changed_at < kChokeChangeMin) continue;
    set_choking(*peer, choke);
  }
}

}  // namespace weir
