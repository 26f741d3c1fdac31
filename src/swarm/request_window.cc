// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/request_window.h"

#include <cmath>

#include "base/ids.h"

namespace weir {
namespace {

// Shorter rounds are noise: a gigabyte a second arrives in bursts of hundreds of blocks.
constexpr Duration kRoundMin = std::chrono::milliseconds(10);
// Less growth than this in two rounds running ends slow start.
constexpr double kGrowth = 1.25;
// Silence after which the path has to be learned again.
constexpr Duration kIdle = std::chrono::seconds(1);
constexpr std::uint32_t kProbeBlocks = 4;
constexpr double kRoundingBlocks = 2;
// Before the first block nothing is known; the peer's disk may have to wake up.
constexpr Duration kFirstTimeout = std::chrono::seconds(30);
constexpr std::uint32_t kBackoffMax = 5;

}  // namespace

std::uint32_t RequestWindow::limit() const {
  return std::max(1u, std::min({config_.max, peer_limit_, kRequestWindowMax}));
}

void RequestWindow::set_peer_limit(std::uint32_t reqq) {
  peer_limit_ = std::max(1u, reqq);
  size_ = std::min(size_, limit());
}

std::uint32_t RequestWindow::target(double rate, Duration head_room) const {
  const double bytes = rate * to_seconds(min_delay_ + head_room);
  const double blocks = std::min(std::ceil(bytes / kBlockSize) + 1, double{kRequestWindowMax});
  return std::clamp(static_cast<std::uint32_t>(blocks), std::min(config_.min, limit()), limit());
}

void RequestWindow::on_block(TimePoint now, TimePoint requested_at, std::uint32_t bytes) {
  if (measured_ && now - last_block_ > kIdle + mean_delay_) restart();
  meter_.add(now, bytes);
  timeouts_ = 0;
  measure_pace(now, requested_at, bytes);
  measure_delay(now, requested_at);
  last_block_ = now;
  ++blocks_in_round_;
  bytes_in_round_ += bytes;
  if (blocks_in_round_ >= round_size_ && now - round_begin_ >= std::max(min_delay_, kRoundMin)) {
    end_round(now);
  }
  resize(now);
}

void RequestWindow::measure_pace(TimePoint now, TimePoint requested_at, std::uint32_t bytes) {
  if (!measured_) pace_.add(busy_clock_, 0);
  const TimePoint begin = measured_ ? std::max(requested_at, last_block_) : requested_at;
  busy_clock_ += std::max(now - begin, Duration(0));
  pace_.add(busy_clock_, bytes);
}

Duration RequestWindow::block_time() const {
  if (!measured_) return config_.queue_time / std::max(1u, config_.initial);
  return from_seconds(kBlockSize / std::max(pace_.bytes_per_second(busy_clock_), 1.0));
}

void RequestWindow::measure_delay(TimePoint now, TimePoint requested_at) {
  const Duration delay = std::max(now - requested_at, Duration(0));
  if (!measured_) {
    measured_ = true;
    min_delay_ = mean_delay_ = delay;
    delay_deviation_ = delay / 2;
    round_begin_ = requested_at;
    round_size_ = size_;
    next_probe_ = now + kProbeInterval;
    return;
  }
  // RFC 6298 smoothing.
  const Duration error = delay > mean_delay_ ? delay - mean_delay_ : mean_delay_ - delay;
  delay_deviation_ += (error - delay_deviation_) / 4;
  mean_delay_ += (delay - mean_delay_) / 8;
  min_delay_ = std::min(min_delay_, delay);
  follow_probe(now, requested_at, delay);
}

void RequestWindow::follow_probe(TimePoint now, TimePoint requested_at, Duration delay) {
  if (!probing_) {
    probing_ = !slow_start_ && now >= next_probe_;
    probe_blocks_ = 0;
    probe_counts_from_.reset();
    return;
  }
  const double rate = meter_.bytes_per_second(now);
  if (!probe_counts_from_) {
    // Once the window has shrunk, what is outstanding has to come in before the first block counts.
    if (size_ <= target(rate, config_.queue_time / 4)) probe_counts_from_ = now + mean_delay_;
    return;
  }
  if (requested_at < *probe_counts_from_) return;
  probe_delay_ = probe_blocks_ == 0 ? delay : std::min(probe_delay_, delay);
  if (++probe_blocks_ < kProbeBlocks) return;
  probing_ = false;
  next_probe_ = now + kProbeInterval;
  // The queue that is left: a quarter of the head room, and what rounding up to blocks adds.
  const Duration queued =
      config_.queue_time / 4 + from_seconds(kRoundingBlocks * kBlockSize / rate);
  if (probe_delay_ <= min_delay_ + queued + config_.queue_time / 4) return;
  min_delay_ = probe_delay_ - queued;
  restart();
}

void RequestWindow::end_round(TimePoint now) {
  const double rate = static_cast<double>(bytes_in_round_) / to_seconds(now - round_begin_);
  if (slow_start_) {
    flat_rounds_ = rate < last_rate_ * kGrowth ? flat_rounds_ + 1 : 0;
    if (flat_rounds_ >= 2) slow_start_ = false;
  }
  last_rate_ = rate;
  round_begin_ = now;
  round_size_ = size_;
  blocks_in_round_ = 0;
  bytes_in_round_ = 0;
}

void RequestWindow::resize(TimePoint now) {
  // The meter looks back two seconds and so is late while the rate doubles.
  const double rate = slow_start_ ? std::max(meter_.bytes_per_second(now), last_rate_)
                                  : meter_.bytes_per_second(now);
  const std::uint32_t wanted = target(rate, probing_ ? config_.queue_time / 4 : config_.queue_time);
  if (wanted < size_) {
    --size_;  // one a block: what is outstanding can't be taken back anyway
  } else {
    size_ = std::min(wanted, slow_start_ ? size_ + 1 : size_ + 2);
  }
}

void RequestWindow::restart() {
  slow_start_ = true;
  flat_rounds_ = 0;
  last_rate_ = 0;
  blocks_in_round_ = 0;
  bytes_in_round_ = 0;
  round_begin_ = last_block_;
  round_size_ = size_;
  probing_ = false;
}

void RequestWindow::on_timeout() {
  size_ = std::min(config_.min, limit());
  timeouts_ = std::min(timeouts_ + 1, kBackoffMax);
  restart();
}

void RequestWindow::on_choke() {
  size_ = std::clamp(size_, std::min(config_.min, limit()), std::min(config_.initial, limit()));
  restart();
}

Duration RequestWindow::request_timeout(TimePoint /*now*/) const {
  const Duration usual =
      measured_ ? kRequestTimeoutMin + 4 * (mean_delay_ + delay_deviation_) : kFirstTimeout;
  const Duration bounded = std::min(usual, kRequestTimeoutMax);
  return std::min(bounded * (1 << timeouts_), kRequestTimeoutMax);
}

}  // namespace weir
