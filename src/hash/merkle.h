// SPDX-License-Identifier: MIT OR Apache-2.0
// The SHA-256 merkle trees of BEP 52: leaves are hashes of 16 KiB blocks, a short last leaf is
// hashed unpadded, and missing leaves up to a power of two are 32 zero bytes.
//
// Layers are numbered from the leaves (layer 0) upwards, as in BEP 52 "hash request". A layer "of a
// file" lists only the hashes that cover data; the padding beyond is implied by its depth.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"

namespace weir {

// The smallest power of two >= n (1 for 0). REQUIRES: n <= 2^63.
[[nodiscard]] std::uint64_t merkle_width(std::uint64_t leaves);
// log2 of a power of two. REQUIRES: it is one.
[[nodiscard]] std::uint32_t merkle_depth(std::uint64_t width);

[[nodiscard]] Sha256Digest merkle_parent(const Sha256Digest& left, const Sha256Digest& right);

// The value of a subtree in layer `layer` that covers no data: layer 0 is all zero. Borrowed from a
// constant table. REQUIRES: layer < 64.
[[nodiscard]] const Sha256Digest& merkle_pad(std::uint32_t layer);

// SHA-256 of each 16 KiB of `data` (hashed in lanes); the last may be shorter. Appends to `out`.
void merkle_leaves(Bytes data, std::vector<Sha256Digest>& out);

// Root over `hashes`, which all lie in `layer`, padded to `width` entries with merkle_pad(layer).
// REQUIRES: width is a power of two >= hashes.size().
[[nodiscard]] Sha256Digest merkle_root(std::span<const Sha256Digest> hashes, std::uint64_t width,
                                       std::uint32_t layer);

// Root of the subtree that a piece's data spans: leaves padded to `piece_length` / 16 KiB.
// REQUIRES: piece_length is a power of two >= 16 KiB and >= piece_data.size().
[[nodiscard]] Sha256Digest merkle_piece_root(Bytes piece_data, std::uint32_t piece_length);
// Root of a whole file: leaves padded to the next power of two only (BEP 52 "pieces root"). An
// empty file has no root in BEP 52; here it is all zero.
[[nodiscard]] Sha256Digest merkle_file_root(Bytes file_data);

// The next layer up, padded as needed: ceil(n / 2) hashes.
[[nodiscard]] std::vector<Sha256Digest> merkle_next_layer(std::span<const Sha256Digest> hashes,
                                                          std::uint32_t layer);

// Uncle hashes that link the subtree covering entries [index, index + count) of `layer_hashes` to
// the root, lowest first: log2(width / count) of them. Hashes the whole tree above the layer.
// REQUIRES: width is a power of two >= layer_hashes.size(), count is a power of two, index a
// multiple of it, index + count <= width.
[[nodiscard]] std::vector<Sha256Digest> merkle_proof(std::span<const Sha256Digest> layer_hashes,
                                                     std::uint32_t layer, std::uint64_t width,
                                                     std::uint64_t index, std::uint64_t count);

// Whether `hashes` (a power of two of them, padded) at `index` in `layer` lead to `root` by
// `proof`. For hashes from a peer: any values may be passed, and those of impossible shape are
// false. The tree's width is what the proof's length implies; a caller who knows it compares the
// length first.
[[nodiscard]] bool merkle_verify(std::span<const Sha256Digest> hashes, std::uint32_t layer,
                                 std::uint64_t index, std::span<const Sha256Digest> proof,
                                 const Sha256Digest& root);

}  // namespace weir
