// SPDX-License-Identifier: MIT OR Apache-2.0
// What must hold for every torrent the parser accepts; shared by the metainfo fuzz targets.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "metainfo/torrent_info.h"

namespace weir::fuzz {

// Relative, no empty or dot components, no separators of other systems, no control characters.
inline void check_safe_path(std::string_view path) {
  WEIR_ASSERT(!path.empty() && is_utf8(path));
  for (const char c : path) WEIR_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != '\\');
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view component = path.substr(at, slash - at);
    WEIR_ASSERT(!component.empty() && component != "." && component != "..");
    WEIR_ASSERT(component.size() <= 255);
    at = slash + 1;
  }
}

inline void check_pieces(const TorrentInfo& info) {
  const Layout& layout = info.layout;
  // All of them when they are few, else both ends: enough to catch arithmetic that goes wrong.
  const std::uint32_t count = layout.piece_count();
  for (std::uint32_t p = 0; p < count; p = (p == 64 && count > 128) ? count - 64 : p + 1) {
    const PieceIndex piece{p};
    const std::uint32_t size = layout.piece_size(piece);
    WEIR_ASSERT(size > 0 && size <= layout.piece_length());
    std::uint64_t covered = 0;
    for (const FileSlice& slice : layout.slices(piece, 0, size)) {
      const TorrentFile& file = layout.file(slice.file);
      WEIR_ASSERT(slice.file_offset + slice.length <= file.length);
      covered += slice.length;
    }
    WEIR_ASSERT(covered == size);
    if (has_v2(layout.kind())) {
      WEIR_ASSERT(layout.piece_payload(piece) <= size);
      WEIR_ASSERT(!layout.file(layout.piece_file(piece)).attributes.pad);
    }
  }
}

inline void check_info(const TorrentInfo& info) {
  const Layout& layout = info.layout;
  WEIR_ASSERT(layout.piece_count() > 0 && layout.piece_count() <= 2'097'152);
  WEIR_ASSERT(info.hashes.v1.has_value() == has_v1(layout.kind()));
  WEIR_ASSERT(info.hashes.v2.has_value() == has_v2(layout.kind()));
  WEIR_ASSERT(!has_v1(layout.kind()) || info.piece_hashes.size() == layout.piece_count());
  std::set<std::string> paths, links;
  for (const TorrentFile& file : layout.files()) {
    if (file.attributes.pad) continue;
    check_safe_path(file.path);
    const bool below = file.path == info.name || file.path.starts_with(info.name + "/");
    WEIR_ASSERT(below);
    WEIR_ASSERT(paths.insert(file.path).second);
    if (!file.attributes.symlink) continue;
    WEIR_ASSERT(file.length == 0);
    links.insert(file.path);
    if (file.symlink_target.empty()) continue;
    check_safe_path(file.symlink_target);
    WEIR_ASSERT(file.symlink_target.starts_with(info.name + "/"));
  }
  for (const std::string& path : paths) {
    for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
      WEIR_ASSERT(!paths.contains(path.substr(0, at)));
    }
  }
  check_pieces(info);
}

}  // namespace weir::fuzz
