// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/world.h"

#include <utility>

namespace weir::sim {

void World::at(TimePoint when, std::function<void()> what) {
  queue_.emplace(std::pair(std::max(when, now_), sequence_++), std::move(what));
}

bool World::step(TimePoint until) {
  if (queue_.empty() || queue_.begin()->first.first > until) return false;
  auto entry = queue_.extract(queue_.begin());
  now_ = entry.key().first;
  ++events_run_;
  entry.mapped()();
  return true;
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const TimePoint end = now_ + limit;
  while (!done()) {
    if (!step(end)) {
      now_ = end;
      return done();
    }
  }
  return true;
}

void World::run_for(Duration span) {
  const TimePoint end = now_ + span;
  while (step(end)) {
  }
  now_ = end;
}

void World::trace(std::string_view what, std::uint64_t a, std::uint64_t b) {
  // FNV-1a over the text, the numbers and the time.
  const auto mix = [this](std::uint64_t value) {
    for (int i = 0; i < 8; ++i) {
      trace_hash_ = (trace_hash_ ^ (value & 0xff)) * 0x100000001b3;
      value >>= 8;
    }
  };
  if (sink_) {
    sink_(std::to_string(now_.time_since_epoch().count()) + " " + std::string(what) + " " +
          std::to_string(a) + " " + std::to_string(b));
  }
  for (const char c : what) mix(static_cast<unsigned char>(c));
  mix(a);
  mix(b);
  mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
}

void World::violation(std::string what) {
  trace("violation");
  if (violations_.size() < 20) violations_.push_back(std::move(what));
}

void World::absorb(const World& inner, const std::string& where) {
  for (const std::string& what : inner.violations()) violation(what + where);
  events_run_ += inner.events_run();
  absorbed_time_ += inner.now() - kStart + inner.absorbed_time();
}

}  // namespace weir::sim
