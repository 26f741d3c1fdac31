// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/transfer_state.h"

#include <algorithm>

namespace weir {

ExitCode transfer_exit(const TransferGoal& goal, TransferEnd end,
                       std::span<const WatchedTorrent> torrents) {
  for (const WatchedTorrent& torrent : torrents) {
    if (torrent.refused) return torrent.refused->exit;
    if (torrent.failed) return exit_code_of(torrent.failed->code);
  }
  const auto is = [&](auto member) { return std::ranges::all_of(torrents, member); };
  if (goal.seed_only) {
    const bool whole = is([](const WatchedTorrent& torrent) { return !torrent.incomplete; });
    return whole ? ExitCode::done : ExitCode::verification_failed;
  }
  if (is(&WatchedTorrent::done)) return ExitCode::done;
  if (end == TransferEnd::interrupted) return ExitCode::unfinished;
  // Out of time while something else than the time was missing: that is the news.
  for (const WatchedTorrent& torrent : torrents) {
    if (torrent.waiting) return exit_code_of(torrent.waiting->code);
  }
  return end == TransferEnd::timed_out ? ExitCode::timed_out : ExitCode::unfinished;
}

}  // namespace weir
