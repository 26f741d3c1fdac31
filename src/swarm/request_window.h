// SPDX-License-Identifier: MIT OR Apache-2.0
// How many block requests to keep outstanding with one peer: enough to cover its rate times the
// path's delay, measured, not guessed.
//
// Starts small and grows by a block a block (doubling every round trip) while more requests bring
// more rate (slow start); then holds rate x (delay + queue_time), where the delay is the shortest
// recent time from a request to its block. The head room is what makes bursts harmless: on a path
// of a millisecond it is nearly all of the window.
//
// The delay a queue adds can't be told from the path's own, so a longer delay is believed only when
// it persists while the head room is cut to a quarter, which is tried every kProbeInterval. Bounded
// by the peer's `reqq` and our hard limit (LIM-07).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/rate.h"
#include "base/time.h"

namespace weir {

struct RequestWindowConfig {
  // Few, so that a slow peer is not asked for more at once than it sends in a while.
  std::uint32_t initial = 6;
  std::uint32_t min = 2;
  std::uint32_t max = 2000;
  Duration queue_time = std::chrono::seconds(1);  // head room on top of the delay
};

inline constexpr std::uint32_t kRequestWindowMax = 2000;  // LIM-07
inline constexpr Duration kRequestTimeoutMin = std::chrono::seconds(2);
inline constexpr Duration kRequestTimeoutMax = std::chrono::seconds(60);
inline constexpr Duration kProbeInterval = std::chrono::seconds(10);

class RequestWindow {
 public:
  explicit RequestWindow(RequestWindowConfig config = {})
      : config_(config), size_(std::min(config.initial, limit())) {}

  // `reqq` of the peer's extension handshake; 500 until it is known, at least one.
  void set_peer_limit(std::uint32_t reqq);
  // A block asked at `requested_at` arrived.
  void on_block(TimePoint now, TimePoint requested_at, std::uint32_t bytes);
  // A request timed out or the peer was snubbing: back to the minimum.
  void on_timeout();
  // Outstanding requests are void; the path is as fast as before, though.
  void on_choke();

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] double rate(TimePoint now) const { return meter_.bytes_per_second(now); }
  // How long a block takes once its turn has come, and the shortest recent time from a request to
  // its block. Only time with something awaited counts: a fast peer that is idle stays fast. Before
  // the first block it is what the initial window supposes, and no delay.
  [[nodiscard]] Duration block_time() const;
  [[nodiscard]] bool measured() const { return measured_; }
  [[nodiscard]] Duration delay() const { return min_delay_; }
  // How long to wait for a request made now: generous multiples of what the path does, doubled by
  // each timeout in a row. From kRequestTimeoutMin to kRequestTimeoutMax.
  [[nodiscard]] Duration request_timeout(TimePoint now) const;

 private:
  [[nodiscard]] std::uint32_t limit() const;
  [[nodiscard]] std::uint32_t target(double rate, Duration head_room) const;
  void measure_delay(TimePoint now, TimePoint requested_at);
  void measure_pace(TimePoint now, TimePoint requested_at, std::uint32_t bytes);
  void follow_probe(TimePoint now, TimePoint requested_at, Duration delay);
  void end_round(TimePoint now);
  void resize(TimePoint now);
  void restart();

  RequestWindowConfig config_;
  std::uint32_t peer_limit_ = 500;
  std::uint32_t size_;  // after what limit() reads
  bool slow_start_ = true;
  RateMeter meter_{std::chrono::seconds(2)};
  bool measured_ = false;  // a block has arrived
  TimePoint last_block_{};
  TimePoint busy_clock_{};                   // advances while something is awaited
  RateMeter pace_{std::chrono::seconds(2)};  // by busy_clock_
  Duration min_delay_{};
  Duration mean_delay_{};
  Duration delay_deviation_{};
  std::uint32_t timeouts_ = 0;  // since the last block

  // A round: at least a window of blocks and at least a delay long.
  TimePoint round_begin_{};
  std::uint32_t round_size_ = 0;
  std::uint32_t blocks_in_round_ = 0;
  std::uint64_t bytes_in_round_ = 0;
  double last_rate_ = 0;  // of the round before
  std::uint32_t flat_rounds_ = 0;

  // A probe counts blocks that were requested after the longer queue had drained.
  TimePoint next_probe_{};
  bool probing_ = false;
  std::optional<TimePoint> probe_counts_from_;
  std::uint32_t probe_blocks_ = 0;
  Duration probe_delay_{};
};

}  // namespace weir
