// SPDX-License-Identifier: MIT OR Apache-2.0
// Unsigned varints of the multiformats: seven bits a byte, lowest first, at most nine bytes (63
// bits), and only the shortest encoding of a number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "multiformats/multiformat_error.h"

namespace weir {

inline constexpr std::size_t kUvarintBytesMax = 9;
inline constexpr std::uint64_t kUvarintMax = (std::uint64_t{1} << 63) - 1;

// REQUIRES: value <= kUvarintMax.
void append_uvarint(Buffer& out, std::uint64_t value);

// The number at `offset`, which moves behind it. A failure leaves `offset` as it is and names the
// byte at fault. REQUIRES: offset <= input.size().
[[nodiscard]] MultiformatResult<std::uint64_t> read_uvarint(Bytes input, std::size_t& offset);

}  // namespace weir
