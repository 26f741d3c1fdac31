// SPDX-License-Identifier: MIT OR Apache-2.0
// Peers that send false data: they are found and banned, and nobody else is.
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;

constexpr std::uint32_t kPieceLength = 64 * 1024;
// So many false blocks, 1 MiB of them, and whoever got them has banned their sender.
constexpr std::uint64_t kTellingBlocks = 64;

struct PoisonPlan {
  std::size_t honest = 16;
  std::size_t poisoners = 0;
  double share = 1.0;  // of the blocks they send
  std::uint64_t bytes = 16 << 20;
};

double run_swarm(World& world, Verdict& verdict, const PoisonPlan& plan, double waste_below) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, plan.bytes, world.seed() + 1);
  Setup setup(world);
  setup.add_seed(content);
  NodeConfig poisoner;
  poisoner.corrupt_uploads = plan.share;
  poisoner.liar = true;
  for (std::size_t i = 0; i < plan.poisoners; ++i) setup.add_seed(content, poisoner);
  for (std::size_t i = 0; i < plan.honest; ++i) setup.add_leech(content);
  const double took = setup.finish(verdict, minutes(30));
  if (plan.poisoners == 0) return took;
  const Referee& referee = setup.referee();
  const std::size_t banned = referee.liars_banned(kTellingBlocks);
  verdict.expect(banned == referee.liars(), "only " + std::to_string(banned) + " of " +
                                                std::to_string(referee.liars()) +
                                                " poisoners were banned by all they sent much to");
  verdict.note("pairs " + std::to_string(referee.poisoned_pairs()) + ", unpunished " +
               std::to_string(referee.unpunished(1)) + " (of at most " +
               std::to_string(referee.most_unpunished()) + " blocks)");
  setup.expect_waste_below(verdict, waste_below);
  return took;
}

// Twenty peers in a hundred are poisoners; the same swarm without them is the measure.
void twenty_percent(World& world, Verdict& verdict) {
  PoisonPlan plan;
  const double clean =
      in_sub_world(world, 1, [&](World& inner) { return run_swarm(inner, verdict, plan, 1); });
  plan.poisoners = 4;
  const double poisoned = run_swarm(world, verdict, plan, 0.05);
  verdict.note("seconds " + text(poisoned) + " against " + text(clean));
  verdict.expect(poisoned < 1.5 * clean + 1, "poisoners slowed the swarm by more than a half");
}

void subtle_poison(World& world, Verdict& verdict) {
  PoisonPlan plan;
  plan.honest = 8;
  plan.poisoners = 2;
  plan.share = 0.1;
  run_swarm(world, verdict, plan, 0.05);
}

void one_poisoner(World& world, Verdict& verdict, TorrentKind kind) {
  const Content content = make_content(kind, kPieceLength, 4 << 20, world.seed() + 1);
  Setup setup(world);
  setup.add_seed(content);
  NodeConfig poisoner;
  poisoner.corrupt_uploads = 1;
  poisoner.liar = true;
  const Node& liar = setup.add_seed(content, poisoner);
  Node& leech = setup.add_leech(content);
  verdict.note("seconds " + text(setup.finish(verdict, minutes(5))));
  const TorrentStatus status = leech.status(setup.downloads().front().key);
  verdict.note("failed pieces " + std::to_string(status.swarm.failed_pieces));
  verdict.expect(status.swarm.failed_pieces <= 5, "more than five pieces failed");
  if (setup.referee().poisoned_pairs() > 0) {
    verdict.expect(setup.referee().banned(leech.address(), liar.address()), "no ban");
  }
}

// Each of two poisoners changes another block of every piece, so that no piece that holds blocks
// of both ever tells by itself who was at fault.
void poison_pair(World& world, Verdict& verdict) {
  const Content content = make_content(TorrentKind::v1, kPieceLength, 8 << 20, world.seed() + 1);
  Setup setup(world);
  NodeConfig honest;
  honest.host.up_bytes_per_second = 1e6;
  setup.add_seed(content, honest);
  for (std::uint64_t block = 0; block < 2; ++block) {
    NodeConfig poisoner;
    poisoner.corrupt_block = [block](std::uint64_t number) { return number % 4 == block; };
    poisoner.liar = true;
    setup.add_seed(content, poisoner);
  }
  for (int i = 0; i < 3; ++i) setup.add_leech(content);
  verdict.note("seconds " + text(setup.finish(verdict, minutes(10))));
  verdict.expect(setup.referee().liars_banned(32) == 2,
                 "a poisoner of the pair was not banned by all it sent 512 KiB to");
  setup.expect_waste_below(verdict, 0.15);
}

// The only source poisons: nothing false is kept, and all is well once an honest one comes.
void poison_alone(World& world, Verdict& verdict) {
  const Content content = make_content(TorrentKind::v2, kPieceLength, 2 << 20, world.seed() + 1);
  Setup setup(world);
  ScriptedConfig script;
  script.requests = AnswerRequests::corrupt;
  const ScriptedPeer& liar = setup.add_lying_peer(content, script);
  AddTorrent extra;
  extra.peers = {liar.endpoint()};
  Node& leech = setup.add_leech(content, {}, std::move(extra));
  world.run_for(minutes(2));
  const Download& download = setup.downloads().front();
  verdict.expect(leech.status(download.key).pieces_done == 0, "a false piece counts");
  verdict.expect(setup.referee().banned(leech.address(), liar.address()), "no ban");
  const Node& seed = setup.add_seed(content);
  leech.session().add_peer(world.now(), download.key, seed.endpoint(), PeerSource::user);
  leech.drain();
  verdict.note("seconds " + text(setup.finish(verdict, minutes(5))));
}

}  // namespace

void add_poison_scenarios(ScenarioList& out) {
  out.push_back(
      {"poison-20-percent",
       "a fifth of the peers poison: everyone bans those who sent it 1 MiB of lies, nobody else; "
       "waste below 5 %",
       twenty_percent});
  out.push_back(
      {"poison-subtle", "poisoners that change one block in ten are banned too", subtle_poison});
  for (const auto& [kind, name] : {std::pair(TorrentKind::v1, "v1"), {TorrentKind::v2, "v2"}}) {
    out.push_back({std::string("poison-one-") + name,
                   "WIR-15: one poisoner and one honest seed: a ban, and the transfer completes",
                   [kind](World& w, Verdict& v) { one_poisoner(w, v, kind); }});
  }
  out.push_back(
      {"poison-pair", "two poisoners with different false blocks are both banned", poison_pair});
  out.push_back({"poison-alone", "nothing of a lone poisoner is ever kept", poison_alone});
}

}  // namespace weir::sim
