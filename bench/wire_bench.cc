// SPDX-License-Identifier: MIT OR Apache-2.0
// What decoding costs beside moving the bytes, which in production the kernel does: a stream of
// 16 KiB blocks through WireDecoder, every prediction right or none at all, against copying the
// same bytes in portions of the same size. `ratio` is the decoder's time over that of the copies
// alone.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <deque>
#include <vector>

#include "wire/decoder.h"

namespace {

using namespace weir;

constexpr std::uint32_t kBlocks = 1024;

Buffer stream_of_blocks() {
  Buffer stream;
  for (std::uint32_t i = 0; i < kBlocks; ++i) {
    append_block_header(stream, {PieceIndex{0}, i * kBlockSize, kBlockSize});
    stream.resize(stream.size() + kBlockSize, static_cast<std::byte>(i));
  }
  return stream;
}

// One piece as large as the stream, received from its start.
class PieceSink : public BlockSink {
 public:
  explicit PieceSink(bool guesses) : guesses_(guesses), piece_(std::size_t{kBlocks} * kBlockSize) {}

  std::size_t predict(std::span<BlockPrediction> out) override {
    if (!guesses_) return 0;
    const std::size_t count = std::min<std::size_t>(out.size(), kBlocks - received_);
    for (std::uint32_t i = 0; i < count; ++i) {
      const BlockHeader block{PieceIndex{0}, (received_ + i) * kBlockSize, kBlockSize};
      out[i] = {block, destination(block)};
    }
    return count;
  }
  MutableBytes destination(const BlockHeader& block) override {
    return MutableBytes(piece_).subspan(block.begin, block.length);
  }
  void start() { received_ = 0; }
  void count() { ++received_; }
  MutableBytes piece() { return piece_; }

 private:
  bool guesses_;
  std::uint32_t received_ = 0;
  Buffer piece_;
};

// Stands for readv(): fills the spans in order, at most `bytes`.
std::size_t read_into(std::span<const MutableBytes> spans, Bytes stream, std::size_t bytes) {
  bytes = std::min(bytes, stream.size());
  std::size_t taken = 0;
  for (const MutableBytes span : spans) {
    if (taken == bytes) break;
    const std::size_t part = std::min(span.size(), bytes - taken);
    std::memcpy(span.data(), stream.data() + taken, part);
    taken += part;
  }
  return taken;
}

std::size_t decode_all(PieceSink& sink, Bytes stream, std::size_t portion) {
  WireDecoder decoder;
  sink.start();
  std::size_t in_place = 0;
  std::array<MutableBytes, kWireScatterMax> spans;
  while (!stream.empty()) {
    const std::size_t count = decoder.prepare(sink, spans);
    const std::size_t taken = read_into(std::span(spans).first(count), stream, portion);
    decoder.commit(sink, taken);
    stream = stream.subspan(taken);
    for (auto event = decoder.next(sink); event && *event; event = decoder.next(sink)) {
      sink.count();
      in_place += std::get<BlockReceived>(**event).landing == BlockLanding::in_place ? 1 : 0;
    }
  }
  return in_place;
}

void copy_all(MutableBytes to, Bytes stream, std::size_t portion) {
  for (std::size_t at = 0; at < to.size(); at += portion) {
    const std::size_t part = std::min(portion, to.size() - at);
    std::memcpy(to.data() + at, stream.data() + at, part);
    benchmark::ClobberMemory();
  }
}

template <class Work>
double seconds_of(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void decode(benchmark::State& state, bool guesses) {
  const auto portion = static_cast<std::size_t>(state.range(0));
  const Buffer stream = stream_of_blocks();
  PieceSink sink(guesses);
  copy_all(sink.piece(), stream, portion);
  double decoding = 0;
  double copying = 0;
  std::size_t in_place = 0;
  for (auto _ : state) {
    copying += seconds_of([&] { copy_all(sink.piece(), stream, portion); });
    const double seconds = seconds_of([&] { in_place = decode_all(sink, stream, portion); });
    decoding += seconds;
    state.SetIterationTime(seconds);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
  state.counters["ratio"] = decoding / copying;
  state.counters["in_place_percent"] = 100.0 * static_cast<double>(in_place) / kBlocks;
}

// Portions as a socket gives them: one segment, a common receive, a full read.
BENCHMARK_CAPTURE(decode, right_guesses, true)
    ->Arg(1448)
    ->Arg(64 * 1024)
    ->Arg(256 * 1024)
    ->UseManualTime();
BENCHMARK_CAPTURE(decode, no_guesses, false)
    ->Arg(1448)
    ->Arg(64 * 1024)
    ->Arg(256 * 1024)
    ->UseManualTime();

}  // namespace
