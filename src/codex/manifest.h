// SPDX-License-Identifier: MIT OR Apache-2.0
// Codex manifests: what a dataset is made of. A dataset is bytes cut into blocks of one size, whose
// digests are the leaves of a Codex tree; its manifest names the tree and is itself a block.
//
// encode_manifest() gives the reference's bytes, because the manifest's CID is their hash. What was
// received is hashed as received and never encoded again: it may hold fields we do not know.
// File names and MIME types are kept as the bytes they are; whoever shows them or puts them into a
// header or a path makes them safe first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "codex/block.h"
#include "codex/codex_error.h"
#include "multiformats/cid.h"

namespace weir::codex {

inline constexpr std::size_t kManifestBytesMax = 1024 * 1024;
inline constexpr std::size_t kManifestTextMax = 1024;  // a file name, a MIME type
inline constexpr std::uint64_t kDatasetBlocksMax = std::uint64_t{1} << 31;
inline constexpr std::size_t kDirectoryEntriesMax = 100'000;
inline constexpr std::size_t kDirectoryBytesMax = 8 * 1024 * 1024;

// What the marketplace checks; we only recognise it.
struct Verification {
  Cid verify_root;
  std::vector<Cid> slot_roots;  // one for each block of a group
  std::uint32_t cell_size = 2048;
  std::uint32_t strategy = 0;
  bool operator==(const Verification&) const = default;
};

// A dataset with parity blocks ("protected"). Without the erasure code, the original can still be
// fetched by its own tree.
struct Erasure {
  std::uint32_t data_blocks = 0;    // of a group (ecK)
  std::uint32_t parity_blocks = 0;  // of a group (ecM)
  Cid original_tree_cid;
  std::uint64_t original_dataset_size = 0;
  std::uint32_t strategy = 1;  // 0 linear, 1 stepped
  std::optional<Verification> verification;
  bool operator==(const Erasure&) const = default;
};

// Where a block's bytes are in the dataset.
struct BlockExtent {
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  // without padding
  bool operator==(const BlockExtent&) const = default;
};

struct Manifest {
  Cid tree_cid;  // codex-root, SHA-256
  std::uint32_t block_size = kDefaultBlockSize;
  std::uint64_t dataset_size = 0;  // without the last block's padding
  std::optional<Erasure> erasure;
  std::string filename;  // empty: not said
  std::string mimetype;

  [[nodiscard]] std::uint64_t blocks_count() const;
  // The digest in tree_cid. REQUIRES: a valid manifest.
  [[nodiscard]] Sha256Digest tree_root() const;
  // REQUIRES: index < blocks_count().
  [[nodiscard]] BlockExtent extent(std::uint64_t index) const;
  bool operator==(const Manifest&) const = default;
};

// REQUIRES: check_manifest(manifest).
[[nodiscard]] Buffer encode_manifest(const Manifest& manifest);
// Everything a decoder refuses, for a manifest made elsewhere.
[[nodiscard]] CodexResult<void> check_manifest(const Manifest& manifest);

// A valid manifest or why not. `bytes` must have been checked against the CID (check_block).
[[nodiscard]] CodexResult<Manifest> decode_manifest(Bytes bytes);

// The dataset's bytes in a stored or received block: the padding that an ordinary upload adds to
// its last block is cut off. `leaf` is the digest at `index` of the manifest's tree, proven by a
// proof or known. wrong_index, wrong_block_length or block_mismatch; the result borrows `stored`.
[[nodiscard]] CodexResult<Bytes> dataset_bytes(const Manifest& manifest, std::uint64_t index,
                                               Bytes stored, const Sha256Digest& leaf);

// A folder: a name and the CIDs of file manifests and of further folders. Its CID has the codec of
// a file manifest; it is what fails to decode as one.
struct Directory {
  std::string name;
  std::vector<Cid> entries;
  bool operator==(const Directory&) const = default;
};
[[nodiscard]] Buffer encode_directory(const Directory& directory);
[[nodiscard]] CodexResult<Directory> decode_directory(Bytes bytes);

}  // namespace weir::codex
