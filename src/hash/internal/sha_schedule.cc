// SPDX-License-Identifier: MIT OR Apache-2.0
#include "hash/internal/sha_schedule.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/assert.h"

namespace weir {
namespace {

constexpr std::size_t kPaddingMin = 1 + 8;

struct Sha1Algorithm {
  using Result = Sha1Digest;
  static constexpr auto kInitial = kSha1Initial;
};
struct Sha256Algorithm {
  using Result = Sha256Digest;
  static constexpr auto kInitial = kSha256Initial;
};

// One batch in flight. A lane takes a message, runs its whole blocks where they lie, then its
// padding from the lane's own tail, then takes the next message. The kernel always runs as many
// blocks as every busy lane has left.
template <class Algorithm>
class LaneRun {
 public:
  LaneRun(ShaLaneKernel kernel, std::size_t lanes) : kernel_(kernel), lane_count_(lanes) {}

  void run(std::span<const Bytes> messages, std::span<const std::size_t> order,
           std::span<typename Algorithm::Result> out) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < lane_count_ && next < order.size(); ++i, ++next) {
      start(i, messages, order[next]);
    }
    while (std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& l) { return l.blocks > 0; })) {
      step();
      for (std::size_t i = 0; i < lane_count_; ++i) {
        Lane& lane = lanes_[i];
        if (!lane.busy || lane.blocks > 0) continue;
        if (!lane.in_tail) {
          enter_tail(i, messages[lane.message]);
          continue;
        }
        out[lane.message] = result(i);
        lane.busy = false;
        if (next < order.size()) start(i, messages, order[next++]);
      }
    }
  }

 private:
  static constexpr std::size_t kWords = Algorithm::kInitial.size();

  struct Lane {
    std::size_t message = 0;
    std::size_t blocks = 0;  // left at the lane's pointer
    bool busy = false;
    bool in_tail = false;
    std::array<std::byte, 2 * kShaBlock> tail;
  };

  std::uint32_t& word(std::size_t lane, std::size_t index) {
    return state_[index * lane_count_ + lane];
  }

  void start(std::size_t i, std::span<const Bytes> messages, std::size_t message) {
    const Bytes bytes = messages[message];
    Lane& lane = lanes_[i];
    lane.message = message;
    lane.blocks = bytes.size() / kShaBlock;
    lane.busy = true;
    lane.in_tail = false;
    at_[i] = bytes.data();
    for (std::size_t w = 0; w < kWords; ++w) word(i, w) = Algorithm::kInitial[w];
    if (lane.blocks == 0) enter_tail(i, bytes);
  }

  void enter_tail(std::size_t i, Bytes bytes) {
    Lane& lane = lanes_[i];
    const Bytes rest = bytes.last(bytes.size() % kShaBlock);
    lane.blocks = sha_fill_tail(lane.tail, rest, bytes.size());
    lane.in_tail = true;
    at_[i] = lane.tail.data();
  }

  void step() {
    std::size_t blocks = SIZE_MAX;
    const std::byte* readable = nullptr;
    for (std::size_t i = 0; i < lane_count_; ++i) {
      if (!lanes_[i].busy) continue;
      blocks = std::min(blocks, lanes_[i].blocks);
      readable = at_[i];
    }
    for (std::size_t i = 0; i < lane_count_; ++i) {
      if (!lanes_[i].busy) at_[i] = readable;
    }
    kernel_(state_.data(), at_.data(), blocks);
    for (std::size_t i = 0; i < lane_count_; ++i) {
      if (!lanes_[i].busy) continue;
      at_[i] += blocks * kShaBlock;
      lanes_[i].blocks -= blocks;
    }
  }

  typename Algorithm::Result result(std::size_t i) {
    typename Algorithm::Result digest;
    const std::span bytes(digest.bytes);
    for (std::size_t w = 0; w < kWords; ++w) {
      store_be32(bytes.subspan(4 * w).template first<4>(), word(i, w));
    }
    return digest;
  }

  ShaLaneKernel kernel_;
  std::size_t lane_count_;
  alignas(kShaBlock) std::array<std::uint32_t, kWords * kShaLanesMax> state_{};
  std::array<const std::byte*, kShaLanesMax> at_{};
  std::array<Lane, kShaLanesMax> lanes_;
};

}  // namespace

ShaLaneFunctions sha_lane_functions(ShaKernel kernel) {
  switch (kernel) {
    case ShaKernel::portable:
      break;
#if defined(__x86_64__)
    case ShaKernel::avx2:
      return {sha1_lanes_avx2, sha256_lanes_avx2, 8};
    case ShaKernel::avx512:
      return {sha1_lanes_avx512, sha256_lanes_avx512, 16};
#else
    case ShaKernel::avx2:
    case ShaKernel::avx512:
      break;
#endif
  }
  return {};
}

std::size_t sha_fill_tail(std::span<std::byte, 2 * kShaBlock> tail, Bytes rest,
                          std::uint64_t size) {
  WEIR_ASSERT(rest.size() == size % kShaBlock);
  const std::size_t blocks = sha_blocks(rest.size());
  const MutableBytes used = tail.first(blocks * kShaBlock);
  const auto end = std::copy(rest.begin(), rest.end(), used.begin());
  std::fill(end, used.end(), std::byte{0});
  *end = std::byte{0x80};
  store_be64(used.last<8>(), size * 8);
  return blocks;
}

std::size_t sha_blocks(std::size_t size) {
  return size / kShaBlock + (size % kShaBlock + kPaddingMin + kShaBlock - 1) / kShaBlock;
}

void sha1_in_lanes(ShaKernel kernel, std::span<const Bytes> messages,
                   std::span<const std::size_t> order, std::span<Sha1Digest> out) {
  const ShaLaneFunctions choice = sha_lane_functions(kernel);
  WEIR_ASSERT(choice.sha1 != nullptr);
  LaneRun<Sha1Algorithm>(choice.sha1, choice.lanes).run(messages, order, out);
}

void sha256_in_lanes(ShaKernel kernel, std::span<const Bytes> messages,
                     std::span<const std::size_t> order, std::span<Sha256Digest> out) {
  const ShaLaneFunctions choice = sha_lane_functions(kernel);
  WEIR_ASSERT(choice.sha256 != nullptr);
  LaneRun<Sha256Algorithm>(choice.sha256, choice.lanes).run(messages, order, out);
}

// Measured on Zen 4 (bench/sha_bench.cc), GiB/s of SHA-1 and SHA-256: one stream with SHA-NI 1.8
// and 1.7, without 1.1 and 0.5; AVX-512 5.6 and 2.9 over 16 lanes; AVX2 3.4 and 1.6 over 8. A lane
// costs the same whether its neighbours are busy or not, which gives the numbers below. Where one
// stream has SHA-NI, eight lanes of SHA-256 in AVX2 lose even when full. For messages of one block
// the lanes' bookkeeping and OpenSSL's weigh about the same, so length does not enter.
ShaCrossover sha_crossover(ShaKernel kernel, bool one_stream_has_sha_ni) {
  switch (kernel) {
    case ShaKernel::portable:
      break;
    case ShaKernel::avx2:
      return one_stream_has_sha_ni ? ShaCrossover{5, 9} : ShaCrossover{3, 3};
    case ShaKernel::avx512:
      return one_stream_has_sha_ni ? ShaCrossover{5, 9} : ShaCrossover{3, 3};
  }
  return {kShaLanesMax + 1, kShaLanesMax + 1};
}

}  // namespace weir
