// SPDX-License-Identifier: MIT OR Apache-2.0
// SHA-1 and SHA-256: one stream after another against lanes, and the merkle functions above them.
// The counter `ratio` is the speed relative to one OpenSSL stream over the same messages, measured
// in the same run, so that it means something on a busy machine.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <numeric>
#include <utility>
#include <vector>

#include "base/random.h"
#include "hash/internal/sha_schedule.h"
#include "hash/merkle.h"
#include "hash/sha.h"

namespace weir {
namespace {

class Batch {
 public:
  Batch(std::size_t size, std::size_t count) : data_(size * count), order_(count) {
    Random(1).fill(data_);
    for (std::size_t i = 0; i < count; ++i) {
      messages_.push_back(Bytes(data_).subspan(i * size, size));
    }
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }
  [[nodiscard]] std::span<const Bytes> messages() const { return messages_; }
  [[nodiscard]] std::span<const std::size_t> order() const { return order_; }
  [[nodiscard]] std::size_t bytes() const { return data_.size(); }
  [[nodiscard]] Bytes data() const { return data_; }

 private:
  Buffer data_;
  std::vector<Bytes> messages_;
  std::vector<std::size_t> order_;
};

Sha1Digest one_stream(Bytes message, Sha1Digest) { return sha1(message); }
Sha256Digest one_stream(Bytes message, Sha256Digest) { return sha256(message); }
void in_lanes(ShaKernel kernel, const Batch& batch, std::span<Sha1Digest> out) {
  sha1_in_lanes(kernel, batch.messages(), batch.order(), out);
}
void in_lanes(ShaKernel kernel, const Batch& batch, std::span<Sha256Digest> out) {
  sha256_in_lanes(kernel, batch.messages(), batch.order(), out);
}
void many(const Batch& batch, std::span<Sha1Digest> out) { sha1_many(batch.messages(), out); }
void many(const Batch& batch, std::span<Sha256Digest> out) { sha256_many(batch.messages(), out); }

// Processor seconds for the batch, one message after another; the best of several, as disturbance
// only adds.
template <class D>
double one_stream_seconds(const Batch& batch) {
  const std::size_t repeats = std::max<std::size_t>(1, (std::size_t{8} << 20) / batch.bytes());
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const std::clock_t start = std::clock();
    for (std::size_t i = 0; i < repeats; ++i) {
      for (Bytes message : batch.messages()) benchmark::DoNotOptimize(one_stream(message, D{}));
    }
    const auto spent = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    best = std::min(best, spent / static_cast<double>(repeats));
  }
  return best;
}

void report(benchmark::State& state, const Batch& batch, double reference_seconds) {
  const auto iterations = static_cast<double>(state.iterations());
  state.SetBytesProcessed(
      static_cast<std::int64_t>(static_cast<std::size_t>(state.iterations()) * batch.bytes()));
  state.counters["ratio"] =
      benchmark::Counter(iterations * reference_seconds, benchmark::Counter::kIsRate);
}

std::pair<std::size_t, std::size_t> size_and_count(const benchmark::State& state) {
  return {static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1))};
}

template <class D>
void one_stream_batch(benchmark::State& state) {
  const auto [size, count] = size_and_count(state);
  const Batch batch(size, count);
  const double reference = one_stream_seconds<D>(batch);
  for (auto _ : state) {
    for (Bytes message : batch.messages()) benchmark::DoNotOptimize(one_stream(message, D{}));
  }
  report(state, batch, reference);
}

template <class D, ShaKernel kKernel>
void lanes_batch(benchmark::State& state) {
  if (!sha_kernel_supported(kKernel)) {
    state.SkipWithError("not on this CPU");
    return;
  }
  const auto [size, count] = size_and_count(state);
  const Batch batch(size, count);
  const double reference = one_stream_seconds<D>(batch);
  std::vector<D> out(count);
  for (auto _ : state) {
    in_lanes(kKernel, batch, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  report(state, batch, reference);
}

// What callers get: the best kernel, or one stream where that is faster. Never below ratio 1 by
// more than the cost of the decision.
template <class D>
void many_batch(benchmark::State& state) {
  const auto [size, count] = size_and_count(state);
  const Batch batch(size, count);
  const double reference = one_stream_seconds<D>(batch);
  std::vector<D> out(count);
  for (auto _ : state) {
    many(batch, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  report(state, batch, reference);
}

void piece_root(benchmark::State& state) {
  const auto [size, count] = size_and_count(state);
  const Batch batch(size, count);
  const double reference = one_stream_seconds<Sha256Digest>(batch);
  for (auto _ : state) {
    benchmark::DoNotOptimize(merkle_piece_root(batch.data(), static_cast<std::uint32_t>(size)));
  }
  report(state, batch, reference);
}

void layer_root(benchmark::State& state) {
  std::vector<Sha256Digest> hashes(static_cast<std::size_t>(state.range(0)));
  Random random(1);
  for (auto& hash : hashes) random.fill(hash.bytes);
  for (auto _ : state) benchmark::DoNotOptimize(merkle_root(hashes, hashes.size(), 0));
  state.SetItemsProcessed(state.iterations() * (state.range(0) - 1));
}

void sixteen(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"size", "count"});
  for (std::int64_t size : {16 << 10, 256 << 10, 1 << 20}) bench->Args({size, 16});
}
// Around the crossover, and short messages as in the upper layers of a tree.
void several(benchmark::internal::Benchmark* bench) {
  sixteen(bench);
  for (std::int64_t count : {2, 4, 5, 6, 8, 9, 10, 12, 20, 64}) bench->Args({16 << 10, count});
  for (std::int64_t count : {2, 3, 4, 8, 16, 128}) bench->Args({64, count});
}

BENCHMARK_TEMPLATE(one_stream_batch, Sha1Digest)->Apply(sixteen);
BENCHMARK_TEMPLATE(one_stream_batch, Sha256Digest)->Apply(sixteen);
BENCHMARK_TEMPLATE(lanes_batch, Sha1Digest, ShaKernel::avx2)->Apply(sixteen);
BENCHMARK_TEMPLATE(lanes_batch, Sha256Digest, ShaKernel::avx2)->Apply(sixteen);
BENCHMARK_TEMPLATE(lanes_batch, Sha1Digest, ShaKernel::avx512)->Apply(several);
BENCHMARK_TEMPLATE(lanes_batch, Sha256Digest, ShaKernel::avx512)->Apply(several);
BENCHMARK_TEMPLATE(many_batch, Sha1Digest)->Apply(several);
BENCHMARK_TEMPLATE(many_batch, Sha256Digest)->Apply(several);
BENCHMARK(piece_root)->ArgNames({"size", "count"})->Args({1 << 20, 1})->Args({4 << 20, 1});
BENCHMARK(layer_root)->Arg(64)->Arg(4096);

}  // namespace
}  // namespace weir
