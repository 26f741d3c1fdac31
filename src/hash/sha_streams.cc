// SPDX-License-Identifier: MIT OR Apache-2.0
#include "hash/sha_streams.h"

#include <algorithm>
#include <type_traits>

#include "base/assert.h"
#include "hash/internal/sha_schedule.h"

namespace weir {

// One group of streams in flight, as many as the kernel has lanes or fewer.
template <class D>
struct ShaStreams<D>::Lanes {
  static constexpr const auto& kInitial = [] -> const auto& {
    if constexpr (std::is_same_v<D, Sha1Digest>) {
      return kSha1Initial;
    } else {
      return kSha256Initial;
    }
  }();
  static constexpr std::size_t kWords = kInitial.size();

  Lanes(ShaLaneKernel lane_kernel, std::size_t lane_count, std::size_t stream_count)
      : kernel(lane_kernel), lanes(lane_count), used(stream_count) {
    for (std::size_t w = 0; w < kWords; ++w) {
      std::fill_n(state.begin() + static_cast<std::ptrdiff_t>(w * lanes), lanes, kInitial[w]);
    }
  }

  void run(std::size_t blocks) {
    // The lanes without a stream read what another reads.
    for (std::size_t i = used; i < lanes; ++i) at[i] = at[0];
    kernel(state.data(), at.data(), blocks);
  }

  void update(std::span<const Bytes> strips) {
    WEIR_ASSERT(size % kShaBlock == 0);  // only the last update may leave something over
    const std::size_t length = strips[0].size();
    size += length;
    const std::size_t whole = length - length % kShaBlock;
    for (std::size_t i = 0; i < used; ++i) {
      WEIR_ASSERT(strips[i].size() == length);
      at[i] = strips[i].data();
      std::copy(strips[i].begin() + static_cast<std::ptrdiff_t>(whole), strips[i].end(),
                rest[i].begin());
    }
    if (whole > 0) run(whole / kShaBlock);
  }

  void finish(std::span<D> out) {
    std::array<std::array<std::byte, 2 * kShaBlock>, kShaLanesMax> tails;
    std::size_t blocks = 0;
    for (std::size_t i = 0; i < used; ++i) {
      blocks = sha_fill_tail(tails[i], Bytes(rest[i]).first(size % kShaBlock), size);
      at[i] = tails[i].data();
    }
    run(blocks);
    for (std::size_t i = 0; i < used; ++i) {
      const std::span bytes(out[i].bytes);
      for (std::size_t w = 0; w < kWords; ++w) {
        store_be32(bytes.subspan(4 * w).template first<4>(), state[w * lanes + i]);
      }
    }
  }

  alignas(kShaBlock) std::array<std::uint32_t, kWords * kShaLanesMax> state{};
  std::array<const std::byte*, kShaLanesMax> at{};
  std::array<std::array<std::byte, kShaBlock>, kShaLanesMax> rest;
  std::uint64_t size = 0;  // of each stream so far
  ShaLaneKernel kernel;
  std::size_t lanes;
  std::size_t used;
};

template <class D>
ShaStreams<D>::ShaStreams(std::size_t count, ShaKernel kernel) : count_(count) {
  WEIR_ASSERT(sha_kernel_supported(kernel));
  constexpr bool kIsSha1 = std::is_same_v<D, Sha1Digest>;
  const ShaLaneFunctions functions = sha_lane_functions(kernel);
  const ShaCrossover least = sha_crossover(kernel);
  std::size_t left = count;
  while (functions.lanes > 0) {
    const std::size_t used = std::min(left, functions.lanes);
    if (used == 0 || used < (kIsSha1 ? least.sha1 : least.sha256)) break;
    groups_.emplace_back(kIsSha1 ? functions.sha1 : functions.sha256, functions.lanes, used);
    left -= used;
  }
  singles_.resize(left);
}

template <class D>
ShaStreams<D>::~ShaStreams() = default;
template <class D>
ShaStreams<D>::ShaStreams(ShaStreams&&) noexcept = default;
template <class D>
ShaStreams<D>& ShaStreams<D>::operator=(ShaStreams&&) noexcept = default;

template <class D>
void ShaStreams<D>::update(std::span<const Bytes> strips) {
  WEIR_ASSERT(strips.size() == count_);
  for (Lanes& group : groups_) {
    group.update(strips.first(group.used));
    strips = strips.subspan(group.used);
  }
  for (std::size_t i = 0; i < singles_.size(); ++i) singles_[i].update(strips[i]);
}

template <class D>
void ShaStreams<D>::finish(std::span<D> out) {
  WEIR_ASSERT(out.size() == count_);
  for (Lanes& group : groups_) {
    group.finish(out.first(group.used));
    out = out.subspan(group.used);
  }
  for (std::size_t i = 0; i < singles_.size(); ++i) out[i] = singles_[i].finish();
}

template class ShaStreams<Sha1Digest>;
template class ShaStreams<Sha256Digest>;

}  // namespace weir
