// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/internal/piece_set.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"

namespace weir {
namespace {

std::uint64_t bit_of(std::size_t index) { return std::uint64_t{1} << (63 - index % 64); }

std::uint64_t wire_word(Bytes wire, std::size_t word) {
  std::uint64_t value = 0;
  const std::size_t offset = word * sizeof(value);
  std::memcpy(&value, wire.data() + offset, std::min(sizeof(value), wire.size() - offset));
  return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}

}  // namespace

void PieceSet::insert(PieceIndex piece) {
  WEIR_ASSERT(to_int(piece) < size_);
  if (words_.empty()) words_.resize((size_ + 63) / 64);
  const std::size_t word = to_int(piece) / 64;
  if ((words_[word] & bit_of(to_int(piece))) != 0) return;
  words_[word] |= bit_of(to_int(piece));
  ++count_;
  low_ = count_ == 1 ? word : std::min(low_, word);
}

void PieceSet::erase(PieceIndex piece) {
  if (!contains(piece)) return;
  words_[to_int(piece) / 64] &= ~bit_of(to_int(piece));
  --count_;
  if (count_ == 0) return;
  while (words_[low_] == 0) ++low_;
}

bool PieceSet::contains(PieceIndex piece) const {
  WEIR_ASSERT(to_int(piece) < size_);
  return count_ > 0 && (words_[to_int(piece) / 64] & bit_of(to_int(piece))) != 0;
}

std::size_t PieceSet::find_common(const Bitfield& field, std::size_t from) const {
  WEIR_ASSERT(field.size() == size_);
  if (count_ == 0 || from >= size_ || field.none()) return size_;
  const Bytes wire = field.wire();
  std::size_t word = from / 64;
  std::uint64_t mask = ~std::uint64_t{0} >> (from % 64);
  if (word < low_) {
    word = low_;
    mask = ~std::uint64_t{0};
  }
  for (; word < words_.size(); ++word, mask = ~std::uint64_t{0}) {
    const std::uint64_t own = words_[word] & mask;
    if (own == 0) continue;
    const std::uint64_t common = own & wire_word(wire, word);
    if (common != 0) return word * 64 + static_cast<std::size_t>(std::countl_zero(common));
  }
  return size_;
}

}  // namespace weir
