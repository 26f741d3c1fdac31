// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/content_names.h"

#include <string_view>

namespace weir {

std::string ContentNames::path(const Layout& layout, FileIndex file) const {
  const auto other = files.find(to_int(file));
  if (other != files.end()) return top + '/' + other->second;
  const std::string_view safe = layout.file(file).path;
  const std::size_t slash = safe.find('/');
  return slash == std::string_view::npos ? top : top + std::string(safe.substr(slash));
}

ContentNames look_up_names(Disk& disk, const TorrentInfo& info, const OriginalNames& original,
                           const DiskPath& place) {
  ContentNames names{.top = place.relative, .files = {}};
  for (const OriginalNames::File& file : original.files) {
    const auto found = disk.stat({place.root, place.relative + '/' + file.path});
    if (!found) continue;
    const std::uint64_t length = info.layout.file(file.file).length;
    if (found->size != length) {
      const auto safe = disk.stat({place.root, names.path(info.layout, file.file)});
      if (safe && safe->size == length) continue;
    }
    names.files.emplace(to_int(file.file), file.path);
  }
  return names;
}

bool holds_content(Disk& disk, const Layout& layout, const ContentNames& names,
                   const std::string& root) {
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.file(FileIndex{i});
    if (file.length == 0 || file.attributes.pad || file.attributes.symlink) continue;
    const auto found = disk.stat({root, names.path(layout, FileIndex{i})});
    if (found && found->size == file.length) return true;
  }
  return false;
}

}  // namespace weir
