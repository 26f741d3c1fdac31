// SPDX-License-Identifier: MIT OR Apache-2.0
// The steady clock as the machines' time. The only place that asks what time it is for them.
#pragma once

#include <chrono>

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

}  // namespace weir
