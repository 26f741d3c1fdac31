// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrent metadata as the REST interface takes it: a .torrent file, or the reference's JSON. What
// can't be read is the sentence to answer with.
#pragma once

#include <expected>
#include <string>

#include "node/node_types.h"

namespace weir::api {

inline constexpr std::size_t kTorrentFileBytesMax = 32 * 1024 * 1024;  // LIM-01

[[nodiscard]] std::expected<FetchSource, std::string> read_torrent_file(Buffer bytes);
[[nodiscard]] std::expected<FetchSource, std::string> read_torrent_json(Bytes bytes);

}  // namespace weir::api
