// SPDX-License-Identifier: MIT OR Apache-2.0
// What readers are about to need: for each read the pieces from its own to some way ahead, which
// have deadlines in the picker for as long as somebody may come to them.
//
// A reader that goes on reads what comes next, so the window of a read that ended lingers for a
// while, and becomes part of the next one's. A read that was cancelled takes its window with it,
// and what lingers of the reads before it: whoever has jumped elsewhere or gone away must not have
// its old place fetched first.
//
// Sans-I/O, owned by a torrent. Every call returns the pieces that nobody is about to need any
// more, for their deadlines to be cleared; pieces that are here already may be among them.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "engine/session_types.h"

namespace weir {

class ReadWindows {
 public:
  static constexpr Duration kLinger = std::chrono::seconds(5);
  static constexpr std::size_t kLingeringMax = 64;  // of a torrent; the oldest are given up

  // Pieces from `begin` up to `end`, which is not among them.
  struct Window {
    PieceIndex begin{};
    PieceIndex end{};
  };
  using Released = std::vector<PieceIndex>;

  // REQUIRES: an id that is not open, a window that is not empty.
  void open(ReadId id, Window window) { open_.push_back({id, window}); }
  // The read has its bytes. Ids that are not open are ignored, here and in cancel().
  [[nodiscard]] Released finish(TimePoint now, ReadId id);
  [[nodiscard]] Released cancel(ReadId id);
  // Of windows that have lingered long enough.
  [[nodiscard]] Released expire(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;

 private:
  struct Open {
    ReadId id{};
    Window window;
  };
  struct Lingering {
    Window window;
    TimePoint until{};
  };

  [[nodiscard]] bool take(ReadId id, Window& window);
  void give_up_oldest(Released& released);
  [[nodiscard]] Released uncovered(Window span) const;

  std::vector<Open> open_;
  std::vector<Lingering> lingering_;  // by `until`
};

}  // namespace weir
