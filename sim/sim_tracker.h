// SPDX-License-Identifier: MIT OR Apache-2.0
// The swarm's tracker: answers the HTTP announces that sessions make, in compact form (BEP 23),
// after a delay. Can be down, or slow.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/endpoint.h"
#include "engine/session_types.h"
#include "sim/world.h"

namespace weir::sim {

class SimTracker {
 public:
  explicit SimTracker(World& world) : world_(world) {}

  void set_delay(Duration delay) { delay_ = delay; }
  void set_down(bool down) { down_ = down; }
  // An announce from `from`; `reply` is called later.
  void get(const std::string& url, const IpAddress& from, std::function<void(HttpReply)> reply);
  [[nodiscard]] std::uint64_t announces() const { return announces_; }
  [[nodiscard]] std::size_t peers() const;

 private:
  World& world_;
  Duration delay_ = std::chrono::milliseconds(50);
  bool down_ = false;
  std::uint64_t announces_ = 0;
  std::map<std::string, std::set<Endpoint>> swarms_;  // by escaped info hash
};

}  // namespace weir::sim
