// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/read_windows.h"

#include <algorithm>

namespace weir {
namespace {

// Next to each other counts: what is read next begins where the last window ended at the latest.
bool touch(const ReadWindows::Window& a, const ReadWindows::Window& b) {
  return a.begin <= b.end && b.begin <= a.end;
}

ReadWindows::Window hull(const ReadWindows::Window& a, const ReadWindows::Window& b) {
  return {std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

}  // namespace

bool ReadWindows::take(ReadId id, Window& window) {
  const auto it =
      std::find_if(open_.begin(), open_.end(), [id](const Open& o) { return o.id == id; });
  if (it == open_.end()) return false;
  window = it->window;
  open_.erase(it);
  return true;
}

ReadWindows::Released ReadWindows::finish(TimePoint now, ReadId id) {
  Window window;
  if (!take(id, window)) return {};
  Window span = window;
  for (auto it = lingering_.begin(); it != lingering_.end();) {
    if (!touch(it->window, window)) {
      ++it;
      continue;
    }
    // The reader has moved on; reads side by side may end out of order.
    window = {std::max(it->window.begin, window.begin), std::max(it->window.end, window.end)};
    span = hull(span, it->window);
    it = lingering_.erase(it);
  }
  lingering_.push_back({window, now + kLinger});
  Released released = uncovered(span);
  if (lingering_.size() > kLingeringMax) give_up_oldest(released);
  return released;
}

ReadWindows::Released ReadWindows::cancel(ReadId id) {
  Window window;
  if (!take(id, window)) return {};
  Window span = window;
  std::erase_if(lingering_, [&](const Lingering& lingering) {
    if (!touch(lingering.window, window)) return false;
    span = hull(span, lingering.window);
    return true;
  });
  return uncovered(span);
}

ReadWindows::Released ReadWindows::expire(TimePoint now) {
  Released released;
  while (next_deadline() <= now) give_up_oldest(released);
  return released;
}

void ReadWindows::give_up_oldest(Released& released) {
  const Window window = lingering_.front().window;
  lingering_.erase(lingering_.begin());
  const Released more = uncovered(window);
  released.insert(released.end(), more.begin(), more.end());
}

TimePoint ReadWindows::next_deadline() const {
  return lingering_.empty() ? kNever : lingering_.front().until;
}

ReadWindows::Released ReadWindows::uncovered(Window span) const {
  std::vector<bool> covered(to_int(span.end) - to_int(span.begin));
  const auto cover = [&](const Window& window) {
    const PieceIndex end = std::min(window.end, span.end);
    for (PieceIndex p = std::max(window.begin, span.begin); p < end; p = next(p)) {
      covered[to_int(p) - to_int(span.begin)] = true;
    }
  };
  for (const Open& open : open_) cover(open.window);
  for (const Lingering& lingering : lingering_) cover(lingering.window);
  Released released;
  for (PieceIndex p = span.begin; p < span.end; p = next(p)) {
    if (!covered[to_int(p) - to_int(span.begin)]) released.push_back(p);
  }
  return released;
}

}  // namespace weir
