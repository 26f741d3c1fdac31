// SPDX-License-Identifier: MIT OR Apache-2.0
// Chooses which blocks to ask one peer for.
//
// Order of choice: pieces with a reader's deadline (earliest first), then pieces already open (to
// finish what is begun), then new pieces: the first few at random, later rarest first, or ascending
// in sequential mode; higher file priority always before lower (open pieces of a low priority come
// after new pieces of a high one). In the end game blocks already asked of other peers are
// repeated where the caller says that it helps (endgame.h), and so are, once, the blocks of a piece
// whose reader is about to wait in vain.
//
// The picker owns what is wanted (priorities, deadlines); who has what and which blocks are in
// flight come in as arguments. It reserves nothing: the caller marks what it really requests. Every
// piece starts wanted, at normal priority.
//
// "Rarest" is exact among the first pieces of the rarity order; when none of those will do for this
// peer (it has only common ones, say), it is the rarest of a random sample of those that will, so
// that no pick ever walks all of a large torrent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/bitfield.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/time.h"
#include "metainfo/layout.h"
#include "swarm/availability.h"
#include "swarm/internal/piece_set.h"
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
  // Set while the peer chokes us: only these may be asked (BEP 6 allowed fast). Only the first
  // kAllowedLookMax of them count.
  std::optional<std::span<const PieceIndex>> allowed_only;
  // Pieces the peer suggests (BEP 6): preferred among equals. Only the first kSuggestedLookMax
  // count.
  std::span<const PieceIndex> suggested;
  std::size_t blocks_max = 0;
  // A slow peer avoids opening new pieces that fast peers could finish sooner: it opens one, and
  // only when open pieces leave it nothing to do. It repeats no blocks of late pieces.
  bool slow_peer = false;
  // How many new pieces may still be opened (memory).
  std::size_t new_pieces_max = 0;
  // Blocks asked of others that this peer would bring notably sooner, most useful first. They are
  // yielded in the end game only, and never when kRequestersMax peers are asked already.
  std::span<const BlockRef> repeats{};
  // Suspected of poison: gets pieces that are exclusive to it, or new ones (which the caller then
  // opens exclusive). It joins shared pieces only when there is nothing else.
  bool parole = false;
  // Not begun by this peer, in order: others shall bring them.
  std::span<const PieceIndex> kept_for_others{};
};

// A block is never asked of more peers than this at once.
inline constexpr std::uint32_t kRequestersMax = 3;
inline constexpr std::size_t kAllowedLookMax = 256;
inline constexpr std::size_t kSuggestedLookMax = 64;
// So many pieces are fetched in random order at first, to have something to trade soon.
inline constexpr std::size_t kRandomFirstPieces = 4;
// Blocks of a piece are repeated once when its deadline is nearer than this, and the piece has been
// open for at least kLateAge, so that requests just made get their chance.
inline constexpr Duration kLateMargin = std::chrono::seconds(3);
inline constexpr Duration kLateAge = std::chrono::seconds(1);

class PiecePicker {
 public:
  // `have` marks pieces that are here; it is copied, later changes come through set_have().
  // `layout` and `random` outlive the picker.
  PiecePicker(const Layout& layout, const Bitfield& have, Random& random);

  void set_order(PickOrder order) { order_mode_ = order; }
  [[nodiscard]] PickOrder order() const { return order_mode_; }
  // Above kPriorityHigh counts as high.
  void set_priority(PieceIndex piece, PiecePriority priority);
  [[nodiscard]] PiecePriority priority(PieceIndex piece) const;
  // A reader waits for the piece; the earliest deadline given holds until the piece is here or
  // clear_deadline(). Also makes an unwanted piece wanted while it lasts.
  void set_deadline(PieceIndex piece, TimePoint deadline);
  void clear_deadline(PieceIndex piece);
  [[nodiscard]] std::optional<TimePoint> deadline(PieceIndex piece) const;

  // true also ends pending and the deadline.
  void set_have(PieceIndex piece, bool have);
  [[nodiscard]] bool has(PieceIndex piece) const { return have_.test(piece); }
  [[nodiscard]] const Bitfield& have() const { return have_; }
  // Being hashed or written: neither missing nor here.
  void set_pending(PieceIndex piece, bool pending);

  // Wanted pieces not here yet (pending ones included).
  [[nodiscard]] std::uint32_t missing_wanted() const {
    return static_cast<std::uint32_t>(needed_.count());
  }
  // Every wanted, not pending block is requested or here: only duplicates are left to ask for.
  // False when there is no such block.
  [[nodiscard]] bool endgame(const OpenPieces& open) const;
  // Whether the peer has a piece we want and lack (pending ones count).
  [[nodiscard]] bool interesting(const Bitfield& peer_has) const;
  [[nodiscard]] bool wanted(PieceIndex piece) const;

  // Appends up to request.blocks_max blocks, best first, to `out`. Blocks of one piece come in
  // ascending order. Never yields a block this peer is already asked for: those are listed in
  // `already_requested` and are not `missing` in `open`.
  // Cost: O(deadlines + open pieces + new pieces looked at + repeats).
  void pick(const PickRequest& request, const Availability& availability, const OpenPieces& open,
            const std::vector<BlockRef>& already_requested, TimePoint now,
            std::vector<BlockRef>& out);

 private:
  class Round;  // one pick()

  static constexpr std::size_t kLevels = std::size_t{kPriorityHigh} + 1;

  void check_index(PieceIndex piece) const;
  void update(PieceIndex piece);
  // The priority at which the piece may be picked now, 0 when it may not.
  [[nodiscard]] PiecePriority current_level(PieceIndex piece) const;

  const Layout& layout_;
  Random& random_;
  PickOrder order_mode_ = PickOrder::rarest_first;
  Bitfield have_;
  Bitfield pending_;
  std::vector<PiecePriority> priorities_;
  std::map<PieceIndex, TimePoint> deadlines_;
  std::set<std::pair<TimePoint, PieceIndex>> deadline_order_;
  PieceSet needed_;                    // wanted and not here
  std::vector<PiecePriority> levels_;  // by piece: current_level()
  std::vector<PieceSet> candidates_;   // by level: the pieces that may be picked
  std::size_t candidate_count_ = 0;    // in all levels
};

}  // namespace weir
