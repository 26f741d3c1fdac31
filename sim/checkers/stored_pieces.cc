// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/checkers/stored_pieces.h"

#include <algorithm>

#include "store/torrent_storage.h"

namespace weir::sim {

bool StoredPieces::true_now(const Content& content, PieceIndex piece) const {
  const std::size_t files = content.layout().files().size();
  const Buffer truth = content.piece(piece);
  const auto reads_true = [&](bool part, bool wanted, const FileSlice& slice, std::uint32_t at) {
    const TorrentStorage storage(content.metadata->info,
                                 StorageOptions{.root = root_,
                                                .side_root = side_root_,
                                                .part_suffix = part,
                                                .preallocation = Preallocation::sparse},
                                 Bitfield(files, wanted), Bitfield(files));
    Buffer stored(slice.length);
    const auto read = storage.read(disk_, piece, at, stored);
    return read.has_value() && std::equal(stored.begin(), stored.end(), truth.begin() + at);
  };
  std::uint32_t at = 0;
  for (const FileSlice& slice :
       content.layout().slices(piece, 0, content.layout().piece_size(piece))) {
    const bool found = slice.pad || reads_true(false, true, slice, at) ||
                       reads_true(true, true, slice, at) || reads_true(false, false, slice, at);
    if (!found) return false;
    at += slice.length;
  }
  return true;
}

bool StoredPieces::seen_true(const Content& content, PieceIndex piece) {
  auto& seen = seen_[&content];
  if (seen.contains(piece)) return true;
  if (!true_now(content, piece)) return false;
  seen.insert(piece);
  return true;
}

}  // namespace weir::sim
