// SPDX-License-Identifier: MIT OR Apache-2.0
// Bytes as text in one of many bases, with or without the letter in front that names the base
// (multibase).
//
// Decoding is strict: every text is the one that encoding its bytes gives. So letters of the other
// case, missing or superfluous padding and set spare bits are refused, and two different texts
// never mean the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "multiformats/multiformat_error.h"

namespace weir {

// Base 36 and base 58 take time in the square of the length; this bounds it, and is far above the
// longest CID or peer record there is.
inline constexpr std::size_t kMultibaseTextMax = 1024;

enum class Multibase : std::uint8_t {
  base16,  // f
  base16_upper,
  base32,  // b: RFC 4648, lower case, no padding
  base32_upper,
  base32_pad,
  base32_pad_upper,
  base32hex,
  base32hex_upper,
  base32hex_pad,
  base32hex_pad_upper,
  base36,  // k
  base36_upper,
  base58btc,  // z
  base58flickr,
  base64,  // m
  base64_pad,
  base64url,  // u
  base64url_pad,
};

// Without the letter in front. A text longer than kMultibaseTextMax is refused.
[[nodiscard]] std::string base_encode(Multibase base, Bytes bytes);
[[nodiscard]] MultiformatResult<Buffer> base_decode(Multibase base, std::string_view text);

// With it.
[[nodiscard]] std::string multibase_encode(Multibase base, Bytes bytes);

struct MultibaseText {
  Multibase base{};
  Buffer bytes;
};
[[nodiscard]] MultiformatResult<MultibaseText> multibase_decode(std::string_view text);

}  // namespace weir
