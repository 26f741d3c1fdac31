// SPDX-License-Identifier: MIT OR Apache-2.0
// Peers that keep the protocol and do not give: never unchoke, fall silent, refuse, change their
// mind, send what was cancelled.
#include <algorithm>
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

struct StubbornPlan {
  ScriptedConfig script;
  std::size_t count = 5;
  Duration limit = minutes(3);
  double waste_below = 0.1;
};

// One honest seed of modest speed among stubborn peers.
void among_stubborn(World& world, Verdict& verdict, StubbornPlan plan, bool fast) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, 4 << 20, world.seed() + 1);
  Setup setup(world);
  NodeConfig modest;
  modest.host.up_bytes_per_second = 1e6;
  AddTorrent extra;
  extra.peers = {setup.add_seed(content, modest).endpoint()};
  plan.script.fast = fast;
  for (std::size_t i = 0; i < plan.count; ++i) {
    extra.peers.push_back(setup.add_peer(content, plan.script).endpoint());
  }
  setup.add_leech(content, {}, std::move(extra));
  verdict.note("seconds " + text(setup.finish(verdict, plan.limit)));
  setup.expect_waste_below(verdict, plan.waste_below);
}

// WIR-30: alone with a fake seed. It is given up, and what it has counts no more.
void fake_seed_alone(World& world, Verdict& verdict, AnswerRequests answer) {
  const Content content = make_content(TorrentKind::v1, kPieceLength, 4 << 20, world.seed() + 1);
  Setup setup(world);
  ScriptedConfig script;
  script.requests = answer;
  ScriptedPeer& fake = setup.add_peer(content, script);
  AddTorrent extra;
  extra.peers = {fake.endpoint()};
  Node& leech = setup.add_leech(content, {}, std::move(extra));
  world.run_for(minutes(5));
  const TorrentKey key = setup.downloads().front().key;
  const std::uint64_t gave_up = leech.status(key).swarm.closed[CloseReason::gave_up];
  verdict.note("requests " + std::to_string(fake.counters().requests) + ", given up " +
               std::to_string(gave_up));
  verdict.expect(gave_up >= 1, "the fake seed is never given up");
  verdict.expect(fake.counters().requests < 5000, "it is asked without end");
  verdict.expect(fake.counters().accepted.size() <= 30, "it is dialled without end");
  verdict.expect(leech.counters().failures_said == 0, "the torrent failed");
}

// WIR-14: blocks that cross with our cancels are taken, and their sender keeps its place.
void cancels_cross(World& world, Verdict& verdict) {
  const Content content = make_content(TorrentKind::v1, kPieceLength, 2 << 20, world.seed() + 1);
  Setup setup(world);
  AddTorrent extra;
  ScriptedConfig slow;
  slow.requests = AnswerRequests::serve_cancelled_too;
  slow.answer_delay = std::chrono::milliseconds(1500);
  std::vector<ScriptedPeer*> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(&setup.add_peer(content, slow));
    extra.peers.push_back(peers.back()->endpoint());
  }
  NodeConfig modest;
  modest.host.up_bytes_per_second = 1e6;
  extra.peers.push_back(setup.add_seed(content, modest).endpoint());
  Node& leech = setup.add_leech(content, {}, std::move(extra));
  setup.finish(verdict, minutes(5));
  world.run_for(seconds(5));
  std::uint64_t crossed = 0;
  for (const ScriptedPeer* peer : peers) crossed += peer->counters().blocks_after_cancel;
  const TorrentStatus status = leech.status(setup.downloads().front().key);
  verdict.note("blocks after a cancel " + std::to_string(crossed));
  for (const CloseReason reason : {CloseReason::unrequested_data, CloseReason::protocol_error,
                                   CloseReason::message_flood, CloseReason::gave_up}) {
    const auto it = status.swarm.closed.find(reason);
    verdict.expect(it == status.swarm.closed.end() || it->second == 0,
                   std::string("a peer was closed: ") + close_reason_name(reason));
  }
  for (const ScriptedPeer* peer : peers) {
    verdict.expect(peer->counters().accepted.size() <= 1, "a peer had to be dialled again");
  }
}

}  // namespace

void add_stubborn_scenarios(ScenarioList& out) {
  StubbornPlan never;
  never.script.unchoke_after.reset();
  StubbornPlan silent;
  silent.script.requests = AnswerRequests::ignore;
  StubbornPlan refusing;
  refusing.script.requests = AnswerRequests::reject;
  StubbornPlan flapping;
  flapping.script.flap = std::chrono::milliseconds(300);
  flapping.script.answer_delay = std::chrono::milliseconds(100);
  flapping.waste_below = 0.05;
  const auto add = [&out](const char* name, const char* claim, const StubbornPlan& plan) {
    for (const bool fast : {true, false}) {
      out.push_back({std::string(name) + (fast ? "" : "-plain"), claim,
                     [plan, fast](World& w, Verdict& v) { among_stubborn(w, v, plan, fast); }});
    }
  };
  add("never-unchoke", "peers that never unchoke do not keep a leech from finishing", never);
  add("silent-peers", "peers that unchoke and never answer do not keep a leech from finishing",
      silent);
  add("flapping-peers", "blocks are neither lost nor doubled when peers choke at random moments",
      flapping);
  out.push_back({"refusing-peers",
                 "peers that reject everything do not keep a leech from finishing",
                 [refusing](World& w, Verdict& v) { among_stubborn(w, v, refusing, true); }});
  for (const auto& [answer, name] : {std::pair(AnswerRequests::reject, "fake-seed-rejects"),
                                     {AnswerRequests::ignore, "fake-seed-ignores"}}) {
    out.push_back({name, "WIR-30: a seed that gives nothing is given up",
                   [answer](World& w, Verdict& v) { fake_seed_alone(w, v, answer); }});
  }
  out.push_back({"cancels-cross",
                 "WIR-14: blocks that arrive after our cancel cost nobody his place",
                 cancels_cross});
}

}  // namespace weir::sim
