// SPDX-License-Identifier: MIT OR Apache-2.0
// Turns the names in a torrent into paths that are safe to create on disk.
//
// What comes out is relative, '/'-separated, valid UTF-8, has no empty, "." or ".." component, no
// separator (of any system) or control character inside one, no drive prefix, no device name of
// Windows, and at most 255 bytes a component. The same torrent gives the same paths everywhere:
// names that only some systems can't tell apart (letter case) are made different on all.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::size_t kComponentBytesMax = 255;
inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr std::size_t kPathDepthMax = 100;
inline constexpr std::size_t kPathCollisionsMax = 500;

// One component made safe; empty when nothing is left of it ("", "." and ".."), in which case the
// caller leaves it out.
[[nodiscard]] std::string safe_component(std::string_view raw);

// `name` with `marker` (such as ".1") before its extension, within 255 bytes.
[[nodiscard]] std::string mark_component(std::string_view name, std::string_view marker);

enum class PathErrc : std::uint8_t { too_many_collisions, file_below_symlink };

struct PathRequest {
  std::string path;      // made of safe components; changed where it collides
  bool symlink = false;  // may not be a directory of another path
};

// Makes all paths differ from each other and from the directories above them, letter case (ASCII)
// aside, by marking the later of two. Deterministic; O(n log n). `renames_max` is how many paths
// may be changed.
[[nodiscard]] std::expected<void, PathErrc> make_unique_paths(
    std::vector<PathRequest>& paths, std::size_t renames_max = kPathCollisionsMax);

}  // namespace weir
