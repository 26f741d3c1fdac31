// SPDX-License-Identifier: MIT OR Apache-2.0
// A set of piece indices in the wire's bit order (BEP 3 "bitfield"): the first piece is the highest
// bit of the first byte; spare bits at the end are always zero.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"

namespace weir {

class Bitfield {
 public:
  Bitfield() = default;
  explicit Bitfield(std::size_t size, bool value = false);

  // Nothing when the length does not fit `size` bits exactly or a spare bit is set.
  static std::optional<Bitfield> from_wire(Bytes wire, std::size_t size);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool all() const { return count_ == size_; }
  [[nodiscard]] bool none() const { return count_ == 0; }

  // REQUIRES: index < size().
  [[nodiscard]] bool test(std::size_t index) const {
    return (std::to_integer<unsigned>(bytes_[index / 8]) >> (7 - index % 8) & 1) != 0;
  }
  [[nodiscard]] bool test(PieceIndex piece) const { return test(to_int(piece)); }
  void set(std::size_t index, bool value = true);
  void set(PieceIndex piece, bool value = true) { set(to_int(piece), value); }
  void fill(bool value);

  // The first set bit at or after `from`, or size().
  [[nodiscard]] std::size_t find_set(std::size_t from) const;
  // The first clear bit at or after `from`, or size().
  [[nodiscard]] std::size_t find_clear(std::size_t from) const;
  // Whether a bit is set here that is clear in `other`. REQUIRES: same size.
  [[nodiscard]] bool has_any_not_in(const Bitfield& other) const;

  // As sent on the wire. Borrowed until the next change.
  [[nodiscard]] Bytes wire() const { return bytes_; }

  bool operator==(const Bitfield&) const = default;

 private:
  Buffer bytes_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
};

}  // namespace weir
