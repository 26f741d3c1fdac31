// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs many messages through one lane kernel, and says when that is worth it.
#pragma once

#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "base/digest.h"
#include "hash/sha.h"

namespace weir {

// out[i] = hash of messages[i] for every i in `order`, started in that order. Longest first keeps
// the lanes full to the end. REQUIRES: kernel is avx2 or avx512, and supported.
void sha1_in_lanes(ShaKernel kernel, std::span<const Bytes> messages,
                   std::span<const std::size_t> order, std::span<Sha1Digest> out);
void sha256_in_lanes(ShaKernel kernel, std::span<const Bytes> messages,
                     std::span<const std::size_t> order, std::span<Sha256Digest> out);

// The blocks that a message of `size` bytes is hashed as, padding included.
[[nodiscard]] std::size_t sha_blocks(std::size_t size);

// How many lanes must be in use for a kernel to beat hashing the same messages one after another;
// more than it has when it never does.
struct ShaCrossover {
  std::size_t sha1;
  std::size_t sha256;
};
[[nodiscard]] ShaCrossover sha_crossover(ShaKernel kernel, bool one_stream_has_sha_ni);

}  // namespace weir
