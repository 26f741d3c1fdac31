// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/tracker_urls.h"

#include <algorithm>
#include <utility>

#include "bencode/decoder.h"
#include "metainfo/url.h"
#include "tracker/tracker_url.h"

namespace weir {
namespace {

UrlProblem problem(TrackerErrc code, std::string text) {
  return {.code = error_name(code), .text = std::move(text)};
}

// What the metainfo parser holds against a URL.
UrlProblem left_out_because(std::string_view url) {
  if (url.empty()) return problem(TrackerErrc::bad_url, "the URL is empty");
  if (const auto parsed = parse_tracker_url(url); !parsed) {
    return problem(parsed.error().code, parsed.error().text);
  }
  return problem(TrackerErrc::bad_url, "a character that a URL can't hold");
}

bool is_websocket(std::string_view url) {
  return url.starts_with("ws://") || url.starts_with("wss://");
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<UrlProblem> tracker_url_problem(std::string_view url) {
  if (!is_tracker_url(url)) return left_out_because(url);
  if (is_websocket(url)) return std::nullopt;
  const auto parsed =
      parse_tracker_url(url, {.international_hosts = true, .preset_parameters = false});
  if (parsed) return std::nullopt;
  return problem(parsed.error().code, parsed.error().text);
}

std::optional<UrlProblem> web_seed_problem(std::string_view url) {
  if (is_web_seed_url(url)) return std::nullopt;
  if (is_tracker_url(url) || url.starts_with("ftp://")) {
    return problem(TrackerErrc::unsupported_scheme, "a web seed's URL is http or https");
  }
  UrlProblem why = left_out_because(url);
  if (why.code == error_name(TrackerErrc::unsupported_scheme)) {
    why.text = "a web seed's URL is http or https";
  }
  return why;
}

std::vector<std::string> split_tier(std::string_view value) {
  std::vector<std::string> urls;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t comma = std::min(value.find(',', at), value.size());
    urls.emplace_back(trim(value.substr(at, comma - at)));
    at = comma + 1;
  }
  return urls;
}

std::vector<UnusableTracker> unusable_trackers(Bytes torrent_file) {
  std::vector<UnusableTracker> out;
  const auto document = decode_bencode(torrent_file, BencodeLimits::torrent_file());
  if (!document) return out;
  const auto look_at = [&out](BencodeNode node) {
    const auto url = node.as_string();
    if (!url || is_tracker_url(*url) || out.size() >= kUnusableTrackersMax) return;
    if (std::ranges::find(out, *url, &UnusableTracker::url) != out.end()) return;
    out.push_back({std::string(*url), left_out_because(*url)});
  };
  const BencodeNode root = document->root();
  look_at(root.find("announce"));
  for (const BencodeNode tier : root.find("announce-list").as_list()) {
    for (const BencodeNode url : tier.as_list()) look_at(url);
  }
  return out;
}

std::vector<UnusableTracker> unusable_trackers(std::span<const std::string> urls) {
  std::vector<UnusableTracker> out;
  for (const std::string& url : urls) {
    if (out.size() < kUnusableTrackersMax) out.push_back({url, left_out_because(url)});
  }
  return out;
}

}  // namespace weir
