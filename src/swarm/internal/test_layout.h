// SPDX-License-Identifier: MIT OR Apache-2.0
// A torrent of one file, for tests, fuzz targets and benchmarks of the swarm's policies.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "metainfo/layout.h"

namespace weir {

// `length` bytes in pieces of `piece_length`.
inline Layout single_file_layout(std::uint64_t length, std::uint32_t piece_length) {
  TorrentFile file;
  file.path = "content";
  file.length = length;
  std::vector<TorrentFile> files;
  files.push_back(std::move(file));
  return Layout(TorrentKind::v1, piece_length, std::move(files));
}

}  // namespace weir
