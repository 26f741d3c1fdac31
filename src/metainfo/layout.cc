// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/layout.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir {

Layout::Layout(TorrentKind kind, std::uint32_t piece_length, std::vector<TorrentFile> files)
    : kind_(kind), piece_length_(piece_length), files_(std::move(files)) {
  WEIR_ASSERT(piece_length_ > 0);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const TorrentFile& file = files_[i];
    if (file.length == 0) continue;
    WEIR_ASSERT(file.offset >= total_size_);
    non_empty_.push_back(static_cast<std::uint32_t>(i));
    total_size_ = file.offset + file.length;
    if (!file.attributes.pad) content_size_ += file.length;
  }
  const std::uint64_t pieces = (total_size_ + piece_length_ - 1) / piece_length_;
  WEIR_ASSERT(pieces <= std::uint64_t{1} << 31);
  piece_count_ = static_cast<std::uint32_t>(pieces);
}

// The position in non_empty_ of the last file that starts at or before `offset`.
std::size_t Layout::file_at(std::uint64_t offset) const {
  const auto after = std::upper_bound(
      non_empty_.begin(), non_empty_.end(), offset,
      [this](std::uint64_t at, std::uint32_t file) { return at < files_[file].offset; });
  WEIR_ASSERT(after != non_empty_.begin());
  return static_cast<std::size_t>(after - non_empty_.begin()) - 1;
}

std::uint32_t Layout::piece_size(PieceIndex piece) const {
  WEIR_ASSERT(to_int(piece) < piece_count_);
  if (kind_ == TorrentKind::v2) return piece_payload(piece);
  const std::uint64_t begin = std::uint64_t{to_int(piece)} * piece_length_;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_length_, total_size_ - begin));
}

std::uint32_t Layout::block_count(PieceIndex piece) const {
  return (piece_size(piece) + kBlockSize - 1) / kBlockSize;
}

std::uint32_t Layout::block_size(BlockRef block) const {
  const std::uint64_t begin = std::uint64_t{to_int(block.block)} * kBlockSize;
  const std::uint32_t size = piece_size(block.piece);
  WEIR_ASSERT(begin < size);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(kBlockSize, size - begin));
}

std::uint32_t Layout::piece_payload(PieceIndex piece) const {
  const TorrentFile& owner = file(piece_file(piece));
  const std::uint64_t begin = std::uint64_t{to_int(piece)} * piece_length_;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(piece_length_, owner.offset + owner.length - begin));
}

std::uint32_t Layout::piece_content(PieceIndex piece) const {
  if (content_size_ == total_size_) return piece_size(piece);
  if (has_v2(kind_)) return piece_payload(piece);
  std::uint32_t content = 0;
  for (const FileSlice& slice : slices(piece, 0, piece_size(piece))) {
    if (!slice.pad) content += slice.length;
  }
  return content;
}

FileIndex Layout::piece_file(PieceIndex piece) const {
  WEIR_ASSERT(has_v2(kind_) && to_int(piece) < piece_count_);
  // Every file with content starts on a piece boundary, so the piece's first byte is its file's.
  return FileIndex{non_empty_[file_at(std::uint64_t{to_int(piece)} * piece_length_)]};
}

std::uint32_t Layout::piece_in_file(PieceIndex piece) const {
  const TorrentFile& owner = file(piece_file(piece));
  return to_int(piece) - static_cast<std::uint32_t>(owner.offset / piece_length_);
}

Layout::PieceRange Layout::file_pieces(FileIndex index) const {
  const TorrentFile& f = file(index);
  const auto begin = static_cast<std::uint32_t>(f.offset / piece_length_);
  if (f.length == 0) return {PieceIndex{begin}, PieceIndex{begin}};
  const auto last = static_cast<std::uint32_t>((f.offset + f.length - 1) / piece_length_);
  return {PieceIndex{begin}, PieceIndex{last + 1}};
}

std::vector<FileSlice> Layout::slices(PieceIndex piece, std::uint32_t offset,
                                      std::uint32_t length) const {
  WEIR_ASSERT(std::uint64_t{offset} + length <= piece_size(piece));
  std::vector<FileSlice> out;
  if (length == 0) return out;
  std::uint64_t at = std::uint64_t{to_int(piece)} * piece_length_ + offset;
  const std::uint64_t end = at + length;
  for (std::size_t i = file_at(at); at < end; ++i) {
    const TorrentFile& f = files_[non_empty_[i]];
    const std::uint64_t take = std::min(end, f.offset + f.length) - at;
    out.push_back({.file = FileIndex{non_empty_[i]},
                   .file_offset = at - f.offset,
                   .length = static_cast<std::uint32_t>(take),
                   .pad = f.attributes.pad});
    at += take;
  }
  return out;
}

std::vector<FileIndex> Layout::files_of(PieceIndex piece) const {
  std::vector<FileIndex> out;
  for (const FileSlice& slice : slices(piece, 0, piece_size(piece))) {
    if (!slice.pad) out.push_back(slice.file);
  }
  return out;
}

}  // namespace weir
