// SPDX-License-Identifier: MIT OR Apache-2.0
// What a run of get or seed knows of its torrents, and which exit code follows from it. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "engine/session_types.h"

namespace weir {

struct TransferGoal {
  bool seed_only = false;                            // the content is here; only Ctrl-C ends it
  bool seed_after = false;                           // go on when complete
  std::optional<std::chrono::milliseconds> timeout;  // until complete
  std::vector<std::string> patterns;                 // at least one file has to match
};

struct WatchedTorrent {
  TorrentKey key{};
  std::string label;  // a name for messages
  TorrentStatus status;
  bool done = false;                     // complete and on disk
  bool checked = false;                  // what is here is known, and the disk takes more
  bool selected = false;                 // whether patterns match was looked at
  bool incomplete = false;               // seed_only: the check found pieces missing
  std::optional<TorrentFailed> failed;   // for good
  std::optional<TorrentFailed> waiting;  // until the cause is gone
  std::optional<CliError> refused;       // by us: nothing matches, or nothing can be written
  std::vector<TrackerStatus> trackers;   // at the end

  [[nodiscard]] bool ended() const { return done || failed || refused; }
};

enum class TransferEnd : unsigned char { all_ended, interrupted, timed_out };

// Why a download without peers has none, as its trackers tell; empty when that is no explanation.
[[nodiscard]] std::string why_unfinished(const TransferGoal& goal, const WatchedTorrent& torrent);

[[nodiscard]] ExitCode transfer_exit(const TransferGoal& goal, TransferEnd end,
                                     std::span<const WatchedTorrent> torrents);

}  // namespace weir
