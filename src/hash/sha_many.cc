// SPDX-License-Identifier: MIT OR Apache-2.0
// Divides a batch between the lanes and the one-stream functions.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "hash/internal/sha_schedule.h"
#include "hash/sha.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace weir {
namespace {

bool cpu_has_sha_ni() {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1U << 29)) != 0;
#else
  return true;  // no lanes to compare with
#endif
}

// These checks include that the operating system saves the wide registers.
bool cpu_runs(ShaKernel kernel) {
  switch (kernel) {
    case ShaKernel::portable:
      return true;
#if defined(__x86_64__)
    case ShaKernel::avx2:
      return __builtin_cpu_supports("avx2");
    case ShaKernel::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
#else
    case ShaKernel::avx2:
    case ShaKernel::avx512:
      return false;
#endif
  }
  return false;
}

ShaKernel best_kernel() {
  if (cpu_runs(ShaKernel::avx512)) return ShaKernel::avx512;
  if (cpu_runs(ShaKernel::avx2)) return ShaKernel::avx2;
  return ShaKernel::portable;
}

std::size_t lane_count(ShaKernel kernel) { return kernel == ShaKernel::avx512 ? 16 : 8; }

// Which messages go where: order[0, alone) one after another, the rest in lanes.
struct Plan {
  std::vector<std::size_t> order;
  std::size_t alone = 0;
};

// Lanes take as long as the longest message or as the sum divided by the lanes, whichever is more.
// So a message whose length exceeds its share of the work would leave lanes empty at the end; it
// goes alone as long as fewer than `least` lanes would be busy on average.
Plan make_plan(std::span<const Bytes> messages, std::size_t lanes, std::size_t least) {
  Plan plan;
  plan.order.resize(messages.size());
  std::iota(plan.order.begin(), plan.order.end(), std::size_t{0});
  const auto blocks = [&](std::size_t i) { return sha_blocks(messages[i].size()); };
  std::size_t work = 0;
  std::size_t longest = 0;
  std::size_t shortest = SIZE_MAX;
  for (std::size_t i : plan.order) {
    work += blocks(i);
    longest = std::max(longest, blocks(i));
    shortest = std::min(shortest, blocks(i));
  }
  if (longest == shortest) {
    const std::size_t over = messages.size() % lanes;
    plan.alone = over >= least ? 0 : over;
    return plan;
  }
  std::sort(plan.order.begin(), plan.order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(blocks(b), a) < std::pair(blocks(a), b);
  });
  while (plan.alone < plan.order.size()) {
    const std::size_t next = blocks(plan.order[plan.alone]);
    if (work >= least * next) break;
    work -= next;
    ++plan.alone;
  }
  return plan;
}

template <class D, class OneStream, class InLanes>
void hash_many(ShaKernel kernel, std::span<const Bytes> messages, std::span<D> out,
               std::size_t least, OneStream one_stream, InLanes in_lanes) {
  WEIR_ASSERT(out.size() == messages.size());
  WEIR_ASSERT(cpu_runs(kernel));
  if (messages.size() < 2 || least > lane_count(kernel)) {
    for (std::size_t i = 0; i < messages.size(); ++i) out[i] = one_stream(messages[i]);
    return;
  }
  const Plan plan = make_plan(messages, lane_count(kernel), least);
  const std::span<const std::size_t> order = plan.order;
  for (std::size_t i : order.first(plan.alone)) out[i] = one_stream(messages[i]);
  if (plan.alone < order.size()) in_lanes(kernel, messages, order.subspan(plan.alone), out);
}

}  // namespace

ShaCrossover sha_crossover(ShaKernel kernel) {
  static const bool sha_ni = cpu_has_sha_ni();
  return sha_crossover(kernel, sha_ni);
}

void sha1_many(std::span<const Bytes> messages, std::span<Sha1Digest> out, ShaKernel kernel) {
  hash_many(kernel, messages, out, sha_crossover(kernel).sha1, sha1, sha1_in_lanes);
}
void sha256_many(std::span<const Bytes> messages, std::span<Sha256Digest> out, ShaKernel kernel) {
  hash_many(kernel, messages, out, sha_crossover(kernel).sha256, sha256, sha256_in_lanes);
}
void sha1_many(std::span<const Bytes> messages, std::span<Sha1Digest> out) {
  sha1_many(messages, out, sha_kernel());
}
void sha256_many(std::span<const Bytes> messages, std::span<Sha256Digest> out) {
  sha256_many(messages, out, sha_kernel());
}

ShaKernel sha_kernel() {
  static const ShaKernel best = best_kernel();
  return best;
}
bool sha_kernel_supported(ShaKernel kernel) { return cpu_runs(kernel); }

}  // namespace weir
