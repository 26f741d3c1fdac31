// SPDX-License-Identifier: MIT OR Apache-2.0
// Why a varint, multibase text, multihash, CID, peer id or multiaddress was refused, and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

namespace weir {

enum class MultiformatErrc : std::uint8_t {
  empty_input,
  input_too_large,      // above the limit of its kind, before anything is decoded
  unexpected_end,       // the bytes stop in the middle of a value
  trailing_data,        // bytes after the value
  varint_not_minimal,   // the same number has a shorter encoding
  varint_too_large,     // more than nine bytes, or above the limit of the value
  unknown_multibase,    // the first character names no base we know
  bad_character,        // not of the base's alphabet
  bad_text_length,      // no number of bytes has this many characters, or the padding is wrong
  spare_bits_set,       // the last character says more than the bytes hold
  unknown_hash,         // a hash code whose digest length we do not know
  bad_digest_length,    // does not belong to the hash code
  unsupported_version,  // a CID of another version than 0 and 1
  version_0_in_base,    // a CIDv0 has no multibase form
  bad_peer_id,          // neither a SHA-256 nor an inlined public key
  bad_multiaddr,        // the text does not begin with "/", or has an empty part
  unknown_protocol,     // of a multiaddress
  bad_protocol_value,   // the value does not fit its protocol, or is missing
  too_many_protocols,   // in one multiaddress
};

// Stable, lower-case, for logs and machine-readable output.
[[nodiscard]] const char* error_name(MultiformatErrc code);

struct MultiformatError {
  MultiformatErrc code{};
  std::size_t offset = 0;  // bytes or characters before the part at fault
  bool operator==(const MultiformatError&) const = default;
};

template <class T>
using MultiformatResult = std::expected<T, MultiformatError>;

}  // namespace weir
