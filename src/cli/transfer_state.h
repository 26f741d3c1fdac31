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
  bool incomplete = false;               // seed_only: the check found pieces missing
  std::optional<TorrentFailed> failed;   // for good
  std::optional<TorrentFailed> waiting;  // until the cause is gone
  std::optional<CliError> refused;       // by us: nothing matches the selection
  std::string tracker_said;              // the last warning, so that it is told once

  [[nodiscard]] bool ended() const { return done || failed || refused; }
};

enum class TransferEnd : unsigned char { all_ended, interrupted, timed_out };

[[nodiscard]] ExitCode transfer_exit(const TransferGoal& goal, TransferEnd end,
                                     std::span<const WatchedTorrent> torrents);

}  // namespace weir
