// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/scenarios/swarm_setup.h"

#include <algorithm>
#include <utility>

namespace weir::sim {

IpAddress Setup::next_address() {
  return IpAddress::v4(0x14000001 + addresses_++ * 256);  // 20.0.n.1
}

Node& Setup::add_node(NodeConfig config) {
  config.host.address = next_address();
  nodes_.push_back(std::make_unique<Node>(world_, network_, tracker_, referee_, std::move(config)));
  return *nodes_.back();
}

Node& Setup::add_seed(const Content& content, NodeConfig config) {
  Node& node = add_node(std::move(config));
  node.seed(content);
  return node;
}

Node& Setup::add_leech(const Content& content, NodeConfig config, AddTorrent extra) {
  Node& node = add_node(std::move(config));
  add_download(node, node.leech(content, std::move(extra)), content);
  return node;
}

ScriptedPeer& Setup::add_peer(const Content& content, ScriptedConfig config) {
  config.host.address = next_address();
  peers_.push_back(std::make_unique<ScriptedPeer>(world_, network_, content, std::move(config)));
  return *peers_.back();
}

ScriptedPeer& Setup::add_lying_peer(const Content& content, ScriptedConfig config) {
  ScriptedPeer& peer = add_peer(content, std::move(config));
  referee_.declare_liar(peer.address());
  return peer;
}

bool Setup::all_done() const {
  return std::all_of(downloads_.begin(), downloads_.end(), [](const Download& download) {
    return download.node->running() && download.node->done(download.key);
  });
}

double Setup::finish(Verdict& verdict, Duration limit) {
  const TimePoint begin = world_.now();
  if (!world_.run_until([this] { return all_done(); }, limit)) {
    std::string who;
    for (const Download& download : downloads_) {
      if (download.node->running() && download.node->done(download.key)) continue;
      who += " " + download.node->address().text();
      if (!download.node->running()) continue;
      const TorrentStatus status = download.node->status(download.key);
      who += " (" + std::string(state_name(status.state)) + ", " +
             std::to_string(status.pieces_done) + " of " + std::to_string(status.pieces_total) +
             " pieces, " + std::to_string(status.swarm.peers) + " peers)";
    }
    verdict.expect(false, "not finished in time:" + who);
  }
  audit();
  return to_seconds(world_.now() - begin);
}

void Setup::audit() {
  for (const Download& download : downloads_) {
    if (download.node->running() && !download.node->config().liar) {
      download.node->check_have(*download.content);
    }
  }
}

std::uint64_t Setup::wasted() const {
  std::uint64_t bytes = 0;
  for (const Download& d : downloads_) bytes += d.node->status(d.key).swarm.wasted_bytes;
  return bytes;
}

std::uint64_t Setup::wanted() const {
  std::uint64_t bytes = 0;
  for (const Download& d : downloads_) bytes += d.content->layout().total_size();
  return bytes;
}

void Setup::expect_waste_below(Verdict& verdict, double share) const {
  const double measured = static_cast<double>(wasted()) / static_cast<double>(wanted());
  verdict.note("waste " + text(measured * 100) + " %");
  verdict.expect(measured < share, "waste is " + text(measured * 100) + " % of the content");
}

}  // namespace weir::sim
