// SPDX-License-Identifier: MIT OR Apache-2.0
#include "hash/merkle.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "hash/sha.h"

namespace weir {
namespace {

constexpr std::size_t kLeaf = 16384;

Buffer random_data(std::size_t size) {
  Buffer data(size);
  Random(size + 1).fill(data);
  return data;
}

std::vector<Sha256Digest> random_hashes(std::size_t count) {
  Random random(count + 7);
  std::vector<Sha256Digest> hashes(count);
  for (auto& hash : hashes) random.fill(hash.bytes);
  return hashes;
}

Sha256Digest join(const Sha256Digest& left, const Sha256Digest& right) {
  Sha256Stream stream;
  stream.update(left.view());
  stream.update(right.view());
  return stream.finish();
}

// The definition, node by node.
Sha256Digest slow_root(std::span<const Sha256Digest> hashes, std::uint64_t width,
                       const Sha256Digest& pad) {
  if (width == 1) return hashes.empty() ? pad : hashes.front();
  const auto half = static_cast<std::size_t>(width / 2);
  const auto left = std::min(half, hashes.size());
  return join(slow_root(hashes.first(left), half, pad), slow_root(hashes.subspan(left), half, pad));
}

TEST(Merkle, WidthIsTheNextPowerOfTwo) {
  EXPECT_EQ(merkle_width(0), 1U);
  EXPECT_EQ(merkle_width(1), 1U);
  EXPECT_EQ(merkle_width(3), 4U);
  EXPECT_EQ(merkle_width(1025), 2048U);
  EXPECT_EQ(merkle_depth(1), 0U);
  EXPECT_EQ(merkle_depth(2048), 11U);
}

TEST(Merkle, PaddingIsTheRootOfZeroLeaves) {
  EXPECT_TRUE(merkle_pad(0).is_zero());
  EXPECT_EQ(merkle_pad(1), join(Sha256Digest{}, Sha256Digest{}));
  EXPECT_EQ(merkle_pad(5), slow_root({}, 32, Sha256Digest{}));
  EXPECT_EQ(merkle_pad(63), join(merkle_pad(62), merkle_pad(62)));
}

TEST(Merkle, ParentHashesBothChildrenInOrder) {
  const auto hashes = random_hashes(2);
  EXPECT_EQ(merkle_parent(hashes[0], hashes[1]), join(hashes[0], hashes[1]));
  EXPECT_NE(merkle_parent(hashes[1], hashes[0]), join(hashes[0], hashes[1]));
}

TEST(Merkle, LastLeafIsHashedUnpadded) {
  for (std::size_t size : {std::size_t{1}, kLeaf - 1, kLeaf, kLeaf + 1, 40 * kLeaf + 5}) {
    const Buffer data = random_data(size);
    std::vector<Sha256Digest> leaves(1);  // appended to, not replaced
    merkle_leaves(data, leaves);
    ASSERT_EQ(leaves.size(), 1 + (size + kLeaf - 1) / kLeaf);
    EXPECT_TRUE(leaves[0].is_zero());
    for (std::size_t i = 1; i < leaves.size(); ++i) {
      const Bytes rest = Bytes(data).subspan((i - 1) * kLeaf);
      EXPECT_EQ(leaves[i], sha256(rest.first(std::min(kLeaf, rest.size()))));
    }
  }
}

TEST(Merkle, NoDataHasNoLeaves) {
  std::vector<Sha256Digest> leaves;
  merkle_leaves({}, leaves);
  EXPECT_TRUE(leaves.empty());
  EXPECT_TRUE(merkle_file_root({}).is_zero());
}

TEST(Merkle, RootAgreesWithTheDefinitionForEveryCount) {
  for (std::size_t count = 0; count <= 70; ++count) {
    const auto hashes = random_hashes(count);
    for (std::uint64_t width = merkle_width(count); width <= 256; width *= 2) {
      ASSERT_EQ(merkle_root(hashes, width, 0), slow_root(hashes, width, Sha256Digest{}));
      ASSERT_EQ(merkle_root(hashes, width, 6), slow_root(hashes, width, merkle_pad(6)));
    }
  }
}

TEST(Merkle, RootOfManyBatches) {
  const auto hashes = random_hashes(1500);
  EXPECT_EQ(merkle_root(hashes, 2048, 0), slow_root(hashes, 2048, Sha256Digest{}));
}

TEST(Merkle, FileOfOneLeafIsItsOwnRoot) {
  const Buffer one = random_data(1);
  EXPECT_EQ(merkle_file_root(one), sha256(one));
  const Buffer full = random_data(kLeaf);
  EXPECT_EQ(merkle_file_root(full), sha256(full));
}

TEST(Merkle, FileOneBytePastALeafHasTwoLeaves) {
  const Buffer data = random_data(kLeaf + 1);
  EXPECT_EQ(merkle_file_root(data),
            join(sha256(Bytes(data).first(kLeaf)), sha256(Bytes(data).last(1))));
}

TEST(Merkle, ThreeLeavesArePaddedWithAZeroLeaf) {
  const Buffer data = random_data(2 * kLeaf + 100);
  std::vector<Sha256Digest> leaves;
  merkle_leaves(data, leaves);
  EXPECT_EQ(merkle_file_root(data),
            join(join(leaves[0], leaves[1]), join(leaves[2], Sha256Digest{})));
}

TEST(Merkle, PieceRootPadsToThePieceAndFileRootDoesNot) {
  const Buffer data = random_data(kLeaf + 1);
  const Sha256Digest small = merkle_file_root(data);
  EXPECT_EQ(merkle_piece_root(data, 2 * kLeaf), small);
  EXPECT_EQ(merkle_piece_root(data, 8 * kLeaf), join(join(small, merkle_pad(1)), merkle_pad(2)));
  const Buffer full = random_data(4 * kLeaf);
  EXPECT_EQ(merkle_piece_root(full, 4 * kLeaf), merkle_file_root(full));
}

// BEP 52: the piece layer of a file continues to the same root as its leaves.
TEST(Merkle, PieceRootsLeadToTheFileRoot) {
  constexpr std::uint32_t kPieceLength = 4 * kLeaf;
  for (std::size_t size :
       {4 * kLeaf + 1, 8 * kLeaf - 1, 8 * kLeaf, 8 * kLeaf + 1, 19 * kLeaf + 3}) {
    const Buffer data = random_data(size);
    std::vector<Sha256Digest> layer;
    for (Bytes rest = data; !rest.empty();) {
      const Bytes piece = rest.first(std::min<std::size_t>(kPieceLength, rest.size()));
      layer.push_back(merkle_piece_root(piece, kPieceLength));
      rest = rest.subspan(piece.size());
    }
    EXPECT_EQ(merkle_root(layer, merkle_width(layer.size()), 2), merkle_file_root(data));
  }
}

TEST(Merkle, NextLayerIsPaddedByOne) {
  const auto hashes = random_hashes(5);
  const auto next = merkle_next_layer(hashes, 3);
  ASSERT_EQ(next.size(), 3U);
  EXPECT_EQ(next[0], join(hashes[0], hashes[1]));
  EXPECT_EQ(next[2], join(hashes[4], merkle_pad(3)));
  EXPECT_TRUE(merkle_next_layer({}, 3).empty());
}

// The entries that a proof is about, with the padding a peer would send.
std::vector<Sha256Digest> entries(std::span<const Sha256Digest> hashes, std::uint32_t layer,
                                  std::uint64_t index, std::uint64_t count) {
  std::vector<Sha256Digest> out;
  for (std::uint64_t i = index; i < index + count; ++i) {
    out.push_back(i < hashes.size() ? hashes[i] : merkle_pad(layer));
  }
  return out;
}

template <class Check>
void for_each_proof(Check check) {
  constexpr std::uint32_t kLayer = 2;
  for (std::size_t size = 1; size <= 17; ++size) {
    const auto hashes = random_hashes(size);
    const std::uint64_t width = merkle_width(size);
    const Sha256Digest root = merkle_root(hashes, width, kLayer);
    for (std::uint64_t count = 1; count <= width; count *= 2) {
      for (std::uint64_t index = 0; index < width; index += count) {
        check(entries(hashes, kLayer, index, count), kLayer, index,
              merkle_proof(hashes, kLayer, width, index, count), root, width);
      }
    }
  }
}

TEST(MerkleProof, EverySubtreeOfSmallTreesVerifies) {
  for_each_proof([](const auto& part, auto layer, auto index, const auto& proof, const auto& root,
                    auto width) {
    ASSERT_EQ(proof.size(), merkle_depth(width) - merkle_depth(part.size()));
    ASSERT_TRUE(merkle_verify(part, layer, index, proof, root));
  });
}

TEST(MerkleProof, AnyChangedHashFails) {
  for_each_proof([](auto part, auto layer, auto index, auto proof, auto root, auto) {
    for (auto* hashes : {&part, &proof}) {
      for (auto& hash : *hashes) {
        hash.bytes[31] ^= std::byte{1};
        ASSERT_FALSE(merkle_verify(part, layer, index, proof, root));
        hash.bytes[31] ^= std::byte{1};
      }
    }
    root.bytes[0] ^= std::byte{0x80};
    ASSERT_FALSE(merkle_verify(part, layer, index, proof, root));
  });
}

TEST(MerkleProof, WrongPlaceOrLengthFails) {
  for_each_proof(
      [](const auto& part, auto layer, auto index, auto proof, const auto& root, auto width) {
        const std::uint64_t count = part.size();
        // The same place modulo the width must not pass for the place itself.
        ASSERT_FALSE(merkle_verify(part, layer, index + width, proof, root));
        for (std::uint64_t other = 0; other < width; other += count) {
          const bool verified = merkle_verify(part, layer, other, proof, root);
          if (other == index) {
            ASSERT_TRUE(verified);
          } else if (part.front() != merkle_pad(layer)) {  // all padding fits wherever padding is
            ASSERT_FALSE(verified);
          }
        }
        if (count > 1) {
          ASSERT_FALSE(merkle_verify(part, layer, index + 1, proof, root));
        }
        proof.push_back(merkle_pad(layer));
        ASSERT_FALSE(merkle_verify(part, layer, index, proof, root));
        proof.pop_back();
        if (!proof.empty()) {
          proof.pop_back();
          ASSERT_FALSE(merkle_verify(part, layer, index, proof, root));
        }
      });
}

TEST(MerkleProof, ImpossibleShapesAreFalse) {
  const auto hashes = random_hashes(3);
  const auto root = hashes[0];
  EXPECT_FALSE(merkle_verify({}, 0, 0, {}, root));
  EXPECT_FALSE(merkle_verify(hashes, 0, 0, {}, root));
  const auto one = std::span(hashes).first(1);
  EXPECT_TRUE(merkle_verify(one, 0, 0, {}, root));
  EXPECT_FALSE(merkle_verify(one, 0, ~std::uint64_t{0}, {}, root));
  EXPECT_TRUE(merkle_verify(one, 63, 0, {}, root));
  EXPECT_FALSE(merkle_verify(one, 64, 0, {}, root));
  EXPECT_FALSE(merkle_verify(one, ~std::uint32_t{0}, 0, {}, root));
}

TEST(MerkleProof, LongestPossibleProofIsBounded) {
  const auto hashes = random_hashes(64);
  Sha256Digest root = hashes[0];
  for (std::size_t i = 1; i < 64; ++i) root = merkle_parent(root, hashes[i]);
  const auto one = std::span(hashes).first(1);
  EXPECT_TRUE(merkle_verify(one, 0, 0, std::span(hashes).subspan(1, 63), root));
  const auto longer = random_hashes(65);
  EXPECT_FALSE(merkle_verify(one, 0, 0, std::span(longer).first(64), root));
}

}  // namespace
}  // namespace weir
