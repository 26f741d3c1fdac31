// SPDX-License-Identifier: MIT OR Apache-2.0
// URLs of trackers and web seeds as people write them and torrents hold them: which are no use, and
// why. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace weir {

struct UrlProblem {
  std::string code;  // stable: a TrackerErrc name
  std::string text;  // for people
};

// Why no torrent should be made with this tracker. ws and wss pass: other programs speak them.
[[nodiscard]] std::optional<UrlProblem> tracker_url_problem(std::string_view url);
// The same of a web seed, which is http or https.
[[nodiscard]] std::optional<UrlProblem> web_seed_problem(std::string_view url);

// Tiers as `--tracker` gives them: each value is one, commas separate the URLs within it. Spaces
// around a URL are left out; an empty one is a problem like any other.
[[nodiscard]] std::vector<std::string> split_tier(std::string_view value);

inline constexpr std::size_t kUnusableTrackersMax = 20;

struct UnusableTracker {
  std::string url;  // as it is in the torrent: any bytes
  UrlProblem problem;
};
// Those of a .torrent file that the parser leaves out, each once, the first kUnusableTrackersMax of
// them. Empty for anything that is not bencoded.
[[nodiscard]] std::vector<UnusableTracker> unusable_trackers(Bytes torrent_file);
// The same of URLs that parse_magnet() left out.
[[nodiscard]] std::vector<UnusableTracker> unusable_trackers(std::span<const std::string> urls);

}  // namespace weir
