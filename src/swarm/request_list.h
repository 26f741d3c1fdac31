// SPDX-License-Identifier: MIT OR Apache-2.0
// Requests in the order they were made: those we await from a peer, and those a peer awaits from
// us. Peers answer nearly always in order, so taking the first is O(1); any other is found by
// walking a short, contiguous list (at most LIM-07 entries).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace weir {

template <class Entry>
class RequestList {
 public:
  [[nodiscard]] std::size_t size() const { return entries_.size() - first_; }
  [[nodiscard]] bool empty() const { return first_ == entries_.size(); }
  [[nodiscard]] std::span<const Entry> all() const {
    return std::span<const Entry>(entries_).subspan(first_);
  }
  void push(const Entry& entry) { entries_.push_back(entry); }
  void clear() {
    entries_.clear();
    first_ = 0;
  }

  // Removes the first entry that `matches`, and returns it.
  template <class Match>
  std::optional<Entry> take(Match matches) {
    for (std::size_t i = first_; i < entries_.size(); ++i) {
      if (!matches(entries_[i])) continue;
      const Entry entry = entries_[i];
      if (i == first_) {
        ++first_;
        compact();
      } else {
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
      }
      return entry;
    }
    return std::nullopt;
  }
  template <class Match>
  [[nodiscard]] bool contains(Match matches) const {
    for (const Entry& entry : all()) {
      if (matches(entry)) return true;
    }
    return false;
  }
  // Removes all entries that `matches`.
  template <class Match>
  void remove_all(Match matches) {
    std::size_t kept = first_;
    for (std::size_t i = first_; i < entries_.size(); ++i) {
      if (!matches(entries_[i])) entries_[kept++] = entries_[i];
    }
    entries_.resize(kept);
    if (empty()) clear();
  }

 private:
  void compact() {
    if (first_ == entries_.size()) {
      clear();
    } else if (first_ >= 256) {
      entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  std::vector<Entry> entries_;
  std::size_t first_ = 0;  // entries before it are gone
};

// A block asked of a peer.
struct AskedBlock {
  BlockRef block;
  TimePoint at{};
};

}  // namespace weir
