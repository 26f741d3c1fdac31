// SPDX-License-Identifier: MIT OR Apache-2.0
// Views on raw bytes, big-endian loads and stores, and hexadecimal text.
//
// Every span and string_view here is borrowed for the duration of the call unless the comment
// says otherwise. The load and store functions require a span of exactly the right size, so a
// short buffer does not compile instead of being read past its end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using Buffer = std::vector<std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Buffer to_buffer(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline void append(Buffer& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
inline void append(Buffer& out, std::string_view text) { append(out, as_bytes(text)); }

template <class Integer>
Integer load_be(std::span<const std::byte, sizeof(Integer)> bytes) {
  Integer value = 0;
  for (std::byte b : bytes) {
    value = static_cast<Integer>((value << 7 << 1) | std::to_integer<Integer>(b));
  }
  return value;
}
inline std::uint16_t load_be16(std::span<const std::byte, 2> b) {
  return load_be<std::uint16_t>(b);
}
inline std::uint32_t load_be32(std::span<const std::byte, 4> b) {
  return load_be<std::uint32_t>(b);
}
inline std::uint64_t load_be64(std::span<const std::byte, 8> b) {
  return load_be<std::uint64_t>(b);
}

template <class Integer>
void store_be(std::span<std::byte, sizeof(Integer)> out, Integer value) {
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    out[i] = static_cast<std::byte>(value & 0xff);
    value = static_cast<Integer>(value >> 7 >> 1);
  }
}
inline void store_be16(std::span<std::byte, 2> out, std::uint16_t v) { store_be(out, v); }
inline void store_be32(std::span<std::byte, 4> out, std::uint32_t v) { store_be(out, v); }
inline void store_be64(std::span<std::byte, 8> out, std::uint64_t v) { store_be(out, v); }

template <class Integer>
void append_be(Buffer& out, Integer value) {
  std::byte raw[sizeof(Integer)];
  store_be<Integer>(raw, value);
  append(out, Bytes(raw));
}

// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(Bytes bytes);
// Either case; nothing when the length is odd or a character is no hexadecimal digit.
[[nodiscard]] std::optional<Buffer> from_hex(std::string_view text);

// RFC 4648 base32 without padding; nothing on any other character (either case is accepted).
[[nodiscard]] std::string to_base32(Bytes bytes);
[[nodiscard]] std::optional<Buffer> from_base32(std::string_view text);

}  // namespace weir
