// SPDX-License-Identifier: MIT OR Apache-2.0
// The face between the SIMD kernels and the scheduler that feeds them.
//
// The kernels are compiled with instruction sets the rest of the program must not use. A shared
// inline function compiled there could be the copy the linker keeps for everybody, so this header
// and the kernels include no more than integer types and never a container.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir {

inline constexpr std::size_t kShaBlock = 64;
inline constexpr std::size_t kShaLanesMax = 16;

// Runs the compression function over `blocks` blocks of each lane: lane i reads
// data[i][0, blocks * 64), any alignment. Word w of lane i is state[w * lanes + i], in host order;
// `state` is aligned to 64 bytes. Every lane's pointer must be readable, also one whose result
// nobody wants: give it the pointer of another lane.
using ShaLaneKernel = void (*)(std::uint32_t* state, const std::byte* const* data,
                               std::size_t blocks);

#if defined(__x86_64__)
void sha1_lanes_avx512(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_lanes_avx512(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha1_lanes_avx2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
void sha256_lanes_avx2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);
#endif

}  // namespace weir
