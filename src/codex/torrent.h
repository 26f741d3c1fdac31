// SPDX-License-Identifier: MIT OR Apache-2.0
// BitTorrent content in a Codex network: the info dictionary of four values, the BitTorrent
// manifest that joins it with a Codex manifest, and the two phases in which a download is verified.
//
//   phase one   check_torrent_block(info_hash, block): the info dictionary is the one asked for
//   in between  PieceMap::make(info, manifest): the Codex manifest can be of this torrent; every
//               block is checked against its own digest (dataset_bytes) and its place
//               (verify_proof)
//   phase two   check_piece(map, info, piece, data): the bytes are what the dictionary names
//
// Only phase two shows that the Codex manifest is the right one. So a piece that fails although
// every block in it was proven means a wrong BitTorrent manifest, and not a bad sender of blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ids.h"
#include "codex/codex_error.h"
#include "codex/manifest.h"
#include "multiformats/cid.h"

namespace weir::codex {

inline constexpr std::size_t kTorrentPiecesMax = 2'097'152;  // LIM-03
// 26 bytes a piece, the name and the CID.
inline constexpr std::size_t kTorrentBlockBytesMax = 26 * kTorrentPiecesMax + 4096;

// The info dictionary in reference form: these four keys and no others.
struct BitTorrentInfo {
  std::uint64_t length = 0;
  std::uint32_t piece_length = kTorrentPieceLength;
  std::vector<Sha1Digest> pieces;
  std::string name;  // empty: the key is left out
  bool operator==(const BitTorrentInfo&) const = default;
};

// Lengths and counts that fit each other; nothing else is said about the content.
[[nodiscard]] CodexResult<void> check_info(const BitTorrentInfo& info);
// The bytes that the info hash is computed over. REQUIRES: check_info(info).
[[nodiscard]] Buffer bencode_info(const BitTorrentInfo& info);
[[nodiscard]] Sha1Digest info_hash(const BitTorrentInfo& info);

struct BitTorrentManifest {
  BitTorrentInfo info;
  Cid codex_manifest;  // of the same bytes; unproven until phase two
  bool operator==(const BitTorrentManifest&) const = default;
};

// REQUIRES: check_info(manifest.info).
[[nodiscard]] Buffer encode_torrent_block(const BitTorrentManifest& manifest);
[[nodiscard]] CodexResult<BitTorrentManifest> decode_torrent_block(Bytes bytes);

// Phase one.
[[nodiscard]] CodexResult<BitTorrentManifest> check_torrent_block(const Sha1Digest& info_hash,
                                                                  Bytes bytes);

struct BlockRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const BlockRange&) const = default;
};

// Which blocks of the dataset make up which piece. Pieces are whole numbers of blocks, the last
// ones excepted.
class PieceMap {
 public:
  static CodexResult<PieceMap> make(const BitTorrentInfo& info, const Manifest& manifest);

  [[nodiscard]] std::uint32_t piece_count() const { return pieces_; }
  [[nodiscard]] std::uint64_t block_count() const { return blocks_; }
  // REQUIRES: piece < piece_count().
  [[nodiscard]] BlockRange blocks_of(PieceIndex piece) const;
  [[nodiscard]] std::uint32_t piece_size(PieceIndex piece) const;
  // REQUIRES: block < block_count().
  [[nodiscard]] PieceIndex piece_of(std::uint64_t block) const;

 private:
  PieceMap() = default;
  std::uint64_t length_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint32_t pieces_ = 0;
  std::uint32_t piece_length_ = 1;
  std::uint32_t blocks_per_piece_ = 1;
};

// Phase two. `blocks` are the bytes of the piece's blocks in order, without padding: what
// dataset_bytes() gave for each of blocks_of(piece). REQUIRES: piece < map.piece_count(), and the
// map is of this info.
[[nodiscard]] CodexResult<void> check_piece(const PieceMap& map, const BitTorrentInfo& info,
                                            PieceIndex piece, std::span<const Bytes> blocks);

}  // namespace weir::codex
