// SPDX-License-Identifier: MIT OR Apache-2.0
// Randomness of the operating system: seeds for the machines, and whatever must not be guessed.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace weir {

// Fills `out` from the kernel's generator. Blocks only before the kernel is seeded, at boot.
void os_random(MutableBytes out);
[[nodiscard]] std::uint64_t os_random_seed();

}  // namespace weir
