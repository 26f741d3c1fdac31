// SPDX-License-Identifier: MIT OR Apache-2.0
// Extended messages (BEP 10), and the info dictionary from and for peers (BEP 9).
#include <utility>

#include "hash/sha.h"
#include "swarm/swarm_impl.h"

namespace weir {
namespace {

constexpr std::uint32_t kExtensionHandshakesMax = 10;  // a minute, EXT-01
constexpr std::size_t kHavesAtOnceMax = 16 * 1024;     // to a peer that came before the metadata

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

bool has_hash(const InfoHashes& hashes, Bytes info) {
  if (hashes.v1 && sha1(info) != *hashes.v1) return false;
  return !hashes.v2 || sha256(info) == *hashes.v2;
}

}  // namespace

void Swarm::Impl::on_extended(PeerState& peer, std::uint8_t id, Bytes payload) {
  if (!charge(peer)) return;
  if (id == kExtensionHandshakeId) return on_extension_handshake(peer, payload);
  const auto extension = local_extension(id);
  if (!extension) return;  // EXT-05
  switch (*extension) {
    case Extension::ut_pex:
      return;  // never offered, so never meant for us
    case Extension::upload_only:
      if (const auto on = decode_upload_only(payload)) peer.upload_only = *on;
      return;
    case Extension::lt_donthave: {
      const auto piece = decode_dont_have(payload);
      if (piece) return on_dont_have(peer, *piece);
      return close(peer, CloseReason::protocol_error, "lt_donthave of the wrong size");
    }
    case Extension::ut_metadata: {
      const auto message = decode_metadata_message(payload);
      if (!message && blame(message.error().code) == ExtensionBlame::nobody) return;
      if (!message) return close(peer, CloseReason::bad_metadata, error_name(message.error().code));
      if (message->type == MetadataMessageType::request) {
        metadata_server.handle_message(now, peer.conn, *message);
      } else if (metadata_fetcher) {
        metadata_fetcher->handle_message(now, peer.conn, *message);
      }
      return pump_metadata();
    }
  }
}

void Swarm::Impl::on_extension_handshake(PeerState& peer, Bytes payload) {
  if (now - peer.extension_minute >= std::chrono::minutes(1) || peer.extension_handshakes == 0) {
    peer.extension_minute = now;
    peer.extension_handshakes = 0;
  }
  if (++peer.extension_handshakes > kExtensionHandshakesMax) {
    return close(peer, CloseReason::message_flood, "too many extension handshakes");
  }
  const auto handshake = decode_extension_handshake(payload);
  if (!handshake) {
    return close(peer, CloseReason::protocol_error, error_name(handshake.error().code));
  }
  const bool spoke_metadata = peer.extensions.speaks(Extension::ut_metadata);
  peer.extensions.update(*handshake);
  if (handshake->client) peer.client = *handshake->client;
  if (handshake->reqq) peer.window.set_peer_limit(*handshake->reqq);
  if (handshake->upload_only) peer.upload_only = *handshake->upload_only;
  const bool speaks_metadata = peer.extensions.speaks(Extension::ut_metadata);
  if (metadata_fetcher && speaks_metadata && handshake->metadata_size) {
    metadata_fetcher->set_peer(now, peer.conn, *handshake->metadata_size);
  } else if (metadata_fetcher && spoke_metadata && !speaks_metadata) {
    metadata_fetcher->remove_peer(now, peer.conn);
  }
  pump_metadata();
}

// Does what the two metadata machines say.
void Swarm::Impl::pump_metadata() {
  while (const auto reply = metadata_server.next(now)) {
    PeerState* peer = find(reply->peer);
    if (peer == nullptr) continue;
    const auto id = peer->extensions.id(Extension::ut_metadata);
    if (id != 0) send(*peer, ExtendedMessage{id, encode_metadata_message(reply->message)});
  }
  metadata_at = metadata_server.next_deadline(now);
  if (!metadata_fetcher) return;
  if (now >= metadata_fetcher->next_deadline()) metadata_fetcher->handle_timer(now);
  while (auto action = metadata_fetcher->next()) {
    std::visit(
        Overloaded{[&](const MetadataWanted& wanted) {
                     PeerState* peer = find(wanted.peer);
                     if (peer == nullptr) return;
                     const auto id = peer->extensions.id(Extension::ut_metadata);
                     if (id == 0) return;
                     const MetadataMessage request{
                         MetadataMessageType::request, wanted.piece, {}, {}};
                     send(*peer, ExtendedMessage{id, encode_metadata_message(request)});
                   },
                   [&](MetadataCollected& collected) { metadata_collected(std::move(collected)); },
                   [&](const MetadataPeerFault& fault) {
                     PeerState* peer = find(fault.peer);
                     if (peer == nullptr) return;
                     if (fault.fault == MetadataFault::bad_hash) {
                       say(BanPeer{peer->address()});
                       banned.ban(peer->address(), now);
                     }
                     close(*peer, CloseReason::bad_metadata, "false metadata");
                   }},
        *action);
  }
}

void Swarm::Impl::metadata_collected(MetadataCollected collected) {
  if (has_hash(hashes, collected.info)) {
    judging_metadata = true;
    say(MetadataArrived{std::move(collected.info)});
  } else {
    metadata_fetcher->rejected(now);
  }
}

// The dictionary has the right hash and is of no use: fetching it again would bring the same bytes
// (UTM-07), so nothing is asked any more.
void Swarm::Impl::metadata_rejected() {
  if (std::exchange(judging_metadata, false)) metadata_fetcher->accepted();
}

void Swarm::Impl::set_metadata(std::shared_ptr<const TorrentInfo> new_info,
                               PieceLayers known_layers, const Bitfield& have,
                               const Bitfield& checked_pieces) {
  if (info) return;
  info = std::move(new_info);
  layers = std::move(known_layers);
  hashes = info->hashes;
  availability.emplace(layout().piece_count(), random);
  picker.emplace(layout(), have, random);
  picker->set_order(config.sequential ? PickOrder::sequential : PickOrder::rarest_first);
  checked = checked_pieces;
  needed = Bitfield(layout().piece_count());
  was_complete = complete();
  complete_since = now;
  metadata_fetcher.reset();
  judging_metadata = false;
  metadata_server.set_info(info->raw_info);
  if (has_v2(layout().kind())) {
    hash_server.emplace(*info);
    hash_fetcher.emplace(*info, layers);
    hold_unverifiable();
  }
  for (auto& [conn, peer] : peers) {
    if (!peer->closing) metadata_known(*peer);
  }
  ask_hashes();
  fill_all();
}

// A peer connected before the metadata was known: what it said is judged now, and what we could not
// say before is said.
void Swarm::Impl::metadata_known(PeerState& peer) {
  WireNegotiated negotiated = peer.decoder.negotiated();
  negotiated.piece_count = layout().piece_count();
  // Whether hashes may be asked for stays as it was: when the v2 side became known only now, our
  // handshake did not speak of it, and the peer would take a hash request for a broken message.
  peer.decoder.set_negotiated(negotiated);
  apply_early(peer);
  if (peer.closing) return;
  const Bitfield& have = picker->have();
  // A bitfield may only come first, and a message for each piece of a large torrent would fill the
  // memory. Who connects anew is told in one.
  if (have.count() > kHavesAtOnceMax) {
    return close(peer, CloseReason::not_useful, "connects anew to hear of all that is here");
  }
  for (auto i = have.find_set(0); i < have.size(); i = have.find_set(i + 1)) {
    send(peer, HaveMessage{PieceIndex{static_cast<std::uint32_t>(i)}});
  }
  if (peer.extended) send_extension_handshake(peer);
  if (peer.fast) send_allowed_fast(peer);
}

}  // namespace weir
