// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a .torrent file (BEP 3, 5, 12, 19, 52) from its parts.
#pragma once

#include "base/bytes.h"
#include "metainfo/torrent_info.h"

namespace weir {

// The info dictionary goes in exactly as it was received, so the info hashes stay what they are.
// REQUIRES: metadata.info with its raw_info.
[[nodiscard]] Buffer write_torrent(const TorrentMetadata& metadata);

}  // namespace weir
