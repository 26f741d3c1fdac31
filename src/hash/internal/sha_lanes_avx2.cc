// SPDX-License-Identifier: MIT OR Apache-2.0
// Eight lanes with AVX2.
#include "hash/internal/sha_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "hash/internal/sha_lanes_rounds.h"

namespace weir {
namespace {

struct Avx2Ops {
  using V = __m256i;
  static constexpr std::size_t kLanes = 8;

  WEIR_LANES_INLINE V load(const std::uint32_t* from) {
    return _mm256_load_si256(reinterpret_cast<const V*>(from));
  }
  WEIR_LANES_INLINE void store(std::uint32_t* to, V v) {
    _mm256_store_si256(reinterpret_cast<V*>(to), v);
  }
  WEIR_LANES_INLINE V broadcast(std::uint32_t v) { return _mm256_set1_epi32(static_cast<int>(v)); }
  WEIR_LANES_INLINE V add(V a, V b) { return _mm256_add_epi32(a, b); }
  WEIR_LANES_INLINE V xor2(V a, V b) { return _mm256_xor_si256(a, b); }
  template <int kBits>
  WEIR_LANES_INLINE V rotl(V v) {
    return _mm256_or_si256(_mm256_slli_epi32(v, kBits), _mm256_srli_epi32(v, 32 - kBits));
  }
  template <int kBits>
  WEIR_LANES_INLINE V shr(V v) {
    return _mm256_srli_epi32(v, kBits);
  }
  WEIR_LANES_INLINE V xor3(V a, V b, V c) { return xor2(xor2(a, b), c); }
  WEIR_LANES_INLINE V choose(V a, V b, V c) { return xor2(c, _mm256_and_si256(a, xor2(b, c))); }
  WEIR_LANES_INLINE V majority(V a, V b, V c) {
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
  }

  // Half a block of streams i and i + 4: the two share a register so that only transpositions
  // inside 128-bit parts remain.
  WEIR_LANES_INLINE V load_pair(const std::byte* low, const std::byte* high) {
    const V turn = _mm256_broadcastsi128_si256(
        _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    const __m128i low_part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(low));
    const __m128i high_part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(high));
    return _mm256_shuffle_epi8(
        _mm256_inserti128_si256(_mm256_castsi128_si256(low_part), high_part, 1), turn);
  }
  WEIR_LANES_INLINE void load_quarter(const std::byte* const* data, std::size_t offset, V* w) {
    const V r0 = load_pair(data[0] + offset, data[4] + offset);
    const V r1 = load_pair(data[1] + offset, data[5] + offset);
    const V r2 = load_pair(data[2] + offset, data[6] + offset);
    const V r3 = load_pair(data[3] + offset, data[7] + offset);
    const V ab_low = _mm256_unpacklo_epi32(r0, r1);
    const V ab_high = _mm256_unpackhi_epi32(r0, r1);
    const V cd_low = _mm256_unpacklo_epi32(r2, r3);
    const V cd_high = _mm256_unpackhi_epi32(r2, r3);
    w[0] = _mm256_unpacklo_epi64(ab_low, cd_low);
    w[1] = _mm256_unpackhi_epi64(ab_low, cd_low);
    w[2] = _mm256_unpacklo_epi64(ab_high, cd_high);
    w[3] = _mm256_unpackhi_epi64(ab_high, cd_high);
  }
  WEIR_LANES_INLINE void load_block(const std::byte* const* data, std::size_t offset, V (&w)[16]) {
    load_quarter(data, offset, w);
    load_quarter(data, offset + 16, w + 4);
    load_quarter(data, offset + 32, w + 8);
    load_quarter(data, offset + 48, w + 12);
  }
};

}  // namespace

void sha1_lanes_avx2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
  Sha1Lanes<Avx2Ops>::run(state, data, blocks);
}
void sha256_lanes_avx2(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
  Sha256Lanes<Avx2Ops>::run(state, data, blocks);
}

}  // namespace weir
#endif
