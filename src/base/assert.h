// SPDX-License-Identifier: MIT OR Apache-2.0
// Assertions for our own bugs. They stay on in release builds and must never be reachable from
// bytes that a peer, a tracker or a file supplies.
#pragma once

namespace weir {
// Writes the failed condition to standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}  // namespace weir

#define WEIR_ASSERT(condition) \
  ((condition) ? void(0) : ::weir::assertion_failed(#condition, __FILE__, __LINE__))
