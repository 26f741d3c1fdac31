// SPDX-License-Identifier: MIT OR Apache-2.0
// Drives a picker and the pieces in flight through any sequence of operations and checks, after
// every pick, what a picker promises. The property test feeds it random bytes, the fuzz target
// whatever the fuzzer finds.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/assert.h"
#include "swarm/picker_test_support.h"

namespace weir {

class PickerExerciser {
 public:
  // Every choice takes a byte; missing bytes are zero.
  explicit PickerExerciser(Bytes script)
      : script_(script), world_(1 + byte() % 40, 1 + byte() % 5, 1 + byte()) {
    for (std::size_t i = 0; i < kPeers; ++i) peers_.emplace_back(world_.layout.piece_count());
  }

  void run() {
    while (!script_.empty()) step();
    check_counts();
  }
  // With a seed at hand and nothing unwanted, picking and receiving ends with everything here.
  void finish() {
    for (std::uint32_t i = 0; i < world_.layout.piece_count(); ++i) {
      world_.picker.set_priority(piece_at(i), kPriorityNormal);
      world_.picker.set_pending(piece_at(i), false);
      if (OpenPiece* open = world_.open.find(piece_at(i))) open->set_exclusive(std::nullopt);
    }
    for (std::uint32_t rounds = 0; world_.picker.missing_wanted() > 0; ++rounds) {
      WEIR_ASSERT(rounds < 10'000);
      std::vector<BlockRef> due = world_.pick_and_ask(world_.request(99, 3));
      for (auto& [peer, list] : world_.outstanding) {
        if (!list.empty()) due.push_back(list.front());
      }
      for (BlockRef block : due) deliver(ConnId{99}, block);
      for (std::uint32_t i = 0; i < world_.layout.piece_count(); ++i) {
        const OpenPiece* open = world_.open.find(piece_at(i));
        if (open != nullptr && open->complete()) world_.finish(piece_at(i), true);
      }
    }
  }

 private:
  static constexpr std::size_t kPeers = 4;

  std::uint8_t byte() {
    if (script_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(script_.front());
    script_ = script_.subspan(1);
    return value;
  }
  PieceIndex piece() { return piece_at(byte() % world_.layout.piece_count()); }
  static ConnId conn(std::size_t peer) { return ConnId{peer + 1}; }

  void step() {
    const std::uint8_t op = byte();
    switch (op % 12) {
      case 0:
      case 1:
      case 2:
        return pick();
      case 3:
      case 4:
        return receive_or_release();
      case 5:
        return change_peer();
      case 6:
        return world_.picker.set_priority(piece(), byte() % 9);
      case 7:
        return set_or_clear_deadline();
      case 8:
        return finish_piece();
      case 9:
        world_.now += std::chrono::milliseconds(byte() * 20);
        return;
      case 10:
        return set_exclusive();
      case 11:
        world_.picker.set_order(op < 128 ? PickOrder::sequential : PickOrder::rarest_first);
        return;
    }
  }

  void pick() {
    const std::size_t peer = byte() % kPeers;
    const std::uint8_t flags = byte();
    PickRequest request{.peer = conn(peer),
                        .peer_has = peers_[peer],
                        .allowed_only = std::nullopt,
                        .suggested = {},
                        .blocks_max = byte() % 20u,
                        .slow_peer = (flags & 1) != 0,
                        .new_pieces_max = byte() % 5u,
                        .repeats = {},
                        .parole = (flags & 2) != 0};
    const std::vector<PieceIndex> listed{piece(), piece(), piece_at(byte() * 1000u)};
    if ((flags & 4) != 0) request.suggested = listed;
    if ((flags & 8) != 0) request.allowed_only = std::span(listed);
    const std::vector<BlockRef> repeats = (flags & 32) != 0 ? some_blocks() : all_asked();
    if ((flags & 64) != 0) request.repeats = repeats;
    const auto blocks = world_.pick(request);
    check(request, blocks);
    for (BlockRef block : blocks) {
      if ((flags & 16) == 0) world_.ask(request.peer, block);
    }
  }

  // Whatever may be named: blocks that do not exist, are not open, or come twice.
  std::vector<BlockRef> some_blocks() {
    std::vector<BlockRef> blocks;
    for (std::size_t i = byte() % 8u; i > 0; --i) {
      blocks.push_back({piece_at(byte() % 50u), static_cast<BlockIndex>(byte() % 8u)});
    }
    return blocks;
  }
  std::vector<BlockRef> all_asked() {
    std::vector<BlockRef> blocks;
    for (const auto& [peer, list] : world_.outstanding) {
      blocks.insert(blocks.end(), list.begin(), list.end());
    }
    return blocks;
  }

  void check(const PickRequest& request, const std::vector<BlockRef>& blocks) {
    WEIR_ASSERT(blocks.size() <= request.blocks_max);
    const bool endgame = world_.picker.endgame(world_.open);
    const auto& mine = world_.outstanding[request.peer];
    std::set<BlockRef> seen;
    std::set<PieceIndex> opened;
    for (BlockRef block : blocks) {
      WEIR_ASSERT(seen.insert(block).second);
      WEIR_ASSERT(to_int(block.piece) < world_.layout.piece_count());
      WEIR_ASSERT(to_int(block.block) < world_.layout.block_count(block.piece));
      WEIR_ASSERT(request.peer_has.test(block.piece));
      WEIR_ASSERT(!world_.picker.has(block.piece) && !pending_.contains(block.piece));
      WEIR_ASSERT(world_.picker.wanted(block.piece));
      WEIR_ASSERT(std::ranges::find(mine, block) == mine.end());
      if (request.allowed_only) {
        WEIR_ASSERT(std::ranges::find(*request.allowed_only, block.piece) !=
                    request.allowed_only->end());
      }
      const OpenPiece* open = world_.open.find(block.piece);
      if (open == nullptr) {
        opened.insert(block.piece);
        continue;
      }
      WEIR_ASSERT(open->state(block.block) != BlockState::received);
      WEIR_ASSERT(!open->exclusive() || *open->exclusive() == request.peer);
      if (open->state(block.block) == BlockState::missing) continue;
      const bool named =
          endgame && std::ranges::find(request.repeats, block) != request.repeats.end();
      const bool late = !request.slow_peer && world_.picker.deadline(block.piece).has_value();
      WEIR_ASSERT(named || late);
      WEIR_ASSERT(open->requesters(block.block) < (named ? kRequestersMax : 2u));
    }
    WEIR_ASSERT(opened.size() <= request.new_pieces_max);
    check_order(blocks);
  }

  // Missing blocks of one piece come in ascending order, as one run.
  void check_order(const std::vector<BlockRef>& blocks) {
    std::set<PieceIndex> ended;
    std::optional<BlockRef> before;
    for (BlockRef block : blocks) {
      const OpenPiece* open = world_.open.find(block.piece);
      if (open != nullptr && open->state(block.block) != BlockState::missing) continue;
      if (before && before->piece == block.piece) {
        WEIR_ASSERT(before->block < block.block);
      } else {
        if (before) ended.insert(before->piece);
        WEIR_ASSERT(!ended.contains(block.piece));
      }
      before = block;
    }
  }

  void deliver(ConnId peer, BlockRef block) {
    world_.receive(peer, block);
    if (world_.open.find(block.piece)->complete()) pending_.insert(block.piece);
  }

  void receive_or_release() {
    const ConnId peer = conn(byte() % kPeers);
    auto& list = world_.outstanding[peer];
    if (list.empty()) return;
    const BlockRef block = list[byte() % list.size()];
    if (byte() % 3 != 0) return deliver(peer, block);
    std::erase(list, block);
    world_.open.find(block.piece)->mark_released(block.block);
  }

  // A HAVE, a piece taken back, or all of its pieces at once.
  void change_peer() {
    Bitfield& has = peers_[byte() % kPeers];
    const PieceIndex p = piece();
    const std::uint8_t how = byte();
    if (how % 4 == 0) {
      world_.availability.remove_peer(has);
      has.fill(how >= 128);
      world_.availability.add_peer(has);
    } else if (has.test(p)) {
      has.set(p, false);
      world_.availability.remove(p);
    } else {
      has.set(p);
      world_.availability.add(p);
    }
  }

  void set_or_clear_deadline() {
    const PieceIndex p = piece();
    const std::uint8_t when = byte();
    if (when % 4 == 0) return world_.picker.clear_deadline(p);
    world_.picker.set_deadline(p, world_.now + std::chrono::milliseconds(when * 50));
  }

  // A complete piece turns out good or bad; one that is here may be lost again.
  void finish_piece() {
    const PieceIndex p = piece();
    const bool good = byte() % 3 != 0;
    if (const OpenPiece* open = world_.open.find(p)) {
      if (!open->complete()) return;
      for (auto& [peer, list] : world_.outstanding) {
        std::erase_if(list, [&](BlockRef b) { return b.piece == p; });
      }
      pending_.erase(p);
      world_.finish(p, good);
      if (good) world_.availability.retire(p);
    } else if (world_.picker.has(p)) {
      world_.picker.set_have(p, false);
      world_.availability.restore(p);
    }
  }

  void set_exclusive() {
    OpenPiece* open = world_.open.find(piece());
    const std::uint8_t peer = byte();
    if (open == nullptr) return;
    open->set_exclusive(peer % 2 == 0 ? std::nullopt : std::optional(conn(peer % kPeers)));
  }

  void check_counts() {
    std::uint32_t missing = 0;
    for (std::uint32_t i = 0; i < world_.layout.piece_count(); ++i) {
      const PieceIndex p = piece_at(i);
      if (world_.picker.wanted(p) && !world_.picker.has(p)) ++missing;
    }
    WEIR_ASSERT(world_.picker.missing_wanted() == missing);
    WEIR_ASSERT(world_.picker.interesting(world_.everything) == (missing > 0));
  }

  Bytes script_;
  PickerWorld world_;
  std::vector<Bitfield> peers_;
  std::set<PieceIndex> pending_;
};

}  // namespace weir
