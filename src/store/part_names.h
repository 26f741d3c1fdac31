// SPDX-License-Identifier: MIT OR Apache-2.0
// The names of incomplete files, while ".part" is in use.
//
// Usually the file's path with ".part" behind it. Where that name would be longer than a file
// system takes (255 bytes a component, STO-15), or is the name of another of the torrent's files or
// directories, a shorter one is made from the path and the file's number. Depends on the layout
// alone, so it is the same after a restart. Immutable; shared between storages of one torrent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "metainfo/layout.h"

namespace weir {

class PartNames {
 public:
  static constexpr std::size_t kComponentMax = 255;

  explicit PartNames(const Layout& layout);
  [[nodiscard]] std::string name(const Layout& layout, FileIndex file) const;

 private:
  std::unordered_map<std::uint32_t, std::string> exceptions_;  // by file index
};

}  // namespace weir
