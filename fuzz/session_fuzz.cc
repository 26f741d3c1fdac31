// SPDX-License-Identifier: MIT OR Apache-2.0
// Sequences of operations on a session with its disk, peers and trackers; see SessionExerciser.
#include "engine/session_exerciser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1u << 14) return 0;
  weir::session_test::SessionExerciser exerciser({reinterpret_cast<const std::byte*>(data), size});
  exerciser.run();
  exerciser.finish();
  return 0;
}
