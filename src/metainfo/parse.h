// SPDX-License-Identifier: MIT OR Apache-2.0
// Parses .torrent files and info dictionaries (BEP 3, 5, 12, 19, 27, 47, 52) into checked values.
//
// Nothing that comes out can hurt: paths are safe and unique (path.h), sizes do not overflow,
// v2 piece layers lead to their roots and the halves of a hybrid agree. What is only a wish of the
// torrent's author (trackers, web seeds, nodes) is cut to its limit or left out when malformed;
// what describes the content is refused with one code a cause (metainfo_error.h).
//
// Stateless functions; the input is borrowed for the call.
#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "metainfo/metainfo_error.h"
#include "metainfo/torrent_info.h"

namespace weir {

inline constexpr std::uint32_t kPieceLengthMin = 16 * 1024;
inline constexpr std::uint32_t kPieceLengthMax = 256 * 1024 * 1024;

struct MetainfoLimits {
  std::size_t torrent_bytes_max = 32 * 1024 * 1024;  // LIM-01, a .torrent file
  std::size_t metadata_bytes_max = 8 * 1024 * 1024;  // LIM-01, an info dictionary from peers
  std::uint32_t pieces_max = 2'097'152;              // LIM-03
  std::size_t files_max = 500'000;                   // LIM-04, pad files not counted
  std::size_t trackers_max = 200;                    // LIM-05
  std::size_t web_seeds_max = 20;
  std::size_t nodes_max = 50;
};

[[nodiscard]] MetainfoResult<TorrentMetadata> parse_torrent(Bytes file,
                                                            const MetainfoLimits& limits = {});

// An info dictionary that came from peers (BEP 9) and was checked against its hash.
[[nodiscard]] MetainfoResult<std::shared_ptr<const TorrentInfo>> parse_info(
    Bytes info_dict, const MetainfoLimits& limits = {});

// Whether `info_dict` is what the hashes name: every hash that is set must fit. Cheap next to
// parsing, and to be done first with bytes from peers.
[[nodiscard]] bool info_bytes_match(Bytes info_dict, const InfoHashes& expected);

// Whether a parsed torrent goes by every hash in `expected`. A v1-only torrent does not go by a v2
// hash even where its bytes would fit.
[[nodiscard]] MetainfoResult<void> verify_info_against(const TorrentInfo& info,
                                                       const InfoHashes& expected);

}  // namespace weir
