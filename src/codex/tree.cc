// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/tree.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "codex/internal/node_hash.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

using Message = std::array<std::byte, 2 * Sha256Digest::kSize + 1>;

Message message_of(const Sha256Digest& left, const Sha256Digest& right, NodeKey key) {
  Message out;
  std::copy(left.bytes.begin(), left.bytes.end(), out.begin());
  std::copy(right.bytes.begin(), right.bytes.end(), out.begin() + Sha256Digest::kSize);
  out.back() = static_cast<std::byte>(key);
  return out;
}

// The parents of neighbours in `nodes`, the first of them paired with `before` if there is one. A
// last node without a pair is left alone. Appends to `out`.
void hash_pairs(const Sha256Digest* before, std::span<const Sha256Digest> nodes, NodeKey key,
                std::vector<Sha256Digest>& out) {
  // Enough to fill the lanes several times, and little enough for the stack.
  constexpr std::size_t kBatch = 64;
  std::array<Message, kBatch> messages;
  std::array<Bytes, kBatch> views;
  const std::size_t shift = before == nullptr ? 0 : 1;
  const auto node = [&](std::size_t i) -> const Sha256Digest& {
    return i < shift ? *before : nodes[i - shift];
  };
  const std::size_t pairs = (nodes.size() + shift) / 2;
  for (std::size_t done = 0; done < pairs;) {
    const std::size_t batch = std::min(kBatch, pairs - done);
    for (std::size_t i = 0; i < batch; ++i) {
      const std::size_t left = 2 * (done + i);
      messages[i] = message_of(node(left), node(left + 1), key);
      views[i] = messages[i];
    }
    const std::size_t at = out.size();
    out.resize(at + batch);
    sha256_many(std::span(views).first(batch), std::span(out).subspan(at));
    done += batch;
  }
}

}  // namespace

Sha256Digest hash_node(const Sha256Digest& left, const Sha256Digest& right, NodeKey key) {
  return sha256(message_of(left, right, key));
}

std::uint32_t tree_depth(std::uint64_t leaves) {
  WEIR_ASSERT(leaves >= 1 && leaves <= kTreeLeavesMax);
  return std::max(1U, static_cast<std::uint32_t>(std::bit_width(leaves - 1)));
}

Cid tree_cid(const Sha256Digest& root) {
  return Cid::v1(Multicodec::codex_root, Multihash::of(root));
}

void TreeBuilder::add(const Sha256Digest& leaf) {
  WEIR_ASSERT(count_ < kTreeLeavesMax);
  if (keep_ == KeepLeaves::yes) leaves_.push_back(leaf);
  Sha256Digest node = leaf;
  std::uint32_t layer = 0;
  for (; (count_ >> layer & 1) != 0; ++layer) {
    node = hash_node(waiting_[layer], node, full_key(layer));
  }
  waiting_[layer] = node;
  ++count_;
}

void TreeBuilder::add(std::span<const Sha256Digest> leaves) {
  WEIR_ASSERT(leaves.size() <= kTreeLeavesMax - count_);
  if (keep_ == KeepLeaves::yes) leaves_.insert(leaves_.end(), leaves.begin(), leaves.end());
  std::vector<Sha256Digest> nodes, parents;
  std::span<const Sha256Digest> added = leaves;
  for (std::uint32_t layer = 0; !added.empty(); ++layer) {
    const bool held = (count_ >> layer & 1) != 0;
    parents.clear();
    hash_pairs(held ? &waiting_[layer] : nullptr, added, full_key(layer), parents);
    if ((added.size() + (held ? 1 : 0)) % 2 != 0) waiting_[layer] = added.back();
    std::swap(nodes, parents);
    added = nodes;
  }
  count_ += leaves.size();
}

Sha256Digest TreeBuilder::root() const {
  WEIR_ASSERT(count_ > 0);
  // The parent of everything at the end that has no full subtree yet.
  Sha256Digest tail;
  bool has_tail = false;
  const std::uint32_t depth = tree_depth(count_);
  for (std::uint32_t layer = 0; layer < depth; ++layer) {
    const bool held = (count_ >> layer & 1) != 0;
    if (!held && !has_tail) continue;
    if (held && has_tail) {
      tail = hash_node(waiting_[layer], tail, full_key(layer));
    } else {
      tail = hash_node(held ? waiting_[layer] : tail, Sha256Digest(), odd_key(layer));
    }
    has_tail = true;
  }
  return has_tail ? tail : waiting_[depth];
}

Tree Tree::over(std::vector<Sha256Digest> leaves) {
  WEIR_ASSERT(!leaves.empty() && leaves.size() <= kTreeLeavesMax);
  Tree out;
  out.count_ = leaves.size();
  out.nodes_ = std::move(leaves);
  const std::uint32_t depth = tree_depth(out.count_);
  std::vector<Sha256Digest> parents;
  std::size_t begin = 0;
  for (std::uint32_t layer = 0; layer < depth; ++layer) {
    const std::size_t width = out.nodes_.size() - begin;
    parents.clear();
    const auto nodes = std::span<const Sha256Digest>(out.nodes_).subspan(begin, width);
    hash_pairs(nullptr, nodes, full_key(layer), parents);
    if (width % 2 != 0) {
      parents.push_back(hash_node(nodes.back(), Sha256Digest(), odd_key(layer)));
    }
    begin += width;
    out.nodes_.insert(out.nodes_.end(), parents.begin(), parents.end());
  }
  return out;
}

std::span<const Sha256Digest> Tree::leaves() const {
  return std::span<const Sha256Digest>(nodes_).first(count_);
}

TreeProof Tree::proof(std::uint64_t index) const {
  WEIR_ASSERT(index < count_);
  TreeProof out{index, count_, {}};
  std::uint64_t begin = 0, width = count_, at = index;
  for (std::uint32_t layer = 0; layer < depth(); ++layer) {
    const std::uint64_t sibling = at ^ 1;
    out.path.push_back(sibling < width ? nodes_[begin + sibling] : Sha256Digest());
    begin += width;
    width = (width + 1) / 2;
    at /= 2;
  }
  return out;
}

CodexResult<void> verify_proof(const TreeProof& proof, const TreeLeaf& leaf,
                               const Sha256Digest& root) {
  const auto refuse = [](CodexErrc code, const char* field) {
    return std::unexpected(CodexError{code, 0, field});
  };
  if (leaf.leaf_count == 0 || leaf.leaf_count > kTreeLeavesMax ||
      proof.leaf_count != leaf.leaf_count) {
    return refuse(CodexErrc::wrong_leaf_count, "nleaves");
  }
  if (leaf.index >= leaf.leaf_count || proof.index != leaf.index) {
    return refuse(CodexErrc::wrong_index, "index");
  }
  if (proof.path.size() != tree_depth(leaf.leaf_count)) {
    return refuse(CodexErrc::wrong_path_length, "path");
  }
  Sha256Digest node = leaf.digest;
  std::uint64_t at = leaf.index, width = leaf.leaf_count;
  for (std::uint32_t layer = 0; layer < proof.path.size(); ++layer) {
    const Sha256Digest& sibling = proof.path[layer];
    if (at % 2 != 0) {
      node = hash_node(sibling, node, full_key(layer));
    } else if (at == width - 1) {
      if (!sibling.is_zero()) return refuse(CodexErrc::sibling_not_zero, "path");
      node = hash_node(node, sibling, odd_key(layer));
    } else {
      node = hash_node(node, sibling, full_key(layer));
    }
    at /= 2;
    width = (width + 1) / 2;
  }
  if (node != root) return refuse(CodexErrc::root_mismatch, "path");
  return {};
}

}  // namespace weir::codex
