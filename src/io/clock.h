// SPDX-License-Identifier: MIT OR Apache-2.0
// What time it is: the steady clock as the machines' time, and the date.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace weir {

[[nodiscard]] inline TimePoint steady_now() {
  return TimePoint(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

[[nodiscard]] inline std::chrono::steady_clock::time_point to_steady(TimePoint at) {
  return std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(at.time_since_epoch()));
}

// Seconds since 1970, by a clock that may be set.
[[nodiscard]] inline std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace weir
