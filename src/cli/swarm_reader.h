// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads a stretch of one file out of a swarm, without a node: an engine of its own in a temporary
// directory, which fetches what is read and a little ahead of it, and is gone afterwards.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "cli/cat_range.h"
#include "cli/source.h"

namespace weir {

struct SwarmRead {
  TorrentSource source;
  std::string path;  // below the torrent's name or with it; empty: its only file
  std::optional<CatRange> range;
  std::vector<Endpoint> peers;
  std::chrono::milliseconds patience;  // with nothing coming
};

// Gives verified bytes in order to `sink`, which returns false when it takes no more. "timed_out",
// "interrupted", and what find_file() says.
[[nodiscard]] CliResult<void> read_from_swarm(SwarmRead wanted,
                                              const std::function<bool(Bytes)>& sink);

// "which_file", "no_such_file".
[[nodiscard]] CliResult<FileIndex> find_file(const TorrentInfo& info, const std::string& path,
                                             std::string_view id);

}  // namespace weir
