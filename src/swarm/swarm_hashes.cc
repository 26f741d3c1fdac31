// SPDX-License-Identifier: MIT OR Apache-2.0
// Piece layers learned from peers and told to them (BEP 52).
#include "swarm/swarm_impl.h"

namespace weir {
namespace {

constexpr std::uint64_t kHashMessageSize = 53;
// Hashing a layer costs less than sending it would.
constexpr std::uint64_t kWorkShare = 8;
constexpr std::size_t kHashQueueMax = 64;
constexpr std::size_t kReplyBacklogMax = 256 * 1024;

}  // namespace

// A piece whose hash is unknown can't be told from garbage, so it is not fetched yet. A hybrid's v1
// hashes do as well.
bool Swarm::Impl::verifiable(PieceIndex piece) const {
  return has_v1(layout().kind()) || layers.piece_root(layout(), piece).has_value();
}

void Swarm::Impl::hold_unverifiable() {
  if (has_v1(layout().kind())) return;
  for (std::uint32_t i = 0; i < layout().piece_count(); ++i) {
    if (!verifiable(PieceIndex{i})) picker->set_pending(PieceIndex{i}, true);
  }
}

void Swarm::Impl::ask_hashes() {
  if (!hash_fetcher || hash_fetcher->done()) return;
  for (auto& [conn, peer] : peers) ask_hashes(*peer);
}

void Swarm::Impl::ask_hashes(PeerState& peer) {
  if (!hash_fetcher || peer.closing || !peer.hashes || peer.has.none()) return;
  while (const auto run = hash_fetcher->next_request(now, peer.conn)) {
    send(peer, HashRequestMessage{*run});
  }
}

void Swarm::Impl::on_hash_request(PeerState& peer, const HashRequest& run) {
  if (peer.hash_queue.size() >= kHashQueueMax) {
    if (!charge(peer)) return;
    send(peer, HashRejectMessage{run});
    return;
  }
  peer.hash_queue.push(run);
  serve_hashes(peer);
}

// Answers are far larger than questions, so they have a budget of their own (WIR-26).
void Swarm::Impl::serve_hashes(PeerState& peer) {
  while (!peer.hash_queue.empty() && peer.hash_budget.available(now) > 0 &&
         peer.sends.control_bytes() < kReplyBacklogMax) {
    const HashRequest run = *peer.hash_queue.take([](const HashRequest&) { return true; });
    HashServer::Answer answer;
    if (hash_server) answer = hash_server->answer(layers, run);
    const std::uint64_t reply_bytes = answer.hashes.size() * Sha256Digest::kSize;
    peer.hash_budget.consume(now, kHashMessageSize + reply_bytes + answer.work_bytes / kWorkShare);
    if (answer.hashes.empty()) {
      send(peer, HashRejectMessage{run});
    } else {
      send(peer, HashesMessage{run, answer.hashes});
    }
  }
}

void Swarm::Impl::on_hashes(PeerState& peer, const HashRequest& run,
                            std::span<const Sha256Digest> hashes_in) {
  using Verdict = HashFetcher::Verdict;
  HashFetcher::Answer answer;
  if (hash_fetcher) answer = hash_fetcher->handle_hashes(peer.conn, run, hashes_in);
  switch (answer.verdict) {
    case Verdict::unsolicited:
      close(peer, CloseReason::protocol_error, "hashes nobody asked for");
      return;
    case Verdict::bad:
      close(peer, CloseReason::bad_data, "hashes do not lead to the root");
      return;
    case Verdict::late:
      return;
    case Verdict::good:
      break;
  }
  if (answer.layer) layer_arrived(std::move(*answer.layer));
  ask_hashes(peer);
}

void Swarm::Impl::layer_arrived(PieceLayer layer) {
  if (!layers.add(layout(), layer)) return;
  if (!has_v1(layout().kind())) {
    for (std::uint32_t f = 0; f < layout().files().size(); ++f) {
      if (layout().files()[f].pieces_root != layer.pieces_root) continue;
      const auto range = layout().file_pieces(FileIndex{f});
      for (PieceIndex piece = range.begin; piece < range.end; piece = weir::next(piece)) {
        if (!verifying.contains(piece)) picker->set_pending(piece, false);
      }
    }
  }
  ++epoch;
  say(LayersArrived{std::move(layer)});
  fill_all();
}

void Swarm::Impl::on_hash_reject(PeerState& peer, const HashRequest& run) {
  if (!charge(peer)) return;
  if (!hash_fetcher || !hash_fetcher->handle_reject(now, peer.conn, run)) {
    close(peer, CloseReason::protocol_error, "hash reject without a request");
    return;
  }
  ask_hashes();
}

}  // namespace weir
