// SPDX-License-Identifier: MIT OR Apache-2.0
// Plain transfers: one to one and one to many, all kinds of torrents, with and without metadata.
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

constexpr std::uint32_t kPieceLength = 64 * 1024;

std::vector<ContentFile> mixed_files() {
  return {{{"a", "first.bin"}, 300'000},
          {{"a", "empty"}, 0},
          {{"b.txt"}, 17},
          {{"c", "d", "big"}, 1'500'000},
          {{"last"}, 65'536}};
}

void one_to_one(World& world, Verdict& verdict, TorrentKind kind, bool magnet) {
  const Content content = make_content(kind, kPieceLength, mixed_files(), world.seed() + 1);
  Setup setup(world);
  Node& seed = setup.add_node();
  Node& leech = setup.add_node();
  seed.seed(content);
  const TorrentKey key = magnet ? leech.leech_magnet(content) : leech.leech(content);
  const TimePoint start = world.now();
  const bool done = world.run_until([&] { return leech.done(key); }, std::chrono::minutes(5));
  verdict.expect(done, "the leech never finished");
  verdict.expect(leech.complete(content), "the leech is not complete");
  leech.check_have(content);
  verdict.note("seconds " + std::to_string(to_seconds(world.now() - start)));
}

void flash_crowd(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, 4 << 20, world.seed() + 1);
  Setup setup(world);
  setup.add_node().seed(content);
  std::vector<std::pair<Node*, TorrentKey>> leeches;
  for (int i = 0; i < 50; ++i) {
    Node& leech = setup.add_node();
    leeches.emplace_back(&leech, leech.leech(content));
  }
  const auto all_done = [&] {
    for (const auto& [node, key] : leeches) {
      if (!node->done(key)) return false;
    }
    return true;
  };
  const TimePoint start = world.now();
  verdict.expect(world.run_until(all_done, std::chrono::minutes(10)), "not every leech finished");
  for (const auto& [node, key] : leeches) node->check_have(content);
  const double ideal = static_cast<double>(content.layout().total_size()) / 10e6;
  verdict.note("seconds " + std::to_string(to_seconds(world.now() - start)) + ", one copy takes " +
               std::to_string(ideal));
}

}  // namespace

void add_transfer_scenarios(std::vector<Scenario>& out) {
  for (const auto& [kind, name] : {std::pair(TorrentKind::v1, "v1"),
                                   {TorrentKind::v2, "v2"},
                                   {TorrentKind::hybrid, "hybrid"}}) {
    out.push_back({std::string("one-to-one-") + name, "a seed and a leech: the leech gets all",
                   [kind](World& w, Verdict& v) { one_to_one(w, v, kind, false); }});
    out.push_back({std::string("magnet-") + name, "the same, starting from a magnet",
                   [kind](World& w, Verdict& v) { one_to_one(w, v, kind, true); }});
  }
  out.push_back(
      {"flash-crowd", "fifty leeches come at once to one seed and all finish", flash_crowd});
  out.push_back({"canary", "expects a leech without any seed to finish: must fail",
                 [](World& world, Verdict& verdict) {
                   const Content content = make_content(TorrentKind::v1, kPieceLength, 1 << 20, 1);
                   Setup setup(world);
                   Node& leech = setup.add_node();
                   const TorrentKey key = leech.leech(content);
                   const bool done =
                       world.run_until([&] { return leech.done(key); }, std::chrono::minutes(1));
                   verdict.expect(done, "the leech never finished");
                 },
                 true});
}

}  // namespace weir::sim
