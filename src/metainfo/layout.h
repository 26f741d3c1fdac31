// SPDX-License-Identifier: MIT OR Apache-2.0
// How a torrent's linear byte space maps to its files and pieces.
//
// One Layout serves v1, v2 and hybrid torrents alike. The linear space is what piece indices count
// through: in v1 the concatenation of all files (BEP 3), pad files included (BEP 47); in v2 every
// non-empty file starts on a piece boundary (BEP 52), whether or not a pad file says so. A v2-only
// torrent therefore has gaps: bytes between a file's end and the next piece boundary belong to no
// file, are never requested and never hashed.
//
// Immutable after construction; may be shared by const reference between threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"

namespace weir {

enum class TorrentKind : std::uint8_t { v1, v2, hybrid };

inline constexpr bool has_v1(TorrentKind kind) { return kind != TorrentKind::v2; }
inline constexpr bool has_v2(TorrentKind kind) { return kind != TorrentKind::v1; }

// BEP 47 attributes; unknown letters are dropped.
struct FileAttributes {
  bool pad = false;
  bool executable = false;
  bool hidden = false;
  bool symlink = false;
  bool operator==(const FileAttributes&) const = default;
};

struct TorrentFile {
  // Relative to the download directory, '/'-separated, sanitized (see path.h): the torrent's name
  // first, then the file's own path. Unique within the torrent. Valid UTF-8.
  std::string path;
  std::uint64_t length = 0;
  std::uint64_t offset = 0;  // of its first byte in the linear space
  FileAttributes attributes;
  Sha256Digest pieces_root;    // v2 and hybrid, non-empty files; zero otherwise
  std::string symlink_target;  // relative to the download directory, stays inside the torrent
  std::optional<std::int64_t> mtime;  // seconds since 1970, when given and sane
};

// A run of bytes within one file. `pad` bytes are zeros that exist nowhere on disk.
struct FileSlice {
  FileIndex file{};
  std::uint64_t file_offset = 0;
  std::uint32_t length = 0;
  bool pad = false;
  bool operator==(const FileSlice&) const = default;
};

class Layout {
 public:
  Layout() = default;
  // REQUIRES: files in torrent order with offsets assigned, offsets + lengths do not overflow,
  // piece_length > 0, at most 2^31 pieces. The metainfo parser guarantees all of it.
  Layout(TorrentKind kind, std::uint32_t piece_length, std::vector<TorrentFile> files);

  [[nodiscard]] TorrentKind kind() const { return kind_; }
  [[nodiscard]] std::uint32_t piece_length() const { return piece_length_; }
  [[nodiscard]] std::uint32_t piece_count() const { return piece_count_; }
  [[nodiscard]] const std::vector<TorrentFile>& files() const { return files_; }
  [[nodiscard]] const TorrentFile& file(FileIndex index) const { return files_[to_int(index)]; }
  // Of the linear space, pads and gaps included.
  [[nodiscard]] std::uint64_t total_size() const { return total_size_; }
  // Bytes of real files only.
  [[nodiscard]] std::uint64_t content_size() const { return content_size_; }

  // Bytes of a piece as requested and transferred. v1 and hybrid: piece_length except for the last
  // piece, pads included. v2-only: up to the end of the piece's file.
  [[nodiscard]] std::uint32_t piece_size(PieceIndex piece) const;
  [[nodiscard]] std::uint32_t block_count(PieceIndex piece) const;
  [[nodiscard]] std::uint32_t block_size(BlockRef block) const;
  // Bytes of a piece that v2 hashes: those of its one file. REQUIRES: has_v2(kind()).
  [[nodiscard]] std::uint32_t piece_payload(PieceIndex piece) const;

  // Bytes of real files in a piece.
  [[nodiscard]] std::uint32_t piece_content(PieceIndex piece) const;

  // The file a piece belongs to in v2. REQUIRES: has_v2(kind()).
  [[nodiscard]] FileIndex piece_file(PieceIndex piece) const;
  // A piece's position among its file's pieces (its index into the file's piece layer).
  [[nodiscard]] std::uint32_t piece_in_file(PieceIndex piece) const;

  // First and one past the last piece that holds a byte of `file`; equal for an empty file.
  struct PieceRange {
    PieceIndex begin{};
    PieceIndex end{};
    bool operator==(const PieceRange&) const = default;
  };
  [[nodiscard]] PieceRange file_pieces(FileIndex file) const;

  // The slices that make up `length` bytes from `offset` within `piece`, in order.
  // REQUIRES: offset + length <= piece_size(piece). Empty files yield no slice.
  [[nodiscard]] std::vector<FileSlice> slices(PieceIndex piece, std::uint32_t offset,
                                              std::uint32_t length) const;
  // All files that share bytes with `piece`, pads excluded.
  [[nodiscard]] std::vector<FileIndex> files_of(PieceIndex piece) const;

 private:
  [[nodiscard]] std::size_t file_at(std::uint64_t offset) const;

  TorrentKind kind_ = TorrentKind::v1;
  std::uint32_t piece_length_ = 0;
  std::uint32_t piece_count_ = 0;
  std::uint64_t total_size_ = 0;
  std::uint64_t content_size_ = 0;
  std::vector<TorrentFile> files_;
  std::vector<std::uint32_t> non_empty_;  // indices of files with bytes, by offset
};

}  // namespace weir
