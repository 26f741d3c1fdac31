// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/uvarint.h"

#include "base/assert.h"

namespace weir {

void append_uvarint(Buffer& out, std::uint64_t value) {
  WEIR_ASSERT(value <= kUvarintMax);
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

MultiformatResult<std::uint64_t> read_uvarint(Bytes input, std::size_t& offset) {
  WEIR_ASSERT(offset <= input.size());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kUvarintBytesMax; ++i) {
    const std::size_t at = offset + i;
    if (at == input.size()) {
      return std::unexpected(MultiformatError{MultiformatErrc::unexpected_end, at});
    }
    const auto byte = std::to_integer<std::uint64_t>(input[at]);
    value |= (byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    // A last byte of zero adds nothing, so the number had a shorter form.
    if (byte == 0 && i > 0) {
      return std::unexpected(MultiformatError{MultiformatErrc::varint_not_minimal, at});
    }
    offset = at + 1;
    return value;
  }
  return std::unexpected(
      MultiformatError{MultiformatErrc::varint_too_large, offset + kUvarintBytesMax - 1});
}

}  // namespace weir
