// SPDX-License-Identifier: MIT OR Apache-2.0
// A tracker, a network, a referee and as many nodes and scripted peers as a scenario wants; and the
// question every scenario asks at the end (liveness): did everybody finish?
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/checkers/referee.h"
#include "sim/network.h"
#include "sim/node.h"
#include "sim/scenario.h"
#include "sim/scripted_peer.h"
#include "sim/sim_tracker.h"
#include "sim/world.h"

namespace weir::sim {

struct Download {
  Node* node = nullptr;
  TorrentKey key{};
  const Content* content = nullptr;
};

// Contents outlive it.
class Setup {
 public:
  explicit Setup(World& world) : world_(world), network_(world), tracker_(world), referee_(world) {}

  // Public-looking addresses, one each.
  Node& add_node(NodeConfig config = {});
  Node& add_seed(const Content& content, NodeConfig config = {});
  // Counted among the downloads.
  Node& add_leech(const Content& content, NodeConfig config = {}, AddTorrent extra = {});
  ScriptedPeer& add_peer(const Content& content, ScriptedConfig config = {});
  // The same, and nobody is to blame for banning it.
  ScriptedPeer& add_lying_peer(const Content& content, ScriptedConfig config = {});
  // Further leeches know these addresses from the start.
  void add_download(Node& node, TorrentKey key, const Content& content) {
    downloads_.push_back({&node, key, &content});
  }

  Network& network() { return network_; }
  SimTracker& tracker() { return tracker_; }
  Referee& referee() { return referee_; }
  [[nodiscard]] std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }
  [[nodiscard]] std::vector<Download>& downloads() { return downloads_; }

  // All downloads said they are done.
  [[nodiscard]] bool all_done() const;
  // Runs until they are, at most so long; then compares what they have with the truth. Returns how
  // long it took, in seconds.
  double finish(Verdict& verdict, Duration limit);
  // What everybody claims to have, against the truth.
  void audit();
  // Bytes received for nothing, of all downloads; and their content's size.
  [[nodiscard]] std::uint64_t wasted() const;
  [[nodiscard]] std::uint64_t wanted() const;
  void expect_waste_below(Verdict& verdict, double share) const;

 private:
  [[nodiscard]] IpAddress next_address();

  World& world_;
  Network network_;
  SimTracker tracker_;
  Referee referee_;
  std::uint32_t addresses_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<ScriptedPeer>> peers_;
  std::vector<Download> downloads_;
};

// A world inside a world: its trace and its violations become part of the outer one's. For
// scenarios that compare two runs, or run once for each place a fault can strike.
template <class Body>
auto in_sub_world(World& world, std::uint64_t salt, Body body) {
  World inner(world.seed() * 1'000'003 + salt);
  struct Close {
    World& outer;
    World& inner;
    std::uint64_t salt;
    ~Close() {
      outer.trace("sub world", salt, inner.trace_hash());
      outer.absorb(inner, " (run " + std::to_string(salt) + ")");
    }
  } close{world, inner, salt};
  return body(inner);
}

[[nodiscard]] inline std::string text(double value) {
  std::string out = std::to_string(value);
  return out.substr(0, out.find('.') + 3);
}

}  // namespace weir::sim
