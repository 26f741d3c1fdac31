// SPDX-License-Identifier: MIT OR Apache-2.0
// The swarm's tracker: answers the HTTP announces that sessions make, in compact form (BEP 23),
// after a delay.
//
// Fault model: it can be down (no answer comes), answer errors as fast as it likes, and add
// addresses of its own to every answer. It believes what announces say.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/endpoint.h"
#include "engine/session_types.h"
#include "sim/world.h"

namespace weir::sim {

class SimTracker {
 public:
  explicit SimTracker(World& world) : world_(world) {}

  void set_delay(Duration delay) { delay_ = delay; }
  void set_down(bool down) { down_ = down; }
  void set_failing(bool failing) { failing_ = failing; }  // answers status 500
  // Added to each answer, before the true peers.
  void set_forged(std::function<void(const IpAddress& asker, Buffer& compact)> forged) {
    forged_ = std::move(forged);
  }
  void set_interval(std::uint32_t seconds) {
    interval_fields_ = "8:intervali" + std::to_string(seconds) + "e";
  }
  // What its answers say of intervals, as bencoded fields.
  void set_interval_fields(std::string fields) { interval_fields_ = std::move(fields); }
  // An announce from `from`; `reply` is called later.
  void get(const std::string& url, const IpAddress& from, std::function<void(HttpReply)> reply);
  [[nodiscard]] std::uint64_t announces() const { return announces_; }
  [[nodiscard]] std::uint64_t stops() const { return stops_; }
  [[nodiscard]] std::size_t peers() const;
  // The most announces in any second so far.
  [[nodiscard]] std::size_t peak_per_second() const { return peak_; }

 private:
  void count();

  World& world_;
  Duration delay_ = std::chrono::milliseconds(50);
  bool down_ = false;
  bool failing_ = false;
  std::string interval_fields_ = "8:intervali120e";
  std::uint64_t announces_ = 0;
  std::uint64_t stops_ = 0;
  std::deque<TimePoint> recent_;
  std::size_t peak_ = 0;
  std::function<void(const IpAddress&, Buffer&)> forged_;
  std::map<std::string, std::set<Endpoint>> swarms_;  // by escaped info hash
};

}  // namespace weir::sim
