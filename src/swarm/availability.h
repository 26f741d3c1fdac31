// SPDX-License-Identifier: MIT OR Apache-2.0
// How many connected peers have each piece, kept in rarity order at all times.
//
// Pieces sit in one array sorted by count; a change by one moves a piece across a bucket edge in
// O(1). Peers that have everything are counted once for all pieces, not piece by piece, so a seed
// arriving costs O(1). Order within a bucket is random (seeded), so that peers with the same view
// do not all fetch the same piece.
//
// A piece that needs no choosing any more (it is here) may be retired: it is still counted, but
// leaves the rarity order, so that whoever walks the order meets only pieces worth a look.
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
  // REQUIRES: the piece was added.
  void remove(PieceIndex piece);
  void add_peer(const Bitfield& has);
  void remove_peer(const Bitfield& has);
  void add_seed() { ++seeds_; }
  // REQUIRES: a seed was added.
  void remove_seed();
  // Takes a piece out of by_rarity(), and puts it back; repeating either changes nothing.
  // Cost: O(distinct counts), that is at most the peers there are.
  void retire(PieceIndex piece);
  void restore(PieceIndex piece);

  [[nodiscard]] std::uint32_t piece_count() const {
    return static_cast<std::uint32_t>(counts_.size());
  }
  [[nodiscard]] std::uint32_t count(PieceIndex piece) const {
    return counts_[to_int(piece)] + seeds_;
  }
  // All pieces that are not retired, rarest first. Borrowed until the next change.
  [[nodiscard]] std::span<const PieceIndex> by_rarity() const {
    return std::span(order_).first(active_);
  }
  // Pieces with the lowest count, plus the fraction of pieces above it (as clients display it).
  [[nodiscard]] double distributed_copies() const;

 private:
  void place(std::size_t position, PieceIndex piece);
  void swap_positions(std::size_t a, std::size_t b);
  [[nodiscard]] bool retired(PieceIndex piece) const {
    return positions_[to_int(piece)] >= active_;
  }
  [[nodiscard]] std::size_t bucket_end(std::uint32_t count) const;
  void grow_buckets(std::uint32_t count);

  Random& random_;
  std::uint32_t seeds_ = 0;
  std::vector<std::uint32_t> counts_;         // by piece, seeds not included
  std::vector<PieceIndex> order_;             // active pieces by count, then the retired ones
  std::vector<std::uint32_t> positions_;      // by piece: its index in order_
  std::vector<std::uint32_t> bucket_begins_;  // by count: index in order_ where it starts
  std::vector<std::uint32_t> pieces_with_;    // by count: how many pieces, retired ones too
  std::size_t active_ = 0;                    // pieces in the rarity order
};

}  // namespace weir
