// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/multibase.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "base/result.h"

namespace weir {
namespace {

struct Base {
  char prefix;
  bool padded;
  std::string_view alphabet;
};

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";
constexpr std::string_view k32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view k32Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view k32Hex = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view k32HexUpper = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
constexpr std::string_view k36 = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view k36Upper = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view k58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view k58Flickr = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr std::string_view k64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view k64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// In the order of the enumeration.
constexpr std::array kBases = std::to_array<Base>({
    {'f', false, kHex},
    {'F', false, kHexUpper},
    {'b', false, k32},
    {'B', false, k32Upper},
    {'c', true, k32},
    {'C', true, k32Upper},
    {'v', false, k32Hex},
    {'V', false, k32HexUpper},
    {'t', true, k32Hex},
    {'T', true, k32HexUpper},
    {'k', false, k36},
    {'K', false, k36Upper},
    {'z', false, k58},
    {'Z', false, k58Flickr},
    {'m', false, k64},
    {'M', true, k64},
    {'u', false, k64Url},
    {'U', true, k64Url},
});

const Base& base_of(Multibase base) { return kBases[static_cast<std::size_t>(base)]; }

bool is_power_of_two(const Base& base) { return std::has_single_bit(base.alphabet.size()); }
unsigned bits_of(const Base& base) {
  return static_cast<unsigned>(std::countr_zero(base.alphabet.size()));
}
// Characters that stand for a whole number of bytes; padded text is a multiple of it.
std::size_t group_of(const Base& base) { return bits_of(base) == 5 ? 8 : 4; }

std::unexpected<MultiformatError> refuse(MultiformatErrc code, std::size_t offset) {
  return std::unexpected(MultiformatError{code, offset});
}

std::string encode_bits(const Base& base, Bytes bytes) {
  const unsigned bits = bits_of(base);
  const std::size_t mask = base.alphabet.size() - 1;
  std::string out;
  std::size_t held = 0;
  unsigned held_bits = 0;
  for (const std::byte byte : bytes) {
    held = (held << 8 | std::to_integer<std::size_t>(byte)) & 0xffff;
    for (held_bits += 8; held_bits >= bits;) {
      held_bits -= bits;
      out += base.alphabet[held >> held_bits & mask];
    }
  }
  if (held_bits > 0) out += base.alphabet[held << (bits - held_bits) & mask];
  while (base.padded && out.size() % group_of(base) != 0) out += '=';
  return out;
}

MultiformatResult<Buffer> decode_bits(const Base& base, std::string_view text) {
  const std::size_t size = text.size();
  if (base.padded) {
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    const std::size_t group = group_of(base);
    if (size != (text.size() + group - 1) / group * group) {
      return refuse(MultiformatErrc::bad_text_length, text.size());
    }
  }
  const unsigned bits = bits_of(base);
  Buffer out;
  std::size_t held = 0;
  unsigned held_bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t value = base.alphabet.find(text[i]);
    if (value == std::string_view::npos) return refuse(MultiformatErrc::bad_character, i);
    held = (held << bits | value) & 0xffff;
    held_bits += bits;
    if (held_bits < 8) continue;
    held_bits -= 8;
    out.push_back(static_cast<std::byte>(held >> held_bits & 0xff));
  }
  // A whole character that adds no byte could be left out.
  if (held_bits >= bits) return refuse(MultiformatErrc::bad_text_length, text.size());
  if ((held & ((std::size_t{1} << held_bits) - 1)) != 0) {
    return refuse(MultiformatErrc::spare_bits_set, text.size() - 1);
  }
  return out;
}

// `digits` is a number, lowest digit first, in base `radix`: digits = digits * factor + carry.
template <class Digit>
void multiply_add(std::vector<Digit>& digits, std::uint32_t radix, std::uint32_t factor,
                  std::uint32_t carry) {
  for (Digit& digit : digits) {
    carry += static_cast<std::uint32_t>(digit) * factor;
    digit = static_cast<Digit>(carry % radix);
    carry /= radix;
  }
  for (; carry > 0; carry /= radix) digits.push_back(static_cast<Digit>(carry % radix));
}

// Base 36 and 58 read the bytes as one number; each zero byte in front is one zero digit.
std::string encode_number(const Base& base, Bytes bytes) {
  std::vector<std::uint8_t> digits;
  const auto radix = static_cast<std::uint32_t>(base.alphabet.size());
  for (const std::byte byte : bytes) {
    multiply_add(digits, radix, 256, std::to_integer<std::uint32_t>(byte));
  }
  const auto zeros =
      std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; }) -
      bytes.begin();
  std::string out(static_cast<std::size_t>(zeros), base.alphabet[0]);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) out += base.alphabet[*digit];
  return out;
}

MultiformatResult<Buffer> decode_number(const Base& base, std::string_view text) {
  std::vector<std::uint8_t> digits;
  const auto radix = static_cast<std::uint32_t>(base.alphabet.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t value = base.alphabet.find(text[i]);
    if (value == std::string_view::npos) return refuse(MultiformatErrc::bad_character, i);
    multiply_add(digits, 256, radix, static_cast<std::uint32_t>(value));
  }
  const std::size_t zeros = std::min(text.find_first_not_of(base.alphabet[0]), text.size());
  Buffer out(zeros);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    out.push_back(static_cast<std::byte>(*digit));
  }
  return out;
}

MultiformatResult<Buffer> decode(const Base& base, std::string_view text) {
  if (text.size() > kMultibaseTextMax) return refuse(MultiformatErrc::input_too_large, 0);
  return is_power_of_two(base) ? decode_bits(base, text) : decode_number(base, text);
}

}  // namespace

std::string base_encode(Multibase base, Bytes bytes) {
  const Base& row = base_of(base);
  return is_power_of_two(row) ? encode_bits(row, bytes) : encode_number(row, bytes);
}

MultiformatResult<Buffer> base_decode(Multibase base, std::string_view text) {
  return decode(base_of(base), text);
}

std::string multibase_encode(Multibase base, Bytes bytes) {
  return base_of(base).prefix + base_encode(base, bytes);
}

MultiformatResult<MultibaseText> multibase_decode(std::string_view text) {
  if (text.empty()) return refuse(MultiformatErrc::empty_input, 0);
  const auto row = std::find_if(kBases.begin(), kBases.end(),
                                [&text](const Base& base) { return base.prefix == text[0]; });
  if (row == kBases.end()) return refuse(MultiformatErrc::unknown_multibase, 0);
  auto bytes = decode(*row, text.substr(1));
  if (!bytes) return refuse(bytes.error().code, bytes.error().offset + 1);
  return MultibaseText{static_cast<Multibase>(row - kBases.begin()), std::move(*bytes)};
}

}  // namespace weir
