// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs many messages through one lane kernel, and says when that is worth it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/digest.h"
#include "hash/internal/sha_lanes.h"
#include "hash/sha.h"

namespace weir {

// out[i] = hash of messages[i] for every i in `order`, started in that order. Longest first keeps
// the lanes full to the end. REQUIRES: kernel is avx2 or avx512, and supported.
void sha1_in_lanes(ShaKernel kernel, std::span<const Bytes> messages,
                   std::span<const std::size_t> order, std::span<Sha1Digest> out);
void sha256_in_lanes(ShaKernel kernel, std::span<const Bytes> messages,
                     std::span<const std::size_t> order, std::span<Sha256Digest> out);

// A kernel's functions and its number of lanes; null and 0 where it has none.
struct ShaLaneFunctions {
  ShaLaneKernel sha1 = nullptr;
  ShaLaneKernel sha256 = nullptr;
  std::size_t lanes = 0;
};
[[nodiscard]] ShaLaneFunctions sha_lane_functions(ShaKernel kernel);

// Initial hash values (FIPS 180-4 5.3).
inline constexpr std::array<std::uint32_t, 5> kSha1Initial = {0x67452301, 0xefcdab89, 0x98badcfe,
                                                              0x10325476, 0xc3d2e1f0};
inline constexpr std::array<std::uint32_t, 8> kSha256Initial = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// The last one or two blocks of a message of `size` bytes: what is left over after its whole
// blocks, the bit that ends it, its length in bits (FIPS 180-4 5.1.1). Returns how many blocks.
// REQUIRES: rest.size() == size % 64.
std::size_t sha_fill_tail(std::span<std::byte, 2 * kShaBlock> tail, Bytes rest, std::uint64_t size);

// The blocks that a message of `size` bytes is hashed as, padding included.
[[nodiscard]] std::size_t sha_blocks(std::size_t size);

// How many lanes must be in use for a kernel to beat hashing the same messages one after another;
// more than it has when it never does.
struct ShaCrossover {
  std::size_t sha1;
  std::size_t sha256;
};
[[nodiscard]] ShaCrossover sha_crossover(ShaKernel kernel, bool one_stream_has_sha_ni);
// On this machine.
[[nodiscard]] ShaCrossover sha_crossover(ShaKernel kernel);

}  // namespace weir
