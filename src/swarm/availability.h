// SPDX-License-Identifier: MIT OR Apache-2.0
// How many connected peers have each piece, kept in rarity order at all times.
//
// Pieces sit in one array sorted by count; a change by one moves a piece across a bucket edge in
// O(1). Peers that have everything are counted once for all pieces, not piece by piece, so a seed
// arriving costs O(1). Order within a bucket is random (seeded), so that peers with the same view
// do not all fetch the same piece.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bitfield.h"
#include "base/ids.h"
#include "base/random.h"

namespace weir {

class Availability {
 public:
  Availability(std::uint32_t piece_count, Random& random);

  void add(PieceIndex piece);
  void remove(PieceIndex piece);
  void add_peer(const Bitfield& has);
  void remove_peer(const Bitfield& has);
  void add_seed() { ++seeds_; }
  // REQUIRES: a seed was added.
  void remove_seed();

  [[nodiscard]] std::uint32_t piece_count() const {
    return static_cast<std::uint32_t>(counts_.size());
  }
  [[nodiscard]] std::uint32_t count(PieceIndex piece) const {
    return counts_[to_int(piece)] + seeds_;
  }
  // All pieces, rarest first.
  [[nodiscard]] std::span<const PieceIndex> by_rarity() const { return order_; }
  // Pieces with the lowest count, plus the fraction of pieces above it (as clients display it).
  [[nodiscard]] double distributed_copies() const;

 private:
  void swap_positions(std::size_t a, std::size_t b);

  std::uint32_t seeds_ = 0;
  std::vector<std::uint32_t> counts_;         // by piece, seeds not included
  std::vector<PieceIndex> order_;             // by count
  std::vector<std::uint32_t> positions_;      // by piece: its index in order_
  std::vector<std::uint32_t> bucket_begins_;  // by count: index in order_ where it starts
};

}  // namespace weir
