// SPDX-License-Identifier: MIT OR Apache-2.0
// The Codex tree over its blocks, as uploads compute it. The counter `ratio` is the speed relative
// to raw SHA-256 (sha256_many) over the same blocks in the same run: what is missing to 1 is the
// cost of the tree, and for torrents of the piece hashes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "base/random.h"
#include "codex/content_hasher.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

constexpr std::size_t kContentSize = 32 * 1024 * 1024;

const Buffer& content() {
  static const Buffer kContent = [] {
    Buffer out(kContentSize);
    Random(1).fill(out);
    return out;
  }();
  return kContent;
}

std::vector<Sha256Digest> hash_blocks(std::size_t block_size) {
  std::vector<Bytes> blocks;
  for (std::size_t at = 0; at < kContentSize; at += block_size) {
    blocks.push_back(Bytes(content()).subspan(at, block_size));
  }
  std::vector<Sha256Digest> out(blocks.size());
  // As many at a time as an upload hashes.
  for (std::size_t i = 0; i < blocks.size(); i += 16) {
    sha256_many(std::span(blocks).subspan(i, 16), std::span(out).subspan(i, 16));
  }
  return out;
}

// Processor seconds of the best of several rounds, as disturbance only adds.
template <class Work>
double best_seconds(const Work& work) {
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const std::clock_t start = std::clock();
    work();
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

void report(benchmark::State& state, double reference_seconds) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kContentSize));
  state.counters["ratio"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * reference_seconds, benchmark::Counter::kIsRate);
}

// Hashing and the tree: an upload as data, and one as a torrent without its piece hashes.
void dataset(benchmark::State& state) {
  HashPlan plan;
  plan.block_size = static_cast<std::uint32_t>(state.range(0));
  const double reference =
      best_seconds([&] { benchmark::DoNotOptimize(hash_blocks(plan.block_size)); });
  for (auto _ : state) {
    ContentHasher hasher(plan);
    hasher.feed(content());
    benchmark::DoNotOptimize(hasher.finish().tree.root());
  }
  report(state, reference);
}

// The whole upload of a torrent, fed in parts of the size that an HTTP body comes in.
void torrent(benchmark::State& state) {
  const auto part = static_cast<std::size_t>(state.range(0));
  const double reference =
      best_seconds([] { benchmark::DoNotOptimize(hash_blocks(kTorrentBlockSize)); });
  for (auto _ : state) {
    ContentHasher hasher(HashPlan::torrent());
    for (std::size_t at = 0; at < kContentSize; at += part) {
      hasher.feed(Bytes(content()).subspan(at, part));
    }
    benchmark::DoNotOptimize(publish_torrent(hasher.finish(), {}));
  }
  report(state, reference);
}

// The tree alone: leaves one after another, and all at once.
void leaves_one_by_one(benchmark::State& state) {
  const std::vector<Sha256Digest> leaves(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    TreeBuilder builder;
    for (const Sha256Digest& leaf : leaves) builder.add(leaf);
    benchmark::DoNotOptimize(builder.root());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void leaves_at_once(benchmark::State& state) {
  const std::vector<Sha256Digest> leaves(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    TreeBuilder builder;
    builder.add(leaves);
    benchmark::DoNotOptimize(builder.root());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(dataset)->ArgName("block")->Arg(kTorrentBlockSize)->Arg(kDefaultBlockSize);
BENCHMARK(torrent)->ArgName("part")->Arg(64 << 10)->Arg(4 << 20);
BENCHMARK(leaves_one_by_one)->Arg(16384);
BENCHMARK(leaves_at_once)->Arg(16384);

}  // namespace
}  // namespace weir::codex
