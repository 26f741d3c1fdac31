// SPDX-License-Identifier: MIT OR Apache-2.0
// A torrent with its true content: what every checker compares with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "metainfo/torrent_info.h"

namespace weir::sim {

struct ContentFile {
  std::vector<std::string> path;
  std::uint64_t length = 0;
};

struct Content {
  std::shared_ptr<const TorrentMetadata> metadata;
  Buffer torrent_file;
  std::vector<Buffer> files;  // by file of the layout; empty for pads
  // Of a torrent too large to hold, in place of the files: the only pieces there are.
  std::map<PieceIndex, Buffer> known_pieces;

  [[nodiscard]] const TorrentInfo& info() const { return *metadata->info; }
  [[nodiscard]] const Layout& layout() const { return metadata->info->layout; }
  // The true bytes of a piece, pads as zeros.
  [[nodiscard]] Buffer piece(PieceIndex piece) const;
};

inline constexpr const char* kTrackerUrl = "http://198.18.255.1:6969/announce";

struct ContentOptions {
  TorrentKind kind = TorrentKind::hybrid;
  std::uint32_t piece_length = 64 * 1024;
  std::vector<ContentFile> files;
  std::uint64_t seed = 1;
  bool is_private = false;
  std::vector<std::string> more_trackers{};  // each a tier, behind the swarm's own
};
[[nodiscard]] Content make_content(const ContentOptions& options);
// Random bytes in the given files, hashed into a torrent by the same builder that users run.
[[nodiscard]] Content make_content(TorrentKind kind, std::uint32_t piece_length,
                                   const std::vector<ContentFile>& files, std::uint64_t seed);
// One file of `length` bytes.
[[nodiscard]] Content make_content(TorrentKind kind, std::uint32_t piece_length,
                                   std::uint64_t length, std::uint64_t seed);

}  // namespace weir::sim
