// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/scripted_peer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/encoder.h"

namespace weir::sim {

ScriptedPeer::ScriptedPeer(World& world, Network& network, const Content& content,
                           ScriptedConfig config)
    : world_(world), network_(network), content_(content), config_(std::move(config)) {
  world_.random().fill(peer_id_.bytes);
  network_.add_host(config_.host, kPort, this);
}

ScriptedPeer::~ScriptedPeer() { network_.remove_host(address()); }

ScriptedPeer::Conn* ScriptedPeer::find(StreamId stream) {
  const auto it = conns_.find(stream);
  return it == conns_.end() ? nullptr : it->second.get();
}

void ScriptedPeer::dial(const Endpoint& remote) {
  conns_[network_.connect(address(), remote)] = std::make_unique<Conn>();
}

bool ScriptedPeer::on_accept(StreamId stream, const Endpoint&) {
  counters_.accepted.push_back(world_.now());
  conns_[stream] = std::make_unique<Conn>();
  return true;
}

void ScriptedPeer::on_connected(StreamId stream) {
  if (Conn* conn = find(stream)) greet(stream, *conn);
}

void ScriptedPeer::on_closed(StreamId stream) {
  ++counters_.closed;
  conns_.erase(stream);
}

void ScriptedPeer::greet(StreamId stream, Conn& conn) {
  if (std::exchange(conn.greeted, true)) return;
  Handshake handshake;
  handshake.reserved.set_extension(true);
  handshake.reserved.set_fast(config_.fast);
  handshake.info_hash = content_.info().hashes.wire_hash();
  handshake.peer_id = peer_id_;
  const auto bytes = encode_handshake(handshake);
  append(conn.out, Bytes(bytes));
  flush(stream);
}

void ScriptedPeer::flush(StreamId stream) {
  Conn* conn = find(stream);
  if (conn == nullptr || conn->out.empty()) return;
  const std::size_t taken = network_.send(stream, conn->out);
  conn->out.erase(conn->out.begin(), conn->out.begin() + static_cast<std::ptrdiff_t>(taken));
  if (!conn->out.empty()) network_.want_room(stream);
}

void ScriptedPeer::say(StreamId stream, const WireMessage& message) {
  Conn* conn = find(stream);
  if (conn == nullptr) return;
  append_message(conn->out, message);
  flush(stream);
}

void ScriptedPeer::on_bytes(StreamId stream) {
  while (Conn* conn = find(stream)) {
    Buffer bytes(network_.received(stream));
    if (bytes.empty()) return;
    const std::array<MutableBytes, 1> spans{MutableBytes(bytes)};
    network_.receive(stream, spans);
    Bytes rest = bytes;
    if (!conn->handshake.done()) {
      const auto taken = conn->handshake.feed(rest);
      if (!taken) return network_.close(stream);
      rest = rest.subspan(*taken);
      if (!conn->handshake.done()) continue;
      introduce(stream, *conn);
    }
    conn->decoder->feed(rest);
    while (true) {
      auto event = conn->decoder->next(*conn);
      if (!event) return network_.close(stream);
      if (!*event) break;
      if (const auto* message = std::get_if<WireMessage>(&**event)) {
        on_message(stream, *conn, *message);
      }
      if (find(stream) == nullptr) return;
    }
  }
}

void ScriptedPeer::introduce(StreamId stream, Conn& conn) {
  WireDecoderOptions options;
  options.negotiated = {.fast = true, .extended = true, .v2 = true};
  conn.decoder = std::make_unique<WireDecoder>(options);
  greet(stream, conn);
  ExtensionHandshake handshake;
  if (config_.metadata != AnswerMetadata::not_offered) {
    handshake.offer(Extension::ut_metadata);
    handshake.metadata_size = content_.info().raw_info.size();
  }
  const Buffer payload = encode_extension_handshake(handshake);
  say(stream, ExtendedMessage{kExtensionHandshakeId, payload});
  const Bitfield have = config_.have.value_or(Bitfield(content_.layout().piece_count(), true));
  if (config_.fast && have.all()) {
    say(stream, HaveAllMessage{});
  } else if (config_.fast && have.none()) {
    say(stream, HaveNoneMessage{});
  } else if (!have.none()) {
    say(stream, BitfieldMessage{have.wire()});
  }
  keep_alive_later(stream);
  if (config_.unchoke_after) {
    world_.after(*config_.unchoke_after, [this, stream] {
      set_choking(stream, false);
      if (config_.flap > Duration{}) flap_later(stream);
    });
  }
}

void ScriptedPeer::set_choking(StreamId stream, bool choking) {
  Conn* conn = find(stream);
  if (conn == nullptr || conn->choking == choking) return;
  conn->choking = choking;
  choking ? say(stream, ChokeMessage{}) : say(stream, UnchokeMessage{});
  if (!choking) return;
  // A choke drops what was asked: told by rejects with the fast extension, silently without. One
  // in three is answered all the same, as by a peer that had the block on its way.
  for (const BlockRequest& block : std::exchange(conn->waiting, {})) {
    if (world_.random().below(3) == 0) {
      conn->waiting.insert(block);
      answer(stream, block);
    } else if (config_.fast) {
      say(stream, RejectMessage{block});
    }
  }
}

void ScriptedPeer::keep_alive_later(StreamId stream) {
  world_.after(std::chrono::seconds(60), [this, stream] {
    if (find(stream) == nullptr) return;
    say(stream, KeepAliveMessage{});
    keep_alive_later(stream);
  });
}

void ScriptedPeer::flap_later(StreamId stream) {
  const double wait = to_seconds(config_.flap) * 2 * world_.random().unit();
  world_.after(from_seconds(wait), [this, stream] {
    Conn* conn = find(stream);
    if (conn == nullptr) return;
    set_choking(stream, !conn->choking);
    flap_later(stream);
  });
}

void ScriptedPeer::on_message(StreamId stream, Conn& conn, const WireMessage& message) {
  if (const auto* request = std::get_if<RequestMessage>(&message)) {
    on_request(stream, conn, request->block);
  } else if (const auto* cancel = std::get_if<CancelMessage>(&message)) {
    ++counters_.cancels;
    if (!conn.waiting.contains(cancel->block)) return;
    if (config_.requests == AnswerRequests::serve_cancelled_too) {
      conn.cancelled.insert(cancel->block);
      return;
    }
    conn.waiting.erase(cancel->block);
    if (config_.fast) say(stream, RejectMessage{cancel->block});
  } else if (const auto* extended = std::get_if<ExtendedMessage>(&message)) {
    on_extended(stream, conn, *extended);
  }
}

void ScriptedPeer::on_request(StreamId stream, Conn& conn, const BlockRequest& block) {
  ++counters_.requests;
  const bool refuse = conn.choking || config_.requests == AnswerRequests::reject;
  if (refuse) {
    if (!config_.fast) return;
    ++counters_.rejects_sent;
    return say(stream, RejectMessage{block});
  }
  if (config_.requests == AnswerRequests::ignore) return;
  conn.waiting.insert(block);
  if (config_.answer_delay == Duration{}) return answer(stream, block);
  world_.after(world_.random().jitter(config_.answer_delay, 0.5),
               [this, stream, block] { answer(stream, block); });
}

void ScriptedPeer::answer(StreamId stream, const BlockRequest& block) {
  Conn* conn = find(stream);
  if (conn == nullptr || conn->waiting.erase(block) == 0) return;
  if (conn->cancelled.erase(block) > 0) ++counters_.blocks_after_cancel;
  ++counters_.blocks_sent;
  const Buffer piece = content_.piece(block.piece);
  Buffer bytes(piece.begin() + block.begin, piece.begin() + block.begin + block.length);
  if (config_.requests == AnswerRequests::corrupt) bytes[bytes.size() / 2] ^= std::byte{0x20};
  if (config_.requests == AnswerRequests::false_padding) falsify_padding(block, bytes);
  append_block_header(conn->out, as_header(block));
  append(conn->out, Bytes(bytes));
  flush(stream);
}

void ScriptedPeer::falsify_padding(const BlockRequest& block, Buffer& bytes) {
  auto at = bytes.begin();
  for (const FileSlice& slice : content_.layout().slices(block.piece, block.begin, block.length)) {
    if (slice.pad) {
      std::fill_n(at, slice.length, std::byte{0xff});
      counters_.false_padding_sent += slice.length;
    }
    at += slice.length;
  }
}

void ScriptedPeer::on_extended(StreamId stream, Conn& conn, const ExtendedMessage& message) {
  if (message.id == kExtensionHandshakeId) {
    if (const auto theirs = decode_extension_handshake(message.payload)) {
      conn.extensions.update(*theirs);
    }
    return;
  }
  if (message.id != local_extension_id(Extension::ut_metadata)) return;
  const auto request = decode_metadata_message(message.payload);
  if (!request || request->type != MetadataMessageType::request) return;
  counters_.metadata_requests.push_back(world_.now());
  if (config_.metadata == AnswerMetadata::ignore) return;
  MetadataMessage reply{.type = MetadataMessageType::reject, .piece = request->piece};
  Buffer part;
  if (config_.metadata != AnswerMetadata::reject) {
    const Bytes info = content_.info().raw_info;
    const std::size_t from = std::size_t{request->piece} * kMetadataPieceSize;
    part = to_buffer(
        info.subspan(from, std::min<std::size_t>(kMetadataPieceSize, info.size() - from)));
    if (config_.metadata == AnswerMetadata::corrupt) part[part.size() / 2] ^= std::byte{1};
    reply = {MetadataMessageType::data, request->piece, info.size(), part};
  }
  const Buffer payload = encode_metadata_message(reply);
  say(stream, ExtendedMessage{conn.extensions.id(Extension::ut_metadata), payload});
}

}  // namespace weir::sim
