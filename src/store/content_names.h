// SPDX-License-Identifier: MIT OR Apache-2.0
// Under which names a torrent's content lies that was there before the torrent: in a directory, or
// as a file, that may have been renamed, with names in it that are not safe enough to be created
// from a torrent but are what the content's own author chose.
//
// For content that is only read: nothing is ever created, renamed or removed under such names. The
// disk's rules of containment hold for them as for all paths.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "metainfo/original_names.h"
#include "store/disk.h"

namespace weir {

struct ContentNames {
  std::string top;  // stands for the torrent's name
  // Paths below `top`, by file index, where they are not those of the layout.
  std::unordered_map<std::uint32_t, std::string> files;

  [[nodiscard]] std::string path(const Layout& layout, FileIndex file) const;
};

// The calls below block.

// For content that is, or is in, `place`: decides for each file that has an original name whether
// it lies under that or under the safe one. The original goes first, unless the safe one alone has
// a file of the right size; where neither exists the safe one stays.
[[nodiscard]] ContentNames look_up_names(Disk& disk, const TorrentInfo& info,
                                         const OriginalNames& original, const DiskPath& place);
// Whether one of the files with bytes exists with the size it is to have.
[[nodiscard]] bool holds_content(Disk& disk, const Layout& layout, const ContentNames& names,
                                 const std::string& root);

}  // namespace weir
