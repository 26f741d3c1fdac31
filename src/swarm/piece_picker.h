// SPDX-License-Identifier: MIT OR Apache-2.0
// Chooses which blocks to ask one peer for.
//
// Order of choice: pieces with a reader's deadline (earliest first), then pieces already open (to
// finish what is begun), then new pieces: the first few at random, later rarest first, or ascending
// in sequential mode; higher file priority always before lower. In the end game blocks already
// asked of other peers are repeated.
//
// The picker owns what is wanted (priorities, deadlines); who has what and which blocks are in
// flight come in as arguments. It reserves nothing: the caller marks what it really requests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/bitfield.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/time.h"
#include "metainfo/layout.h"
#include "swarm/availability.h"
#include "swarm/piece_progress.h"

namespace weir {

enum class PickOrder : std::uint8_t { rarest_first, sequential };

// 0: not wanted, 1 low, 4 normal, 7 high.
using PiecePriority = std::uint8_t;
inline constexpr PiecePriority kPriorityNone = 0;
inline constexpr PiecePriority kPriorityLow = 1;
inline constexpr PiecePriority kPriorityNormal = 4;
inline constexpr PiecePriority kPriorityHigh = 7;

struct PickRequest {
  ConnId peer{};
  const Bitfield& peer_has;
  // Set while the peer chokes us: only these may be asked (BEP 6 allowed fast).
  std::optional<std::span<const PieceIndex>> allowed_only;
  // Pieces the peer suggests (BEP 6): preferred among equals.
  std::span<const PieceIndex> suggested;
  std::size_t blocks_max = 0;
  // A slow peer avoids opening new pieces that fast peers could finish sooner.
  bool slow_peer = false;
  // How many new pieces may still be opened (memory).
  std::size_t new_pieces_max = 0;
  // Whether this peer may take part in end game duplicates at most `endgame_copies_max` each.
  std::uint32_t endgame_copies_max = 3;
};

class PiecePicker {
 public:
  // `have` marks pieces that are here; borrowed by value, later changes come through set_have().
  PiecePicker(const Layout& layout, const Bitfield& have, Random& random);

  void set_order(PickOrder order) { order_mode_ = order; }
  [[nodiscard]] PickOrder order() const { return order_mode_; }
  void set_priority(PieceIndex piece, PiecePriority priority);
  [[nodiscard]] PiecePriority priority(PieceIndex piece) const;
  // A reader waits for the piece; the earliest deadline given holds until the piece is here or
  // clear_deadline(). Also makes an unwanted piece wanted while it lasts.
  void set_deadline(PieceIndex piece, TimePoint deadline);
  void clear_deadline(PieceIndex piece);
  [[nodiscard]] std::optional<TimePoint> deadline(PieceIndex piece) const;

  void set_have(PieceIndex piece, bool have);
  [[nodiscard]] bool has(PieceIndex piece) const { return have_.test(piece); }
  [[nodiscard]] const Bitfield& have() const { return have_; }
  // Being hashed or written: neither missing nor here.
  void set_pending(PieceIndex piece, bool pending);

  // Wanted pieces not here yet (pending ones included).
  [[nodiscard]] std::uint32_t missing_wanted() const { return missing_wanted_; }
  // Every wanted, not pending block is requested or here: only duplicates are left to ask for.
  [[nodiscard]] bool endgame(const OpenPieces& open) const;
  // Whether the peer has a piece we want and lack (pending ones count).
  [[nodiscard]] bool interesting(const Bitfield& peer_has) const;
  [[nodiscard]] bool wanted(PieceIndex piece) const;

  // Appends up to request.blocks_max blocks, best first, to `out`. Blocks of one piece come in
  // ascending order. Never yields a block this peer is already asked for: `is_requested` tells.
  // Cost: O(open pieces + new pieces looked at).
  void pick(const PickRequest& request, const Availability& availability, const OpenPieces& open,
            const std::vector<BlockRef>& already_requested, TimePoint now,
            std::vector<BlockRef>& out);

 private:
  const Layout& layout_;
  Random& random_;
  PickOrder order_mode_ = PickOrder::rarest_first;
  Bitfield have_;
  Bitfield pending_;
  std::vector<PiecePriority> priorities_;
  std::map<PieceIndex, TimePoint> deadlines_;
  std::uint32_t missing_wanted_ = 0;
};

}  // namespace weir
