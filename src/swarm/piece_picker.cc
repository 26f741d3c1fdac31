// SPDX-License-Identifier: MIT OR Apache-2.0
// What is wanted. How a pick is made from it: piece_pick.cc.
#include "swarm/piece_picker.h"

#include <algorithm>

#include "base/assert.h"

namespace weir {

PiecePicker::PiecePicker(const Layout& layout, const Bitfield& have, Random& random)
    : layout_(layout),
      random_(random),
      have_(have),
      pending_(layout.piece_count()),
      priorities_(layout.piece_count(), kPriorityNormal),
      needed_(layout.piece_count()),
      levels_(layout.piece_count(), kPriorityNone),
      candidates_(kLevels, PieceSet(layout.piece_count())) {
  WEIR_ASSERT(have.size() == layout.piece_count());
  for (std::uint32_t i = 0; i < layout.piece_count(); ++i) update(static_cast<PieceIndex>(i));
}

void PiecePicker::check_index(PieceIndex piece) const {
  WEIR_ASSERT(to_int(piece) < priorities_.size());
}

bool PiecePicker::wanted(PieceIndex piece) const {
  check_index(piece);
  return priorities_[to_int(piece)] != kPriorityNone || deadlines_.contains(piece);
}

PiecePriority PiecePicker::current_level(PieceIndex piece) const {
  if (have_.test(piece) || pending_.test(piece) || !wanted(piece)) return kPriorityNone;
  return std::max(priorities_[to_int(piece)], kPriorityLow);
}

void PiecePicker::update(PieceIndex piece) {
  if (wanted(piece) && !have_.test(piece)) {
    needed_.insert(piece);
  } else {
    needed_.erase(piece);
  }
  const PiecePriority before = levels_[to_int(piece)];
  const PiecePriority after = current_level(piece);
  if (before == after) return;
  levels_[to_int(piece)] = after;
  if (before != kPriorityNone) {
    candidates_[before].erase(piece);
    --candidate_count_;
  }
  if (after != kPriorityNone) {
    candidates_[after].insert(piece);
    ++candidate_count_;
  }
}

void PiecePicker::set_priority(PieceIndex piece, PiecePriority priority) {
  check_index(piece);
  priorities_[to_int(piece)] = std::min(priority, kPriorityHigh);
  update(piece);
}

PiecePriority PiecePicker::priority(PieceIndex piece) const {
  check_index(piece);
  return priorities_[to_int(piece)];
}

void PiecePicker::set_deadline(PieceIndex piece, TimePoint deadline) {
  check_index(piece);
  if (have_.test(piece)) return;
  const auto [entry, fresh] = deadlines_.try_emplace(piece, deadline);
  if (!fresh) {
    if (entry->second <= deadline) return;
    deadline_order_.erase({entry->second, piece});
    entry->second = deadline;
  }
  deadline_order_.insert({deadline, piece});
  update(piece);
}

void PiecePicker::clear_deadline(PieceIndex piece) {
  check_index(piece);
  const auto found = deadlines_.find(piece);
  if (found == deadlines_.end()) return;
  deadline_order_.erase({found->second, piece});
  deadlines_.erase(found);
  update(piece);
}

std::optional<TimePoint> PiecePicker::deadline(PieceIndex piece) const {
  const auto found = deadlines_.find(piece);
  if (found == deadlines_.end()) return std::nullopt;
  return found->second;
}

void PiecePicker::set_have(PieceIndex piece, bool have) {
  check_index(piece);
  have_.set(piece, have);
  if (have) {
    pending_.set(piece, false);
    clear_deadline(piece);
  }
  update(piece);
}

void PiecePicker::set_pending(PieceIndex piece, bool pending) {
  check_index(piece);
  pending_.set(piece, pending);
  update(piece);
}

bool PiecePicker::endgame(const OpenPieces& open) const {
  if (candidate_count_ == 0 || open.all().size() < candidate_count_) return false;
  const auto asked_whole = std::ranges::count_if(open.all(), [&](const auto& entry) {
    return levels_[to_int(entry.first)] != kPriorityNone && entry.second.missing_count() == 0;
  });
  return static_cast<std::size_t>(asked_whole) == candidate_count_;
}

bool PiecePicker::interesting(const Bitfield& peer_has) const {
  return needed_.find_common(peer_has, 0) < needed_.size();
}

}  // namespace weir
