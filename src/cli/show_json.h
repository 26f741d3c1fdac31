// SPDX-License-Identifier: MIT OR Apache-2.0
// What only `weir show --json` prints of a torrent: its hashes, and what weir itself has no use
// for.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/bytes.h"
#include "metainfo/torrent_info.h"

namespace weir {

// Adds "piece_hashes" (BEP 3 "pieces", null without them), "layers" (BEP 52 "piece layers") and
// "other_keys", a list of what is in the file beside it. `torrent_file`: what `metadata` came from.
void add_whole_torrent(boost::json::object& object, const TorrentMetadata& metadata,
                       Bytes torrent_file);

}  // namespace weir
