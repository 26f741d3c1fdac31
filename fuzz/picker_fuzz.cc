// SPDX-License-Identifier: MIT OR Apache-2.0
// Sequences of operations on the piece picker; the invariants are PickerExerciser's.
#include "swarm/picker_exerciser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1u << 16) return 0;
  weir::PickerExerciser exerciser({reinterpret_cast<const std::byte*>(data), size});
  exerciser.run();
  exerciser.finish();
  return 0;
}
