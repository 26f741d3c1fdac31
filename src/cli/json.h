// SPDX-License-Identifier: MIT OR Apache-2.0
// The machine-readable output: every field name is documented in docs/cli.md and stays. Hashes are
// full-length lower-case hexadecimal, sizes are integers, dates are RFC 3339 in UTC, text is always
// valid UTF-8.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "cli/tracker_urls.h"
#include "engine/session_types.h"
#include "metainfo/magnet.h"
#include "metainfo/torrent_info.h"

namespace weir {

// One line with its newline.
[[nodiscard]] std::string json_line(const boost::json::object& object);

// {"error": {"code", "message", "exit_code", and "offset", "field" where known}}
[[nodiscard]] std::string error_json(const CliError& error);

// A string value made valid UTF-8.
[[nodiscard]] boost::json::value json_text(std::string_view text);
// "info_hash_v1" and "info_hash_v2", null where there is none.
void add_hashes(boost::json::object& object, const InfoHashes& hashes);
[[nodiscard]] boost::json::object torrent_json(const TorrentMetadata& metadata);
// The list "unusable_trackers" of weir show.
[[nodiscard]] boost::json::array unusable_json(const std::vector<UnusableTracker>& trackers);
// As if the engine had been told to ask it, which never happens: a `tracker` event.
[[nodiscard]] boost::json::object unusable_event_json(const UnusableTracker& tracker,
                                                      const InfoHashes& hashes);
[[nodiscard]] boost::json::object magnet_json(const Magnet& magnet);
[[nodiscard]] boost::json::object status_json(const TorrentStatus& status);
[[nodiscard]] boost::json::array trackers_json(const std::vector<TrackerStatus>& trackers);
// {"time", "event", "info_hash", ...}. Nothing for events that are no news to a user.
[[nodiscard]] std::optional<boost::json::object> event_json(const Event& event,
                                                            const TorrentStatus& status,
                                                            const TorrentInfo* info);

}  // namespace weir
