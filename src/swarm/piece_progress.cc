// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/piece_progress.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace weir {

OpenPiece::OpenPiece(PieceIndex piece, const Layout& layout, PieceBuffer buffer, TimePoint now)
    : piece_(piece),
      buffer_(std::move(buffer)),
      blocks_(layout.block_count(piece)),
      missing_(layout.block_count(piece)),
      opened_at_(now) {
  WEIR_ASSERT(buffer_.size() == layout.piece_size(piece));
}

std::optional<ConnId> OpenPiece::source(BlockIndex block) const {
  const Block& b = blocks_[to_int(block)];
  if (b.state != BlockState::received) return std::nullopt;
  return b.source;
}

void OpenPiece::leave_missing(Block& block) {
  if (block.state != BlockState::missing) return;
  block.state = BlockState::requested;
  --missing_;
  while (first_missing_ < blocks_.size() && blocks_[first_missing_].state != BlockState::missing) {
    ++first_missing_;
  }
}

void OpenPiece::mark_requested(BlockIndex block) {
  WEIR_ASSERT(to_int(block) < blocks_.size());
  Block& b = blocks_[to_int(block)];
  leave_missing(b);
  WEIR_ASSERT(b.requesters < std::numeric_limits<std::uint8_t>::max());
  ++b.requesters;
}

void OpenPiece::mark_released(BlockIndex block) {
  WEIR_ASSERT(to_int(block) < blocks_.size());
  Block& b = blocks_[to_int(block)];
  // A late block of a peer already released may have ended another peer's request in the count.
  if (b.requesters > 0) --b.requesters;
  if (b.requesters > 0 || b.state != BlockState::requested) return;
  b.state = BlockState::missing;
  ++missing_;
  first_missing_ = std::min(first_missing_, to_int(block));
}

bool OpenPiece::mark_received(BlockIndex block, ConnId from) {
  WEIR_ASSERT(to_int(block) < blocks_.size());
  Block& b = blocks_[to_int(block)];
  if (b.requesters > 0) --b.requesters;
  if (b.state == BlockState::received) return false;
  leave_missing(b);
  b.state = BlockState::received;
  b.source = from;
  ++received_;
  return true;
}

MutableBytes OpenPiece::destination(BlockIndex block) {
  WEIR_ASSERT(to_int(block) < blocks_.size());
  const MutableBytes all = buffer_.bytes();
  const std::size_t offset = std::size_t{to_int(block)} * kBlockSize;
  return all.subspan(offset, std::min<std::size_t>(kBlockSize, all.size() - offset));
}

OpenPiece& OpenPieces::open(PieceIndex piece, const Layout& layout, PieceBuffer buffer,
                            TimePoint now) {
  const auto [entry, fresh] = pieces_.try_emplace(piece, piece, layout, std::move(buffer), now);
  WEIR_ASSERT(fresh);
  return entry->second;
}

OpenPiece* OpenPieces::find(PieceIndex piece) {
  const auto found = pieces_.find(piece);
  return found == pieces_.end() ? nullptr : &found->second;
}

const OpenPiece* OpenPieces::find(PieceIndex piece) const {
  const auto found = pieces_.find(piece);
  return found == pieces_.end() ? nullptr : &found->second;
}

void OpenPieces::close(PieceIndex piece) { pieces_.erase(piece); }

}  // namespace weir
