// SPDX-License-Identifier: MIT OR Apache-2.0
// What is fetched first, and what is not fetched: selected files, order.
#include <algorithm>
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

// Files that share pieces with their neighbours, in a v1 torrent.
Content shared_pieces(World& world) {
  return make_content(TorrentKind::v1, kPieceLength,
                      {{{"0"}, 100'000},
                       {{"1"}, 150'000},
                       {{"2"}, 40'000},
                       {{"3"}, 700'000},
                       {{"4"}, 10},
                       {{"5"}, 200'001}},
                      world.seed() % 1000 + 1);
}

std::string path_of(const Content& content, std::size_t file) {
  return std::string(Node::kRoot) + "/" + content.layout().files()[file].path;
}

void expect_absent(World& world, Node& node, const Content& content,
                   const std::vector<std::uint8_t>& priorities) {
  for (std::size_t f = 0; f < priorities.size(); ++f) {
    if (priorities[f] != kPriorityNone) continue;
    for (const std::string& name : node.disk().names()) {
      if (name.starts_with(path_of(content, f))) world.violation("an unwanted file: " + name);
    }
  }
}

std::vector<std::uint8_t> random_selection(World& world, std::size_t files) {
  std::vector<std::uint8_t> priorities(files, kPriorityNone);
  for (auto& p : priorities) p = world.random().chance(0.4) ? kPriorityNormal : kPriorityNone;
  priorities[world.random().below(files)] = kPriorityNormal;
  return priorities;
}

void expect_file(World& world, Node& node, const Content& content, std::size_t file) {
  if (node.disk().contents(path_of(content, file)) == content.files[file]) return;
  world.violation("file " + std::to_string(file) + " is not what it should be");
}

// Selects some files, waits for them, selects more while the rest runs, then all.
void selected_files(World& world, Verdict& verdict) {
  const Content content = shared_pieces(world);
  const std::size_t files = content.layout().files().size();
  Setup setup(world);
  NodeConfig seed_config;
  seed_config.host.up_bytes_per_second = 1e6;
  setup.add_seed(content, seed_config);
  NodeConfig config;
  config.disk_workers = 3;
  Node& leech = setup.add_node(config);
  AddTorrent extra;
  extra.file_priorities = random_selection(world, files);
  std::vector<std::uint8_t> wanted = extra.file_priorities;
  const TorrentKey key = leech.leech(content, extra);
  for (int round = 0; round < 4; ++round) {
    const std::size_t dones = static_cast<std::size_t>(round);
    // Every second time the selection changes in the middle.
    const bool wait = world.random().chance(0.5);
    const Duration span = wait ? Duration(minutes(2)) : Duration(seconds(world.random().below(2)));
    const auto settled = [&] {
      expect_absent(world, leech, content, wanted);
      const TorrentStatus status = leech.status(key);
      return status.state == TorrentState::seeding && leech.jobs_running() == 0;
    };
    const bool is_done = world.run_until(settled, span);
    verdict.expect(is_done || !wait, "selection " + std::to_string(dones) + " never finished");
    for (std::size_t f = 0; is_done && f < files; ++f) {
      if (wanted[f] != kPriorityNone) expect_file(world, leech, content, f);
    }
    const auto more = round == 2 ? std::vector<std::uint8_t>(files, kPriorityNormal)
                                 : random_selection(world, files);
    for (std::size_t f = 0; f < files; ++f) wanted[f] = std::max(wanted[f], more[f]);
    const auto set = leech.session().set_file_priorities(world.now(), key, wanted);
    if (!set) wanted = extra.file_priorities;  // too early: it has no metadata yet
    leech.drain();
  }
  setup.add_download(leech, key, content);
  world.run_until([&] { return leech.complete(content) && leech.jobs_running() == 0; }, minutes(2));
  verdict.expect(leech.complete(content), "not complete with everything selected");
  leech.check_have(content);
  for (std::size_t f = 0; f < files; ++f) expect_file(world, leech, content, f);
  const std::uint64_t got = leech.status(key).swarm.downloaded_bytes;
  verdict.expect(got <= content.layout().total_size() + 2 * kPieceLength,
                 "bytes kept aside were fetched again: " + std::to_string(got));
}

// The selection changes, and the process dies at a random moment of it.
void selection_and_death(World& world, Verdict& verdict, bool power_cut) {
  const Content content = shared_pieces(world);
  const std::size_t files = content.layout().files().size();
  Setup setup(world);
  setup.add_seed(content);
  NodeConfig config;
  config.disk_workers = 2;
  Node& leech = setup.add_node(config);
  AddTorrent extra;
  extra.file_priorities = random_selection(world, files);
  TorrentKey key = leech.leech(content, extra);
  for (int round = 0; round < 6; ++round) {
    world.run_for(std::chrono::milliseconds(world.random().below(400)));
    for (auto& p : extra.file_priorities) {
      if (world.random().chance(0.3)) p = kPriorityNormal;
    }
    (void)leech.session().set_file_priorities(world.now(), key, extra.file_priorities);
    leech.drain();
    world.run_for(std::chrono::microseconds(world.random().below(6000)));
    power_cut ? leech.power_cut() : leech.kill();
    world.run_for(seconds(1));
    leech.start();
    const auto entry = leech.state().load(content.info().hashes.wire_hash().hex());
    if (entry && *entry) {
      const auto record = decode_record((*entry)->record);
      if (record) extra.file_priorities = record->file_priorities;
    }
    key = leech.resume(content, extra);
    world.run_until([&] { return leech.session().have(key) != nullptr; }, seconds(20));
    leech.check_have(content);
  }
  extra.file_priorities.assign(files, kPriorityNormal);
  (void)leech.session().set_file_priorities(world.now(), key, extra.file_priorities);
  leech.drain();
  verdict.expect(world.run_until([&] { return leech.complete(content); }, minutes(5)),
                 "never complete");
  world.run_until([&] { return leech.jobs_running() == 0; }, seconds(20));
  leech.check_have(content);
  for (std::size_t f = 0; f < files; ++f) expect_file(world, leech, content, f);
}

void sequential(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, 4 << 20, world.seed() % 1000 + 1);
  Setup setup(world);
  NodeConfig seed_config;
  seed_config.host.up_bytes_per_second = 1e6;
  setup.add_seed(content, seed_config);
  AddTorrent extra;
  extra.sequential = true;
  Node& leech = setup.add_leech(content, {}, extra);
  setup.finish(verdict, minutes(5));
  // How far a piece comes from its place, at most and in the mean.
  double sum = 0;
  std::size_t strays = 0;
  const auto& order = leech.counters().piece_order;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t place = to_int(order[i]);
    const std::size_t off = place > i ? place - i : i - place;
    sum += static_cast<double>(off);
    if (off > 10) ++strays;
  }
  const double mean = sum / static_cast<double>(order.size());
  verdict.note("out of place by " + text(mean) + " in the mean, " + std::to_string(strays) +
               " far off");
  // A few pieces may be asked for while choked (BEP 6 "allowed fast"); all others come in order.
  verdict.expect(mean < 10 && strays <= 10, "pieces do not come in order");
}

}  // namespace

void add_selection_scenarios(ScenarioList& out) {
  out.push_back({"selected-files", "no unwanted file is created, and bytes kept aside are adopted",
                 selected_files});
  for (const bool cut : {false, true}) {
    out.push_back({cut ? "selection-power-cut" : "selection-kill",
                   "dying while the selection changes leaves nothing wrong behind",
                   [cut](World& w, Verdict& v) { selection_and_death(w, v, cut); }});
  }
  out.push_back({"sequential", "in sequential order pieces arrive nearly in order", sequential});
}

}  // namespace weir::sim
