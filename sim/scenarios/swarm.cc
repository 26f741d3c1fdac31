// SPDX-License-Identifier: MIT OR Apache-2.0
// Whole swarms of honest peers: of different speeds, losing their seed, cut apart.
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

Content some_content(World& world, std::uint64_t bytes = 4 << 20) {
  return make_content(TorrentKind::hybrid, kPieceLength, bytes, world.seed() + 1);
}

NodeConfig link(double up, double down, Duration delay = std::chrono::milliseconds(10)) {
  NodeConfig config;
  config.host.up_bytes_per_second = up;
  config.host.down_bytes_per_second = down;
  config.host.delay = delay;
  return config;
}

void mixed_speeds(World& world, Verdict& verdict) {
  const Content content = some_content(world);
  Setup setup(world);
  setup.add_seed(content, link(5e6, 5e6));
  std::vector<const Node*> fast;
  for (int i = 0; i < 8; ++i) {
    fast.push_back(&setup.add_leech(content, link(5e6, 10e6)));
    setup.add_leech(content, link(100e3, 300e3, std::chrono::milliseconds(80)));
  }
  double fast_seconds = 0;
  const TimePoint begin = world.now();
  const auto fast_done = [&] {
    for (std::size_t i = 0; i < setup.downloads().size(); i += 2) {
      const Download& d = setup.downloads()[i];
      if (!d.node->done(d.key)) return false;
    }
    return true;
  };
  world.run_until(fast_done, minutes(5));
  fast_seconds = to_seconds(world.now() - begin);
  const double all_seconds = fast_seconds + setup.finish(verdict, minutes(5));
  verdict.note("fast " + text(fast_seconds) + " s, all " + text(all_seconds) + " s");
  const double slow_ideal = static_cast<double>(content.layout().total_size()) / 300e3;
  verdict.expect(fast_seconds < 14, "fast peers were held up by slow ones");
  verdict.expect(all_seconds < 2.5 * slow_ideal, "slow peers took too long for their line");
  // What slow peers have begun to send when it is asked of others can't be called back.
  setup.expect_waste_below(verdict, 0.06);
}

// The seed goes as soon as every piece is somewhere among the leeches.
void seed_leaves(World& world, Verdict& verdict) {
  const Content content = some_content(world);
  Setup setup(world);
  Node& seed = setup.add_seed(content, link(2e6, 2e6));
  for (int i = 0; i < 8; ++i) setup.add_leech(content);
  const auto covered = [&] {
    Bitfield all(content.layout().piece_count());
    for (const Download& d : setup.downloads()) {
      const Bitfield* have = d.node->session().have(d.key);
      if (have == nullptr) return false;
      for (std::size_t i = have->find_set(0); i < have->size(); i = have->find_set(i + 1)) {
        all.set(i);
      }
    }
    return all.all();
  };
  verdict.expect(world.run_until(covered, minutes(5)), "the swarm never had all pieces");
  verdict.expect(!setup.all_done(), "everybody was done before the seed left");
  seed.kill();
  verdict.note("rest took " + text(setup.finish(verdict, minutes(5))) + " s");
}

// Nobody has the last pieces for a while: everybody waits, nobody fails.
void below_one_copy(World& world, Verdict& verdict) {
  const Content content = some_content(world, 2 << 20);
  Setup setup(world);
  Bitfield half(content.layout().piece_count());
  for (std::size_t i = 0; i < half.size(); i += 2) half.set(i);
  ScriptedConfig partial;
  partial.have = half;
  const ScriptedPeer& peer = setup.add_peer(content, partial);
  for (int i = 0; i < 4; ++i) {
    AddTorrent extra;
    extra.peers = {peer.endpoint()};
    setup.add_leech(content, {}, std::move(extra));
  }
  world.run_for(minutes(10));
  for (const Download& d : setup.downloads()) {
    const TorrentStatus status = d.node->status(d.key);
    verdict.expect(status.pieces_done == half.count(), "a leech lacks a piece that is there");
    verdict.expect(status.state == TorrentState::downloading, "a leech does not wait");
    verdict.expect(d.node->counters().failures_said == 0, "a leech failed");
  }
  const Node& seed = setup.add_seed(content);
  const Download& first = setup.downloads().front();
  first.node->session().add_peer(world.now(), first.key, seed.endpoint(), PeerSource::tracker);
  first.node->drain();
  verdict.note("after the seed came " + text(setup.finish(verdict, minutes(40))) + " s");
}

void partitions(World& world, Verdict& verdict) {
  const Content content = some_content(world);
  Setup setup(world);
  setup.add_seed(content, link(500e3, 500e3));
  for (int i = 0; i < 9; ++i) setup.add_leech(content, link(1e6, 1e6));
  for (int round = 0; round < 4; ++round) {
    world.run_for(world.random().jitter(seconds(1), 0.5));
    std::vector<IpAddress> group;
    for (const auto& node : setup.nodes()) {
      if (world.random().chance(0.5)) group.push_back(node->address());
    }
    setup.network().partition(group);
    world.run_for(world.random().jitter(seconds(20), 0.5));
    setup.network().heal();
  }
  verdict.note("after the last split " + text(setup.finish(verdict, minutes(30))) + " s");
}

void cuts(World& world, Verdict& verdict) {
  const Content content = some_content(world);
  Setup setup(world);
  setup.add_seed(content, link(500e3, 500e3));
  for (int i = 0; i < 9; ++i) setup.add_leech(content, link(1e6, 1e6));
  std::function<void()> cut = [&] {
    setup.network().cut_random_stream();
    world.after(world.random().jitter(std::chrono::milliseconds(100), 0.9), cut);
  };
  world.after(std::chrono::milliseconds(300), cut);
  verdict.note("seconds " + text(setup.finish(verdict, minutes(30))));
  setup.expect_waste_below(verdict, 0.05);
}

// Peers die and come back with what their disk kept.
void churn(World& world, Verdict& verdict) {
  const Content content = some_content(world);
  Setup setup(world);
  setup.add_seed(content, link(500e3, 500e3));
  for (int i = 0; i < 9; ++i) setup.add_leech(content, link(1e6, 1e6));
  for (int round = 0; round < 12; ++round) {
    world.run_for(world.random().jitter(seconds(1), 0.9));
    Download& victim = setup.downloads()[world.random().below(setup.downloads().size())];
    world.random().chance(0.5) ? victim.node->kill() : victim.node->power_cut();
    world.run_for(world.random().jitter(seconds(1), 0.9));
    victim.node->start();
    victim.key = victim.node->resume(content);
  }
  verdict.note("after the last death " + text(setup.finish(verdict, minutes(30))) + " s");
}

}  // namespace

void add_swarm_scenarios(ScenarioList& out) {
  out.push_back({"mixed-speeds", "fast and slow peers finish, each near the pace of its own line",
                 mixed_speeds});
  out.push_back({"seed-leaves", "the seed leaves once the swarm has all pieces: all still finish",
                 seed_leaves});
  out.push_back({"below-one-copy", "pieces that nobody has are waited for, until a seed comes",
                 below_one_copy});
  out.push_back({"partitions", "a swarm cut in two again and again finishes", partitions});
  out.push_back({"cuts", "a swarm that loses a connection ten times a second finishes", cuts});
  out.push_back({"churn", "peers that die and come back finish, and claim nothing wrong", churn});
}

}  // namespace weir::sim
