// SPDX-License-Identifier: MIT OR Apache-2.0
// One pick: from what is wanted, what the peer has and what is in flight to a list of blocks.
#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "swarm/piece_picker.h"

namespace weir {
namespace {

// How far the rarity order is walked before a sample is taken instead.
constexpr std::size_t kRarityLook = 256;
constexpr std::size_t kSampleSize = 64;
// With fewer candidates than one in this many pieces, walking the order finds them too slowly.
constexpr std::size_t kSparse = 64;

}  // namespace

class PiecePicker::Round {
 public:
  Round(PiecePicker& picker, const PickRequest& request, const Availability& availability,
        const OpenPieces& open, const std::vector<BlockRef>& already_requested, TimePoint now,
        std::vector<BlockRef>& out)
      : picker_(picker),
        request_(request),
        availability_(availability),
        open_(open),
        already_requested_(already_requested),
        now_(now),
        out_(out),
        begin_(out.size()) {}

  void run();

 private:
  struct OpenChoice {
    PiecePriority level;
    const OpenPiece* piece;
  };

  [[nodiscard]] std::size_t taken() const { return out_.size() - begin_; }
  [[nodiscard]] bool full() const { return taken() >= request_.blocks_max; }
  [[nodiscard]] PiecePriority level(PieceIndex piece) const {
    return picker_.levels_[to_int(piece)];
  }
  [[nodiscard]] bool may_join(const OpenPiece& piece) const;
  [[nodiscard]] bool may_open() const;
  [[nodiscard]] bool is_fresh(PieceIndex piece) const;
  [[nodiscard]] bool kept(PieceIndex piece) const;
  [[nodiscard]] bool asked(BlockRef block);

  void take_missing(const OpenPiece& piece);
  void take_new(PieceIndex piece);
  void take_late(const OpenPiece& piece);
  void take_suggested(PiecePriority wanted_level, std::uint32_t count);

  void pick_allowed();
  void pick_deadlines();
  void pick_levels();
  void gather_open();
  void pick_new(PiecePriority wanted_level);
  void pick_from(PiecePriority wanted_level, std::size_t start);
  void pick_rarest(PiecePriority wanted_level);
  void pick_rarest_of_sample(PiecePriority wanted_level);
  void pick_repeats();

  PiecePicker& picker_;
  const PickRequest& request_;
  const Availability& availability_;
  const OpenPieces& open_;
  const std::vector<BlockRef>& already_requested_;
  const TimePoint now_;
  std::vector<BlockRef>& out_;
  const std::size_t begin_;
  std::vector<PieceIndex> opened_;        // new pieces begun in this round
  std::vector<OpenChoice> open_choices_;  // best first
  std::vector<BlockRef> asked_;           // already_requested_, sorted when first needed
  bool joins_shared_ = true;
};

void PiecePicker::Round::run() {
  WEIR_ASSERT(request_.peer_has.size() == picker_.have_.size());
  if (request_.blocks_max == 0 || picker_.candidate_count_ == 0) return;
  if (request_.allowed_only) return pick_allowed();
  joins_shared_ = !request_.parole;
  pick_deadlines();
  pick_levels();
  if (request_.parole && taken() == 0) {
    joins_shared_ = true;
    pick_deadlines();
    pick_levels();
  }
  if (!full() && !request_.repeats.empty() && picker_.endgame(open_)) pick_repeats();
}

bool PiecePicker::Round::may_join(const OpenPiece& piece) const {
  if (piece.exclusive()) return *piece.exclusive() == request_.peer;
  return joins_shared_;
}

bool PiecePicker::Round::may_open() const {
  if (full() || opened_.size() >= request_.new_pieces_max) return false;
  return !request_.slow_peer || taken() == 0;
}

bool PiecePicker::Round::kept(PieceIndex piece) const {
  return std::ranges::binary_search(request_.kept_for_others, piece);
}

// Neither open, kept nor begun in this round, and not one of those the deadlines already went
// through.
bool PiecePicker::Round::is_fresh(PieceIndex piece) const {
  return open_.find(piece) == nullptr && !kept(piece) &&
         std::ranges::find(opened_, piece) == opened_.end() &&
         (picker_.deadlines_.empty() || !picker_.deadlines_.contains(piece));
}

// Only asked about repeated blocks: a missing block is asked of nobody.
bool PiecePicker::Round::asked(BlockRef block) {
  if (asked_.size() != already_requested_.size()) {
    asked_ = already_requested_;
    std::ranges::sort(asked_);
  }
  return std::ranges::binary_search(asked_, block);
}

void PiecePicker::Round::take_missing(const OpenPiece& piece) {
  if (piece.missing_count() == 0) return;
  for (std::uint32_t i = to_int(piece.first_missing()); i < piece.block_count(); ++i) {
    if (full()) return;
    const auto block = static_cast<BlockIndex>(i);
    if (piece.state(block) == BlockState::missing) out_.push_back({piece.piece(), block});
  }
}

void PiecePicker::Round::take_new(PieceIndex piece) {
  opened_.push_back(piece);
  const std::uint32_t blocks = picker_.layout_.block_count(piece);
  for (std::uint32_t i = 0; i < blocks && !full(); ++i) {
    out_.push_back({piece, static_cast<BlockIndex>(i)});
  }
}

// Repeats, once, what others were asked for.
void PiecePicker::Round::take_late(const OpenPiece& piece) {
  for (std::uint32_t i = 0; i < piece.block_count() && !full(); ++i) {
    const auto block = static_cast<BlockIndex>(i);
    if (piece.state(block) != BlockState::requested || piece.requesters(block) > 1) continue;
    const BlockRef ref{piece.piece(), block};
    if (!asked(ref)) out_.push_back(ref);
  }
}

void PiecePicker::Round::pick_allowed() {
  using Rank = std::tuple<TimePoint, int, bool, PieceIndex>;
  const auto look =
      request_.allowed_only->first(std::min(kAllowedLookMax, request_.allowed_only->size()));
  std::vector<Rank> ranks;
  for (PieceIndex piece : look) {
    if (to_int(piece) >= request_.peer_has.size()) continue;
    if (level(piece) == kPriorityNone || !request_.peer_has.test(piece)) continue;
    const bool is_new = open_.find(piece) == nullptr;
    ranks.emplace_back(picker_.deadline(piece).value_or(kNever), -int{level(piece)}, is_new, piece);
  }
  std::ranges::sort(ranks);
  const auto repeated = std::ranges::unique(ranks);
  ranks.erase(repeated.begin(), repeated.end());
  for (const auto& [deadline, priority, is_new, piece] : ranks) {
    if (full()) return;
    if (const OpenPiece* open = open_.find(piece)) {
      if (may_join(*open)) take_missing(*open);
    } else if (opened_.size() < request_.new_pieces_max && !kept(piece)) {
      take_new(piece);
    }
  }
}

void PiecePicker::Round::pick_deadlines() {
  for (const auto& [deadline, piece] : picker_.deadline_order_) {
    if (full()) return;
    if (level(piece) == kPriorityNone || !request_.peer_has.test(piece)) continue;
    const OpenPiece* open = open_.find(piece);
    if (open == nullptr) {
      if (opened_.size() < request_.new_pieces_max && !kept(piece)) take_new(piece);
      continue;
    }
    if (!may_join(*open)) continue;
    take_missing(*open);
    const bool late = deadline < now_ + kLateMargin && now_ - open->opened_at() >= kLateAge;
    if (late && !request_.slow_peer) take_late(*open);
  }
}

void PiecePicker::Round::gather_open() {
  open_choices_.clear();
  for (const auto& [index, piece] : open_.all()) {
    if (piece.missing_count() == 0 || level(index) == kPriorityNone) continue;
    if (!request_.peer_has.test(index) || !may_join(piece)) continue;
    if (!picker_.deadlines_.empty() && picker_.deadlines_.contains(index)) continue;
    open_choices_.push_back({level(index), &piece});
  }
  // What is nearest to its end goes first: it frees its memory and can be shared soonest.
  const bool ascending = picker_.order_mode_ == PickOrder::sequential;
  std::ranges::sort(open_choices_, [&](const OpenChoice& a, const OpenChoice& b) {
    if (a.level != b.level) return a.level > b.level;
    if (!ascending && a.piece->missing_count() != b.piece->missing_count()) {
      return a.piece->missing_count() < b.piece->missing_count();
    }
    return a.piece->piece() < b.piece->piece();
  });
}

void PiecePicker::Round::pick_levels() {
  if (full()) return;
  gather_open();
  auto choice = open_choices_.begin();
  for (PiecePriority l = kPriorityHigh; l > kPriorityNone && !full(); --l) {
    if (picker_.candidates_[l].count() == 0) continue;
    for (; choice != open_choices_.end() && choice->level == l; ++choice) {
      if (full()) return;
      take_missing(*choice->piece);
    }
    if (may_open()) pick_new(l);
  }
}

void PiecePicker::Round::pick_new(PiecePriority wanted_level) {
  if (picker_.order_mode_ == PickOrder::sequential) {
    pick_from(wanted_level, 0);
  } else if (picker_.have_.count() < kRandomFirstPieces) {
    const std::size_t start = picker_.random_.below(picker_.have_.size());
    pick_from(wanted_level, start);
    if (start > 0 && may_open()) pick_from(wanted_level, 0);
  } else {
    pick_rarest(wanted_level);
  }
}

void PiecePicker::Round::pick_from(PiecePriority wanted_level, std::size_t start) {
  const PieceSet& set = picker_.candidates_[wanted_level];
  for (std::size_t i = set.find_common(request_.peer_has, start); i < set.size() && may_open();
       i = set.find_common(request_.peer_has, i + 1)) {
    if (is_fresh(static_cast<PieceIndex>(i))) take_new(static_cast<PieceIndex>(i));
  }
}

// Suggestions win only against pieces that are as common, so that a peer can't make us leave the
// rare ones to die.
void PiecePicker::Round::take_suggested(PiecePriority wanted_level, std::uint32_t count) {
  const auto look =
      request_.suggested.first(std::min(kSuggestedLookMax, request_.suggested.size()));
  for (PieceIndex piece : look) {
    if (!may_open()) return;
    if (to_int(piece) >= request_.peer_has.size() || level(piece) != wanted_level) continue;
    if (!request_.peer_has.test(piece) || availability_.count(piece) > count) continue;
    if (is_fresh(piece)) take_new(piece);
  }
}

void PiecePicker::Round::pick_rarest(PiecePriority wanted_level) {
  const auto order = availability_.by_rarity();
  const std::size_t look = std::min(order.size(), kRarityLook);
  if (look < order.size() && picker_.candidates_[wanted_level].count() * kSparse < order.size()) {
    return pick_rarest_of_sample(wanted_level);
  }
  bool first = true;
  for (PieceIndex piece : order.first(look)) {
    if (!may_open()) return;
    if (level(piece) != wanted_level || !request_.peer_has.test(piece)) continue;
    if (!is_fresh(piece)) continue;
    if (first) take_suggested(wanted_level, availability_.count(piece));
    first = false;
    if (may_open() && is_fresh(piece)) take_new(piece);
  }
  // Also when the walk was complete: a piece may be retired from the order although it is wanted.
  if (may_open()) pick_rarest_of_sample(wanted_level);
}

void PiecePicker::Round::pick_rarest_of_sample(PiecePriority wanted_level) {
  const PieceSet& set = picker_.candidates_[wanted_level];
  const std::size_t start =
      set.count() > kSampleSize ? static_cast<std::size_t>(picker_.random_.below(set.size())) : 0;
  std::vector<PieceIndex> sample;
  const auto gather = [&](std::size_t from, std::size_t until) {
    for (std::size_t i = set.find_common(request_.peer_has, from);
         i < until && sample.size() < kSampleSize; i = set.find_common(request_.peer_has, i + 1)) {
      if (is_fresh(static_cast<PieceIndex>(i))) sample.push_back(static_cast<PieceIndex>(i));
    }
  };
  gather(start, set.size());
  gather(0, start);
  if (sample.empty()) return;
  picker_.random_.shuffle(std::span(sample));
  std::ranges::sort(sample, {}, [&](PieceIndex p) { return availability_.count(p); });
  take_suggested(wanted_level, availability_.count(sample.front()));
  for (PieceIndex piece : sample) {
    if (!may_open()) return;
    if (is_fresh(piece)) take_new(piece);
  }
}

void PiecePicker::Round::pick_repeats() {
  for (BlockRef ref : request_.repeats) {
    if (full()) return;
    if (to_int(ref.piece) >= request_.peer_has.size()) continue;
    if (level(ref.piece) == kPriorityNone || !request_.peer_has.test(ref.piece)) continue;
    const OpenPiece* piece = open_.find(ref.piece);
    if (piece == nullptr || piece->exclusive() || !joins_shared_) continue;
    if (to_int(ref.block) >= piece->block_count()) continue;
    if (piece->state(ref.block) != BlockState::requested) continue;
    if (piece->requesters(ref.block) >= kRequestersMax || asked(ref)) continue;
    // Blocks of late pieces may have been repeated already, and the caller may have named one
    // twice.
    const auto begin = out_.begin() + static_cast<std::ptrdiff_t>(begin_);
    if (std::find(begin, out_.end(), ref) == out_.end()) out_.push_back(ref);
  }
}

void PiecePicker::pick(const PickRequest& request, const Availability& availability,
                       const OpenPieces& open, const std::vector<BlockRef>& already_requested,
                       TimePoint now, std::vector<BlockRef>& out) {
  Round(*this, request, availability, open, already_requested, now, out).run();
}

}  // namespace weir
