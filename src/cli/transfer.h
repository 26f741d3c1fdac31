// SPDX-License-Identifier: MIT OR Apache-2.0
// What get and seed share: opening the engine as the options say, and watching torrents until they
// are done, fail, run out of time or Ctrl-C is pressed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/source.h"
#include "cli/tracker_notes.h"
#include "cli/transfer_state.h"
#include "client/weir.h"

namespace weir {

// Whether the values of open_client()'s options make sense: asked before anything is opened.
[[nodiscard]] CliResult<void> check_client_options(const Arguments& arguments);
// Reads the options that get and seed have in common and starts the engine.
[[nodiscard]] CliResult<std::unique_ptr<Client>> open_client(const Arguments& arguments,
                                                             Output& output);
// The addresses of every --peer, host names resolved.
[[nodiscard]] CliResult<std::vector<Endpoint>> named_peers(const Arguments& arguments);

// The certificates (PEM) that SSL_CERT_FILE names; empty: the system's.
[[nodiscard]] std::string certificates_file();
// Where progress is kept: --state-dir, or "weir" below the user's state directory. Empty when
// there is none.
[[nodiscard]] std::string state_directory(const Arguments& arguments);

// The event of --jsonl that says where peers are accepted.
void tell_listening(const Client& client, Output& output);

[[nodiscard]] CliError client_failure(const ClientError& error, std::string_view label);

// Says which trackers of a torrent file or magnet link can't be used: the engine never sees them.
void tell_unusable_trackers(const TorrentSource& source, Output& output);

class Transfer {
 public:
  // Both outlive this.
  Transfer(Client& client, Output& output, TransferGoal goal)
      : client_(client), output_(output), goal_(std::move(goal)), started_(Clock::now()) {}

  void watch(TorrentKey torrent, std::string label);
  // Until the end; then stops the client and gives the summary.
  [[nodiscard]] ExitCode run();

 private:
  using Clock = std::chrono::steady_clock;

  void handle(const Event& event);
  void tell(const Event& event, const WatchedTorrent& torrent);
  [[nodiscard]] bool tell_of_tracker(const Event& event, const WatchedTorrent& torrent);
  void write_event(const Event& event, const WatchedTorrent& torrent);
  void handle_all_events();
  void handle_last_events();
  void report(const CliError& error);
  void refuse(WatchedTorrent& torrent, CliError why);
  void check_selection(WatchedTorrent& torrent);
  void take_failure(WatchedTorrent& torrent, const TorrentFailed& failed);
  [[nodiscard]] std::string progress_line(const WatchedTorrent& torrent, std::size_t columns) const;
  void look_at(WatchedTorrent& torrent);
  void refresh(Clock::time_point now);
  void show_progress(Clock::time_point now);
  [[nodiscard]] TransferEnd wait_for_end();
  void summarize(TransferEnd end, ExitCode exit);
  [[nodiscard]] WatchedTorrent* find(TorrentKey key);

  Client& client_;
  Output& output_;
  TransferGoal goal_;
  Clock::time_point started_;
  Clock::time_point refreshed_{};
  Clock::time_point told_{};
  std::vector<WatchedTorrent> torrents_;
  TrackerNotes tracker_notes_;
};

}  // namespace weir
