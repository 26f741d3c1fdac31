// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/bitfield.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace weir {
namespace {

// The bits of the last byte that stand for a piece.
std::byte last_mask(std::size_t size) {
  const std::size_t used = size % 8;
  return used == 0 ? std::byte{0xff} : static_cast<std::byte>(0xff << (8 - used) & 0xff);
}

std::size_t find_bit(const Buffer& bytes, std::size_t size, std::size_t from, std::byte flip) {
  std::size_t index = from;
  while (index < size) {
    const auto value = std::to_integer<unsigned>(bytes[index / 8] ^ flip) & (0xffU >> index % 8);
    if (value != 0) {
      const auto first =
          static_cast<std::size_t>(std::countl_zero(static_cast<std::uint8_t>(value)));
      return std::min(index / 8 * 8 + first, size);
    }
    index = (index / 8 + 1) * 8;
  }
  return size;
}

}  // namespace

Bitfield::Bitfield(std::size_t size, bool value) : bytes_((size + 7) / 8), size_(size) {
  if (value) fill(true);
}

std::optional<Bitfield> Bitfield::from_wire(Bytes wire, std::size_t size) {
  if (wire.size() != (size + 7) / 8) return std::nullopt;
  if (!wire.empty() && (wire.back() & ~last_mask(size)) != std::byte{0}) return std::nullopt;
  Bitfield field;
  field.bytes_ = to_buffer(wire);
  field.size_ = size;
  for (std::byte b : wire) {
    field.count_ += static_cast<std::size_t>(std::popcount(std::to_integer<std::uint8_t>(b)));
  }
  return field;
}

void Bitfield::set(std::size_t index, bool value) {
  WEIR_ASSERT(index < size_);
  if (test(index) == value) return;
  bytes_[index / 8] ^= static_cast<std::byte>(1U << (7 - index % 8));
  value ? ++count_ : --count_;
}

void Bitfield::fill(bool value) {
  std::fill(bytes_.begin(), bytes_.end(), value ? std::byte{0xff} : std::byte{0});
  if (value && !bytes_.empty()) bytes_.back() &= last_mask(size_);
  count_ = value ? size_ : 0;
}

std::size_t Bitfield::find_set(std::size_t from) const {
  return find_bit(bytes_, size_, from, std::byte{0});
}

std::size_t Bitfield::find_clear(std::size_t from) const {
  return find_bit(bytes_, size_, from, std::byte{0xff});
}

bool Bitfield::has_any_not_in(const Bitfield& other) const {
  WEIR_ASSERT(size_ == other.size_);
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if ((bytes_[i] & ~other.bytes_[i]) != std::byte{0}) return true;
  }
  return false;
}

}  // namespace weir
