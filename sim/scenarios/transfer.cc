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
  setup.add_seed(content);
  Node& leech = setup.add_node();
  setup.add_download(leech, magnet ? leech.leech_magnet(content) : leech.leech(content), content);
  verdict.note("seconds " + text(setup.finish(verdict, std::chrono::minutes(5))));
  verdict.expect(leech.complete(content), "the leech is not complete");
  setup.expect_waste_below(verdict, 0.001);
}

void flash_crowd(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, 4 << 20, world.seed() + 1);
  Setup setup(world);
  setup.add_seed(content);
  for (int i = 0; i < 50; ++i) setup.add_leech(content);
  const double seconds = setup.finish(verdict, std::chrono::minutes(10));
  // The best there is: every byte leaves the seed once and every link carries one copy.
  const double ideal = static_cast<double>(content.layout().total_size()) / 10e6;
  verdict.note("seconds " + text(seconds) + ", one copy takes " + text(ideal));
  verdict.expect(seconds < 10 * ideal, "the crowd took more than ten times as long as one copy");
  setup.expect_waste_below(verdict, 0.03);
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
}

}  // namespace weir::sim
