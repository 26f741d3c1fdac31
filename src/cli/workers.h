// SPDX-License-Identifier: MIT OR Apache-2.0
// Spreads work on pieces over threads: each takes the next run of pieces until none are left, one
// fails or Ctrl-C is pressed. The calling thread shows progress meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/ids.h"
#include "cli/output.h"
#include "cli/source.h"
#include "metainfo/layout.h"

namespace weir {

struct PieceRun {
  PieceIndex begin{};
  PieceIndex end{};
};

struct PieceWork {
  const Layout* layout = nullptr;
  unsigned threads = 2;
  std::string_view what;  // for the progress: "hashing"
  // What one thread does, given its number from 0 on. Called from that thread.
  std::function<CliResult<void>(unsigned thread, PieceRun run)> run;
};

// "interrupted" after Ctrl-C; otherwise the first failure.
[[nodiscard]] CliResult<void> work_on_pieces(const PieceWork& work, Output& output);

// How many pieces a run has: enough to fill the SIMD lanes and to read in large runs, within
// kRunBytesMax unless a single piece is larger.
inline constexpr std::uint64_t kRunBytesMax = 64 * 1024 * 1024;
[[nodiscard]] std::uint32_t pieces_per_run(std::uint32_t piece_length);

// From --threads, or one for each core and at least 2; nothing when it is no number from 1 to 64.
[[nodiscard]] std::optional<unsigned> thread_count(const std::optional<std::string>& option);

}  // namespace weir
