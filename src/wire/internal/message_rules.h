// SPDX-License-Identifier: MIT OR Apache-2.0
// What each message of the peer wire must look like: lengths, limits, negotiation. Stateless; the
// WireDecoder applies it as soon as the bytes that decide are there.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "wire/decoder.h"
#include "wire/message.h"
#include "wire/wire_error.h"

namespace weir {

// As much of a message's start as has arrived.
struct MessagePrefix {
  std::uint32_t length = 0;  // of id and body
  std::optional<MessageId> id;
  std::optional<std::uint8_t> extended_id;
};

// Nothing with fewer than 4 bytes.
[[nodiscard]] std::optional<MessagePrefix> peek_message(Bytes pending);

// What is wrong with the message, judged by its start alone. Nothing while it may be right.
[[nodiscard]] std::optional<WireErrc> check_prefix(const MessagePrefix& prefix,
                                                   const WireDecoderOptions& options);

// REQUIRES: check_prefix() passed, `body` is whole and follows the id; not a `piece` message.
[[nodiscard]] std::expected<WireMessage, WireErrc> parse_message(MessageId id, Bytes body,
                                                                 const WireNegotiated& negotiated);

}  // namespace weir
