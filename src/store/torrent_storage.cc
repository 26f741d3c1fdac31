// SPDX-License-Identifier: MIT OR Apache-2.0
// The mapping; the calls that touch the disk are in storage_pieces.cc and storage_files.cc.
#include "store/torrent_storage.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir {

std::string content_path(const Layout& layout, const StorageOptions& options, FileIndex file) {
  return options.names ? options.names->path(layout, file) : layout.file(file).path;
}

TorrentStorage::TorrentStorage(std::shared_ptr<const TorrentInfo> info, StorageOptions options,
                               Bitfield wanted, Bitfield finished)
    : info_(std::move(info)),
      options_(std::move(options)),
      wanted_(std::move(wanted)),
      finished_(std::move(finished)) {
  WEIR_ASSERT(wanted_.size() == info_->layout.files().size());
  WEIR_ASSERT(finished_.size() == info_->layout.files().size());
  if (options_.part_suffix) part_names_ = std::make_shared<const PartNames>(info_->layout);
}

TorrentStorage TorrentStorage::with_sets(Bitfield wanted, Bitfield finished) const {
  WEIR_ASSERT(wanted.size() == wanted_.size() && finished.size() == finished_.size());
  TorrentStorage other = *this;
  other.wanted_ = std::move(wanted);
  other.finished_ = std::move(finished);
  return other;
}

bool TorrentStorage::piece_wanted(PieceIndex piece) const {
  for (const FileIndex file : info_->layout.files_of(piece)) {
    if (wanted_.test(to_int(file))) return true;
  }
  return false;
}

bool TorrentStorage::on_disk(FileIndex file) const {
  const FileAttributes& attributes = info_->layout.file(file).attributes;
  return wanted_.test(to_int(file)) && !attributes.pad && !attributes.symlink;
}

bool TorrentStorage::has_part_name(FileIndex file) const {
  return part_names_ && !finished_.test(to_int(file)) && info_->layout.file(file).length > 0;
}

DiskPath TorrentStorage::file_path(FileIndex file) const {
  return {options_.root, has_part_name(file) ? part_names_->name(info_->layout, file)
                                             : content_path(info_->layout, options_, file)};
}

std::optional<DiskPath> TorrentStorage::other_path(FileIndex file) const {
  if (!part_names_) return std::nullopt;
  return DiskPath{options_.root, has_part_name(file) ? content_path(info_->layout, options_, file)
                                                     : part_names_->name(info_->layout, file)};
}

std::optional<DiskPath> TorrentStorage::moved_path(const DiskPath& path) const {
  if (!part_names_) return std::nullopt;
  for (std::uint32_t i = 0; i < info_->layout.files().size(); ++i) {
    if (on_disk(FileIndex{i}) && file_path(FileIndex{i}) == path) return other_path(FileIndex{i});
  }
  return std::nullopt;
}

DiskPath TorrentStorage::side_path() const {
  return {options_.side_root, info_->hashes.wire_hash().hex() + ".side"};
}

std::vector<StoredRange> TorrentStorage::locate(PieceIndex piece, std::uint32_t offset,
                                                std::uint32_t length) const {
  constexpr std::uint64_t kPads = ~std::uint64_t{0};
  constexpr std::uint64_t kSideFile = kPads - 1;
  std::vector<StoredRange> ranges;
  std::uint64_t last_home = 0;  // where the last range is: one of the above or a file's number
  const std::uint32_t size = info_->layout.piece_size(piece);
  // What remains of a block may begin behind the end: its start is sent, and the socket was full.
  const std::uint32_t from = std::min(offset, size);
  const std::uint32_t held = std::min(length, size - from);
  for (const FileSlice& slice : info_->layout.slices(piece, from, held)) {
    const std::uint32_t file = to_int(slice.file);
    const bool wanted = !slice.pad && wanted_.test(file);
    const std::uint64_t home = slice.pad ? kPads : wanted ? file : kSideFile;
    // The side file is addressed by the offset in the linear space: no index to keep, and holes
    // cost nothing.
    std::uint64_t at = 0;
    if (!slice.pad) at = slice.file_offset;
    if (home == kSideFile) at += info_->layout.file(slice.file).offset;
    if (!ranges.empty() && last_home == home) {
      StoredRange& last = ranges.back();
      if (slice.pad || last.offset + last.length == at) {
        last.length += slice.length;
        continue;
      }
    }
    DiskPath path;
    if (!slice.pad) path = wanted ? file_path(slice.file) : side_path();
    ranges.push_back({.path = std::move(path),
                      .offset = at,
                      .length = slice.length,
                      .file = wanted ? std::optional(slice.file) : std::nullopt});
    last_home = home;
  }
  if (held < length) ranges.push_back({.path = {}, .offset = 0, .length = length - held});
  return ranges;
}

}  // namespace weir
