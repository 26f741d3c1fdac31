// SPDX-License-Identifier: MIT OR Apache-2.0
// A small world around a picker, for its tests: a torrent, what is known of the peers, what is in
// flight. Marks what it picks, as a swarm does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "base/piece_buffer.h"
#include "swarm/internal/test_layout.h"
#include "swarm/piece_picker.h"

namespace weir {

inline PieceIndex piece_at(std::uint64_t index) { return static_cast<PieceIndex>(index); }
inline BlockIndex block_at(std::uint64_t index) { return static_cast<BlockIndex>(index); }

struct PickerWorld {
  // Pieces of `blocks` blocks each; the last block of the last piece is short.
  PickerWorld(std::uint32_t pieces, std::uint32_t blocks, std::uint64_t seed)
      : random(seed),
        layout(single_file_layout(std::uint64_t{pieces} * blocks * kBlockSize - 1,
                                  blocks * kBlockSize)),
        availability(pieces, random),
        picker(layout, Bitfield(pieces), random),
        everything(pieces, true) {}

  // What is usual: room for new pieces, everything on offer.
  [[nodiscard]] PickRequest request(std::uint64_t peer, std::size_t blocks_max) const {
    return {.peer = ConnId{peer},
            .peer_has = everything,
            .allowed_only = std::nullopt,
            .suggested = {},
            .blocks_max = blocks_max,
            .new_pieces_max = 1000};
  }

  std::vector<BlockRef> pick(const PickRequest& r) {
    std::vector<BlockRef> out;
    picker.pick(r, availability, open, outstanding[r.peer], now, out);
    return out;
  }
  OpenPiece& open_piece(PieceIndex piece) {
    if (OpenPiece* found = open.find(piece)) return *found;
    return open.open(piece, layout, pool.take(layout.piece_size(piece)), now);
  }
  void ask(ConnId peer, BlockRef block) {
    open_piece(block.piece).mark_requested(block.block);
    outstanding[peer].push_back(block);
  }
  std::vector<BlockRef> pick_and_ask(const PickRequest& r) {
    const auto blocks = pick(r);
    for (BlockRef block : blocks) ask(r.peer, block);
    return blocks;
  }
  // The peer sends the block; every other request for it is withdrawn.
  void receive(ConnId peer, BlockRef block) {
    OpenPiece& piece = open_piece(block.piece);
    for (auto& [other, list] : outstanding) {
      if (std::erase(list, block) != 0 && other != peer) piece.mark_released(block.block);
    }
    piece.mark_received(block.block, peer);
    if (piece.complete()) picker.set_pending(block.piece, true);
  }
  void finish(PieceIndex piece, bool good) {
    if (OpenPiece* found = open.find(piece)) {
      pool.give_back(found->take_buffer());
      open.close(piece);
    }
    picker.set_pending(piece, false);
    if (good) picker.set_have(piece, true);
  }
  void have_first(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) picker.set_have(piece_at(i), true);
  }

  Random random;
  Layout layout;
  BufferPool pool{std::size_t{1} << 40, 0};
  Availability availability;
  PiecePicker picker;
  OpenPieces open;
  std::map<ConnId, std::vector<BlockRef>> outstanding;
  Bitfield everything;
  TimePoint now = TimePoint(std::chrono::hours(1));
};

// The distinct pieces of a pick, in order of appearance.
inline std::vector<PieceIndex> pieces_of(const std::vector<BlockRef>& blocks) {
  std::vector<PieceIndex> pieces;
  for (BlockRef block : blocks) {
    if (std::ranges::find(pieces, block.piece) == pieces.end()) pieces.push_back(block.piece);
  }
  return pieces;
}

}  // namespace weir
