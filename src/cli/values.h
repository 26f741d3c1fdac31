// SPDX-License-Identifier: MIT OR Apache-2.0
// What people write as values of options: endpoints, file patterns, and what names a torrent; sizes
// and times are in daemon/quantity.h. Pure functions; nothing comes back when the text is no such
// value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/quantity.h"
#include "metainfo/torrent_info.h"

namespace weir {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};
// "host:port" or "[v6]:port"; the port is not 0.
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

// `*` any run of characters, '/' included; `?` one character; `[abc]`, `[a-z]`, `[!a]`; a backslash
// takes the next character as it is. Takes at most |pattern| * |text| steps.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

// Whether a file is selected: the pattern matches its path below the torrent's name, its whole
// path, or a directory of either.
[[nodiscard]] bool glob_selects(std::string_view pattern, const TorrentFile& file);
// By file: 0 for those that no pattern selects, 4 (normal) for others. Empty without patterns.
[[nodiscard]] std::vector<std::uint8_t> select_files(const Layout& layout,
                                                     const std::vector<std::string>& patterns);

// The patterns that select no file.
[[nodiscard]] std::vector<std::string> patterns_without_files(
    const Layout& layout, const std::vector<std::string>& patterns);
// A file's path below the torrent's name, or the name where it is the file: what people write.
[[nodiscard]] std::string shown_path(const TorrentFile& file);
// "a, b, c and 7 more" of those paths.
[[nodiscard]] std::string name_some_files(const Layout& layout);

// A bare info hash: 40 hexadecimal or 32 base32 digits (v1), 64 hexadecimal digits (v2).
[[nodiscard]] std::optional<InfoHashes> parse_info_hash(std::string_view text);

// A path's pieces at '/': "a/b" -> {"a", "b"}.
[[nodiscard]] std::vector<std::string> split_path(std::string_view path);

}  // namespace weir
