// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading, writing and syncing of pieces, and moving bytes out of the side file.
#include <algorithm>
#include <set>
#include <vector>

#include "base/assert.h"
#include "base/result.h"
#include "store/torrent_storage.h"

namespace weir {
namespace {

// Of one read and write while bytes move from the side file.
constexpr std::uint32_t kCopyBytes = 1024 * 1024;

}  // namespace

DiskResult<void> TorrentStorage::write_piece(Disk& disk, PieceIndex piece, Bytes data) const {
  const std::uint32_t size = info_->layout.piece_size(piece);
  WEIR_ASSERT(data.size() == size);
  for (const StoredRange& range : locate(piece, 0, size)) {
    const Bytes part = data.first(range.length);
    data = data.subspan(range.length);
    if (range.zeros()) continue;  // pads exist nowhere (MET-30)
    WEIR_CHECK(disk.write(range.path, range.offset, std::span(&part, 1)));
  }
  return {};
}

DiskResult<void> TorrentStorage::read(Disk& disk, PieceIndex piece, std::uint32_t offset,
                                      MutableBytes out) const {
  const std::uint32_t size = info_->layout.piece_size(piece);
  WEIR_ASSERT(offset <= size && out.size() <= size - offset);
  for (const StoredRange& range : locate(piece, offset, static_cast<std::uint32_t>(out.size()))) {
    const MutableBytes part = out.first(range.length);
    out = out.subspan(range.length);
    if (range.zeros()) {
      std::fill(part.begin(), part.end(), std::byte{0});
    } else {
      WEIR_CHECK(disk.read(range.path, range.offset, part));
    }
  }
  return {};
}

void TorrentStorage::will_read(Disk& disk, PieceIndex piece, std::uint32_t offset,
                               std::uint32_t length) const {
  for (const StoredRange& range : locate(piece, offset, length)) {
    if (!range.zeros()) disk.will_read(range.path, range.offset, range.length);
  }
}

DiskResult<void> TorrentStorage::adopt_side_bytes(Disk& disk, FileIndex file,
                                                  const Bitfield& have) const {
  if (!on_disk(file)) return {};
  const Layout& layout = info_->layout;
  const auto pieces = layout.file_pieces(file);
  Buffer buffer;
  for (PieceIndex piece = pieces.begin; piece != pieces.end; piece = next(piece)) {
    if (!have.test(piece)) continue;
    for (const FileSlice& slice : layout.slices(piece, 0, layout.piece_size(piece))) {
      if (slice.file != file) continue;
      for (std::uint32_t done = 0; done < slice.length;) {
        const std::uint32_t length = std::min(kCopyBytes, slice.length - done);
        const std::uint64_t at = slice.file_offset + done;
        buffer.resize(length);
        WEIR_CHECK(disk.read(side_path(), layout.file(file).offset + at, buffer));
        const Bytes part = buffer;
        WEIR_CHECK(disk.write(file_path(file), at, std::span(&part, 1)));
        done += length;
      }
    }
  }
  if (buffer.empty()) return {};
  return disk.sync(file_path(file));
}

DiskResult<void> TorrentStorage::sync_pieces(Disk& disk,
                                             const std::vector<PieceIndex>& pieces) const {
  std::set<FileIndex> files;
  bool side = false;
  for (const PieceIndex piece : pieces) {
    for (const FileIndex file : info_->layout.files_of(piece)) {
      if (wanted_.test(to_int(file))) {
        files.insert(file);
      } else {
        side = true;
      }
    }
  }
  if (side) WEIR_CHECK(disk.sync(side_path()));
  for (const FileIndex file : files) WEIR_CHECK(disk.sync(file_path(file)));
  return {};
}

}  // namespace weir
