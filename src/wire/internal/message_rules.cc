// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/internal/message_rules.h"

#include <algorithm>

#include "base/bitfield.h"

namespace weir {
namespace {

constexpr std::uint32_t kHashRequestSize = 48;

std::uint32_t load32(Bytes bytes, std::size_t at) {
  return load_be32(bytes.subspan(at).first<4>());
}

PieceIndex load_piece(Bytes bytes) { return static_cast<PieceIndex>(load32(bytes, 0)); }

BlockRequest load_block(Bytes body) {
  return {.piece = load_piece(body), .begin = load32(body, 4), .length = load32(body, 8)};
}

HashRequest load_hash_request(Bytes body) {
  return {.pieces_root = *Sha256Digest::from(body.first(Sha256Digest::kSize)),
          .base_layer = load32(body, 32),
          .index = load32(body, 36),
          .length = load32(body, 40),
          .proof_layers = load32(body, 44)};
}

std::span<const Sha256Digest> view_hashes(Bytes bytes) {
  // A digest is an array of bytes and nothing else, so any byte address can hold one.
  static_assert(sizeof(Sha256Digest) == Sha256Digest::kSize && alignof(Sha256Digest) == 1);
  return {reinterpret_cast<const Sha256Digest*>(bytes.data()), bytes.size() / Sha256Digest::kSize};
}

std::optional<WireErrc> exactly(std::uint32_t length, std::uint32_t wanted) {
  return length == wanted ? std::nullopt : std::optional(WireErrc::bad_length);
}

std::optional<WireErrc> when(bool negotiated, std::optional<WireErrc> otherwise_fine) {
  return negotiated ? otherwise_fine : std::optional(WireErrc::not_negotiated);
}

std::optional<WireErrc> check_bitfield(std::uint32_t length, const WireDecoderOptions& options) {
  const std::uint32_t bytes = length - 1;
  if (const auto pieces = options.negotiated.piece_count) {
    const std::uint64_t wanted = (std::uint64_t{*pieces} + 7) / 8;
    return bytes == wanted ? std::nullopt : std::optional(WireErrc::bad_bitfield);
  }
  if (bytes > options.limits.max_early_bitfield) return WireErrc::message_too_long;
  return std::nullopt;
}

std::optional<WireErrc> check_piece(std::uint32_t length, const WireLimits& limits) {
  // A block without bytes answers no request that could have been made.
  if (length <= kBlockHeaderSize - 4) return WireErrc::bad_length;
  if (length - (kBlockHeaderSize - 4) > limits.max_block) return WireErrc::block_too_long;
  return std::nullopt;
}

std::optional<WireErrc> check_extended(const MessagePrefix& prefix, const WireLimits& limits) {
  if (prefix.length < 2) return WireErrc::bad_length;
  if (!prefix.extended_id || *prefix.extended_id >= limits.max_extended.size()) return std::nullopt;
  if (prefix.length - 2 > limits.max_extended[*prefix.extended_id]) {
    return WireErrc::extension_too_long;
  }
  return std::nullopt;
}

std::optional<WireErrc> check_hashes(std::uint32_t length) {
  constexpr std::uint32_t kWithoutHashes = 1 + kHashRequestSize;
  const bool whole =
      length > kWithoutHashes && (length - kWithoutHashes) % Sha256Digest::kSize == 0;
  return whole ? std::nullopt : std::optional(WireErrc::bad_length);
}

template <class Message>
std::expected<WireMessage, WireErrc> piece_message(Bytes body, const WireNegotiated& negotiated) {
  const PieceIndex piece = load_piece(body);
  if (negotiated.piece_count && to_int(piece) >= *negotiated.piece_count) {
    return std::unexpected(WireErrc::piece_out_of_range);
  }
  return Message{piece};
}

std::expected<WireMessage, WireErrc> bitfield_message(Bytes body, const WireNegotiated& known) {
  if (known.piece_count && !Bitfield::from_wire(body, *known.piece_count)) {
    return std::unexpected(WireErrc::bad_bitfield);
  }
  return BitfieldMessage{body};
}

}  // namespace

std::optional<MessagePrefix> peek_message(Bytes pending) {
  if (pending.size() < 4) return std::nullopt;
  MessagePrefix prefix{.length = load32(pending, 0), .id = {}, .extended_id = {}};
  if (prefix.length == 0 || pending.size() < 5) return prefix;
  prefix.id = static_cast<MessageId>(pending[4]);
  if (prefix.id == MessageId::extended && prefix.length >= 2 && pending.size() >= 6) {
    prefix.extended_id = std::to_integer<std::uint8_t>(pending[5]);
  }
  return prefix;
}

std::optional<WireErrc> check_prefix(const MessagePrefix& prefix,
                                     const WireDecoderOptions& options) {
  const std::uint32_t length = prefix.length;
  if (length > options.limits.max_message) return WireErrc::message_too_long;
  if (!prefix.id) return std::nullopt;
  const WireNegotiated& spoken = options.negotiated;
  switch (*prefix.id) {
    case MessageId::choke:
    case MessageId::unchoke:
    case MessageId::interested:
    case MessageId::not_interested:
      return exactly(length, 1);
    case MessageId::have:
      return exactly(length, 5);
    case MessageId::bitfield:
      return check_bitfield(length, options);
    case MessageId::request:
    case MessageId::cancel:
      return exactly(length, 13);
    case MessageId::piece:
      return check_piece(length, options.limits);
    case MessageId::port:
      return exactly(length, 3);
    case MessageId::have_all:
    case MessageId::have_none:
      return when(spoken.fast, exactly(length, 1));
    case MessageId::suggest:
    case MessageId::allowed_fast:
      return when(spoken.fast, exactly(length, 5));
    case MessageId::reject:
      return when(spoken.fast, exactly(length, 13));
    case MessageId::extended:
      return when(spoken.extended, check_extended(prefix, options.limits));
    case MessageId::hash_request:
    case MessageId::hash_reject:
      return when(spoken.v2, exactly(length, 1 + kHashRequestSize));
    case MessageId::hashes:
      return when(spoken.v2, check_hashes(length));
  }
  return WireErrc::unknown_message;
}

std::expected<WireMessage, WireErrc> parse_message(MessageId id, Bytes body,
                                                   const WireNegotiated& negotiated) {
  switch (id) {
    case MessageId::choke:
      return ChokeMessage{};
    case MessageId::unchoke:
      return UnchokeMessage{};
    case MessageId::interested:
      return InterestedMessage{};
    case MessageId::not_interested:
      return NotInterestedMessage{};
    case MessageId::have:
      return piece_message<HaveMessage>(body, negotiated);
    case MessageId::bitfield:
      return bitfield_message(body, negotiated);
    case MessageId::request:
      return RequestMessage{load_block(body)};
    case MessageId::cancel:
      return CancelMessage{load_block(body)};
    case MessageId::port:
      return PortMessage{load_be16(body.first<2>())};
    case MessageId::suggest:
      return piece_message<SuggestMessage>(body, negotiated);
    case MessageId::have_all:
      return HaveAllMessage{};
    case MessageId::have_none:
      return HaveNoneMessage{};
    case MessageId::reject:
      return RejectMessage{load_block(body)};
    case MessageId::allowed_fast:
      return piece_message<AllowedFastMessage>(body, negotiated);
    case MessageId::extended:
      return ExtendedMessage{std::to_integer<std::uint8_t>(body[0]), body.subspan(1)};
    case MessageId::hash_request:
      return HashRequestMessage{load_hash_request(body)};
    case MessageId::hashes:
      return HashesMessage{load_hash_request(body), view_hashes(body.subspan(kHashRequestSize))};
    case MessageId::hash_reject:
      return HashRejectMessage{load_hash_request(body)};
    case MessageId::piece:
      break;  // the decoder's own
  }
  return std::unexpected(WireErrc::unknown_message);
}

}  // namespace weir
