// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/original_names.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "metainfo/internal/raw_files.h"
#include "metainfo/path.h"

namespace weir {
namespace {

bool is_contained(std::string_view component) {
  return !component.empty() && component != "." && component != ".." &&
         component.size() <= kComponentBytesMax && component.find('/') == component.npos &&
         component.find('\0') == component.npos;
}

// Empty when a component is not contained.
std::string join(std::span<const std::string_view> components) {
  std::string out;
  for (const std::string_view component : components) {
    if (!is_contained(component)) return {};
    if (!out.empty()) out += '/';
    out += component;
    if (out.size() > kPathBytesMax) return {};
  }
  return out;
}

}  // namespace

OriginalNames original_names(const TorrentInfo& info) {
  OriginalNames out;
  const auto document = decode_bencode(info.raw_info, BencodeLimits::torrent_file());
  if (!document || !document->root().is_dict()) return out;
  const auto raw = metainfo_internal::read_raw_torrent(document->root(), MetainfoLimits{});
  const std::vector<TorrentFile>& files = info.layout.files();
  if (!raw || raw->files.files.size() != files.size()) return out;
  if (raw->name != info.name && is_contained(raw->name)) out.name = raw->name;
  if (raw->files.single) return out;
  const std::size_t name_size = info.name.size() + 1;  // with the '/' behind it
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (files[i].attributes.pad || files[i].attributes.symlink) continue;
    std::string path = join(raw->files.path(raw->files.files[i]));
    if (path.empty() || path == std::string_view(files[i].path).substr(name_size)) continue;
    out.files.push_back({.file = FileIndex{i}, .path = std::move(path)});
  }
  return out;
}

}  // namespace weir
