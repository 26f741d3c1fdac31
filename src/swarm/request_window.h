// SPDX-License-Identifier: MIT OR Apache-2.0
// How many block requests to keep outstanding with one peer: enough to cover its rate times the
// path's delay, measured, not guessed.
//
// Starts small and doubles while more requests bring more rate (slow start); then holds the
// bandwidth-delay product with head room, where the delay is the shortest recent time from a
// request to its block. Bounded by the peer's `reqq` and our hard limit (LIM-07).
#pragma once

#include <cstdint>

#include "base/rate.h"
#include "base/time.h"

namespace weir {

struct RequestWindowConfig {
  std::uint32_t initial = 16;
  std::uint32_t min = 2;
  std::uint32_t max = 2000;
  Duration queue_time = std::chrono::seconds(1);  // head room on top of the delay
};

class RequestWindow {
 public:
  explicit RequestWindow(RequestWindowConfig config = {})
      : config_(config), size_(config.initial) {}

  void set_peer_limit(std::uint32_t reqq);
  // A block asked at `requested_at` arrived.
  void on_block(TimePoint now, TimePoint requested_at, std::uint32_t bytes);
  // A request timed out or the peer was snubbing: back to the minimum.
  void on_timeout();
  void on_choke();

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] double rate(TimePoint now) const { return meter_.bytes_per_second(now); }
  // When a request made now should be given up: generous multiples of what the path does.
  [[nodiscard]] Duration request_timeout(TimePoint now) const;

 private:
  RequestWindowConfig config_;
  std::uint32_t size_;
  std::uint32_t peer_limit_ = 500;
  bool slow_start_ = true;
  RateMeter meter_{std::chrono::seconds(2)};
  Duration min_delay_{};
  TimePoint min_delay_at_{};
  double last_rate_ = 0;
  std::uint32_t blocks_in_round_ = 0;
};

}  // namespace weir
