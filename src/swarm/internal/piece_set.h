// SPDX-License-Identifier: MIT OR Apache-2.0
// A set of pieces made to be intersected with a peer's bitfield, 64 pieces a step: the question
// "which piece that I want does this peer have" costs microseconds for two million pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bitfield.h"
#include "base/ids.h"

namespace weir {

class PieceSet {
 public:
  // Holds pieces below `size`; takes no memory before the first insert.
  explicit PieceSet(std::size_t size) : size_(size) {}

  void insert(PieceIndex piece);
  void erase(PieceIndex piece);
  [[nodiscard]] bool contains(PieceIndex piece) const;
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // The first member at or after `from` that is set in `field` too, or size().
  // REQUIRES: field.size() == size().
  [[nodiscard]] std::size_t find_common(const Bitfield& field, std::size_t from) const;

 private:
  std::size_t size_;
  std::size_t count_ = 0;
  std::vector<std::uint64_t> words_;  // in the wire's bit order: the first piece is the top bit
  std::size_t low_ = 0;               // no word before this one holds a member
};

}  // namespace weir
