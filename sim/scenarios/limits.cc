// SPDX-License-Identifier: MIT OR Apache-2.0
// Rate limits, measured over virtual time.
#include <cmath>
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

std::uint64_t received(Setup& setup) {
  std::uint64_t bytes = 0;
  for (const Download& d : setup.downloads()) {
    bytes += d.node->status(d.key).swarm.downloaded_bytes;
  }
  return bytes;
}

// The mean rate over `span` is within a tenth of `limit`, once it has settled.
void expect_rate(World& world, Verdict& verdict, Setup& setup, double limit, const char* what) {
  world.run_for(seconds(3));
  const std::uint64_t before = received(setup);
  const Duration span = seconds(15);
  world.run_for(span);
  const double rate = static_cast<double>(received(setup) - before) / to_seconds(span);
  verdict.note(std::string(what) + " " + text(rate / limit * 100) + " %");
  verdict.expect(std::abs(rate / limit - 1) < 0.1,
                 std::string(what) + ": " + text(rate) + " bytes/s of " + text(limit));
}

void limits(World& world, Verdict& verdict, bool upload) {
  const Content content =
      make_content(TorrentKind::v1, kPieceLength, 64 << 20, world.seed() % 1000 + 1);
  Setup setup(world);
  Node& seed = setup.add_seed(content);
  Node& leech = setup.add_leech(content);
  Node& limited = upload ? seed : leech;
  const TorrentKey key = limited.session().torrents().front();
  const auto make = [upload](std::uint64_t rate) {
    return upload ? RateLimits{0, rate} : RateLimits{rate, 0};
  };
  const auto set_global = [&](std::uint64_t rate) {
    limited.session().set_global_limits(world.now(), make(rate));
    limited.drain();
  };
  const auto set_torrent = [&](std::uint64_t rate) {
    limited.session().set_torrent_limits(world.now(), key, make(rate));
    limited.drain();
  };
  set_global(500'000);
  expect_rate(world, verdict, setup, 500e3, "global 500 kB/s");
  set_global(100'000);
  expect_rate(world, verdict, setup, 100e3, "lowered to 100 kB/s");
  set_torrent(50'000);
  expect_rate(world, verdict, setup, 50e3, "torrent 50 kB/s");
  set_torrent(1'000'000);
  set_global(300'000);
  expect_rate(world, verdict, setup, 300e3, "raised to 300 kB/s");
  set_global(0);
  expect_rate(world, verdict, setup, 1e6, "torrent 1 MB/s");
  set_torrent(0);
  setup.finish(verdict, minutes(2));
}

// Two torrents under one global limit, one of them with a smaller limit of its own.
void shared_limit(World& world, Verdict& verdict) {
  const Content a = make_content(TorrentKind::v1, kPieceLength, 32 << 20, 7001);
  const Content b = make_content(TorrentKind::v1, kPieceLength, 32 << 20, 7002);
  Setup setup(world);
  setup.add_seed(a);
  setup.add_seed(b);
  NodeConfig config;
  config.session.limits.down_bytes_per_second = 400'000;
  Node& leech = setup.add_node(config);
  AddTorrent small;
  small.limits.down_bytes_per_second = 60'000;
  const TorrentKey slow = leech.leech(a, small);
  setup.add_download(leech, slow, a);
  setup.add_download(leech, leech.leech(b), b);
  expect_rate(world, verdict, setup, 400e3, "both 400 kB/s");
  const std::uint64_t before = leech.status(slow).swarm.downloaded_bytes;
  world.run_for(seconds(15));
  const double rate = static_cast<double>(leech.status(slow).swarm.downloaded_bytes - before) / 15;
  verdict.note("the slow one " + text(rate));
  verdict.expect(std::abs(rate / 60e3 - 1) < 0.15, "the torrent's own limit: " + text(rate));
}

// Many peers under a small upload limit: all get their share.
void shared_upload(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::v1, kPieceLength, 2 << 20, world.seed() % 1000 + 1);
  Setup setup(world);
  NodeConfig config;
  config.session.limits.up_bytes_per_second = 200'000;
  setup.add_seed(content, config);
  for (int i = 0; i < 6; ++i) setup.add_leech(content);
  const double took = setup.finish(verdict, minutes(5));
  const double ideal = static_cast<double>(content.layout().total_size()) / 200e3;
  verdict.note("seconds " + text(took) + ", ideal " + text(ideal));
  verdict.expect(took > 0.8 * ideal && took < 2.5 * ideal, "not the pace of the limit");
}

}  // namespace

void add_limit_scenarios(ScenarioList& out) {
  out.push_back({"limit-down", "download limits hold within a tenth, and change while running",
                 [](World& w, Verdict& v) { limits(w, v, false); }});
  out.push_back({"limit-up", "upload limits hold within a tenth, and change while running",
                 [](World& w, Verdict& v) { limits(w, v, true); }});
  out.push_back({"limit-shared", "a global limit and a torrent's own hold together", shared_limit});
  out.push_back({"limit-many-peers", "a small upload limit feeds a whole swarm", shared_upload});
}

}  // namespace weir::sim
