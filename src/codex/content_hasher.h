// SPDX-License-Identifier: MIT OR Apache-2.0
// Everything an upload is named by, computed while its bytes go by once: the Codex tree and, for
// torrents, the v1 piece hashes.
//
//   ContentHasher hasher(HashPlan::torrent());
//   for each chunk of the body: hasher.feed(chunk);
//   auto torrent = publish_torrent(hasher.finish(), {name, type});
//
// The blocks of HashPlan::torrent() are the leaves of BEP 52 too. So the piece roots that come with
// them make a hybrid torrent of the same upload (CreatedPieceHashes in metainfo/create.h), and the
// content's BEP 52 root, without reading it again.
//
// Bytes are gathered until they fill the SIMD lanes: 4 MiB for torrents, 16 blocks for data. One
// thread at a time; nothing is borrowed between calls.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "codex/manifest.h"
#include "codex/torrent.h"
#include "codex/tree.h"

namespace weir::codex {

enum class LastBlock : std::uint8_t {
  as_is,   // torrents, files in a tar
  padded,  // ordinary uploads: zeros up to the block size
};

struct HashPlan {
  std::uint32_t block_size = kDefaultBlockSize;
  LastBlock last_block = LastBlock::padded;
  // A multiple of the block size, or 0 for no piece hashes.
  std::uint32_t piece_length = 0;
  KeepLeaves keep_leaves = KeepLeaves::no;

  static constexpr HashPlan data() { return {}; }
  static constexpr HashPlan torrent(KeepLeaves keep = KeepLeaves::no) {
    return {kTorrentBlockSize, LastBlock::as_is, kTorrentPieceLength, keep};
  }
};

struct HashedContent {
  HashPlan plan;
  std::uint64_t size = 0;
  TreeBuilder tree;
  std::vector<Sha1Digest> pieces;
  // BEP 52: the root of each piece's leaves, where the plan has unpadded blocks of 16 KiB and
  // pieces that are a power of two of them.
  std::vector<Sha256Digest> piece_roots;

  // The "pieces root" of the content as one file; nothing without piece roots.
  [[nodiscard]] std::optional<Sha256Digest> bep52_root() const;
};

class ContentHasher {
 public:
  // REQUIRES: 0 < block_size <= kBlockSizeMax, and piece_length is a multiple of it.
  explicit ContentHasher(HashPlan plan);

  void feed(Bytes bytes);
  [[nodiscard]] std::uint64_t size() const { return out_.size + held_.size(); }
  // Ends the content; the hasher can only be destroyed after it.
  [[nodiscard]] HashedContent finish();

 private:
  void hash(Bytes batch);
  void add_piece_roots(std::span<const Sha256Digest> leaves);

  HashedContent out_;  // of the bytes hashed so far
  std::size_t batch_size_;
  Buffer held_;  // less than batch_size_
};

struct PublishText {
  std::string filename;  // empty: not said
  std::string mimetype;
};

// A dataset with its manifest block.
struct PublishedData {
  Manifest manifest;
  Buffer block;
  Cid cid;  // of the block: what the upload answers with
};
// empty_dataset, too_many_blocks, text_too_long.
[[nodiscard]] CodexResult<PublishedData> publish_data(const HashedContent& content,
                                                      PublishText text);

// The same with the reference-form torrent over it.
struct PublishedTorrent {
  PublishedData data;
  BitTorrentManifest manifest;
  Buffer block;
  Sha1Digest info_hash;  // Multihash::of(it).text() is what the upload answers with
  Cid cid;               // of the info hash: the name of `block`
};
// As above, and too_many_pieces. REQUIRES: the plan had piece hashes and an unpadded last block.
[[nodiscard]] CodexResult<PublishedTorrent> publish_torrent(HashedContent content,
                                                            PublishText text);

}  // namespace weir::codex
