// SPDX-License-Identifier: MIT OR Apache-2.0
// Manifests as the reference's REST interface shows them: the same keys in the same order, no white
// space, byte for byte. Names that are no UTF-8 are repaired, because JSON can't say them.
#pragma once

#include <string>

#include "base/digest.h"
#include "codex/manifest.h"
#include "codex/torrent.h"
#include "multiformats/cid.h"

namespace weir::codex {

// {"cid":…,"manifest":{…}}: a DataItem.
[[nodiscard]] std::string data_item_json(const Cid& cid, const Manifest& manifest);
// {"infoHash":…,"torrentManifest":{…}}.
[[nodiscard]] std::string torrent_item_json(const Sha1Digest& info_hash,
                                            const BitTorrentManifest& manifest);
// {"cid":…,"manifest":{"name":…,"cids":[…]}}.
[[nodiscard]] std::string directory_item_json(const Cid& cid, const Directory& directory);

}  // namespace weir::codex
