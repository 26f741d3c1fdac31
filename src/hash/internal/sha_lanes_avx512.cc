// SPDX-License-Identifier: MIT OR Apache-2.0
// Sixteen lanes: AVX-512F for the rounds, AVX-512BW for turning the byte order.
#include "hash/internal/sha_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "hash/internal/sha_lanes_rounds.h"

namespace weir {
namespace {

struct Avx512Ops {
  using V = __m512i;
  static constexpr std::size_t kLanes = 16;

  WEIR_LANES_INLINE V load(const std::uint32_t* from) { return _mm512_load_si512(from); }
  WEIR_LANES_INLINE void store(std::uint32_t* to, V v) { _mm512_store_si512(to, v); }
  WEIR_LANES_INLINE V broadcast(std::uint32_t v) { return _mm512_set1_epi32(static_cast<int>(v)); }
  WEIR_LANES_INLINE V add(V a, V b) { return _mm512_add_epi32(a, b); }
  WEIR_LANES_INLINE V xor2(V a, V b) { return _mm512_xor_si512(a, b); }
  template <int kBits>
  WEIR_LANES_INLINE V rotl(V v) {
    return _mm512_rol_epi32(v, kBits);
  }
  template <int kBits>
  WEIR_LANES_INLINE V shr(V v) {
    return _mm512_srli_epi32(v, kBits);
  }
  // Truth tables of the ternary operation, indexed by the bits of (a, b, c).
  WEIR_LANES_INLINE V xor3(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
  WEIR_LANES_INLINE V choose(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0xca); }
  WEIR_LANES_INLINE V majority(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0xe8); }

  // Four rows (streams) of one quarter each: 4 x 4 words transposed inside every 128-bit part.
  WEIR_LANES_INLINE void transpose_parts(V& r0, V& r1, V& r2, V& r3) {
    const V ab_low = _mm512_unpacklo_epi32(r0, r1);
    const V ab_high = _mm512_unpackhi_epi32(r0, r1);
    const V cd_low = _mm512_unpacklo_epi32(r2, r3);
    const V cd_high = _mm512_unpackhi_epi32(r2, r3);
    r0 = _mm512_unpacklo_epi64(ab_low, cd_low);
    r1 = _mm512_unpackhi_epi64(ab_low, cd_low);
    r2 = _mm512_unpacklo_epi64(ab_high, cd_high);
    r3 = _mm512_unpackhi_epi64(ab_high, cd_high);
  }
  // Four rows of four 128-bit parts: 4 x 4 parts transposed.
  WEIR_LANES_INLINE void transpose_rows(V& r0, V& r1, V& r2, V& r3) {
    const V ab_low = _mm512_shuffle_i32x4(r0, r1, 0x44);
    const V ab_high = _mm512_shuffle_i32x4(r0, r1, 0xee);
    const V cd_low = _mm512_shuffle_i32x4(r2, r3, 0x44);
    const V cd_high = _mm512_shuffle_i32x4(r2, r3, 0xee);
    r0 = _mm512_shuffle_i32x4(ab_low, cd_low, 0x88);
    r1 = _mm512_shuffle_i32x4(ab_low, cd_low, 0xdd);
    r2 = _mm512_shuffle_i32x4(ab_high, cd_high, 0x88);
    r3 = _mm512_shuffle_i32x4(ab_high, cd_high, 0xdd);
  }
  WEIR_LANES_INLINE V load_row(const std::byte* from) {
    const V turn =
        _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    return _mm512_shuffle_epi8(_mm512_loadu_si512(from), turn);
  }

  // A whole block of a stream is one load: streams at equal offsets in their pages share a cache
  // set, and touching a line twice would mean fetching it twice.
  template <unsigned... kRow>
  WEIR_LANES_INLINE void load_rows(const std::byte* const* data, std::size_t offset, V (&w)[16],
                                   std::integer_sequence<unsigned, kRow...>) {
    ((w[kRow] = load_row(data[kRow] + offset)), ...);
  }
  WEIR_LANES_INLINE void load_block(const std::byte* const* data, std::size_t offset, V (&w)[16]) {
    load_rows(data, offset, w, std::make_integer_sequence<unsigned, 16>());
    transpose_parts(w[0], w[1], w[2], w[3]);
    transpose_parts(w[4], w[5], w[6], w[7]);
    transpose_parts(w[8], w[9], w[10], w[11]);
    transpose_parts(w[12], w[13], w[14], w[15]);
    // Now w[4 * g + j] holds words j, 4 + j, 8 + j, 12 + j of streams 4 g to 4 g + 3.
    transpose_rows(w[0], w[4], w[8], w[12]);
    transpose_rows(w[1], w[5], w[9], w[13]);
    transpose_rows(w[2], w[6], w[10], w[14]);
    transpose_rows(w[3], w[7], w[11], w[15]);
  }
};

}  // namespace

void sha1_lanes_avx512(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
  Sha1Lanes<Avx512Ops>::run(state, data, blocks);
}
void sha256_lanes_avx512(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
  Sha256Lanes<Avx512Ops>::run(state, data, blocks);
}

}  // namespace weir
#endif
