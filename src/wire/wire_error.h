// SPDX-License-Identifier: MIT OR Apache-2.0
// What can be wrong with the bytes a peer sends, and whose fault it is.
#pragma once

#include <cstdint>
#include <expected>

namespace weir {

enum class WireErrc : std::uint8_t {
  bad_protocol_name,   // the handshake does not open with the BitTorrent name
  message_too_long,    // length prefix above WireLimits::max_message
  extension_too_long,  // an extension message above the limit of its id
  block_too_long,      // a block above 16 KiB
  bad_length,          // a length impossible for that message id
  unknown_message,     // an id no specification we speak gives a meaning
  not_negotiated,      // fast, extension or hash message without the handshake bit
  bad_bitfield,        // wrong size for the torrent, or spare bits set
  piece_out_of_range,  // have, suggest or allowed fast of a piece the torrent does not have
};

// Stable, lower-case, for logs and machine-readable output.
[[nodiscard]] const char* error_name(WireErrc code);

struct WireError {
  WireErrc code{};
  std::uint64_t stream_offset = 0;  // where the offending message (or handshake byte) starts
  bool operator==(const WireError&) const = default;
};

template <class T>
using WireResult = std::expected<T, WireError>;

// Who has to change for the next attempt to succeed.
enum class WireBlame : std::uint8_t {
  peer,         // broke the protocol
  environment,  // may be honest but speaks something else (an encrypted or foreign stream)
};
[[nodiscard]] WireBlame blame(WireErrc code);

}  // namespace weir
