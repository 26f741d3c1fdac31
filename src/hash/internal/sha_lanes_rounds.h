// SPDX-License-Identifier: MIT OR Apache-2.0
// FIPS 180-4 SHA-1 and SHA-256 over one vector per word, for any vector type.
//
// `Ops` is a class in the including file's anonymous namespace, so each instantiation stays in that
// file. It gives V, kLanes, load, store, broadcast, add, rotl<n>, shr<n>, xor2, xor3, choose,
// majority and load_block (the 16 message words of every lane, byte order already turned).
//
// Rounds are unrolled by template index: the working variables never move between registers, only
// their names rotate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "hash/internal/sha_lanes.h"

#define WEIR_LANES_INLINE [[gnu::always_inline]] static inline

namespace weir {

// The working variables in and out of memory. Unrolled by index, like everything here: a loop left
// standing by the optimizer would force the whole array into memory.
template <class Ops, unsigned... kWord>
WEIR_LANES_INLINE void lanes_load(typename Ops::V* s, const std::uint32_t* state,
                                  std::integer_sequence<unsigned, kWord...>) {
  ((s[kWord] = Ops::load(state + kWord * Ops::kLanes)), ...);
}
template <class Ops, unsigned... kWord>
WEIR_LANES_INLINE void lanes_add(const typename Ops::V* s, std::uint32_t* state,
                                 std::integer_sequence<unsigned, kWord...>) {
  (Ops::store(state + kWord * Ops::kLanes,
              Ops::add(Ops::load(state + kWord * Ops::kLanes), s[kWord])),
   ...);
}

inline constexpr std::uint32_t kSha256Round[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

template <class Ops>
struct Sha1Lanes {
  using V = typename Ops::V;
  static constexpr std::uint32_t kRound[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};

  template <unsigned kT>
  WEIR_LANES_INLINE void round(V (&s)[5], V (&w)[16]) {
    V& word = w[kT % 16];
    if constexpr (kT >= 16) {
      word = Ops::template rotl<1>(
          Ops::xor2(Ops::xor3(w[(kT + 13) % 16], w[(kT + 8) % 16], w[(kT + 2) % 16]), word));
    }
    constexpr unsigned kA = 5 - kT % 5;  // where the variable called `a` is kept in this round
    const V a = s[kA % 5];
    V& b = s[(kA + 1) % 5];
    const V c = s[(kA + 2) % 5];
    const V d = s[(kA + 3) % 5];
    V& e = s[(kA + 4) % 5];
    V f;
    if constexpr (kT / 20 == 0) {
      f = Ops::choose(b, c, d);
    } else if constexpr (kT / 20 == 2) {
      f = Ops::majority(b, c, d);
    } else {
      f = Ops::xor3(b, c, d);
    }
    const V fixed = Ops::add(Ops::add(e, word), Ops::broadcast(kRound[kT / 20]));
    e = Ops::add(Ops::add(fixed, f), Ops::template rotl<5>(a));
    b = Ops::template rotl<30>(b);
  }

  template <unsigned... kT>
  WEIR_LANES_INLINE void rounds(V (&s)[5], V (&w)[16], std::integer_sequence<unsigned, kT...>) {
    (round<kT>(s, w), ...);
  }

  WEIR_LANES_INLINE void run(std::uint32_t* state, const std::byte* const* data,
                             std::size_t blocks) {
    for (std::size_t block = 0; block < blocks; ++block) {
      V s[5];
      V w[16];
      lanes_load<Ops>(s, state, std::make_integer_sequence<unsigned, 5>());
      Ops::load_block(data, block * kShaBlock, w);
      rounds(s, w, std::make_integer_sequence<unsigned, 80>());
      // 80 is a multiple of 5: every variable is back where it started.
      lanes_add<Ops>(s, state, std::make_integer_sequence<unsigned, 5>());
    }
  }
};

template <class Ops>
struct Sha256Lanes {
  using V = typename Ops::V;

  // Rotations to the right by kA, kB, kC, combined; the functions called sigma in FIPS 180-4.
  template <int kA, int kB, int kC>
  WEIR_LANES_INLINE V big_sigma(V x) {
    return Ops::xor3(Ops::template rotl<32 - kA>(x), Ops::template rotl<32 - kB>(x),
                     Ops::template rotl<32 - kC>(x));
  }
  template <int kA, int kB, int kC>
  WEIR_LANES_INLINE V small_sigma(V x) {
    return Ops::xor3(Ops::template rotl<32 - kA>(x), Ops::template rotl<32 - kB>(x),
                     Ops::template shr<kC>(x));
  }

  template <unsigned kT>
  WEIR_LANES_INLINE void round(V (&s)[8], V (&w)[16]) {
    V& word = w[kT % 16];
    if constexpr (kT >= 16) {
      word = Ops::add(Ops::add(word, w[(kT + 9) % 16]),
                      Ops::add(small_sigma<7, 18, 3>(w[(kT + 1) % 16]),
                               small_sigma<17, 19, 10>(w[(kT + 14) % 16])));
    }
    constexpr unsigned kA = 8 - kT % 8;  // where the variable called `a` is kept in this round
    const V a = s[kA % 8];
    const V e = s[(kA + 4) % 8];
    V& d = s[(kA + 3) % 8];
    V& h = s[(kA + 7) % 8];
    const V fixed = Ops::add(Ops::add(h, word), Ops::broadcast(kSha256Round[kT]));
    const V t1 = Ops::add(Ops::add(fixed, Ops::choose(e, s[(kA + 5) % 8], s[(kA + 6) % 8])),
                          big_sigma<6, 11, 25>(e));
    const V t2 =
        Ops::add(big_sigma<2, 13, 22>(a), Ops::majority(a, s[(kA + 1) % 8], s[(kA + 2) % 8]));
    d = Ops::add(d, t1);
    h = Ops::add(t1, t2);
  }

  template <unsigned... kT>
  WEIR_LANES_INLINE void rounds(V (&s)[8], V (&w)[16], std::integer_sequence<unsigned, kT...>) {
    (round<kT>(s, w), ...);
  }

  WEIR_LANES_INLINE void run(std::uint32_t* state, const std::byte* const* data,
                             std::size_t blocks) {
    for (std::size_t block = 0; block < blocks; ++block) {
      V s[8];
      V w[16];
      lanes_load<Ops>(s, state, std::make_integer_sequence<unsigned, 8>());
      Ops::load_block(data, block * kShaBlock, w);
      rounds(s, w, std::make_integer_sequence<unsigned, 64>());
      // 64 is a multiple of 8: every variable is back where it started.
      lanes_add<Ops>(s, state, std::make_integer_sequence<unsigned, 8>());
    }
  }
};

}  // namespace weir
