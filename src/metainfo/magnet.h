// SPDX-License-Identifier: MIT OR Apache-2.0
// Magnet links (BEP 9, BEP 53, BEP 52 for btmh): parsed and printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metainfo/torrent_info.h"

namespace weir {

inline constexpr std::size_t kMagnetBytesMax = 64 * 1024;
inline constexpr std::size_t kMagnetTrackersMax = 200;
inline constexpr std::size_t kMagnetWebSeedsMax = 20;
inline constexpr std::size_t kMagnetSourcesMax = 20;
inline constexpr std::size_t kMagnetPeersMax = 100;
inline constexpr std::size_t kMagnetRangesMax = 1000;

struct Magnet {
  // File indices, both ends included (BEP 53).
  struct FileRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const FileRange&) const = default;
  };

  InfoHashes hashes;                         // xt; at least one
  std::string name;                          // dn; valid UTF-8, not a path
  std::optional<std::uint64_t> length;       // xl
  std::vector<std::string> trackers;         // tr; each is a tier of its own
  std::vector<std::string> web_seeds;        // ws
  std::vector<std::string> exact_sources;    // xs; URLs of the .torrent
  std::vector<TorrentMetadata::Node> peers;  // x.pe; host name or address without brackets
  std::vector<FileRange> selected;           // so; empty means everything
  bool operator==(const Magnet&) const = default;
};

enum class MagnetErrc : std::uint8_t {
  too_long,            // MAG-01
  not_a_magnet,        // does not start with "magnet:?"
  bad_escape,          // a % without two hexadecimal digits
  missing_topic,       // no xt with a BitTorrent hash
  bad_btih,            // neither 40 hexadecimal nor 32 base32 digits
  bad_btmh,            // not the multihash of a SHA-256 digest in hexadecimal
  conflicting_topics,  // two different hashes of the same kind
  bad_file_selection,  // BEP 53 `so` that is no list of numbers and ranges
};
[[nodiscard]] const char* error_name(MagnetErrc code);

struct MagnetError {
  MagnetErrc code{};
  std::size_t offset = 0;  // of the parameter at fault
};
template <class T>
using MagnetResult = std::expected<T, MagnetError>;

// Unknown parameters are skipped; trackers, seeds, sources and peers that nobody could use are left
// out, and so is what goes past the limits above. `unusable_trackers`, when given, gets the
// trackers that were left out for what they are, each once, the first kMagnetTrackersMax of them.
[[nodiscard]] MagnetResult<Magnet> parse_magnet(
    std::string_view text, std::vector<std::string>* unusable_trackers = nullptr);

// parse_magnet(format_magnet(m)) gives m back. REQUIRES: at least one hash.
[[nodiscard]] std::string format_magnet(const Magnet& magnet);

}  // namespace weir
