// SPDX-License-Identifier: MIT OR Apache-2.0
// The only source of randomness below `io`. Seeded by whoever owns the machine: from the operating
// system in the daemon, from the scenario's seed in the simulator, so a run can be repeated.
//
// xoshiro256** (Blackman and Vigna): fast, well distributed, NOT for secrets. Keys, tokens and
// anything an attacker must not guess come from `io`.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/time.h"

namespace weir {

class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() { return next(); }

  std::uint64_t next();
  // Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();
  // True with the given probability.
  bool chance(double probability) { return unit() < probability; }
  // `d` changed by up to `fraction` of it, either way.
  Duration jitter(Duration d, double fraction);
  void fill(MutableBytes out);

  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace weir
