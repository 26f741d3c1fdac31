// SPDX-License-Identifier: MIT OR Apache-2.0
// What choosing a block costs, beside what copying one does (the `of_a_copy` column): 50 peers,
// batches of the given size, 16 blocks a piece, 64 pieces open at most.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <deque>

#include "swarm/picker_test_support.h"

namespace weir {
namespace {

constexpr std::size_t kPeers = 50;
constexpr std::uint32_t kBlocksPerPiece = 16;
constexpr std::size_t kOpenMax = 64;

// Nanoseconds to copy a block that is not in the first cache level.
double copy_ns() {
  constexpr std::size_t kBlocks = 256;
  Buffer from(kBlocks * kBlockSize), to(kBlocks * kBlockSize, std::byte{1});
  double best = 1e9;
  for (int run = 0; run < 20; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kBlocks; ++i) {
      std::memcpy(to.data() + i * kBlockSize, from.data() + i * kBlockSize, kBlockSize);
      benchmark::DoNotOptimize(to.data());
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    best = std::min(best, time.count() / kBlocks);
  }
  return best;
}

// A download in full swing: what was asked first arrives first, complete pieces are here at once.
class Download {
 public:
  Download(std::uint32_t pieces, double have, bool retire)
      : world_(pieces, kBlocksPerPiece, 1), retire_(retire) {
    for (std::size_t peer = 0; peer < kPeers; ++peer) {
      Bitfield has(pieces);
      for (std::size_t i = 0; i < pieces; ++i) has.set(i, world_.random.chance(0.5));
      world_.availability.add_peer(has);
      peers_.push_back(std::move(has));
    }
    // The rarest are had first.
    const auto order = world_.availability.by_rarity();
    const std::vector<PieceIndex> had(order.begin(),
                                      order.begin() + static_cast<std::ptrdiff_t>(have * pieces));
    for (PieceIndex piece : had) take(piece);
  }

  std::size_t pick(std::size_t batch) {
    const std::size_t peer = turn_++ % kPeers;
    const std::size_t open = world_.open.all().size();
    const PickRequest request{.peer = ConnId{peer + 1},
                              .peer_has = peers_[peer],
                              .allowed_only = std::nullopt,
                              .suggested = {},
                              .blocks_max = batch,
                              .new_pieces_max = open < kOpenMax ? kOpenMax - open : 0};
    blocks_.clear();
    world_.picker.pick(request, world_.availability, world_.open, none_, world_.now, blocks_);
    return blocks_.size();
  }
  void settle() {
    for (BlockRef block : blocks_) {
      world_.open_piece(block.piece).mark_requested(block.block);
      in_flight_.push_back(block);
    }
    while (in_flight_.size() > kOpenMax * kBlocksPerPiece / 2 ||
           (blocks_.empty() && !in_flight_.empty())) {
      const BlockRef block = in_flight_.front();
      in_flight_.pop_front();
      OpenPiece& piece = *world_.open.find(block.piece);
      piece.mark_received(block.block, ConnId{1});
      if (!piece.complete()) continue;
      world_.finish(block.piece, true);
      take(block.piece);
    }
  }
  bool done() const { return world_.picker.missing_wanted() <= kOpenMax; }

 private:
  void take(PieceIndex piece) {
    world_.picker.set_have(piece, true);
    if (retire_) world_.availability.retire(piece);
  }

  PickerWorld world_;
  std::vector<Bitfield> peers_;
  std::deque<BlockRef> in_flight_;
  std::vector<BlockRef> blocks_;
  const std::vector<BlockRef> none_;
  std::size_t turn_ = 0;
  bool retire_;
};

void pick_blocks(benchmark::State& state) {
  const auto pieces = static_cast<std::uint32_t>(state.range(0));
  const auto batch = static_cast<std::size_t>(state.range(1));
  const double have = static_cast<double>(state.range(2)) / 100;
  const bool retire = state.range(3) != 0;
  auto download = std::make_unique<Download>(pieces, have, retire);
  std::size_t blocks = 0;
  double seconds = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    blocks += download->pick(batch);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(time.count());
    seconds += time.count();
    download->settle();
    if (download->done()) download = std::make_unique<Download>(pieces, have, retire);
  }
  const double ns = seconds * 1e9 / static_cast<double>(std::max<std::size_t>(blocks, 1));
  state.counters["ns_per_block"] = ns;
  state.counters["of_a_copy"] = ns / copy_ns();
}

BENCHMARK(pick_blocks)
    ->ArgNames({"pieces", "batch", "have_percent", "retire"})
    ->Args({100'000, 1, 0, 1})
    ->Args({100'000, 16, 0, 1})
    ->Args({100'000, 16, 50, 1})
    ->Args({100'000, 16, 50, 0})
    ->Args({100'000, 16, 95, 1})
    ->Args({2'000'000, 16, 50, 1})
    ->Args({2'000'000, 16, 50, 0})
    ->UseManualTime()
    ->MinTime(0.3);

}  // namespace
}  // namespace weir
