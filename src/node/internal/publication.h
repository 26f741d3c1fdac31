// SPDX-License-Identifier: MIT OR Apache-2.0
// Making publications: from what an upload hashed, and from what the catalogue remembers of it.
#pragma once

#include <memory>
#include <vector>

#include "codex/content_hasher.h"
#include "io/catalogue_store.h"
#include "node/node_types.h"
#include "store/content_index.h"
#include "store/disk.h"

namespace weir {

[[nodiscard]] NodeError node_error(const DiskError& error);

// `data` is set for uploads of that kind. REQUIRES: torrent.plan is HashPlan::torrent().
[[nodiscard]] NodeResult<std::shared_ptr<const Publication>> make_publication(
    const UploadOptions& options, codex::HashedContent torrent,
    std::optional<codex::HashedContent> data, std::int64_t now);

// The bytes that were uploaded, by their root and length.
[[nodiscard]] ContentId content_of(const Publication& publication);
[[nodiscard]] CatalogueRow row_of(const Publication& publication);
[[nodiscard]] NodeResult<std::shared_ptr<const Publication>> publication_of(CatalogueRow row);

}  // namespace weir
