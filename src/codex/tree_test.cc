// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/random.h"
#include "codex/testing/reference_vectors.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

std::vector<Sha256Digest> random_leaves(Random& random, std::size_t count) {
  std::vector<Sha256Digest> out(count);
  for (Sha256Digest& leaf : out) random.fill(leaf.bytes);
  return out;
}

// TV-2: leaf i, from 1, is the number i in 32 digits.
std::vector<Sha256Digest> numbered_leaves(std::size_t count) {
  std::vector<Sha256Digest> out;
  for (std::size_t i = 1; i <= count; ++i) {
    const std::string number = std::to_string(i);
    out.push_back(*Sha256Digest::from(as_bytes(std::string(32 - number.size(), '0') + number)));
  }
  return out;
}

// The definition, layer by layer, written without regard to speed.
Sha256Digest plain_root(std::vector<Sha256Digest> layer) {
  const auto parent = [](const Sha256Digest& x, const Sha256Digest& y, int key) {
    Buffer message = to_buffer(x.view());
    append(message, y.view());
    message.push_back(static_cast<std::byte>(key));
    return sha256(message);
  };
  for (bool bottom = true; bottom || layer.size() > 1; bottom = false) {
    std::vector<Sha256Digest> above;
    for (std::size_t i = 0; i < layer.size(); i += 2) {
      above.push_back(i + 1 < layer.size() ? parent(layer[i], layer[i + 1], bottom ? 1 : 0)
                                           : parent(layer[i], Sha256Digest(), bottom ? 3 : 2));
    }
    layer = above;
  }
  return layer[0];
}

TreeLeaf leaf_of(const Tree& tree, std::uint64_t index) {
  return {index, tree.leaf_count(), tree.leaves()[index]};
}

TEST(CodexTree, TV_2_RootsAndDepthsOfOneToTenLeaves) {
  constexpr std::uint32_t kDepths[] = {1, 1, 2, 2, 3, 3, 3, 3, 4, 4};
  for (std::size_t count = 1; count <= 10; ++count) {
    const Tree tree = Tree::over(numbered_leaves(count));
    EXPECT_EQ(tree.root().hex(), testing::kRoots[count - 1]) << count;
    EXPECT_EQ(tree.depth(), kDepths[count - 1]) << count;
    TreeBuilder builder;
    builder.add(numbered_leaves(count));
    EXPECT_EQ(builder.root(), tree.root()) << count;
  }
}

TEST(CodexTree, TV_2_ProofsAndTreesHaveTheReferencesBytes) {
  const Tree ten = Tree::over(numbered_leaves(10));
  EXPECT_EQ(to_hex(encode_proof(ten.proof(4))), testing::kProofOf4In10);
  EXPECT_EQ(to_hex(encode_proof(ten.proof(9))), testing::kProofOf9In10);
  EXPECT_EQ(to_hex(Tree::over(numbered_leaves(3)).encode()), testing::kTreeOf3);
  EXPECT_EQ(decode_proof(*from_hex(testing::kProofOf9In10)), ten.proof(9));
}

TEST(CodexTree, TV_3_OneBlockHasATreeOfDepthOne) {
  const auto leaf = Sha256Digest::from_hex_text(
      "9d377dacf54120b0f1c6c4ba46e487575d8bc737f44c4f5c3cec48a4fb59c2e0");
  const Tree tree = Tree::over({*leaf});
  EXPECT_EQ(tree.root().hex(), "050b50fa8145c235e1b817326d34f733420298a9aa511f13622dd81264e8d4df");
  EXPECT_EQ(tree_cid(tree.root()).text(), "zDzSvJTezk7bJNQqFq8k1iHXY84psNuUfZVusA5bBQQUSuyzDSVL");
  EXPECT_EQ(to_hex(encode_proof(tree.proof(0))), "08121000180122220a20" + std::string(64, '0'));
}

TEST(CodexTree, EveryWayOfAddingGivesTheRootOfTheDefinition) {
  Random random(19);
  for (std::size_t count = 1; count <= 300; ++count) {
    const auto leaves = random_leaves(random, count);
    const Sha256Digest root = plain_root(leaves);
    EXPECT_EQ(Tree::over(leaves).root(), root) << count;
    TreeBuilder builder(KeepLeaves::yes);
    for (std::size_t at = 0; at < count;) {
      const std::size_t some = std::min<std::size_t>(count - at, random.below(20));
      if (random.chance(0.3)) {
        builder.add(leaves[at++]);
        continue;
      }
      builder.add(std::span<const Sha256Digest>(leaves).subspan(at, some));
      at += some;
    }
    EXPECT_EQ(builder.root(), root) << count;
    EXPECT_EQ(builder.leaf_count(), count);
    EXPECT_EQ(builder.take_leaves(), leaves);
  }
}

TEST(CodexTree, TheRootSoFarCanBeAskedForAtAnyTime) {
  Random random(23);
  const auto leaves = random_leaves(random, 70);
  TreeBuilder builder;
  for (std::size_t count = 1; count <= leaves.size(); ++count) {
    builder.add(leaves[count - 1]);
    ASSERT_EQ(builder.root(),
              plain_root({leaves.begin(), leaves.begin() + static_cast<long>(count)}));
  }
  EXPECT_TRUE(builder.leaves().empty());
}

TEST(CodexProof, EveryLeafOfEveryTreeIsProvenAndNoOtherLeafIs) {
  Random random(29);
  for (std::size_t count = 1; count <= 40; ++count) {
    const Tree tree = Tree::over(random_leaves(random, count));
    for (std::size_t i = 0; i < count; ++i) {
      const TreeProof proof = tree.proof(i);
      ASSERT_TRUE(verify_proof(proof, leaf_of(tree, i), tree.root()));
      ASSERT_EQ(decode_proof(encode_proof(proof)), proof);
      TreeLeaf wrong = leaf_of(tree, i);
      wrong.digest.bytes[random.below(32)] ^= std::byte{1};
      ASSERT_EQ(verify_proof(proof, wrong, tree.root()).error(), CodexErrc::root_mismatch);
      // The very weakness of the reference: a good block in another block's place.
      wrong = leaf_of(tree, (i + 1) % count);
      wrong.index = i;
      ASSERT_EQ(verify_proof(proof, wrong, tree.root()).has_value(), count == 1);
    }
  }
}

TEST(CodexProof, WhatTheReferenceLeavesUncheckedIsRefused) {
  Random random(31);
  const Tree tree = Tree::over(random_leaves(random, 5));
  const TreeProof good = tree.proof(4);
  const TreeLeaf leaf = leaf_of(tree, 4);
  const auto error = [&](const TreeProof& proof, const TreeLeaf& claim) {
    return verify_proof(proof, claim, tree.root()).error().code;
  };
  EXPECT_EQ(error(tree.proof(3), leaf), CodexErrc::wrong_index);
  EXPECT_EQ(error(good, {5, 5, leaf.digest}), CodexErrc::wrong_index);
  EXPECT_EQ(error(good, {4, 6, leaf.digest}), CodexErrc::wrong_leaf_count);
  EXPECT_EQ(error(good, {0, 0, leaf.digest}), CodexErrc::wrong_leaf_count);
  TreeProof proof = good;
  proof.leaf_count = 0;
  EXPECT_EQ(error(proof, {0, 0, leaf.digest}), CodexErrc::wrong_leaf_count);
  proof.leaf_count = ~std::uint64_t{0};
  EXPECT_EQ(error(proof, {4, ~std::uint64_t{0}, leaf.digest}), CodexErrc::wrong_leaf_count);
  proof = good;
  proof.path.pop_back();
  EXPECT_EQ(error(proof, leaf), CodexErrc::wrong_path_length);
  proof = good;
  proof.path.push_back({});
  EXPECT_EQ(error(proof, leaf), CodexErrc::wrong_path_length);
  proof = good;
  proof.path[0].bytes[3] = std::byte{1};
  EXPECT_EQ(error(proof, leaf), CodexErrc::sibling_not_zero);
  proof = good;
  proof.path[2].bytes[3] ^= std::byte{1};
  EXPECT_EQ(error(proof, leaf), CodexErrc::root_mismatch);
}

TEST(CodexProof, MalformedEncodingsAreRefused) {
  const auto error = [](const std::string& hex) {
    return decode_proof(*from_hex(hex)).error().code;
  };
  const std::string node = "22220a20" + std::string(64, '0');
  EXPECT_TRUE(decode_proof(*from_hex("081210001801" + node)));
  EXPECT_EQ(error(""), CodexErrc::wrong_hash);
  EXPECT_EQ(error("081110001801" + node), CodexErrc::wrong_hash);
  EXPECT_EQ(error("081210001801"), CodexErrc::no_nodes);
  EXPECT_EQ(error("08121000180122210a1f" + std::string(62, '0')), CodexErrc::bad_node);
  EXPECT_EQ(error("0812100018012200"), CodexErrc::bad_node);
  EXPECT_EQ(error("081210001801" + node.substr(0, 60)), CodexErrc::bad_protobuf);
  std::string nodes;
  for (int i = 0; i < 64; ++i) nodes += node;
  EXPECT_TRUE(decode_proof(*from_hex("0812" + nodes)));
  EXPECT_EQ(error("0812" + nodes + node), CodexErrc::too_many_nodes);
  Buffer padding(kEncodedProofMax + 1);
  EXPECT_EQ(decode_proof(padding).error(), CodexErrc::input_too_large);
}

TEST(CodexTree, EncodedTreesRoundTripAndOneChangedNodeIsSeen) {
  Random random(37);
  for (const std::size_t count : {1U, 2U, 3U, 7U, 33U}) {
    const Tree tree = Tree::over(random_leaves(random, count));
    Buffer bytes = tree.encode();
    const auto decoded = Tree::decode(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->root(), tree.root());
    EXPECT_EQ(decoded->encode(), bytes);
    bytes.back() ^= std::byte{1};
    EXPECT_EQ(Tree::decode(bytes).error(), CodexErrc::root_mismatch);
  }
}

TEST(CodexTree, EncodedTreesOfWrongShapeAreRefused) {
  const std::string node = "1a220a20" + std::string(64, '0');
  const auto error = [](const std::string& hex) {
    return Tree::decode(*from_hex(hex)).error().code;
  };
  EXPECT_EQ(error("08121001"), CodexErrc::no_nodes);
  EXPECT_EQ(error("08121000" + node), CodexErrc::wrong_leaf_count);
  EXPECT_EQ(error("081210ffffffff0f" + node), CodexErrc::wrong_leaf_count);
  EXPECT_EQ(error("08121001" + node), CodexErrc::wrong_node_count);
  EXPECT_EQ(error("08121001" + node + node), CodexErrc::root_mismatch);
}

}  // namespace
}  // namespace weir::codex
