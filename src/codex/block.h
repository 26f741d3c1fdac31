// SPDX-License-Identifier: MIT OR Apache-2.0
// Blocks of a Codex node (not the 16 KiB blocks of BitTorrent requests): how they are named, and
// when bytes may be stored under a name.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/digest.h"
#include "codex/codex_error.h"
#include "multiformats/cid.h"

namespace weir::codex {

inline constexpr std::uint32_t kDefaultBlockSize = 64 * 1024;      // of ordinary uploads
inline constexpr std::uint32_t kTorrentBlockSize = 16 * 1024;      // of torrents
inline constexpr std::uint32_t kTorrentPieceLength = 256 * 1024;   // of torrents made by upload
inline constexpr std::uint32_t kBlockSizeMax = 100 * 1024 * 1024;  // the reference's MaxBlockSize

// The names of things, from their hashes.
[[nodiscard]] Cid block_cid(const Sha256Digest& digest);
[[nodiscard]] Cid manifest_cid(Bytes encoded_manifest);
// Of a v1 info hash. It is not the hash of the block it names (see check_block).
[[nodiscard]] Cid info_hash_cid(const Sha1Digest& info_hash);

// Whether it names the block of zero bytes, which is never stored nor sent and reads as zeros
// where it stands in a dataset (erasure-coded ones are padded with it).
[[nodiscard]] bool is_empty_block(const Cid& cid);

// Whether `data` is the block that `cid` names and so may be stored, served or used:
// - data blocks and manifests: SHA-256 of the bytes;
// - an info-hash CID names a BitTorrent manifest, whose bytes it does not cover: the info
//   dictionary inside must have that info hash (phase one; the rest of the manifest stays unproven
//   until a piece is checked against the dictionary);
// - everything else names no block: wrong_codec or wrong_hash.
[[nodiscard]] CodexResult<void> check_block(const Cid& cid, Bytes data);

}  // namespace weir::codex
