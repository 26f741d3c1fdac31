// SPDX-License-Identifier: MIT OR Apache-2.0
// Verification of sixteen received pieces of 1 MiB, by each kind of torrent. The counter `ratio` is
// the speed relative to one OpenSSL SHA-1 stream over the same bytes, measured in the same run, so
// that it means something on a busy machine.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <vector>

#include "base/random.h"
#include "hash/merkle.h"
#include "hash/sha.h"
#include "store/verifier.h"

namespace weir {
namespace {

constexpr std::uint32_t kPieceSize = 1 << 20;
constexpr std::uint32_t kPieces = 16;

struct Torrent {
  Buffer data = Buffer(std::size_t{kPieceSize} * kPieces);
  TorrentInfo info;
  PieceLayers layers;
  std::vector<PieceData> pieces;

  explicit Torrent(TorrentKind kind) {
    Random(1).fill(data);
    PieceLayer layer;
    for (std::uint32_t i = 0; i < kPieces; ++i) {
      const Bytes piece = Bytes(data).subspan(std::size_t{i} * kPieceSize, kPieceSize);
      pieces.push_back({PieceIndex{i}, piece});
      if (has_v1(kind)) info.piece_hashes.push_back(sha1(piece));
      if (has_v2(kind)) layer.hashes.push_back(merkle_piece_root(piece, kPieceSize));
    }
    TorrentFile file;
    file.path = "data";
    file.length = data.size();
    if (has_v2(kind)) {
      const std::uint32_t depth = merkle_depth(kPieceSize / kBlockSize);
      file.pieces_root = merkle_root(layer.hashes, kPieces, depth);
    }
    layer.pieces_root = file.pieces_root;
    info.layout = Layout(kind, kPieceSize, {file});
    layers = PieceLayers(info.layout, std::span(&layer, has_v2(kind) ? 1 : 0));
  }
};

// Processor seconds of one stream; the best of several, as disturbance only adds.
double one_stream_seconds(Bytes data) {
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const std::clock_t start = std::clock();
    benchmark::DoNotOptimize(sha1(data));
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

void BM_VerifyPieces(benchmark::State& state, TorrentKind kind) {
  const Torrent torrent(kind);
  const double reference = one_stream_seconds(torrent.data);
  std::vector<PieceVerdict> verdicts(kPieces);
  double best = 1e9;
  for (auto _ : state) {
    const std::clock_t start = std::clock();
    verify_pieces(torrent.info, torrent.layers, torrent.pieces, verdicts);
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  for (const PieceVerdict verdict : verdicts) {
    if (verdict != PieceVerdict::good) state.SkipWithError("a good piece was refused");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(torrent.data.size()));
  state.counters["ratio"] = reference / best;
}
BENCHMARK_CAPTURE(BM_VerifyPieces, v1, TorrentKind::v1);
BENCHMARK_CAPTURE(BM_VerifyPieces, v2, TorrentKind::v2);
BENCHMARK_CAPTURE(BM_VerifyPieces, hybrid, TorrentKind::hybrid);

}  // namespace
}  // namespace weir
