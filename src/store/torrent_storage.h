// SPDX-License-Identifier: MIT OR Apache-2.0
// Where one torrent's bytes live: its files at their final paths, and a side file for the bytes of
// boundary pieces that belong to files the user did not select.
//
// Plain mapping plus disk calls, no state of its own that changes while jobs run: the set of wanted
// and finished files is fixed at construction, so one object is shared read-only by parallel jobs
// and replaced by the engine when either set changes (between jobs that touch the same files).
//
// An unwanted file's bytes are always in the side file, even when a file of its name exists. So a
// file that was wanted once stays in `wanted` when the user deselects it later: `wanted` says where
// bytes are, what to download is the picker's business. Selecting a file later: run
// adopt_side_bytes on the storage with the new set, and only then save the new selection, so that a
// crash between leaves the old selection with the side file that belongs to it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bitfield.h"
#include "metainfo/torrent_info.h"
#include "store/content_names.h"
#include "store/disk.h"
#include "store/part_names.h"

namespace weir {

class ContentCopies;

struct StorageOptions {
  std::string root;          // where the torrent's name is created
  std::string side_root;     // directory for side files (state directory)
  bool part_suffix = false;  // ".part" while a file is incomplete
  Preallocation preallocation = Preallocation::sparse;
  // Other names than the torrent's, of content that is only read; not with part_suffix.
  std::shared_ptr<const ContentNames> names = nullptr;
  // What may be linked into place before anything is downloaded; none: nothing.
  std::shared_ptr<ContentCopies> copies = nullptr;
};

// The file's final name below the root.
[[nodiscard]] std::string content_path(const Layout& layout, const StorageOptions& options,
                                       FileIndex file);

// A run of content bytes on disk, or zeros (pad files).
struct StoredRange {
  DiskPath path;  // empty root: zeros
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
  // What the file was when its bytes were verified, where that is known. A file that is anything
  // else now may hold other bytes.
  std::optional<FileStat> seen = {};
  std::optional<FileIndex> file = {};  // not for pads, nor for bytes kept aside
  [[nodiscard]] bool zeros() const { return path.root.empty(); }
  // The same bytes; what is known of them does not count.
  bool operator==(const StoredRange& other) const {
    return path == other.path && offset == other.offset && length == other.length;
  }
};

class TorrentStorage {
 public:
  // `wanted` and `finished` have one bit a file (pads ignored). A finished file has lost its .part.
  TorrentStorage(std::shared_ptr<const TorrentInfo> info, StorageOptions options, Bitfield wanted,
                 Bitfield finished);
  // The same torrent with other sets; cheaper than constructing it anew.
  [[nodiscard]] TorrentStorage with_sets(Bitfield wanted, Bitfield finished) const;

  [[nodiscard]] const TorrentInfo& info() const { return *info_; }
  [[nodiscard]] const StorageOptions& options() const { return options_; }
  [[nodiscard]] const Bitfield& wanted() const { return wanted_; }
  [[nodiscard]] const Bitfield& finished() const { return finished_; }
  [[nodiscard]] bool piece_wanted(PieceIndex piece) const;  // holds a byte of a wanted file
  [[nodiscard]] DiskPath file_path(FileIndex file) const;   // current name, .part included
  // The name the file has in the other state: nothing when .part is not in use.
  [[nodiscard]] std::optional<DiskPath> other_path(FileIndex file) const;
  // Where the bytes of a range are that locate() gave and that is not there any more: a file gets
  // its final name a moment before its storage is replaced. Looks through all files.
  [[nodiscard]] std::optional<DiskPath> moved_path(const DiskPath& path) const;
  [[nodiscard]] DiskPath side_path() const;
  // Whether the file has, or will have, a regular file of its own: wanted, no pad, no symlink.
  [[nodiscard]] bool on_disk(FileIndex file) const;

  // Where `length` bytes from `offset` of `piece` are, in order, adjacent ranges merged. Behind the
  // end of the piece there are zeros: peers that lay v2 out with padding ask for them.
  [[nodiscard]] std::vector<StoredRange> locate(PieceIndex piece, std::uint32_t offset,
                                                std::uint32_t length) const;

  // The calls below block; jobs make them.
  DiskResult<void> write_piece(Disk& disk, PieceIndex piece, Bytes data) const;
  // Reads content bytes; pads come back as zeros.
  DiskResult<void> read(Disk& disk, PieceIndex piece, std::uint32_t offset, MutableBytes out) const;
  // Hints that read() will be called for the range.
  void will_read(Disk& disk, PieceIndex piece, std::uint32_t offset, std::uint32_t length) const;
  // Space and conflicts checked before anything is created (STO-05, STO-08), then empty files,
  // symlinks and preallocation for the wanted files. A file already there is taken over when it is
  // no longer than the torrent's (its bytes are then to be checked) and is already_exists when it
  // is longer; a file left under its other name, by a crash or by a run that chose otherwise about
  // ".part", gets its current one. What has to be written but may not be is permission or
  // read_only. Without preallocation a file with bytes comes into being with its first write.
  DiskResult<void> prepare(Disk& disk) const;
  // Size and mtime of every wanted file as it is now; nothing for a missing one.
  [[nodiscard]] std::vector<std::optional<FileStat>> stat_files(Disk& disk) const;
  [[nodiscard]] std::optional<FileStat> stat_file(Disk& disk, FileIndex file) const;
  // All bytes present: rename away .part, set the executable bit.
  DiskResult<void> finish_file(Disk& disk, FileIndex file) const;
  // Moves a newly wanted file's bytes out of the side file into the real one. `have` tells which
  // pieces the side file truly holds. The real file is synced before this returns.
  DiskResult<void> adopt_side_bytes(Disk& disk, FileIndex file, const Bitfield& have) const;
  DiskResult<void> sync_pieces(Disk& disk, const std::vector<PieceIndex>& pieces) const;
  // Removes the torrent's own regular files, its side file and directories left empty (STO-07).
  // Symlinks, files longer than the torrent's and everything else stay. Goes on after an error and
  // returns the first.
  DiskResult<void> remove_files(Disk& disk) const;

 private:
  // An empty file is never incomplete.
  [[nodiscard]] bool has_part_name(FileIndex file) const;

  std::shared_ptr<const TorrentInfo> info_;
  StorageOptions options_;
  std::shared_ptr<const PartNames> part_names_;  // none when .part is not in use
  Bitfield wanted_;
  Bitfield finished_;
};

}  // namespace weir
