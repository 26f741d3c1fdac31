// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/rate.h"

#include <cmath>

namespace weir {

void RateMeter::add(TimePoint now, std::uint64_t bytes) {
  if (!started_) {
    started_ = true;
    last_ = now;
  }
  if (now > last_) {
    const double elapsed = to_seconds(now - last_);
    const double keep = std::exp(-elapsed / to_seconds(window_));
    weighted_bytes_ *= keep;
    weighted_seconds_ = weighted_seconds_ * keep + elapsed;
    last_ = now;
  }
  weighted_bytes_ += static_cast<double>(bytes);
  total_ += bytes;
}

double RateMeter::bytes_per_second(TimePoint now) const {
  if (!started_) return 0;
  const double elapsed = now > last_ ? to_seconds(now - last_) : 0;
  const double keep = std::exp(-elapsed / to_seconds(window_));
  const double seconds = weighted_seconds_ * keep + elapsed;
  // Within the first instants one block would look like an enormous rate.
  return weighted_bytes_ * keep / std::max(seconds, 0.1);
}

void TokenBucket::set_rate(TimePoint now, std::uint64_t bytes_per_second) {
  refill(now);
  rate_ = bytes_per_second;
  tokens_ = std::min(tokens_, static_cast<double>(capacity()));
}

void TokenBucket::refill(TimePoint now) {
  if (!started_) {
    started_ = true;
    last_ = now;
  }
  if (now <= last_) return;
  tokens_ += static_cast<double>(rate_) * to_seconds(now - last_);
  tokens_ = std::min(tokens_, static_cast<double>(capacity()));
  last_ = now;
}

std::uint64_t TokenBucket::available(TimePoint now) {
  if (unlimited()) return UINT64_MAX;
  refill(now);
  return tokens_ <= 0 ? 0 : static_cast<std::uint64_t>(tokens_);
}

void TokenBucket::consume(TimePoint now, std::uint64_t bytes) {
  if (unlimited()) return;
  refill(now);
  tokens_ -= static_cast<double>(bytes);
}

TimePoint TokenBucket::ready_at(TimePoint now, std::uint64_t bytes) {
  if (unlimited()) return now;
  refill(now);
  const double wanted = static_cast<double>(std::min(bytes, capacity()));
  if (tokens_ >= wanted) return now;
  return now + from_seconds((wanted - tokens_) / static_cast<double>(rate_)) + Duration(1);
}

}  // namespace weir
