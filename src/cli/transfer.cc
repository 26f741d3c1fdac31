// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/json.h"
#include "cli/render.h"
#include "cli/stop_signal.h"
#include "cli/tracker_urls.h"
#include "cli/values.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kWait(200);
constexpr std::chrono::milliseconds kRefresh(500);
constexpr std::chrono::seconds kTellInterval(1);

}  // namespace

void tell_listening(const Client& client, Output& output) {
  if (output.format() != OutputFormat::jsonl) return;
  boost::json::array addresses;
  for (const Endpoint& endpoint : client.listening()) {
    addresses.push_back(json_text(endpoint.text()));
  }
  output.data(json_line({{"event", "listening"}, {"addresses", std::move(addresses)}}));
}

void tell_unusable_trackers(const TorrentSource& source, Output& output) {
  for (const UnusableTracker& tracker : unusable_trackers(source.torrent_file)) {
    output.note(fmt::format("{}: tracker {}: {}; not used", source.label(),
                            tracker_host(tracker.url), tracker.problem.text));
    if (output.format() != OutputFormat::jsonl) continue;
    output.data(json_line(unusable_event_json(tracker, source.hashes())));
  }
}

void Transfer::watch(TorrentKey torrent, std::string label) {
  WatchedTorrent watched;
  watched.key = torrent;
  watched.label = std::move(label);
  torrents_.push_back(std::move(watched));
  check_selection(torrents_.back());
}

WatchedTorrent* Transfer::find(TorrentKey key) {
  const auto found = std::ranges::find(torrents_, key, &WatchedTorrent::key);
  return found == torrents_.end() ? nullptr : &*found;
}

// A selection that selects nothing would be complete at once and empty, which nobody means.
void Transfer::check_selection(WatchedTorrent& torrent) {
  const auto info = goal_.patterns.empty() ? nullptr : client_.info(torrent.key);
  if (!info) return;
  const auto priorities = select_files(info->layout, goal_.patterns);
  if (std::ranges::any_of(priorities, [](std::uint8_t priority) { return priority != 0; })) return;
  torrent.refused = CliError{.exit = ExitCode::not_found,
                             .code = "no_such_file",
                             .text = fmt::format("{}: no file matches --select", torrent.label),
                             .offset = {},
                             .field = {}};
  output_.error(*torrent.refused);
  client_.remove(torrent.key, RemoveContent::keep);
}

void Transfer::handle(const Event& event) {
  WatchedTorrent* torrent = find(event.torrent);
  if (torrent == nullptr || torrent->refused) return;
  if (auto status = client_.status(event.torrent)) torrent->status = std::move(*status);
  write_event(event, *torrent);
  if (std::holds_alternative<MetadataReady>(event.body)) {
    if (!torrent->status.name.empty()) torrent->label = printable(torrent->status.name);
    check_selection(*torrent);
  } else if (std::holds_alternative<CheckDone>(event.body)) {
    torrent->incomplete = torrent->status.pieces_done < torrent->status.pieces_total;
  } else if (std::holds_alternative<TorrentDone>(event.body)) {
    torrent->done = true;
    torrent->incomplete = false;
  } else if (const auto* failed = std::get_if<TorrentFailed>(&event.body)) {
    (failed->recovers ? torrent->waiting : torrent->failed) = *failed;
  } else if (std::holds_alternative<TorrentRecovered>(event.body)) {
    torrent->waiting.reset();
  }
  if (!tell_of_tracker(event, *torrent)) tell(event, *torrent);
}

void Transfer::write_event(const Event& event, const WatchedTorrent& torrent) {
  if (output_.format() != OutputFormat::jsonl) return;
  const auto info = client_.info(event.torrent);
  if (const auto object = event_json(event, torrent.status, info.get())) {
    output_.data(json_line(*object));
  }
}

bool Transfer::tell_of_tracker(const Event& event, const WatchedTorrent& torrent) {
  std::optional<std::string> line;
  if (const auto* warning = std::get_if<TrackerWarning>(&event.body)) {
    line = tracker_notes_.warned(Clock::now(), torrent.key, torrent.label, *warning);
  } else if (const auto* announced = std::get_if<TrackerAnnounced>(&event.body)) {
    line = tracker_notes_.announced(Clock::now(), torrent.key, torrent.label, *announced);
  } else {
    return false;
  }
  if (line) output_.note(*line);
  return true;
}

// What a person is told about an event.
void Transfer::tell(const Event& event, const WatchedTorrent& torrent) {
  const TorrentStatus& status = torrent.status;
  if (std::holds_alternative<MetadataReady>(event.body)) {
    output_.note(fmt::format("{}: metadata is here, {} in {} pieces", torrent.label,
                             render_bytes(status.total_bytes), status.pieces_total));
  } else if (std::holds_alternative<CheckDone>(event.body)) {
    if (goal_.seed_only && torrent.incomplete) {
      output_.warning(fmt::format("{}: {} of {} pieces are missing or bad, the others are seeded",
                                  torrent.label, status.pieces_total - status.pieces_done,
                                  status.pieces_total));
    } else if (status.pieces_done > 0) {
      output_.note(fmt::format("{}: {} of {} pieces are here already", torrent.label,
                               status.pieces_done, status.pieces_total));
    }
  } else if (std::holds_alternative<TorrentDone>(event.body)) {
    if (!goal_.seed_only) {
      output_.note(
          fmt::format("{}: complete, {}", torrent.label, render_bytes(status.total_bytes)));
    }
  } else if (const auto* failed = std::get_if<TorrentFailed>(&event.body)) {
    const std::string why = fmt::format("{}{}{}", failed->code, failed->detail.empty() ? "" : ": ",
                                        printable(failed->detail));
    if (failed->recovers) {
      output_.warning(fmt::format("{}: {}; waiting until that changes", torrent.label, why));
    } else {
      output_.error({.exit = exit_code_of(failed->code),
                     .code = failed->code,
                     .text = fmt::format("{}: {}", torrent.label, why),
                     .offset = {},
                     .field = {}});
    }
  } else if (std::holds_alternative<TorrentRecovered>(event.body)) {
    output_.note(fmt::format("{}: continues", torrent.label));
  } else if (const auto* banned = std::get_if<PeerBanned>(&event.body)) {
    output_.note(
        fmt::format("{}: {} sent bad data and is banned", torrent.label, banned->address.text()));
  }
}

void Transfer::handle_all_events() {
  // Progress is shown in between however many events there are.
  constexpr int kEventsMax = 1000;
  auto event = client_.wait_event(kWait);
  for (int i = 0; event && i < kEventsMax; ++i) {
    handle(*event);
    event = client_.wait_event(std::chrono::milliseconds(0));
  }
  if (event) handle(*event);
}

// What became of the last announces. Everything else that came after the end is not told: the exit
// code knows nothing of it.
void Transfer::handle_last_events() {
  while (const auto event = client_.wait_event(std::chrono::milliseconds(0))) {
    const WatchedTorrent* torrent = find(event->torrent);
    if (torrent == nullptr || !std::holds_alternative<TrackerAnnounced>(event->body)) continue;
    write_event(*event, *torrent);
  }
}

// Content may turn out to be bad after it was trusted: when a piece of it is first asked for.
void Transfer::look_at(WatchedTorrent& torrent) {
  auto status = client_.status(torrent.key);
  if (!status) return;
  torrent.status = std::move(*status);
  const std::uint32_t gone = torrent.status.pieces_total - torrent.status.pieces_done;
  if (!goal_.seed_only || !torrent.done || gone == 0) return;
  torrent.done = false;
  torrent.incomplete = true;
  output_.warning(fmt::format("{}: {} of {} pieces turned out to be bad, the others are seeded",
                              torrent.label, gone, torrent.status.pieces_total));
}

void Transfer::refresh(Clock::time_point now) {
  if (now - refreshed_ < kRefresh) return;
  refreshed_ = now;
  for (const std::string& line : tracker_notes_.take_due(now)) output_.note(line);
  for (WatchedTorrent& torrent : torrents_) look_at(torrent);
  show_progress(now);
}

void Transfer::show_progress(Clock::time_point now) {
  const bool plain = output_.plain_due(now);
  const bool tell = output_.format() == OutputFormat::jsonl && now - told_ >= kTellInterval;
  if (tell) told_ = now;
  std::vector<std::string> lines;
  for (const WatchedTorrent& torrent : torrents_) {
    if (torrent.failed || torrent.refused) continue;
    lines.push_back(render_transfer(torrent.status, output_.live() ? output_.columns() : 0));
    if (plain) output_.note(lines.back());
    if (!tell) continue;
    boost::json::object object = status_json(torrent.status);
    object["event"] = "progress";
    output_.data(json_line(object));
  }
  output_.draw(lines);
}

TransferEnd Transfer::wait_for_end() {
  (void)output_.plain_due(started_);
  for (;;) {
    handle_all_events();
    const auto now = Clock::now();
    const auto all = [&](auto test) { return std::ranges::all_of(torrents_, test); };
    const bool none_works =
        all([](const WatchedTorrent& torrent) { return torrent.failed || torrent.refused; });
    const bool complete = all(&WatchedTorrent::ended);
    const bool goes_on = goal_.seed_only || goal_.seed_after;
    if (none_works || (complete && !goes_on)) return TransferEnd::all_ended;
    if (stop_requested() || output_.data_failed()) return TransferEnd::interrupted;
    if (goal_.timeout && !complete && now - started_ >= *goal_.timeout) {
      return TransferEnd::timed_out;
    }
    refresh(now);
  }
}

void Transfer::summarize(TransferEnd end, ExitCode exit) {
  if (output_.human()) {
    if (end == TransferEnd::timed_out) output_.warning("not complete in time");
    for (const WatchedTorrent& torrent : torrents_) {
      if (!torrent.failed && !torrent.refused) output_.note(render_transfer(torrent.status, 0));
      const std::string why = why_unfinished(goal_, torrent);
      if (!why.empty()) output_.warning(fmt::format("{}: no peers: {}", torrent.label, why));
    }
    return;
  }
  boost::json::array list;
  for (const WatchedTorrent& torrent : torrents_) {
    boost::json::object object = status_json(torrent.status);
    object["complete"] = torrent.done || (goal_.seed_only && !torrent.incomplete);
    object["trackers"] = trackers_json(torrent.trackers);
    list.push_back(std::move(object));
  }
  const auto elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  boost::json::object summary;
  if (output_.format() == OutputFormat::jsonl) summary["event"] = "end";
  summary["torrents"] = std::move(list);
  summary["elapsed_seconds"] = elapsed;
  summary["exit_code"] = static_cast<int>(exit);
  output_.data(json_line(summary));
}

ExitCode Transfer::run() {
  const TransferEnd end = wait_for_end();
  for (WatchedTorrent& torrent : torrents_) {
    look_at(torrent);
    torrent.trackers = client_.trackers(torrent.key);
  }
  const ExitCode exit = transfer_exit(goal_, end, torrents_);
  output_.clear();
  client_.stop();
  handle_last_events();
  summarize(end, exit);
  return exit;
}

}  // namespace weir
