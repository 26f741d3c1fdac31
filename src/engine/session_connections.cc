// SPDX-License-Identifier: MIT OR Apache-2.0
// Connections: dialling, accepting, both handshakes, and the way of bytes to and from the swarms.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "engine/session_impl.h"

namespace weir {
namespace {

// One address may connect to a torrent this often; hosts of our own and neighbours are exempt,
// because many of them legitimately share an address (containers, tests, NAT loopback).
bool counts_per_address(const IpAddress& address) {
  return address.scope() == AddressScope::global;
}

// Whether of two connections between us and a peer, dialled at the same moment by both, the new one
// stays: the one that the side with the greater peer id dialled. Both sides judge alike, so that
// they do not close both.
bool stays(PeerDirection direction, const PeerId& ours, const PeerId& theirs) {
  return (direction == PeerDirection::outgoing) == (ours.bytes > theirs.bytes);
}

}  // namespace

Session::Impl::Conn* Session::Impl::find_conn(ConnId id) {
  const auto it = conns_.find(id);
  return it == conns_.end() ? nullptr : it->second.get();
}

bool Session::Impl::dial(TimePoint now, TorrentKey torrent, const Endpoint& peer) {
  if (!may_dial()) return false;
  auto conn = std::make_unique<Conn>();
  conn->id = static_cast<ConnId>(next_conn_++);
  conn->remote = peer;
  conn->direction = PeerDirection::outgoing;
  conn->torrent = torrent;
  set_deadline(*conn, now + config_.dial_timeout);
  ++dialling_;
  act(Dial{conn->id, peer});
  conns_.emplace(conn->id, std::move(conn));
  return true;
}

bool Session::handle_accepted(TimePoint now, ConnId conn, const Endpoint& remote) {
  Impl& s = *impl_;
  if (s.stopping_ || s.conns_.size() >= s.config_.total_max ||
      s.bans_.banned(remote.address, now)) {
    return false;
  }
  const bool full = s.handshakes_.size() >= s.config_.pending_handshakes_max;
  if (full && !s.drop_oldest_arrival(now)) return false;
  auto entry = std::make_unique<Impl::Conn>();
  entry->id = conn;
  entry->remote = remote;
  entry->direction = PeerDirection::incoming;
  s.set_deadline(*entry, now + s.config_.handshake_timeout);
  s.conns_.emplace(conn, std::move(entry));
  if (full) s.settle(now);
  return true;
}

// Who connects speaks first, so the one that has waited longest is the likeliest never to: a crowd
// that says nothing keeps newcomers out no longer than they need for their handshake.
bool Session::Impl::drop_oldest_arrival(TimePoint now) {
  for (const auto& [deadline, id] : handshakes_) {
    if (find_conn(id)->direction != PeerDirection::incoming) continue;
    close(now, id, CloseReason::too_many_connections);
    return true;
  }
  return false;
}

void Session::handle_dialled(TimePoint now, ConnId conn, const Endpoint&) {
  Impl& s = *impl_;
  Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr) return;
  s.set_deadline(*c, now + s.config_.handshake_timeout);
  Torrent* torrent = s.find(*c->torrent);
  if (torrent == nullptr || !torrent->accepts_peers()) {
    s.close(now, conn, CloseReason::torrent_stopped);
    return s.settle(now);
  }
  s.queue_handshake(*c, *torrent, torrent->hash_for(c->remote));
  s.act(WakeRead{conn});
}

void Session::handle_dial_failed(TimePoint now, ConnId conn) {
  Impl& s = *impl_;
  Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr) return;
  const TorrentKey key = *c->torrent;
  if (Torrent* torrent = s.find(key)) torrent->dial_failed(now, c->remote);
  s.set_deadline(*c, kNever);
  --s.dialling_;
  s.conns_.erase(conn);
  s.touch(key);
  s.settle(now);
}

void Session::handle_closed(TimePoint now, ConnId conn, CloseReason reason) {
  impl_->forget_conn(now, conn, reason);
  impl_->settle(now);
}

void Session::Impl::close(TimePoint now, ConnId conn, CloseReason reason) {
  if (find_conn(conn) == nullptr) return;
  act(Close{conn, reason});
  forget_conn(now, conn, reason);
}

void Session::Impl::forget_conn(TimePoint now, ConnId id, CloseReason reason) {
  const auto it = conns_.find(id);
  if (it == conns_.end()) return;
  const std::unique_ptr<Conn> conn = std::move(it->second);
  conns_.erase(it);
  down_.forget(id);
  up_.forget(id);
  set_deadline(*conn, kNever);
  const bool outgoing = conn->direction == PeerDirection::outgoing;
  if (!conn->peer && outgoing) --dialling_;
  if (!conn->torrent) return;
  Torrent* torrent = find(*conn->torrent);
  if (torrent == nullptr) return;
  if (conn->peer) torrent->peer_gone(now, id, reason);
  if (outgoing) {
    torrent->dial_ended(now, conn->remote, reason,
                        conn->peer ? DialPhase::peer : DialPhase::connecting);
  }
  touch(*conn->torrent);
}

void Session::Impl::set_deadline(Conn& conn, TimePoint at) {
  if (conn.deadline != kNever) handshakes_.erase({conn.deadline, conn.id});
  conn.deadline = at;
  if (at != kNever) handshakes_.emplace(at, conn.id);
}

void Session::Impl::queue_handshake(Conn& conn, const Torrent& torrent, const Sha1Digest& hash) {
  Handshake handshake;
  handshake.reserved.set_extension(true);
  handshake.reserved.set_fast(true);
  // A v1 handshake that says the torrent has a v2 side too, so the peer may answer with that hash.
  handshake.reserved.set_v2(torrent.hashes().v2.has_value());
  handshake.info_hash = hash;
  handshake.peer_id = torrent.peer_id();
  const auto bytes = encode_handshake(handshake);
  conn.outgoing.assign(bytes.begin(), bytes.end());
  conn.answered = true;
  act(WakeWrite{conn.id});
}

std::size_t Session::prepare(TimePoint now, ConnId conn, std::span<MutableBytes> out) {
  Impl& s = *impl_;
  Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr || out.empty()) return 0;
  if (!c->peer) {
    if (c->decoder.done()) return 0;
    // Exactly the handshake: what follows it belongs to the swarm's decoder.
    out[0] = MutableBytes(c->incoming).subspan(c->decoder.size());
    return 1;
  }
  const std::uint64_t allowed = s.down_.allowance(now, *c->torrent, conn);
  if (allowed == 0) return 0;
  Torrent* torrent = s.find(*c->torrent);
  if (torrent == nullptr) return 0;
  std::size_t count = torrent->swarm().prepare(now, conn, out);
  std::uint64_t left = allowed;
  for (std::size_t i = 0; i < count; ++i) {
    if (out[i].size() < left) {
      left -= out[i].size();
      continue;
    }
    out[i] = out[i].first(static_cast<std::size_t>(left));
    count = i + 1;
  }
  return count;
}

void Session::commit(TimePoint now, ConnId conn, std::size_t bytes) {
  Impl& s = *impl_;
  Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr) return;
  if (!c->peer) {
    s.commit_handshake(now, *c, Bytes(c->incoming).subspan(c->decoder.size(), bytes));
    return s.settle(now);
  }
  const TorrentKey key = *c->torrent;
  s.down_.consume(now, key, bytes);
  Torrent* torrent = s.find(key);
  if (torrent == nullptr) return;
  torrent->swarm().commit(now, conn, bytes);
  s.touch(key);
  s.settle(now);
}

void Session::Impl::commit_handshake(TimePoint now, Conn& conn, Bytes bytes) {
  const ConnId id = conn.id;
  if (!conn.decoder.feed(bytes)) return close(now, id, CloseReason::bad_handshake);
  if (const auto hash = conn.decoder.info_hash(); hash && !conn.answered) {
    on_info_hash(now, conn, *hash);
    if (find_conn(id) == nullptr) return;
  }
  if (const auto handshake = conn.decoder.handshake()) on_handshake(now, conn, *handshake);
}

// An incoming handshake names its torrent before its peer id is here: answer at once.
void Session::Impl::on_info_hash(TimePoint now, Conn& conn, const Sha1Digest& hash) {
  const auto it = by_hash_.find(hash);
  Torrent* torrent = it == by_hash_.end() ? nullptr : find(it->second);
  if (torrent == nullptr) return close(now, conn.id, CloseReason::unknown_torrent);
  if (!torrent->can_accept()) return close(now, conn.id, CloseReason::too_many_connections);
  conn.torrent = it->second;
  queue_handshake(conn, *torrent, hash);
}

Session::Impl::Admission Session::Impl::judge(TimePoint now, const Conn& conn,
                                              const Torrent& torrent,
                                              const Handshake& handshake) const {
  const auto refuse = [](CloseReason reason) { return Admission{reason, {}}; };
  if (!torrent.hashes().matches(handshake.info_hash)) return refuse(CloseReason::bad_handshake);
  if (handshake.peer_id == torrent.peer_id()) return refuse(CloseReason::self_connection);
  if (!torrent.accepts_peers()) return refuse(CloseReason::torrent_stopped);
  if (bans_.banned(conn.remote.address, now)) return refuse(CloseReason::banned);
  Admission admission;
  std::uint32_t same_address = 0;
  for (const PeerStatus& peer : torrent.swarm().peers(now)) {
    const bool neighbour = peer.remote.address == conn.remote.address;
    if (peer.peer_id == handshake.peer_id) {
      // From another address it may be anyone who saw that peer's id.
      const bool crossed = neighbour && peer.direction != conn.direction;
      if (!crossed || !stays(conn.direction, torrent.peer_id(), peer.peer_id)) {
        return refuse(CloseReason::duplicate_peer);
      }
      admission.replaces = peer.conn;
    } else if (neighbour) {
      ++same_address;
    }
  }
  if (conn.direction == PeerDirection::incoming && counts_per_address(conn.remote.address) &&
      same_address >= config_.per_address_max) {
    return refuse(CloseReason::too_many_connections);
  }
  // Many may have been let in to the handshake while there was room.
  if (!admission.replaces && torrent.swarm().peer_count() >= config_.per_torrent_max) {
    return refuse(CloseReason::too_many_connections);
  }
  return admission;
}

void Session::Impl::on_handshake(TimePoint now, Conn& conn, const Handshake& handshake) {
  Torrent* torrent = find(*conn.torrent);
  if (torrent == nullptr) return close(now, conn.id, CloseReason::torrent_stopped);
  const Admission admission = judge(now, conn, *torrent, handshake);
  if (admission.refused) {
    // Our other end closes it, once it has read who it dialled and can remember that.
    const bool answering_ourselves = *admission.refused == CloseReason::self_connection &&
                                     conn.direction == PeerDirection::incoming;
    return answering_ourselves ? void() : close(now, conn.id, *admission.refused);
  }
  if (admission.replaces) close(now, *admission.replaces, CloseReason::duplicate_peer);
  conn.peer = true;
  set_deadline(conn, kNever);
  if (conn.direction == PeerDirection::outgoing) --dialling_;
  PeerInit init;
  init.conn = conn.id;
  init.remote = conn.remote;
  init.direction = conn.direction;
  init.source = conn.direction == PeerDirection::incoming ? PeerSource::incoming
                                                          : torrent->source_of(conn.remote);
  init.handshake = handshake;
  init.v2 = torrent->hashes().v2_truncated() == handshake.info_hash;
  const TorrentKey key = *conn.torrent;
  torrent->peer_connected(now, std::move(init));
  touch(key);
}

void Session::collect(TimePoint now, ConnId conn, std::size_t bytes_max,
                      std::vector<SendRange>& out) {
  Impl& s = *impl_;
  Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr) return;
  if (c->outgoing_sent < c->outgoing.size()) {
    out.emplace_back(Bytes(c->outgoing).subspan(c->outgoing_sent));
    return;  // the handshake goes out alone
  }
  if (!c->peer) return;
  const std::uint64_t allowed = s.up_.allowance(now, *c->torrent, conn);
  if (allowed == 0) return;
  Torrent* torrent = s.find(*c->torrent);
  if (torrent == nullptr) return;
  c->items.clear();
  torrent->swarm().collect(now, conn, std::min<std::uint64_t>(bytes_max, allowed), c->items);
  std::optional<FileIndex> file;  // the last one looked up
  std::optional<FileStat> seen;
  for (const SendItem& item : c->items) {
    if (const auto* bytes = std::get_if<Bytes>(&item)) {
      out.emplace_back(*bytes);
      continue;
    }
    const auto& content = std::get<ContentRef>(item);
    for (StoredRange& range :
         torrent->storage().locate(content.piece, content.offset, content.length)) {
      if (range.file && range.file != file) {
        file = range.file;
        const FileStat* known = torrent->seen(*file);
        seen = known != nullptr ? std::optional(*known) : std::nullopt;
      }
      if (range.file) range.seen = seen;
      out.emplace_back(std::move(range));
    }
  }
}

void Session::sent(TimePoint now, ConnId conn, std::size_t bytes) {
  Impl& s = *impl_;
  Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr) return;
  if (c->outgoing_sent < c->outgoing.size()) {
    WEIR_ASSERT(c->outgoing_sent + bytes <= c->outgoing.size());
    c->outgoing_sent += bytes;
    // The swarm may have had something to say while the handshake was still going out.
    if (c->outgoing_sent == c->outgoing.size() && c->peer) s.act(WakeWrite{conn});
    return;
  }
  const TorrentKey key = *c->torrent;
  s.up_.consume(now, key, bytes);
  Torrent* torrent = s.find(key);
  if (torrent == nullptr) return;
  torrent->swarm().sent(now, conn, bytes);
  s.touch(key);
  s.settle(now);
}

std::optional<DiskPath> Session::moved_path(ConnId conn, const DiskPath& path) const {
  const Impl::Conn* c = impl_->find_conn(conn);
  const Torrent* torrent = c != nullptr && c->torrent ? impl_->find(*c->torrent) : nullptr;
  if (torrent == nullptr || !torrent->has_storage()) return std::nullopt;
  return torrent->storage().moved_path(path);
}

void Session::handle_content_changed(TimePoint now, ConnId conn, const StoredRange& range,
                                     const FileStat& now_is) {
  Impl& s = *impl_;
  const Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr || !c->peer || !range.file) return;
  const TorrentKey key = *c->torrent;
  if (Torrent* torrent = s.find(key)) torrent->content_changed(*range.file, now_is);
  s.close(now, conn, CloseReason::disk_error);
  s.touch(key);
  s.settle(now);
}

void Session::handle_send_failed(TimePoint now, ConnId conn, const DiskError&) {
  Impl& s = *impl_;
  Impl::Conn* c = s.find_conn(conn);
  if (c == nullptr || !c->peer) return;
  const TorrentKey key = *c->torrent;
  if (Torrent* torrent = s.find(key)) {
    for (const SendItem& item : c->items) {
      if (const auto* content = std::get_if<ContentRef>(&item)) {
        torrent->piece_unreadable(now, content->piece);
      }
    }
  }
  s.close(now, conn, CloseReason::disk_error);
  s.settle(now);
}

void Session::Impl::time_out_conns(TimePoint now) {
  while (!handshakes_.empty() && handshakes_.begin()->first <= now) {
    close(now, handshakes_.begin()->second, CloseReason::handshake_timeout);
  }
}

}  // namespace weir
