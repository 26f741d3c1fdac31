// SPDX-License-Identifier: MIT OR Apache-2.0
// The names a torrent's author gave, byte for byte, where they differ from the safe ones (path.h).
//
// They are for finding content that exists already, under names that its own author chose; what a
// torrent creates has safe names only. A TorrentInfo does not hold them: they are read out of its
// raw bytes anew, so that nobody else pays for them.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "metainfo/torrent_info.h"

namespace weir {

struct OriginalNames {
  struct File {
    FileIndex file{};
    std::string path;  // below the torrent's name, '/'-separated
  };
  std::string name;         // of the torrent; empty where it is TorrentInfo::name
  std::vector<File> files;  // by index; pad files and links are left out
};

// A name is left out, too, where it can't be one on this system or would lead elsewhere: with an
// empty, "." or ".." component, a '/' or NUL inside one, more than 255 bytes in one or more than
// 4096 in all. Other bytes stay, those that are no UTF-8 among them.
[[nodiscard]] OriginalNames original_names(const TorrentInfo& info);

}  // namespace weir
