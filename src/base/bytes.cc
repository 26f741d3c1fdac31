// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/bytes.h"

namespace weir {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

std::optional<unsigned> base32_digit(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a');
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= '2' && c <= '7') return static_cast<unsigned>(c - '2') + 26;
  return std::nullopt;
}

}  // namespace

std::string to_hex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::byte b : bytes) {
    text += kDigits[std::to_integer<unsigned>(b) >> 4];
    text += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

std::optional<Buffer> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Buffer out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_digit(text[i]);
    const auto low = hex_digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    out.push_back(static_cast<std::byte>(*high << 4 | *low));
  }
  return out;
}

std::string to_base32(Bytes bytes) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  unsigned pending = 0;
  unsigned bits = 0;
  for (std::byte b : bytes) {
    pending = (pending << 8 | std::to_integer<unsigned>(b)) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kDigits[pending >> bits & 31];
    }
  }
  if (bits > 0) text += kDigits[pending << (5 - bits) & 31];
  return text;
}

std::optional<Buffer> from_base32(std::string_view text) {
  Buffer out;
  unsigned pending = 0;
  unsigned bits = 0;
  for (char c : text) {
    const auto digit = base32_digit(c);
    if (!digit) return std::nullopt;
    pending = (pending << 5 | *digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::byte>(pending >> bits & 0xff));
    }
  }
  // What is left over must be padding bits only, and fewer than a digit's worth.
  if (bits >= 5 || (pending & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace weir
