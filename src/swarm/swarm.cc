// SPDX-License-Identifier: MIT OR Apache-2.0
// The public calls: each notes the time, does its work, and lets go of peers closed on the way.
#include "swarm/swarm.h"

#include <algorithm>

#include "base/assert.h"
#include "swarm/swarm_impl.h"

namespace weir {

const char* close_reason_name(CloseReason reason) {
  switch (reason) {
    case CloseReason::remote_closed:
      return "remote_closed";
    case CloseReason::network_error:
      return "network_error";
    case CloseReason::handshake_timeout:
      return "handshake_timeout";
    case CloseReason::bad_handshake:
      return "bad_handshake";
    case CloseReason::unknown_torrent:
      return "unknown_torrent";
    case CloseReason::self_connection:
      return "self_connection";
    case CloseReason::duplicate_peer:
      return "duplicate_peer";
    case CloseReason::too_many_connections:
      return "too_many_connections";
    case CloseReason::banned:
      return "banned";
    case CloseReason::protocol_error:
      return "protocol_error";
    case CloseReason::bad_request_flood:
      return "bad_request_flood";
    case CloseReason::unrequested_data:
      return "unrequested_data";
    case CloseReason::message_flood:
      return "message_flood";
    case CloseReason::bad_data:
      return "bad_data";
    case CloseReason::bad_metadata:
      return "bad_metadata";
    case CloseReason::idle:
      return "idle";
    case CloseReason::both_seeds:
      return "both_seeds";
    case CloseReason::not_useful:
      return "not_useful";
    case CloseReason::gave_up:
      return "gave_up";
    case CloseReason::torrent_stopped:
      return "torrent_stopped";
    case CloseReason::disk_error:
      return "disk_error";
  }
  return "unknown";
}

Swarm::Swarm(SwarmConfig config, InfoHashes hashes, BufferPool& pool, Random& random)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(hashes), pool, random)) {}

Swarm::~Swarm() {
  for (auto& [index, piece] : impl_->open.all()) impl_->pool.give_back(piece.take_buffer());
}

void Swarm::set_metadata(TimePoint now, std::shared_ptr<const TorrentInfo> info, PieceLayers layers,
                         const Bitfield& have, const Bitfield& checked) {
  impl_->now = now;
  impl_->set_metadata(std::move(info), std::move(layers), have, checked);
  impl_->sweep();
}

void Swarm::metadata_rejected(TimePoint now) {
  impl_->now = now;
  impl_->metadata_rejected();
}

const TorrentInfo* Swarm::info() const { return impl_->info.get(); }
const PieceLayers& Swarm::layers() const { return impl_->layers; }

void Swarm::add_peer(TimePoint now, PeerInit init) {
  impl_->now = now;
  impl_->add_peer(std::move(init));
  impl_->sweep();
}

void Swarm::remove_peer(TimePoint now, ConnId conn, CloseReason reason) {
  impl_->now = now;
  PeerState* peer = impl_->find(conn);
  if (peer == nullptr) return;
  ++impl_->closed[reason];
  impl_->forget(*peer);
  impl_->sweep();
}

bool Swarm::has_peer(ConnId conn) const { return impl_->find(conn) != nullptr; }
std::size_t Swarm::peer_count() const { return impl_->peers.size() - impl_->closing; }

std::size_t Swarm::prepare(TimePoint now, ConnId conn, std::span<MutableBytes> out) {
  impl_->now = now;
  PeerState* peer = impl_->find(conn);
  return peer == nullptr ? 0 : impl_->prepare(*peer, out);
}

void Swarm::commit(TimePoint now, ConnId conn, std::size_t bytes) {
  impl_->now = now;
  PeerState* peer = impl_->find(conn);
  if (peer == nullptr) return;
  impl_->commit(*peer, bytes);
  impl_->sweep();
}

std::size_t Swarm::collect(TimePoint now, ConnId conn, std::size_t bytes_max,
                           std::vector<SendItem>& out) {
  impl_->now = now;
  PeerState* peer = impl_->find(conn);
  return peer == nullptr ? 0 : impl_->collect(*peer, bytes_max, out);
}

void Swarm::sent(TimePoint now, ConnId conn, std::size_t bytes) {
  impl_->now = now;
  PeerState* peer = impl_->find(conn);
  if (peer != nullptr) impl_->sent(*peer, bytes);
}

void Swarm::piece_stored(TimePoint now, PieceIndex piece, PieceBuffer buffer) {
  impl_->now = now;
  impl_->piece_stored(piece, std::move(buffer));
  impl_->sweep();
}

void Swarm::piece_failed(TimePoint now, PieceIndex piece, PieceBuffer buffer) {
  impl_->now = now;
  impl_->piece_failed(piece, std::move(buffer));
  impl_->sweep();
}

void Swarm::piece_dropped(TimePoint now, PieceIndex piece, PieceBuffer buffer) {
  impl_->now = now;
  impl_->verifying.erase(piece);
  if (buffer) impl_->pool.give_back(std::move(buffer));
  impl_->picker->set_pending(piece, !impl_->verifiable(piece));
  ++impl_->epoch;
  impl_->fill_all();
  impl_->sweep();
}

void Swarm::pieces_unchecked(TimePoint now, PieceIndex begin, PieceIndex end) {
  impl_->now = now;
  impl_->pieces_unchecked(begin, end);
  impl_->sweep();
}

void Swarm::piece_checked(TimePoint now, PieceIndex piece, bool good) {
  impl_->now = now;
  if (good) {
    impl_->piece_confirmed(piece);
  } else {
    impl_->piece_lost(piece);
    impl_->fill_all();
  }
  impl_->sweep();
}

void Swarm::piece_found(TimePoint now, PieceIndex piece) {
  impl_->now = now;
  impl_->discard_open(piece);
  impl_->piece_is_here(piece);
  impl_->sweep();
}

void Swarm::set_downloading(TimePoint now, bool on) {
  impl_->now = now;
  if (impl_->downloading == on) return;
  impl_->downloading = on;
  ++impl_->epoch;
  if (on) {
    impl_->fill_all();
  } else {
    for (auto& [conn, peer] : impl_->peers) impl_->release_all(*peer, true);
  }
  impl_->sweep();
}

void Swarm::set_order(PickOrder order) {
  impl_->config.sequential = order == PickOrder::sequential;
  if (impl_->picker) impl_->picker->set_order(order);
}

void Swarm::set_piece_priorities(TimePoint now, std::span<const PiecePriority> priorities) {
  impl_->now = now;
  WEIR_ASSERT(impl_->picker && priorities.size() == impl_->layout().piece_count());
  impl_->set_piece_priorities(priorities);
  impl_->sweep();
}

void Swarm::set_deadline(TimePoint now, PieceIndex piece, TimePoint deadline) {
  impl_->now = now;
  impl_->set_deadline(piece, deadline);
  impl_->sweep();
}

void Swarm::clear_deadline(PieceIndex piece) {
  if (impl_->picker) impl_->picker->clear_deadline(piece);
}

void Swarm::ban(const IpAddress& address) {
  impl_->ban(address);
  impl_->sweep();
}

void Swarm::unban(const IpAddress& address) { impl_->pardon(address); }

bool Swarm::complete() const { return impl_->complete(); }

const Bitfield& Swarm::have() const {
  static const Bitfield kNone;
  return impl_->picker ? impl_->picker->have() : kNone;
}

const PiecePicker* Swarm::picker() const { return impl_->picker ? &*impl_->picker : nullptr; }

void Swarm::handle_timer(TimePoint now) {
  impl_->now = now;
  impl_->upload_limit = upload_limit_;
  impl_->handle_timer();
  impl_->sweep();
}

TimePoint Swarm::next_deadline() const { return impl_->next_deadline(); }

std::optional<SwarmAction> Swarm::next() {
  if (impl_->actions.empty()) return std::nullopt;
  std::optional<SwarmAction> action(std::move(impl_->actions.front()));
  impl_->actions.pop_front();
  return action;
}

void Swarm::check_invariants() const { impl_->check_invariants(); }

SwarmStats Swarm::stats(TimePoint now) const { return impl_->stats(now); }
std::vector<PeerStatus> Swarm::peers(TimePoint now) const { return impl_->status(now); }

}  // namespace weir
