// SPDX-License-Identifier: MIT OR Apache-2.0
// What a person is told about trackers: only what is new, and never a flood of it. The whole truth
// is in the events of --jsonl. Pure; time is an argument.
//
// A tracker is told of by the host in its URL alone: the rest of a private tracker's URL is its
// user's secret, and what is on a terminal gets shown around.
//
// Limits: one line a second for each cause (an error's code, an answer after errors, a warning); of
// what is held back, the number is told later. kErrorsMax different errors of a tracker until it
// works again.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/session_types.h"

namespace weir {

// The host, with the port where the URL has one, of any text that claims to be a URL; fit to print.
[[nodiscard]] std::string tracker_host(std::string_view url);

// `text` about a tracker, fit to print: what could be a secret of its URL, which some trackers
// repeat in their errors, is left out.
[[nodiscard]] std::string tracker_words(std::string_view text, std::string_view url);

// Why a torrent without peers found none, as far as its trackers know: "tracker HOST: ...", several
// joined by "; ". Empty when one works, or when there are none.
[[nodiscard]] std::string explain_trackers(std::span<const TrackerStatus> trackers);

class TrackerNotes {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kPause{1};
  static constexpr std::size_t kErrorsMax = 8;

  // The line to show, if this is news: a tracker's first failure, another one than before, or that
  // it works again. `label` names the torrent.
  [[nodiscard]] std::optional<std::string> announced(Time now, TorrentKey torrent,
                                                     std::string_view label,
                                                     const TrackerAnnounced& announced);
  [[nodiscard]] std::optional<std::string> warned(Time now, TorrentKey torrent,
                                                  std::string_view label,
                                                  const TrackerWarning& warning);
  // What was held back and is due now, counted by cause.
  [[nodiscard]] std::vector<std::string> take_due(Time now);

 private:
  struct Tracker {
    // Since it last worked. One family's "unresolved" is the least telling error of all: it is told
    // only when there is no other.
    std::optional<TrackerAnnounced::Failure> telling;
    std::set<std::string> told;
    std::string warning;
  };
  struct Cause {
    std::optional<Time> told;
    std::size_t held_back = 0;
  };
  std::optional<std::string> limit(Time now, const std::string& cause, std::string line);

  std::map<std::pair<TorrentKey, std::string>, Tracker> trackers_;  // by torrent and URL
  std::map<std::string, Cause> causes_;
};

}  // namespace weir
