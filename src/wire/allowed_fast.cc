// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/allowed_fast.h"

#include <algorithm>
#include <array>

#include "hash/sha.h"

namespace weir {

std::vector<PieceIndex> allowed_fast_set(const IpAddress& peer, const Sha1Digest& info_hash,
                                         std::uint32_t piece_count, std::size_t count) {
  std::vector<PieceIndex> set;
  if (!peer.is_v4()) return set;
  if (piece_count <= count) {
    // Drawing until every piece came up could take long, and asks for this set anyway.
    for (std::uint32_t i = 0; i < piece_count; ++i) set.push_back(static_cast<PieceIndex>(i));
    return set;
  }
  Buffer seed = to_buffer(peer.bytes());
  seed.back() = std::byte{0};
  append(seed, info_hash.view());
  Sha1Digest x = sha1(seed);
  while (set.size() < count) {
    for (std::size_t i = 0; i < 5 && set.size() < count; ++i) {
      std::array<std::byte, 4> word;
      std::copy_n(x.bytes.begin() + static_cast<std::ptrdiff_t>(4 * i), 4, word.begin());
      const auto piece = static_cast<PieceIndex>(load_be32(word) % piece_count);
      if (std::ranges::find(set, piece) == set.end()) set.push_back(piece);
    }
    x = sha1(x.view());
  }
  return set;
}

}  // namespace weir
