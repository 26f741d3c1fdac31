// SPDX-License-Identifier: MIT OR Apache-2.0
#include "hash/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/assert.h"
#include "hash/sha.h"

namespace weir {
namespace {

constexpr std::size_t kLeafSize = 16 * 1024;  // BEP 52: the block size of every tree
constexpr std::size_t kPadLayers = 64;
// Hashes computed per call: enough to fill the lanes several times, few enough for the stack.
constexpr std::size_t kBatch = 128;

using PairBytes = std::array<std::byte, 2 * Sha256Digest::kSize>;
static_assert(sizeof(Sha256Digest) == Sha256Digest::kSize);

bool is_power_of_two(std::uint64_t n) { return std::has_single_bit(n); }

// Two neighbours in a layer are 64 contiguous bytes, already the message that their parent hashes.
Bytes pair_bytes(std::span<const Sha256Digest> hashes, std::size_t first) {
  return std::as_bytes(hashes.subspan(first, 2));
}

// Replaces a layer by its parents. Parents of a batch go through `parents`, because lanes may
// finish a message before they have read its neighbour.
void reduce_layer(std::vector<Sha256Digest>& hashes, std::uint32_t layer) {
  if (hashes.size() % 2 != 0) hashes.push_back(merkle_pad(layer));
  const std::size_t count = hashes.size() / 2;
  std::array<Bytes, kBatch> messages;
  std::array<Sha256Digest, kBatch> parents;
  for (std::size_t done = 0; done < count;) {
    const std::size_t batch = std::min(kBatch, count - done);
    for (std::size_t i = 0; i < batch; ++i) messages[i] = pair_bytes(hashes, 2 * (done + i));
    sha256_many(std::span(messages).first(batch), std::span(parents).first(batch));
    std::copy_n(parents.begin(), batch, hashes.begin() + static_cast<std::ptrdiff_t>(done));
    done += batch;
  }
  hashes.resize(count);
}

Sha256Digest reduce_to_root(std::vector<Sha256Digest> hashes, std::uint64_t width,
                            std::uint32_t layer) {
  WEIR_ASSERT(is_power_of_two(width) && hashes.size() <= width);
  const std::uint32_t top = layer + merkle_depth(width);
  if (hashes.empty()) return merkle_pad(top);
  for (; layer < top; ++layer) reduce_layer(hashes, layer);
  return hashes.front();
}

}  // namespace

std::uint64_t merkle_width(std::uint64_t leaves) {
  WEIR_ASSERT(leaves <= std::uint64_t{1} << 63);
  return std::bit_ceil(leaves);
}

std::uint32_t merkle_depth(std::uint64_t width) {
  WEIR_ASSERT(is_power_of_two(width));
  return static_cast<std::uint32_t>(std::countr_zero(width));
}

Sha256Digest merkle_parent(const Sha256Digest& left, const Sha256Digest& right) {
  PairBytes pair;
  std::copy(left.bytes.begin(), left.bytes.end(), pair.begin());
  std::copy(right.bytes.begin(), right.bytes.end(), pair.begin() + Sha256Digest::kSize);
  return sha256(pair);
}

const Sha256Digest& merkle_pad(std::uint32_t layer) {
  static const auto pads = [] {
    std::array<Sha256Digest, kPadLayers> values{};
    for (std::size_t i = 1; i < values.size(); ++i) {
      values[i] = merkle_parent(values[i - 1], values[i - 1]);
    }
    return values;
  }();
  WEIR_ASSERT(layer < pads.size());
  return pads[layer];
}

void merkle_leaves(Bytes data, std::vector<Sha256Digest>& out) {
  std::array<Bytes, kBatch> blocks;
  while (!data.empty()) {
    std::size_t count = 0;
    for (; count < kBatch && !data.empty(); ++count) {
      blocks[count] = data.first(std::min(kLeafSize, data.size()));
      data = data.subspan(blocks[count].size());
    }
    out.resize(out.size() + count);
    sha256_many(std::span(blocks).first(count), std::span(out).last(count));
  }
}

Sha256Digest merkle_root(std::span<const Sha256Digest> hashes, std::uint64_t width,
                         std::uint32_t layer) {
  return reduce_to_root({hashes.begin(), hashes.end()}, width, layer);
}

Sha256Digest merkle_piece_root(Bytes piece_data, std::uint32_t piece_length) {
  WEIR_ASSERT(is_power_of_two(piece_length) && piece_length >= kLeafSize);
  std::vector<Sha256Digest> leaves;
  merkle_leaves(piece_data, leaves);
  return reduce_to_root(std::move(leaves), piece_length / kLeafSize, 0);
}

Sha256Digest merkle_file_root(Bytes file_data) {
  std::vector<Sha256Digest> leaves;
  merkle_leaves(file_data, leaves);
  const std::uint64_t width = merkle_width(leaves.size());
  return reduce_to_root(std::move(leaves), width, 0);
}

std::vector<Sha256Digest> merkle_next_layer(std::span<const Sha256Digest> hashes,
                                            std::uint32_t layer) {
  std::vector<Sha256Digest> next(hashes.begin(), hashes.end());
  reduce_layer(next, layer);
  return next;
}

std::vector<Sha256Digest> merkle_proof(std::span<const Sha256Digest> layer_hashes,
                                       std::uint32_t layer, std::uint64_t width,
                                       std::uint64_t index, std::uint64_t count) {
  WEIR_ASSERT(is_power_of_two(width) && layer_hashes.size() <= width);
  WEIR_ASSERT(is_power_of_two(count) && count <= width);
  WEIR_ASSERT(index % count == 0 && index <= width - count);
  std::vector<Sha256Digest> hashes(layer_hashes.begin(), layer_hashes.end());
  std::vector<Sha256Digest> proof;
  for (; width > 1; width /= 2, ++layer) {
    if (count > 1) {
      count /= 2;
    } else {
      const std::uint64_t uncle = index ^ 1;
      proof.push_back(uncle < hashes.size() ? hashes[uncle] : merkle_pad(layer));
    }
    index /= 2;
    reduce_layer(hashes, layer);
  }
  return proof;
}

bool merkle_verify(std::span<const Sha256Digest> hashes, std::uint32_t layer, std::uint64_t index,
                   std::span<const Sha256Digest> proof, const Sha256Digest& root) {
  if (!is_power_of_two(hashes.size()) || index % hashes.size() != 0) return false;
  // No tree is higher, and the sums and shifts below stay in range.
  if (layer >= kPadLayers || proof.size() >= kPadLayers) return false;
  const std::uint64_t subtree = index / hashes.size();
  // An index beyond the tree would otherwise be read as the one it equals modulo the width.
  if (subtree >> proof.size() != 0) return false;
  Sha256Digest node = reduce_to_root({hashes.begin(), hashes.end()}, hashes.size(), layer);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    const bool is_right = ((subtree >> i) & 1) != 0;
    node = is_right ? merkle_parent(proof[i], node) : merkle_parent(node, proof[i]);
  }
  return node == root;
}

}  // namespace weir
