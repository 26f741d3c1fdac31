// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/tracker_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/error_text.h"
#include "cli/render.h"

namespace weir {
namespace {

constexpr std::string_view kUnresolved = "unresolved";
constexpr std::string_view kAnswers = "answers";
constexpr std::string_view kWarning = "warning";
constexpr std::size_t kExplainedMax = 3;

std::string text_of(const TrackerAnnounced::Failure& failure) {
  // Our own texts are sentences; the tracker's need to be told apart from them.
  const bool theirs = failure.code == "tracker_failure";
  return failure.text.empty() || theirs ? explain(failure.code, failure.text) : failure.text;
}

// A tracker's own words make a failure another one; ours may hold times and addresses, which do
// not.
std::string identity_of(const TrackerAnnounced::Failure& failure) {
  return failure.code == "tracker_failure" ? text_of(failure) : failure.code;
}

std::string when(const std::optional<Duration>& next_in) {
  if (!next_in) return "not asked again";
  return "next try in " +
         render_duration(std::chrono::duration_cast<std::chrono::seconds>(*next_in));
}

}  // namespace

std::string tracker_host(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (const auto user = url.rfind('@'); user != url.npos) url.remove_prefix(user + 1);
  return url.empty() ? "without a host" : printable(url);
}

std::string tracker_words(std::string_view text, std::string_view url) {
  constexpr std::size_t kSecretMin = 10;  // bytes; "announce" and "info_hash" are shorter
  constexpr std::string_view kBetween = "/?#&=;\\@:";
  std::string out(text);
  const std::string host = tracker_host(url);
  for (std::size_t at = 0; at < url.size();) {
    const std::size_t end = std::min(url.find_first_of(kBetween, at), url.size());
    const std::string_view part = url.substr(at, end - at);
    at = end + 1;
    if (part.size() < kSecretMin || host.contains(part)) continue;
    for (auto found = out.find(part); found != out.npos; found = out.find(part, found)) {
      out.replace(found, part.size(), "...");
    }
  }
  return printable(out);
}

std::string explain_trackers(std::span<const TrackerStatus> trackers) {
  std::string out;
  std::size_t named = 0;
  std::size_t more = 0;
  for (const TrackerStatus& tracker : trackers) {
    if (tracker.state == "working") return {};
    if (tracker.state == "unsupported" || tracker.state == "idle") continue;
    if (named == kExplainedMax) {
      ++more;
      continue;
    }
    const std::string why = tracker.state == "announcing" ? "has not answered"
                            : tracker.last_error.empty()
                                ? tracker.state
                                : tracker_words(explain(tracker.last_error), tracker.url);
    out += fmt::format("{}tracker {}: {}", named == 0 ? "" : "; ", tracker_host(tracker.url), why);
    ++named;
  }
  if (more > 0) out += fmt::format("; {} more", more);
  return out;
}

std::optional<std::string> TrackerNotes::limit(Time now, const std::string& cause,
                                               std::string line) {
  Cause& known = causes_[cause];
  if (known.told && now - *known.told < kPause) {
    ++known.held_back;
    return std::nullopt;
  }
  known.told = now;
  return line;
}

std::optional<std::string> TrackerNotes::announced(Time now, TorrentKey torrent,
                                                   std::string_view label,
                                                   const TrackerAnnounced& announced) {
  if (announced.event == "stopped" || announced.state == "unsupported") return std::nullopt;
  Tracker& tracker = trackers_[{torrent, announced.url}];
  const std::string host = tracker_host(announced.url);
  if (!announced.failure) {
    const bool failed = !std::exchange(tracker.told, {}).empty();
    tracker.telling.reset();
    if (!failed) return std::nullopt;
    return limit(now, std::string(kAnswers),
                 fmt::format("{}: tracker {} answers again", label, host));
  }
  if (!tracker.telling || tracker.telling->code == kUnresolved ||
      announced.failure->code != kUnresolved) {
    tracker.telling = announced.failure;
  }
  const bool for_good = announced.state == "refused";
  if (announced.state != "failing" && !for_good) return std::nullopt;
  const TrackerAnnounced::Failure& failure = *tracker.telling;
  if (tracker.told.size() >= kErrorsMax) return std::nullopt;
  if (!tracker.told.insert(identity_of(failure)).second) return std::nullopt;
  return limit(now, failure.code,
               fmt::format("{}: tracker {}: {}; {}", label, host,
                           with_code(tracker_words(text_of(failure), announced.url), failure.code),
                           for_good ? "not used" : when(announced.next_in)));
}

std::optional<std::string> TrackerNotes::warned(Time now, TorrentKey torrent,
                                                std::string_view label,
                                                const TrackerWarning& warning) {
  Tracker& tracker = trackers_[{torrent, warning.url}];
  if (std::exchange(tracker.warning, warning.text) == warning.text) return std::nullopt;
  return limit(now, std::string(kWarning),
               fmt::format("{}: tracker {} warns: {}", label, tracker_host(warning.url),
                           tracker_words(warning.text, warning.url)));
}

std::vector<std::string> TrackerNotes::take_due(Time now) {
  std::vector<std::string> lines;
  for (auto& [name, cause] : causes_) {
    if (cause.held_back == 0 || now - *cause.told < kPause) continue;
    const std::size_t count = std::exchange(cause.held_back, 0);
    cause.told = now;
    const std::string what = name == kAnswers   ? "answering again"
                             : name == kWarning ? "warnings"
                                                : with_code(explain(name), name);
    lines.push_back(fmt::format("trackers: {} more of: {}", count, what));
  }
  return lines;
}

}  // namespace weir
