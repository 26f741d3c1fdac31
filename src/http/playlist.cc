// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/playlist.h"

#include <algorithm>

#include "base/utf8.h"
#include "http/media_type.h"

namespace weir::http {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

}  // namespace

bool is_playable(std::string_view file_name) {
  const std::string_view type = media_type_by_name(file_name);
  // A playlist inside a playlist would be played from wherever it points to.
  if (type == "audio/x-mpegurl") return false;
  return type.starts_with("audio/") || type.starts_with("video/");
}

std::string playlist(std::span<const PlaylistItem> items) {
  std::string out = "#EXTM3U\n";
  for (const PlaylistItem& item : items) {
    const bool is_line = std::none_of(item.url.begin(), item.url.end(), is_control);
    if (item.url.empty() || item.url.starts_with('#') || !is_line) continue;
    std::string title = repair_utf8(item.title);
    std::replace_if(title.begin(), title.end(), is_control, ' ');
    // The duration is not known before the file is.
    out += "#EXTINF:-1," + title + '\n';
    out += item.url;
    out += '\n';
  }
  return out;
}

}  // namespace weir::http
