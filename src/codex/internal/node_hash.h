// SPDX-License-Identifier: MIT OR Apache-2.0
// How two nodes of a Codex tree become their parent.
#pragma once

#include <cstdint>

#include "base/digest.h"

namespace weir::codex {

// The byte behind the two nodes: which kind of pair it is.
enum class NodeKey : std::uint8_t { none = 0, bottom = 1, odd = 2, odd_and_bottom = 3 };

// Of two nodes in `layer`, and of the last one when it has no right neighbour.
inline NodeKey full_key(std::uint32_t layer) {
  return layer == 0 ? NodeKey::bottom : NodeKey::none;
}
inline NodeKey odd_key(std::uint32_t layer) {
  return layer == 0 ? NodeKey::odd_and_bottom : NodeKey::odd;
}

[[nodiscard]] Sha256Digest hash_node(const Sha256Digest& left, const Sha256Digest& right,
                                     NodeKey key);

}  // namespace weir::codex
