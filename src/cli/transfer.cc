// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/transfer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/error_text.h"
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
  for (const UnusableTracker& tracker : unusable_trackers_of(source)) {
    const std::string why = with_code(tracker.problem.text, tracker.problem.code);
    const std::string line =
        fmt::format("{}: tracker {}: {}; not used", source.label(), tracker_host(tracker.url), why);
    // A link is what the user wrote or copied, a file is as its publisher made it.
    source.magnet ? output.warning(line) : output.note(line);
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

// With --json there is one object, and the summary is it.
void Transfer::report(const CliError& error) {
  if (output_.format() == OutputFormat::json) return output_.error_line(error);
  output_.error(error);
}

void Transfer::refuse(WatchedTorrent& torrent, CliError why) {
  torrent.refused = std::move(why);
  report(*torrent.refused);
  client_.remove(torrent.key, RemoveContent::keep);
}

// A selection that selects nothing would be complete at once and empty, which nobody means; of
// several patterns, one that selects nothing is a slip worth a word.
void Transfer::check_selection(WatchedTorrent& torrent) {
  const auto info = goal_.patterns.empty() ? nullptr : client_.info(torrent.key);
  if (!info || std::exchange(torrent.selected, true)) return;
  const auto misses = patterns_without_files(info->layout, goal_.patterns);
  if (misses.empty()) return;
  std::string text = fmt::format("{}: no file matches --select {}; there is {}", torrent.label,
                                 printable(fmt::format("{}", fmt::join(misses, ", "))),
                                 printable(name_some_files(info->layout)));
  if (misses.size() < goal_.patterns.size()) return output_.warning(text);
  refuse(torrent, {.exit = ExitCode::not_found,
                   .code = "no_such_file",
                   .text = std::move(text),
                   .offset = {},
                   .field = {}});
}

// Whoever begins a download where nothing may be written wants to know, not to wait; later, a
// disk that was remounted may come back.
void Transfer::take_failure(WatchedTorrent& torrent, const TorrentFailed& failed) {
  const bool beginning = !goal_.seed_only && !torrent.checked;
  if (failed.recovers && beginning && exit_code_of(failed.code) == ExitCode::permission) {
    return refuse(torrent, {.exit = ExitCode::permission,
                            .code = failed.code,
                            .text = fmt::format("{}: can't be written: {}", torrent.label,
                                                explain(failed.code, printable(failed.detail))),
                            .offset = {},
                            .field = {}});
  }
  (failed.recovers ? torrent.waiting : torrent.failed) = failed;
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
    torrent->checked = true;
    torrent->incomplete = torrent->status.pieces_done < torrent->status.pieces_total;
  } else if (std::holds_alternative<TorrentDone>(event.body)) {
    torrent->done = true;
    torrent->incomplete = false;
  } else if (const auto* failed = std::get_if<TorrentFailed>(&event.body)) {
    take_failure(*torrent, *failed);
  } else if (std::holds_alternative<TorrentRecovered>(event.body)) {
    torrent->waiting.reset();
  }
  if (!tell_of_tracker(event, *torrent) && !torrent->refused) tell(event, *torrent);
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
    output_.note(fmt::format("{}: metadata is here, {} in {}", torrent.label,
                             render_bytes(status.total_bytes),
                             count_of(status.pieces_total, "piece")));
  } else if (std::holds_alternative<CheckDone>(event.body)) {
    if (goal_.seed_only && torrent.incomplete) {
      output_.warning(fmt::format("{}: {} of {} missing or bad, the others are seeded",
                                  torrent.label, status.pieces_total - status.pieces_done,
                                  count_of(status.pieces_total, "piece")));
    } else if (status.pieces_done > 0 && status.swarm.downloaded_bytes == 0) {
      // Once something has come, the status does not tell it from what was here before.
      output_.note(fmt::format("{}: {} of {} {} here already", torrent.label, status.pieces_done,
                               count_of(status.pieces_total, "piece"),
                               status.pieces_total == 1 ? "is" : "are"));
    }
  } else if (std::holds_alternative<TorrentDone>(event.body)) {
    if (!goal_.seed_only) {
      output_.note(
          fmt::format("{}: complete, {}", torrent.label, render_bytes(status.total_bytes)));
    }
  } else if (const auto* failed = std::get_if<TorrentFailed>(&event.body)) {
    const std::string why = explain(failed->code, printable(failed->detail));
    if (failed->recovers) {
      output_.warning(with_code(
          fmt::format("{}: {}; waiting until that changes", torrent.label, why), failed->code));
    } else {
      report({.exit = exit_code_of(failed->code),
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
  output_.warning(fmt::format("{}: {} of {} turned out to be bad, the others are seeded",
                              torrent.label, gone, count_of(torrent.status.pieces_total, "piece")));
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
    lines.push_back(progress_line(torrent, output_.live() ? output_.columns() : 0));
    if (plain) output_.note(lines.back());
    if (!tell) continue;
    boost::json::object object = status_json(torrent.status);
    object["event"] = "progress";
    output_.data(json_line(object));
  }
  output_.draw(lines);
}

std::string Transfer::progress_line(const WatchedTorrent& torrent, std::size_t columns) const {
  WhenComplete complete = WhenComplete::seeds;
  if (!goal_.seed_only && !goal_.seed_after) {
    complete = torrent.done ? WhenComplete::is_done : WhenComplete::finishes;
  }
  return render_transfer(torrent.status, columns, complete);
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
      // Of a download that is complete that was said when it was.
      const bool told = torrent.done && !goal_.seed_only && !goal_.seed_after;
      if (!torrent.failed && !torrent.refused && !told) output_.note(progress_line(torrent, 0));
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
    if (const auto& refused = torrent.refused) {
      object["error"] = boost::json::object{
          {"code", refused->code}, {"detail", json_text(refused->text)}, {"recovers", false}};
    }
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
