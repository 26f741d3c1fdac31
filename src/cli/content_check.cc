// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/content_check.h"

#include <algorithm>

namespace weir {
namespace {

bool absent_or_resized(const TorrentFile& file, const std::optional<FileStat>& stat) {
  return !stat || stat->size != file.length;
}

// Whether something other than the file's own bytes may have spoiled the piece.
bool has_spoiled_neighbour(const Layout& layout, PieceIndex piece, FileIndex own,
                           std::span<const std::optional<FileStat>> stats) {
  return std::ranges::any_of(layout.files_of(piece), [&](FileIndex other) {
    return other != own && absent_or_resized(layout.file(other), stats[to_int(other)]);
  });
}

FileVerdict judge_bytes(const Layout& layout, FileCheck& check, std::span<const PieceCheck> pieces,
                        std::span<const std::optional<FileStat>> stats) {
  bool unreadable = false;
  bool unverifiable = false;
  bool own_fault = false;
  const auto range = layout.file_pieces(check.file);
  for (PieceIndex p = range.begin; p < range.end; p = next(p)) {
    const PieceCheck& piece = pieces[to_int(p)];
    if (piece.verdict == PieceVerdict::good && !piece.unreadable) continue;
    ++check.bad_pieces;
    unreadable = unreadable || piece.unreadable;
    unverifiable = unverifiable || piece.verdict == PieceVerdict::unverifiable;
    own_fault = own_fault || !has_spoiled_neighbour(layout, p, check.file, stats);
  }
  if (check.bad_pieces == 0) return FileVerdict::good;
  if (unreadable) return FileVerdict::unreadable;
  if (unverifiable) return FileVerdict::unverifiable;
  return own_fault ? FileVerdict::bad : FileVerdict::doubtful;
}

}  // namespace

const char* verdict_name(FileVerdict verdict) {
  switch (verdict) {
    case FileVerdict::good:
      return "good";
    case FileVerdict::missing:
      return "missing";
    case FileVerdict::wrong_size:
      return "wrong_size";
    case FileVerdict::bad:
      return "bad";
    case FileVerdict::doubtful:
      return "doubtful";
    case FileVerdict::unreadable:
      return "unreadable";
    case FileVerdict::unverifiable:
      return "unverifiable";
  }
  return "";
}

std::vector<FileCheck> judge_files(const Layout& layout, std::span<const PieceCheck> pieces,
                                   std::span<const std::optional<FileStat>> stats) {
  std::vector<FileCheck> out;
  for (std::size_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (file.attributes.pad || file.attributes.symlink) continue;
    FileCheck check{.file = static_cast<FileIndex>(i),
                    .verdict = FileVerdict::good,
                    .bad_pieces = 0,
                    .size = std::nullopt};
    if (stats[i]) check.size = stats[i]->size;
    check.verdict = judge_bytes(layout, check, pieces, stats);
    if (!stats[i]) {
      check.verdict = FileVerdict::missing;
    } else if (stats[i]->size != file.length) {
      check.verdict = FileVerdict::wrong_size;
    }
    out.push_back(check);
  }
  return out;
}

}  // namespace weir
