// SPDX-License-Identifier: MIT OR Apache-2.0
// Turns piece verdicts and file sizes into what a user wants to know: which files are good.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "metainfo/torrent_info.h"
#include "store/disk.h"
#include "store/verifier.h"

namespace weir {

enum class FileVerdict : std::uint8_t {
  good,
  missing,
  wrong_size,
  bad,       // right size, wrong bytes
  doubtful,  // its bad pieces hold bytes of a missing or short file too
  unreadable,
  unverifiable,  // the torrent lacks the hashes of its pieces
};
// Stable, part of the interface.
[[nodiscard]] const char* verdict_name(FileVerdict verdict);

struct PieceCheck {
  PieceVerdict verdict = PieceVerdict::bad;
  bool unreadable = false;
};

struct FileCheck {
  FileIndex file{};
  FileVerdict verdict = FileVerdict::good;
  std::uint32_t bad_pieces = 0;
  std::optional<std::uint64_t> size;  // on disk
};

// One for each file that can be on disk (no pads, no symlinks), in order.
// REQUIRES: pieces by piece index, stats by file index.
[[nodiscard]] std::vector<FileCheck> judge_files(const Layout& layout,
                                                 std::span<const PieceCheck> pieces,
                                                 std::span<const std::optional<FileStat>> stats);

}  // namespace weir
