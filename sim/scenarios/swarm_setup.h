// SPDX-License-Identifier: MIT OR Apache-2.0
// A tracker, a network and as many nodes as a scenario wants.
#pragma once

#include <memory>
#include <vector>

#include "sim/network.h"
#include "sim/node.h"
#include "sim/sim_tracker.h"
#include "sim/world.h"

namespace weir::sim {

class Setup {
 public:
  explicit Setup(World& world) : world_(world), network_(world), tracker_(world) {}

  // Public-looking addresses, one each.
  Node& add_node(NodeConfig config = {}) {
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    config.host.address = IpAddress::v4(0x14000001 + index * 256);  // 20.0.n.1
    nodes_.push_back(std::make_unique<Node>(world_, network_, tracker_, config));
    return *nodes_.back();
  }
  Network& network() { return network_; }
  SimTracker& tracker() { return tracker_; }
  [[nodiscard]] std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }

 private:
  World& world_;
  Network network_;
  SimTracker tracker_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace weir::sim
