// SPDX-License-Identifier: MIT OR Apache-2.0
// Files that a torrent need not download: before its first file is created, verified copies of its
// contents are looked for and linked into place. The torrent then finds them as it finds anything
// that is there already, by hashing, and no piece is served before that (decision 0004).
//
// What makes it safe (docs/decisions/0012-one-copy.md):
// - A v2 file is known by its root. A v1 file has none, so a copy of its length is read, and every
//   piece of the file hashed against the torrent's own hashes, before it is linked.
// - Nothing is linked over a file that is there, nor a file that is not what it was when it was
//   verified, nor one with the executable attribute, which all names of a file would have.
// - Whoever writes to the file later writes verified pieces of the same content.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "store/content_index.h"
#include "store/disk.h"
#include "store/torrent_storage.h"
#include "store/verifier.h"

namespace weir {

// The node's own verified copies, as jobs may ask for them: thread-safe, and never one that the
// node did not write itself. The first half of what other designs call a blob store; `Disk` is the
// other (docs/decisions/0013-blob-and-meta-stores.md).
class ContentCopies {
 public:
  struct Place {
    DiskPath path;
    FileStat seen;
  };
  virtual ~ContentCopies() = default;
  [[nodiscard]] virtual std::vector<Place> by_content(const ContentId& content) = 0;
  [[nodiscard]] virtual std::vector<Place> by_length(std::uint64_t length) = 0;
};

// Belongs to one job at a time.
class CopySearch {
 public:
  static constexpr std::uint64_t kStepBytes = 32u << 20;  // read at most, but for one piece
  static constexpr std::uint32_t kPieceMax = 16u
                                             << 20;  // v1 torrents of larger ones are left alone
  static constexpr std::size_t kPlacesMax = 4;       // of one length that are tried for a file

  CopySearch(std::shared_ptr<const TorrentStorage> storage,
             std::shared_ptr<const PieceLayers> layers, std::shared_ptr<ContentCopies> copies);

  // Does some of it. True: there is more to do.
  [[nodiscard]] bool step(Disk& disk);
  // Files that were linked so far.
  [[nodiscard]] std::size_t linked() const { return linked_; }

 private:
  using Places = std::vector<ContentCopies::Place>;
  struct Candidate {
    Places places;  // the first is the one being tried
    bool judged = false;
  };

  void begin(Disk& disk);
  [[nodiscard]] bool missing(Disk& disk, FileIndex file) const;
  void link(Disk& disk, FileIndex file, const Places& places);
  [[nodiscard]] bool try_inside(Disk& disk, std::uint64_t& budget);
  [[nodiscard]] bool try_borders(Disk& disk, std::uint64_t& budget);
  [[nodiscard]] bool good(Disk& disk, PieceIndex piece, Buffer& buffer);

  std::shared_ptr<const TorrentStorage> storage_;
  std::shared_ptr<const PieceLayers> layers_;
  std::shared_ptr<ContentCopies> copies_;
  bool begun_ = false;
  std::map<FileIndex, Candidate> candidates_;  // of a v1 torrent
  std::optional<PieceIndex> at_;               // in the file being judged
  std::vector<PieceIndex> borders_;            // pieces of several files, still to be judged
  std::size_t linked_ = 0;
};

}  // namespace weir
