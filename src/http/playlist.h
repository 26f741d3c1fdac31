// SPDX-License-Identifier: MIT OR Apache-2.0
// Playlists in extended M3U, UTF-8: what a player needs to play a torrent's sound and video files
// straight from the gateway.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::http {

inline constexpr std::string_view kPlaylistType = "audio/x-mpegurl; charset=utf-8";

struct PlaylistItem {
  std::string_view title;
  std::string_view url;  // absolute or relative, already encoded
};

// Whether a file belongs into a playlist, by its name.
[[nodiscard]] bool is_playable(std::string_view file_name);

// Line ends and other control characters in titles become spaces; an item whose URL has any is
// left out, since each line is an instruction to the player.
[[nodiscard]] std::string playlist(std::span<const PlaylistItem> items);

}  // namespace weir::http
