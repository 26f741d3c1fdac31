// SPDX-License-Identifier: MIT OR Apache-2.0
// Rates measured and rates limited, in bytes a second, without a clock of their own.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace weir {

// A transfer rate smoothed over about `window`. Never decays below what silence implies: asking
// later without new bytes gives a lower rate.
class RateMeter {
 public:
  explicit RateMeter(Duration window = std::chrono::seconds(5)) : window_(window) {}

  void add(TimePoint now, std::uint64_t bytes);
  [[nodiscard]] double bytes_per_second(TimePoint now) const;
  [[nodiscard]] std::uint64_t total_bytes() const { return total_; }

 private:
  // Exponentially decayed byte count and the equally decayed time it was gathered over.
  Duration window_;
  std::uint64_t total_ = 0;
  double weighted_bytes_ = 0;
  double weighted_seconds_ = 0;
  TimePoint last_{};
  bool started_ = false;
};

// A token bucket (bytes). A rate of zero means unlimited. The bucket holds one `burst` of time at
// the full rate, at least 16 KiB, so that one block always fits eventually.
class TokenBucket {
 public:
  explicit TokenBucket(std::uint64_t bytes_per_second = 0,
                       Duration burst = std::chrono::milliseconds(250))
      : burst_(burst), rate_(bytes_per_second) {
    tokens_ = static_cast<double>(capacity());
  }

  void set_rate(TimePoint now, std::uint64_t bytes_per_second);
  [[nodiscard]] std::uint64_t rate() const { return rate_; }
  [[nodiscard]] bool unlimited() const { return rate_ == 0; }

  // How many bytes may go now; UINT64_MAX when unlimited.
  [[nodiscard]] std::uint64_t available(TimePoint now);
  // Takes what was really used; may go into debt, which later time repays.
  void consume(TimePoint now, std::uint64_t bytes);
  // When at least `bytes` (or a full bucket) will be available; `now` if they are.
  [[nodiscard]] TimePoint ready_at(TimePoint now, std::uint64_t bytes);

 private:
  [[nodiscard]] std::uint64_t capacity() const {
    return std::max<std::uint64_t>(
        16 * 1024, static_cast<std::uint64_t>(static_cast<double>(rate_) * to_seconds(burst_)));
  }
  void refill(TimePoint now);

  Duration burst_;
  std::uint64_t rate_;
  double tokens_ = 0;
  TimePoint last_{};
  bool started_ = false;
};

}  // namespace weir
