// SPDX-License-Identifier: MIT OR Apache-2.0
// What must hold between any two inputs.
#include <map>

#include "base/assert.h"
#include "swarm/swarm_impl.h"

namespace weir {

void Swarm::Impl::check_invariants() const {
  WEIR_ASSERT(closing == 0 && !overflows);
  std::map<BlockRef, std::uint32_t> requests;
  std::map<BlockRef, std::uint32_t> landings;
  for (const auto& [conn, peer] : peers) {
    WEIR_ASSERT(!peer->closing && peer->conn == conn);
    WEIR_ASSERT(peer->queue.size() <= kRequestQueueMax + (peer->fast ? 0 : kHeldRequestsMax));
    WEIR_ASSERT(peer->landings.size() <= 1);
    WEIR_ASSERT(peer->suggested.pieces.size() <= 16 && peer->hash_queue.size() <= 64);
    WEIR_ASSERT(peer->signalled || peer->sends.empty() || peer->sends.fixed_bytes() > 0);
    for (const AskedBlock& asked : peer->asked.all()) ++requests[asked.block];
    for (const Landing& landing : peer->landings) {
      if (landing.asked) ++requests[landing.block];
      if (landing.where == Landing::Where::in_place) ++landings[landing.block];
    }
    if (!picker) continue;
    WEIR_ASSERT(peer->has.size() == layout().piece_count());
    for (const BlockRequest& request : peer->queue.all()) WEIR_ASSERT(picker->has(request.piece));
  }
  for (const auto& [block, count] : requests) WEIR_ASSERT(open.find(block.piece) != nullptr);
  for (const auto& [index, piece] : open.all()) {
    WEIR_ASSERT(!picker->has(index) && !verifying.contains(index) && !piece.complete());
    for (std::uint32_t b = 0; b < piece.block_count(); ++b) {
      const BlockRef block{index, BlockIndex{b}};
      const auto asked = requests.find(block);
      const auto lands = landings.find(block);
      WEIR_ASSERT(piece.requesters(block.block) == (asked == requests.end() ? 0 : asked->second));
      WEIR_ASSERT(piece.landing(block.block) == (lands != landings.end()));
      WEIR_ASSERT(lands == landings.end() || lands->second == 1);
      WEIR_ASSERT(lands == landings.end() || piece.state(block.block) != BlockState::received);
    }
  }
  if (!picker) return;
  for (std::uint32_t i = 0; i < layout().piece_count(); ++i) {
    std::uint32_t holders = 0;
    for (const auto& [conn, peer] : peers) holders += peer->has.test(i) ? 1 : 0;
    WEIR_ASSERT(availability->count(PieceIndex{i}) == holders);
  }
}

}  // namespace weir
