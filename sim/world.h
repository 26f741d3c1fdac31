// SPDX-License-Identifier: MIT OR Apache-2.0
// The simulated world: one clock, one queue of things to happen, one source of chance, one trace.
//
// Everything that happens is an entry of the queue, ordered by time and then by the order in which
// it was entered, so one seed decides everything. What matters is noted in the trace; its hash is
// the fingerprint of the run: same seed, same hash.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace weir::sim {

class World {
 public:
  explicit World(std::uint64_t seed) : seed_(seed), random_(seed) {}

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  Random& random() { return random_; }

  void at(TimePoint when, std::function<void()> what);
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  // Runs until `done` holds or `limit` of virtual time has passed. True when it held.
  bool run_until(const std::function<bool()>& done, Duration limit);
  void run_for(Duration span);

  // Notes something that must be the same in every run of this seed.
  void trace(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0);
  // Everything traced is also given to `sink` (to compare two runs line by line).
  void set_trace_sink(std::function<void(const std::string&)> sink) { sink_ = std::move(sink); }
  [[nodiscard]] std::uint64_t trace_hash() const { return trace_hash_; }
  [[nodiscard]] std::uint64_t events_run() const { return events_run_; }

  // A broken promise (safety). Collected, so that one run shows them all; at most 20 are kept.
  void violation(std::string what);
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  // Takes over the violations and counts of a world that ran inside this one.
  void absorb(const World& inner, const std::string& where);
  [[nodiscard]] Duration absorbed_time() const { return absorbed_time_; }

 private:
  bool step(TimePoint until);

  std::uint64_t seed_;
  Random random_;
  static constexpr TimePoint kStart = TimePoint{} + std::chrono::hours(1);
  TimePoint now_ = kStart;
  std::uint64_t sequence_ = 0;
  std::uint64_t events_run_ = 0;
  std::uint64_t trace_hash_ = 0xcbf29ce484222325;
  std::map<std::pair<TimePoint, std::uint64_t>, std::function<void()>> queue_;
  std::vector<std::string> violations_;
  Duration absorbed_time_{};
  std::function<void(const std::string&)> sink_;
};

}  // namespace weir::sim
