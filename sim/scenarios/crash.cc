// SPDX-License-Identifier: MIT OR Apache-2.0
// Death at every disk operation: kill -9 and power cut before the n-th one, for n = 1, 2, ... until
// a run needs fewer.
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 32 * 1024;

struct CrashPlan {
  TorrentKind kind = TorrentKind::hybrid;
  bool power_cut = false;
  bool part_suffix = false;
  std::size_t disk_workers = 1;
  bool clean_stop = false;  // the end begins by itself before the crash may strike
  bool slow_sync = false;   // a sync takes longer than all the rest
};

// A piece that was said to be done is saved by the next save, which begins at once or when the one
// under way has ended. So a kill may lose what was said while two saves waited for the disk and
// were made: a few of the shortest jobs, behind a few writes. However long a sync takes.
constexpr Duration kSaveTime = std::chrono::milliseconds(50);

Content crash_content(World& world, TorrentKind kind) {
  return make_content(kind, kPieceLength,
                      {{{"a"}, 100'000}, {{"empty"}, 0}, {{"b"}, 90'001}, {{"c", "d"}, 70'000}},
                      world.seed() % 1000 + 1);
}

AddTorrent crash_request(const CrashPlan& plan) {
  AddTorrent extra;
  extra.storage.part_suffix = plan.part_suffix;
  return extra;
}

// Counts the node's disk operations and lets it die before the n-th.
void die_at(World& world, Node& node, std::uint64_t n, bool power_cut, bool& struck) {
  auto count = std::make_shared<std::uint64_t>(0);
  node.set_disk_hook([&world, &node, n, power_cut, &struck, count](
                         DiskOperation, const std::string&) -> std::optional<DiskErrc> {
    if (struck || ++*count < n) return std::nullopt;
    struck = true;
    node.disk().halt();
    node.state().halt();
    // At once: what the dying job did before is told to nobody any more.
    node.kill();
    if (power_cut) world.after({}, [&node] { node.power_cut(); });
    return DiskErrc::io_error;
  });
}

void expect_kept(Verdict& verdict, const std::string& where, const Bitfield& promised,
                 const Bitfield* have) {
  for (std::size_t i = promised.find_set(0); i < promised.size(); i = promised.find_set(i + 1)) {
    verdict.expect(have != nullptr && have->test(i),
                   where + ": verified piece " + std::to_string(i) + " was lost");
  }
}

// The pieces that were said to be done at least kSaveTime ago.
Bitfield said_before(const Node& node, const Content& content, TimePoint now) {
  Bitfield said(content.layout().piece_count());
  const NodeCounters& counters = node.counters();
  for (std::size_t i = 0; i < counters.piece_order.size(); ++i) {
    if (counters.piece_times[i] + kSaveTime <= now) said.set(counters.piece_order[i]);
  }
  return said;
}

// False when the run needed fewer than `n` operations.
bool crash_once(World& world, Verdict& verdict, const CrashPlan& plan, std::uint64_t n) {
  const std::string where = "operation " + std::to_string(n);
  const Content content = crash_content(world, plan.kind);
  Setup setup(world);
  NodeConfig slow_up;
  slow_up.host.up_bytes_per_second = 200e3;  // so that writes and journals come one by one
  setup.add_seed(content, slow_up);
  NodeConfig config;
  config.disk_workers = plan.disk_workers;
  config.session.journal_interval = std::chrono::milliseconds(300);
  if (plan.slow_sync) config.sync_delay = seconds(3);
  Node& leech = setup.add_node(config);
  bool struck = false;
  die_at(world, leech, n, plan.power_cut, struck);
  TorrentKey key = leech.leech(content, crash_request(plan));
  world.run_until([&] { return struck || leech.done(key); }, minutes(2));
  if (!struck && plan.clean_stop) leech.stop();
  if (!struck) world.run_until([&] { return struck; }, seconds(10));
  if (!struck) return false;
  world.run_until([&] { return !leech.running(); }, seconds(1));
  const Bitfield promised = leech.journaled(content);
  const Bitfield said = said_before(leech, content, world.now());
  world.run_for(seconds(1));
  leech.set_disk_hook({});
  leech.start();
  key = leech.resume(content, crash_request(plan));
  setup.add_download(leech, key, content);
  world.run_until([&] { return leech.session().have(key) != nullptr; }, seconds(10));
  leech.check_have(content);
  if (!plan.power_cut) {
    expect_kept(verdict, where, promised, leech.session().have(key));
    expect_kept(verdict, where, said, leech.session().have(key));
    for (const PieceIndex piece : leech.rechecked()) {
      verdict.expect(to_int(piece) >= promised.size() || !promised.test(piece),
                     where + ": a piece that was saved is hashed again");
    }
  }
  setup.finish(verdict, minutes(5));
  return true;
}

void crash_everywhere(World& world, Verdict& verdict, const CrashPlan& plan) {
  std::uint64_t n = 1;
  while (
      n < 2000 &&
      in_sub_world(world, n, [&](World& inner) { return crash_once(inner, verdict, plan, n); })) {
    ++n;
  }
  verdict.note(std::to_string(n - 1) + " operations");
  verdict.expect(n > 20, "the crash did not strike where it should");
}

}  // namespace

void add_crash_scenarios(ScenarioList& out) {
  const auto add = [&out](const std::string& name, const CrashPlan& plan) {
    out.push_back({name,
                   plan.power_cut
                       ? "power cut at every disk operation: nothing wrong is claimed, all finishes"
                       : "kill -9 at every disk operation: nothing verified is lost, all finishes",
                   [plan](World& w, Verdict& v) { crash_everywhere(w, v, plan); }});
  };
  for (const bool cut : {false, true}) {
    const std::string name = cut ? "power-cut" : "kill";
    add(name + "-hybrid", {.power_cut = cut});
    add(name + "-v1", {.kind = TorrentKind::v1, .power_cut = cut});
    add(name + "-v2", {.kind = TorrentKind::v2, .power_cut = cut, .disk_workers = 3});
    add(name + "-part-suffix", {.kind = TorrentKind::v1,
                                .power_cut = cut,
                                .part_suffix = true,
                                .disk_workers = 3,
                                .clean_stop = true});
    add(name + "-slow-sync", {.power_cut = cut, .disk_workers = 3, .slow_sync = true});
  }
}

}  // namespace weir::sim
