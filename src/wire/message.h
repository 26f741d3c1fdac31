// SPDX-License-Identifier: MIT OR Apache-2.0
// The messages of the peer wire as values: BEP 3 "peer messages", BEP 6 (fast), BEP 10 (extended),
// BEP 52 (hash request, hashes, hash reject).
//
// Block payloads are no part of a message: a `piece` message is a BlockHeader here, and its payload
// goes straight to the memory it is meant for (decoder.h) or comes from a file (encoder.h).
// Spans are borrowed: from the decoder until its next() yields nothing, or from the caller.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ids.h"

namespace weir {

enum class MessageId : std::uint8_t {
  choke = 0,
  unchoke = 1,
  interested = 2,
  not_interested = 3,
  have = 4,
  bitfield = 5,
  request = 6,
  piece = 7,
  cancel = 8,
  port = 9,
  suggest = 13,
  have_all = 14,
  have_none = 15,
  reject = 16,
  allowed_fast = 17,
  extended = 20,
  hash_request = 21,
  hashes = 22,
  hash_reject = 23,
};

// What request, cancel and reject name. Units: bytes within the piece.
struct BlockRequest {
  PieceIndex piece{};
  std::uint32_t begin = 0;
  std::uint32_t length = 0;
  auto operator<=>(const BlockRequest&) const = default;
};

// The same for a block that is sent: `length` is that of the payload.
struct BlockHeader {
  PieceIndex piece{};
  std::uint32_t begin = 0;
  std::uint32_t length = 0;
  auto operator<=>(const BlockHeader&) const = default;
};

inline BlockRequest as_request(const BlockHeader& b) { return {b.piece, b.begin, b.length}; }
inline BlockHeader as_header(const BlockRequest& b) { return {b.piece, b.begin, b.length}; }

// A run of hashes of a file's merkle tree, and its proof (BEP 52 "hash request").
struct HashRequest {
  Sha256Digest pieces_root{};
  std::uint32_t base_layer = 0;  // 0: leaves (blocks)
  std::uint32_t index = 0;       // of the first hash in the base layer
  std::uint32_t length = 0;      // hashes of the base layer
  std::uint32_t proof_layers = 0;
  bool operator==(const HashRequest&) const = default;
};

struct KeepAliveMessage {
  bool operator==(const KeepAliveMessage&) const = default;
};
struct ChokeMessage {
  bool operator==(const ChokeMessage&) const = default;
};
struct UnchokeMessage {
  bool operator==(const UnchokeMessage&) const = default;
};
struct InterestedMessage {
  bool operator==(const InterestedMessage&) const = default;
};
struct NotInterestedMessage {
  bool operator==(const NotInterestedMessage&) const = default;
};
struct HaveMessage {
  PieceIndex piece{};
  bool operator==(const HaveMessage&) const = default;
};
struct BitfieldMessage {
  Bytes bits;  // see Bitfield::from_wire; checked against the torrent's size when that is known
};
struct RequestMessage {
  BlockRequest block;
  bool operator==(const RequestMessage&) const = default;
};
struct CancelMessage {
  BlockRequest block;
  bool operator==(const CancelMessage&) const = default;
};
struct PortMessage {  // BEP 5: the peer's DHT port, which may be 0
  std::uint16_t port = 0;
  bool operator==(const PortMessage&) const = default;
};
struct SuggestMessage {
  PieceIndex piece{};
  bool operator==(const SuggestMessage&) const = default;
};
struct HaveAllMessage {
  bool operator==(const HaveAllMessage&) const = default;
};
struct HaveNoneMessage {
  bool operator==(const HaveNoneMessage&) const = default;
};
struct RejectMessage {
  BlockRequest block;
  bool operator==(const RejectMessage&) const = default;
};
struct AllowedFastMessage {
  PieceIndex piece{};
  bool operator==(const AllowedFastMessage&) const = default;
};
struct ExtendedMessage {
  std::uint8_t id = 0;  // 0: the extension handshake; else an id the receiver announced
  Bytes payload;        // see extension.h
};
struct HashRequestMessage {
  HashRequest request;
  bool operator==(const HashRequestMessage&) const = default;
};
struct HashesMessage {
  HashRequest request;                   // the one answered
  std::span<const Sha256Digest> hashes;  // base layer, then uncles; at least one
};
struct HashRejectMessage {
  HashRequest request;
  bool operator==(const HashRejectMessage&) const = default;
};

bool operator==(const BitfieldMessage& a, const BitfieldMessage& b);
bool operator==(const ExtendedMessage& a, const ExtendedMessage& b);
bool operator==(const HashesMessage& a, const HashesMessage& b);

using WireMessage =
    std::variant<KeepAliveMessage, ChokeMessage, UnchokeMessage, InterestedMessage,
                 NotInterestedMessage, HaveMessage, BitfieldMessage, RequestMessage, CancelMessage,
                 PortMessage, SuggestMessage, HaveAllMessage, HaveNoneMessage, RejectMessage,
                 AllowedFastMessage, ExtendedMessage, HashRequestMessage, HashesMessage,
                 HashRejectMessage>;

}  // namespace weir
