// SPDX-License-Identifier: MIT OR Apache-2.0
// The pieces being downloaded: which blocks are missing, requested (of whom), or here, and the
// memory they arrive in. Owned by the swarm; the picker reads it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/piece_buffer.h"
#include "base/time.h"
#include "metainfo/layout.h"

namespace weir {

enum class BlockState : std::uint8_t { missing, requested, received };

// One piece in flight.
//
// A block may be asked of several peers at once (end game). Requests are counted, not named: the
// caller knows whom it asked, and reports each request's end exactly once, as received or released.
class OpenPiece {
 public:
  // REQUIRES: buffer.size() == layout.piece_size(piece).
  OpenPiece(PieceIndex piece, const Layout& layout, PieceBuffer buffer, TimePoint now);

  [[nodiscard]] PieceIndex piece() const { return piece_; }
  [[nodiscard]] std::uint32_t block_count() const {
    return static_cast<std::uint32_t>(blocks_.size());
  }
  [[nodiscard]] BlockState state(BlockIndex block) const { return blocks_[to_int(block)].state; }
  [[nodiscard]] std::uint32_t missing_count() const { return missing_; }
  // No block before this one is missing; block_count() when none is missing at all.
  [[nodiscard]] BlockIndex first_missing() const { return static_cast<BlockIndex>(first_missing_); }
  [[nodiscard]] std::uint32_t received_count() const { return received_; }
  [[nodiscard]] bool complete() const { return received_ == block_count(); }
  [[nodiscard]] TimePoint opened_at() const { return opened_at_; }
  // How many peers this block is asked of at the moment.
  [[nodiscard]] std::uint32_t requesters(BlockIndex block) const {
    return blocks_[to_int(block)].requesters;
  }
  // Who sent the block that is here.
  [[nodiscard]] std::optional<ConnId> source(BlockIndex block) const;
  // A piece suspected of poison is fetched whole from one peer (parole).
  [[nodiscard]] std::optional<ConnId> exclusive() const { return exclusive_; }
  void set_exclusive(std::optional<ConnId> peer) { exclusive_ = peer; }

  // A block that is here stays so.
  void mark_requested(BlockIndex block);
  // A request was withdrawn, rejected, timed out or its peer left. The block is missing again when
  // nobody else is asked for it.
  void mark_released(BlockIndex block);
  // Also ends the sender's request. False when the block was already here (end game duplicate).
  // A block nobody is asked for any more (its request timed out) is taken all the same.
  bool mark_received(BlockIndex block, ConnId from);

  // A connection receives the block in place: nobody else may be given its destination meanwhile.
  [[nodiscard]] bool landing(BlockIndex block) const { return blocks_[to_int(block)].landing; }
  void set_landing(BlockIndex block, bool landing) { blocks_[to_int(block)].landing = landing; }

  // Where the block's bytes belong; shorter than a block at the piece's end. The memory stays put
  // while the piece is open.
  [[nodiscard]] MutableBytes destination(BlockIndex block);
  [[nodiscard]] Bytes data() const { return buffer_.bytes(); }
  // Ends the piece's use: close it next.
  [[nodiscard]] PieceBuffer take_buffer() { return std::move(buffer_); }

 private:
  struct Block {
    BlockState state = BlockState::missing;
    std::uint8_t requesters = 0;
    bool landing = false;
    ConnId source{};
  };
  void leave_missing(Block& block);

  PieceIndex piece_;
  PieceBuffer buffer_;
  std::vector<Block> blocks_;
  std::uint32_t missing_;
  std::uint32_t first_missing_ = 0;
  std::uint32_t received_ = 0;
  TimePoint opened_at_;
  std::optional<ConnId> exclusive_;
};

// All open pieces of one torrent, by index. References stay valid until the piece is closed.
class OpenPieces {
 public:
  // REQUIRES: the piece is not open.
  OpenPiece& open(PieceIndex piece, const Layout& layout, PieceBuffer buffer, TimePoint now);
  OpenPiece* find(PieceIndex piece);
  [[nodiscard]] const OpenPiece* find(PieceIndex piece) const;
  void close(PieceIndex piece);
  [[nodiscard]] const std::map<PieceIndex, OpenPiece>& all() const { return pieces_; }
  [[nodiscard]] std::map<PieceIndex, OpenPiece>& all() { return pieces_; }

 private:
  std::map<PieceIndex, OpenPiece> pieces_;
};

}  // namespace weir
