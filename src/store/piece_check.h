// SPDX-License-Identifier: MIT OR Apache-2.0
// Hashes pieces that are on disk.
#pragma once

#include <span>
#include <vector>

#include "base/ids.h"
#include "store/disk.h"
#include "store/jobs.h"
#include "store/torrent_storage.h"
#include "store/verifier.h"

namespace weir {

// One outcome for each piece, in their order. Pieces of full length are read strip by strip,
// kCheckSideBySide of them at a time, so that memory does not grow with the piece length; the
// others whole, kCheckBatchBytes at a time. Bytes that are not there make a piece bad, which is no
// error.
inline constexpr std::size_t kCheckSideBySide = 16;
inline constexpr std::size_t kCheckStripBytes = 32 * 1024;
[[nodiscard]] std::vector<PieceOutcome> check_pieces(Disk& disk, const TorrentStorage& storage,
                                                     const PieceLayers& layers,
                                                     std::span<const PieceIndex> pieces);

}  // namespace weir
