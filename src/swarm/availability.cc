// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/availability.h"

#include <utility>

#include "base/assert.h"

namespace weir {

Availability::Availability(std::uint32_t piece_count, Random& random)
    : random_(random),
      counts_(piece_count, 0),
      order_(piece_count),
      positions_(piece_count),
      bucket_begins_{0},
      pieces_with_{piece_count},
      active_(piece_count) {
  for (std::uint32_t i = 0; i < piece_count; ++i) order_[i] = static_cast<PieceIndex>(i);
  random_.shuffle(std::span(order_));
  for (std::uint32_t i = 0; i < piece_count; ++i) positions_[to_int(order_[i])] = i;
}

void Availability::place(std::size_t position, PieceIndex piece) {
  order_[position] = piece;
  positions_[to_int(piece)] = static_cast<std::uint32_t>(position);
}

void Availability::swap_positions(std::size_t a, std::size_t b) {
  if (a == b) return;
  const PieceIndex first = order_[a];
  place(a, order_[b]);
  place(b, first);
}

std::size_t Availability::bucket_end(std::uint32_t count) const {
  return count + 1 < bucket_begins_.size() ? bucket_begins_[count + 1] : active_;
}

void Availability::grow_buckets(std::uint32_t count) {
  while (bucket_begins_.size() <= count) {
    bucket_begins_.push_back(static_cast<std::uint32_t>(active_));
    pieces_with_.push_back(0);
  }
}

// Within a bucket every order is equally likely, and stays so: the hole a piece leaves is filled
// from the bucket's edge, and a piece that enters changes places with a random member.

void Availability::add(PieceIndex piece) {
  WEIR_ASSERT(to_int(piece) < counts_.size());
  const std::uint32_t count = counts_[to_int(piece)]++;
  grow_buckets(count + 1);
  --pieces_with_[count];
  ++pieces_with_[count + 1];
  if (retired(piece)) return;
  const std::size_t edge = bucket_end(count) - 1;
  swap_positions(positions_[to_int(piece)], edge);
  --bucket_begins_[count + 1];
  const std::size_t size = bucket_end(count + 1) - edge;
  swap_positions(edge, edge + random_.below(size));
}

void Availability::remove(PieceIndex piece) {
  WEIR_ASSERT(to_int(piece) < counts_.size());
  WEIR_ASSERT(counts_[to_int(piece)] > 0);
  const std::uint32_t count = counts_[to_int(piece)]--;
  --pieces_with_[count];
  ++pieces_with_[count - 1];
  if (retired(piece)) return;
  const std::size_t edge = bucket_begins_[count];
  swap_positions(positions_[to_int(piece)], edge);
  ++bucket_begins_[count];
  const std::size_t begin = bucket_begins_[count - 1];
  swap_positions(edge, begin + random_.below(edge - begin + 1));
}

void Availability::add_peer(const Bitfield& has) {
  WEIR_ASSERT(has.size() == counts_.size());
  for (std::size_t i = has.find_set(0); i < has.size(); i = has.find_set(i + 1)) {
    add(static_cast<PieceIndex>(i));
  }
}

void Availability::remove_peer(const Bitfield& has) {
  WEIR_ASSERT(has.size() == counts_.size());
  for (std::size_t i = has.find_set(0); i < has.size(); i = has.find_set(i + 1)) {
    remove(static_cast<PieceIndex>(i));
  }
}

void Availability::remove_seed() {
  WEIR_ASSERT(seeds_ > 0);
  --seeds_;
}

void Availability::retire(PieceIndex piece) {
  WEIR_ASSERT(to_int(piece) < counts_.size());
  if (retired(piece)) return;
  // The hole wanders to the end: each bucket above shifts down by one place.
  std::size_t hole = positions_[to_int(piece)];
  for (std::size_t count = counts_[to_int(piece)]; count < bucket_begins_.size(); ++count) {
    const std::size_t edge = bucket_end(static_cast<std::uint32_t>(count)) - 1;
    swap_positions(hole, edge);
    hole = edge;
    if (count + 1 < bucket_begins_.size()) --bucket_begins_[count + 1];
  }
  --active_;
}

void Availability::restore(PieceIndex piece) {
  WEIR_ASSERT(to_int(piece) < counts_.size());
  if (!retired(piece)) return;
  const std::uint32_t own = counts_[to_int(piece)];
  std::size_t hole = active_;
  swap_positions(positions_[to_int(piece)], hole);
  ++active_;
  for (std::size_t count = bucket_begins_.size() - 1; count > own; --count) {
    const std::size_t begin = bucket_begins_[count]++;
    swap_positions(hole, begin);
    hole = begin;
  }
  const std::size_t begin = bucket_begins_[own];
  swap_positions(hole, begin + random_.below(hole - begin + 1));
}

double Availability::distributed_copies() const {
  if (counts_.empty()) return 0;
  std::size_t lowest = 0;
  while (pieces_with_[lowest] == 0) ++lowest;
  const std::size_t above = counts_.size() - pieces_with_[lowest];
  return static_cast<double>(lowest + seeds_) +
         static_cast<double>(above) / static_cast<double>(counts_.size());
}

}  // namespace weir
