// SPDX-License-Identifier: MIT OR Apache-2.0
// The Codex Merkle tree: SHA-256 over 32-byte leaves, which are the digests of a dataset's blocks
// and are not hashed again. Not the tree of BEP 52 (hash/merkle.h), although the leaves of a
// dataset in unpadded blocks of 16 KiB are the same.
//
// A parent is SHA-256(left, right, key). The key says whether the pair is the bottom one (1) and
// whether the right side is missing and 32 zero bytes stand for it (2), or both (3). One leaf has a
// parent too, so the depth is at least 1.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "codex/codex_error.h"
#include "multiformats/cid.h"

namespace weir::codex {

// The reference's limit of an encoded tree.
inline constexpr std::size_t kEncodedTreeMax = 100 * 1024 * 1024;
// 64 path elements and the numbers; the reference allows 1 MiB.
inline constexpr std::size_t kEncodedProofMax = 4096;
inline constexpr std::uint64_t kTreeLeavesMax = std::uint64_t{1} << 40;

// Layers above the leaves: max(1, ceil(log2 leaves)). REQUIRES: 1 <= leaves <= kTreeLeavesMax.
[[nodiscard]] std::uint32_t tree_depth(std::uint64_t leaves);

// CIDv1, codex-root, the root as the digest.
[[nodiscard]] Cid tree_cid(const Sha256Digest& root);

enum class KeepLeaves : std::uint8_t { no, yes };

// Computes the root of leaves that come one after another, in O(log n) memory; the leaves can be
// kept besides, for proofs or for hashes of other trees over them.
class TreeBuilder {
 public:
  explicit TreeBuilder(KeepLeaves keep = KeepLeaves::no) : keep_(keep) {}

  // Many at once are hashed in lanes. REQUIRES: no more than kTreeLeavesMax in all.
  void add(const Sha256Digest& leaf);
  void add(std::span<const Sha256Digest> leaves);

  [[nodiscard]] std::uint64_t leaf_count() const { return count_; }
  // Of the leaves so far; more may follow. REQUIRES: leaf_count() > 0.
  [[nodiscard]] Sha256Digest root() const;
  // Empty unless they are kept.
  [[nodiscard]] const std::vector<Sha256Digest>& leaves() const { return leaves_; }
  [[nodiscard]] std::vector<Sha256Digest> take_leaves() { return std::move(leaves_); }

 private:
  KeepLeaves keep_;
  std::uint64_t count_ = 0;
  // A node of layer i that waits for its right sibling; there is one when bit i of count_ is set.
  std::array<Sha256Digest, 64> waiting_{};
  std::vector<Sha256Digest> leaves_;
};

// The siblings from a leaf up to the root, lowest first; zero where there is none.
struct TreeProof {
  std::uint64_t index = 0;
  std::uint64_t leaf_count = 0;
  std::vector<Sha256Digest> path;
  bool operator==(const TreeProof&) const = default;
};

// All layers in memory: 64 bytes a leaf. An immutable value.
class Tree {
 public:
  // REQUIRES: 1 <= leaves.size() <= kTreeLeavesMax.
  static Tree over(std::vector<Sha256Digest> leaves);

  [[nodiscard]] std::uint64_t leaf_count() const { return count_; }
  [[nodiscard]] std::uint32_t depth() const { return tree_depth(count_); }
  [[nodiscard]] const Sha256Digest& root() const { return nodes_.back(); }
  [[nodiscard]] std::span<const Sha256Digest> leaves() const;
  // REQUIRES: index < leaf_count().
  [[nodiscard]] TreeProof proof(std::uint64_t index) const;

  // The protobuf form: hash code, number of leaves, all nodes from the leaves up.
  [[nodiscard]] Buffer encode() const;
  // Recomputes the tree and compares every node.
  static CodexResult<Tree> decode(Bytes bytes);

 private:
  Tree() = default;
  std::uint64_t count_ = 0;
  std::vector<Sha256Digest> nodes_;  // layer after layer
};

// What a proof is asked to prove. `leaf_count` comes from the manifest, never from the proof.
struct TreeLeaf {
  std::uint64_t index = 0;
  std::uint64_t leaf_count = 0;
  Sha256Digest digest;
};

// Whether the proof leads from this leaf to `root`; for proofs of peers, any values may be passed.
// Everything the reference leaves unchecked is checked: the index, the number of leaves, the
// length of the path, and that siblings which do not exist are zero.
[[nodiscard]] CodexResult<void> verify_proof(const TreeProof& proof, const TreeLeaf& leaf,
                                             const Sha256Digest& root);

// The protobuf form, as in block deliveries.
[[nodiscard]] Buffer encode_proof(const TreeProof& proof);
[[nodiscard]] CodexResult<TreeProof> decode_proof(Bytes bytes);

}  // namespace weir::codex
