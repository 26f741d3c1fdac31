// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/manifest.h"

#include <algorithm>

#include "base/assert.h"
#include "base/result.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

std::unexpected<CodexError> refuse(CodexErrc code, const char* field) {
  return std::unexpected(CodexError{code, 0, field});
}

// Written so that no sum can wrap: the size of a dataset may be any 64-bit number.
std::uint64_t blocks_in(std::uint64_t size, std::uint32_t block_size) {
  return size / block_size + (size % block_size != 0 ? 1 : 0);
}

CodexResult<void> check_tree_cid(const Cid& cid, const char* field) {
  if (cid.version() != 1) return refuse(CodexErrc::bad_cid_version, field);
  if (cid.codec() != Multicodec::codex_root) return refuse(CodexErrc::wrong_codec, field);
  if (cid.hash().code() != HashCode::sha2_256) return refuse(CodexErrc::wrong_hash, field);
  return {};
}

CodexResult<void> check_size(std::uint64_t size, std::uint32_t block_size, const char* field) {
  if (size == 0) return refuse(CodexErrc::empty_dataset, field);
  if (blocks_in(size, block_size) > kDatasetBlocksMax) {
    return refuse(CodexErrc::too_many_blocks, field);
  }
  return {};
}

CodexResult<void> check_verification(const Verification& verification, std::uint64_t group) {
  if (verification.verify_root.codec() != Multicodec::codex_proving_root) {
    return refuse(CodexErrc::wrong_codec, "verifyRoot");
  }
  if (verification.slot_roots.size() != group) {
    return refuse(CodexErrc::bad_verification, "slotRoots");
  }
  for (const Cid& slot : verification.slot_roots) {
    if (slot.codec() != Multicodec::codex_slot_root) {
      return refuse(CodexErrc::wrong_codec, "slotRoots");
    }
  }
  if (verification.cell_size == 0) return refuse(CodexErrc::bad_verification, "cellSize");
  return {};
}

CodexResult<void> check_erasure(const Manifest& manifest) {
  const Erasure& erasure = *manifest.erasure;
  if (erasure.data_blocks == 0 || erasure.parity_blocks == 0) {
    return refuse(CodexErrc::bad_erasure, "ecK");
  }
  WEIR_CHECK(check_tree_cid(erasure.original_tree_cid, "originalTreeCid"));
  WEIR_CHECK(check_size(erasure.original_dataset_size, manifest.block_size, "originalDatasetSize"));
  if (erasure.strategy > 1) return refuse(CodexErrc::bad_erasure, "protectedStrategy");
  const std::uint64_t group = std::uint64_t{erasure.data_blocks} + erasure.parity_blocks;
  const std::uint64_t original = blocks_in(erasure.original_dataset_size, manifest.block_size);
  // At most 2^31 steps of at most 2^33 blocks.
  if (blocks_in(original, erasure.data_blocks) * group != manifest.blocks_count()) {
    return refuse(CodexErrc::bad_erasure, "datasetSize");
  }
  if (erasure.verification) WEIR_CHECK(check_verification(*erasure.verification, group));
  return {};
}

}  // namespace

std::uint64_t Manifest::blocks_count() const { return blocks_in(dataset_size, block_size); }

Sha256Digest Manifest::tree_root() const {
  const auto root = tree_cid.hash().as_sha256();
  WEIR_ASSERT(root);
  return *root;
}

BlockExtent Manifest::extent(std::uint64_t index) const {
  WEIR_ASSERT(index < blocks_count());
  const std::uint64_t offset = index * block_size;
  return {offset,
          static_cast<std::uint32_t>(std::min<std::uint64_t>(block_size, dataset_size - offset))};
}

CodexResult<void> check_manifest(const Manifest& manifest) {
  WEIR_CHECK(check_tree_cid(manifest.tree_cid, "treeCid"));
  if (manifest.block_size == 0 || manifest.block_size > kBlockSizeMax) {
    return refuse(CodexErrc::bad_block_size, "blockSize");
  }
  WEIR_CHECK(check_size(manifest.dataset_size, manifest.block_size, "datasetSize"));
  if (manifest.filename.size() > kManifestTextMax) {
    return refuse(CodexErrc::text_too_long, "filename");
  }
  if (manifest.mimetype.size() > kManifestTextMax) {
    return refuse(CodexErrc::text_too_long, "mimetype");
  }
  if (manifest.erasure) WEIR_CHECK(check_erasure(manifest));
  return {};
}

CodexResult<Bytes> dataset_bytes(const Manifest& manifest, std::uint64_t index, Bytes stored,
                                 const Sha256Digest& leaf) {
  if (index >= manifest.blocks_count()) return refuse(CodexErrc::wrong_index, "index");
  const BlockExtent extent = manifest.extent(index);
  if (stored.size() != extent.length && stored.size() != manifest.block_size) {
    return refuse(CodexErrc::wrong_block_length, "block");
  }
  if (sha256(stored) != leaf) return refuse(CodexErrc::block_mismatch, "block");
  return stored.first(extent.length);
}

}  // namespace weir::codex
