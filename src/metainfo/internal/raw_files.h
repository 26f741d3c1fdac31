// SPDX-License-Identifier: MIT OR Apache-2.0
// The file lists of an info dictionary as they stand there, before paths are made safe. Part of the
// metainfo parser; views borrow the decoded document.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bencode/decoder.h"
#include "metainfo/layout.h"
#include "metainfo/metainfo_error.h"
#include "metainfo/parse.h"

namespace weir::metainfo_internal {

// The largest torrent there can be; sums of two such lengths are far from wrapping.
inline constexpr std::uint64_t kLengthMax = std::uint64_t{2'097'152} * kPieceLengthMax;

struct RawFile {
  std::uint32_t path_begin = 0;  // into RawFiles::components
  std::uint32_t path_count = 0;
  std::uint64_t length = 0;
  std::uint64_t offset = 0;
  FileAttributes attributes;
  Sha256Digest pieces_root;
  BencodeNode node;  // the dictionary that describes the file
};

struct RawFiles {
  std::vector<std::string_view> components;
  std::vector<RawFile> files;
  // The torrent is one file named by `name`; its path has that one component.
  bool single = false;

  [[nodiscard]] std::span<const std::string_view> path(const RawFile& file) const {
    return std::span(components).subspan(file.path_begin, file.path_count);
  }
};

inline std::unexpected<MetainfoError> refuse(MetainfoErrc code, BencodeNode at,
                                             const char* field = "") {
  return std::unexpected(MetainfoError{code, at ? at.offset() : 0, field, std::nullopt});
}

// Reads `length` of a file. Lengths no torrent can hold are refused here, which keeps every later
// sum of offsets far from wrapping.
[[nodiscard]] MetainfoResult<std::uint64_t> read_length(BencodeNode file);
[[nodiscard]] FileAttributes read_attributes(BencodeNode file);

// BEP 3 `length` or `files`, offsets assigned.
[[nodiscard]] MetainfoResult<RawFiles> read_v1_files(BencodeNode info, std::string_view name,
                                                     const MetainfoLimits& limits);
// BEP 52 `file tree`, offsets assigned.
[[nodiscard]] MetainfoResult<RawFiles> read_v2_files(BencodeNode info, std::string_view name,
                                                     std::uint32_t piece_length,
                                                     const MetainfoLimits& limits);
// Checks that both lists describe the same files and copies the roots into `v1`.
[[nodiscard]] MetainfoResult<void> join_hybrid(RawFiles& v1, const RawFiles& v2, BencodeNode info);

struct RawTorrent {
  TorrentKind kind = TorrentKind::v1;
  std::string_view name;
  std::uint32_t piece_length = 0;
  RawFiles files;
};
// What of an info dictionary says which files there are.
[[nodiscard]] MetainfoResult<RawTorrent> read_raw_torrent(BencodeNode info,
                                                          const MetainfoLimits& limits);

// Safe, unique paths and resolved symbolic links. `name` is safe already.
[[nodiscard]] MetainfoResult<std::vector<TorrentFile>> resolve_files(const RawFiles& raw,
                                                                     const std::string& name,
                                                                     BencodeNode info);

// BEP 52 `piece layers` of a whole .torrent.
[[nodiscard]] MetainfoResult<std::vector<PieceLayer>> read_piece_layers(BencodeNode root,
                                                                        const Layout& layout);
// Everything outside `info`, but for the piece layers.
void read_surroundings(BencodeNode root, const MetainfoLimits& limits, TorrentMetadata& out);

}  // namespace weir::metainfo_internal
