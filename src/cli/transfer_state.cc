// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/transfer_state.h"

#include <algorithm>

#include "cli/tracker_notes.h"

namespace weir {

std::string why_unfinished(const TransferGoal& goal, const WatchedTorrent& torrent) {
  if (goal.seed_only || torrent.ended() || torrent.waiting) return {};
  return torrent.status.swarm.peers > 0 ? std::string() : explain_trackers(torrent.trackers);
}

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
