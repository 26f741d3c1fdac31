// SPDX-License-Identifier: MIT OR Apache-2.0
// Stopping, pausing, rechecking and removing while reads, hashes and writes are under way; many
// torrents at once.
#include <algorithm>
#include <list>
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

NodeConfig busy_disk() {
  NodeConfig config;
  config.disk_workers = 4;
  config.disk_delay = milliseconds(8);
  config.disk_bytes_per_second = 20e6;
  return config;
}

// A stop at `moment` of a download, with a tracker that may never answer.
void stop_once(World& world, Verdict& verdict, Duration moment, bool magnet, bool tracker_hangs) {
  const Content content = make_content(TorrentKind::hybrid, kPieceLength, 3 << 20, 5);
  Setup setup(world);
  NodeConfig seed_config;
  seed_config.host.up_bytes_per_second = 3e6;
  setup.add_seed(content, seed_config);
  Node& leech = setup.add_node(busy_disk());
  magnet ? (void)leech.leech_magnet(content) : (void)leech.leech(content);
  world.run_for(moment);
  if (tracker_hangs) setup.tracker().set_delay(minutes(10));
  const TimePoint begin = world.now();
  leech.stop();
  const bool stopped = world.run_until([&] { return leech.stopped(); }, seconds(20));
  const double took = to_seconds(world.now() - begin);
  const std::string where = "stopping after " + text(to_seconds(moment)) + " s";
  verdict.expect(stopped && took <= 5, where + " took " + text(took) + " s");
  leech.check_have(content);
  const Bitfield promised = leech.journaled(content);
  // Nothing of what was verified by then is lost, and nothing needs a check.
  leech.kill();
  leech.start();
  const TorrentKey key = leech.resume(content);
  world.run_until([&] { return leech.session().have(key) != nullptr; }, seconds(20));
  const Bitfield* have = leech.session().have(key);
  verdict.expect(have != nullptr && (promised.size() == 0 || have->count() >= promised.count()),
                 where + ": pieces were lost");
  verdict.expect(leech.rechecked().empty(), where + ": pieces are hashed again after a clean stop");
  leech.check_have(content);
}

void stop_at_every_stage(World& world, Verdict& verdict) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    const Duration moment =
        milliseconds(i * 40) + std::chrono::microseconds(world.random().below(40'000));
    in_sub_world(world, i, [&](World& inner) {
      stop_once(inner, verdict, moment, i % 2 == 1, i % 4 >= 2);
      return 0;
    });
  }
}

// WIR-32: removed at a random moment, with or without its content.
void remove_once(World& world, Verdict& verdict, Duration moment, RemoveContent content_too) {
  const Content content = make_content(TorrentKind::hybrid, kPieceLength, 3 << 20, 6);
  Setup setup(world);
  setup.add_seed(content);
  Node& node = setup.add_node(busy_disk());
  const TorrentKey key = node.leech(content);
  Node& other = setup.add_node();
  setup.add_download(other, other.leech(content), content);
  world.run_for(moment);
  node.session().remove(world.now(), key, content_too);
  node.drain();
  const std::string where = "removal after " + text(to_seconds(moment)) + " s";
  verdict.expect(world.run_until([&] { return node.said_removed(key); }, seconds(5)),
                 where + " never ends");
  world.run_for(seconds(5));
  verdict.expect(node.counters().writes_after_removal == 0, where + ": written afterwards");
  verdict.expect(node.jobs_running() == 0, where + ": a job is still running");
  const auto entry = node.state().load(content.info().hashes.wire_hash().hex());
  verdict.expect(entry.has_value() && !entry->has_value(), where + ": it is still remembered");
  if (content_too == RemoveContent::remove) {
    verdict.expect(node.disk().names().empty(), where + ": files are left");
  }
  verdict.expect(node.session().buffer_bytes() == 0, where + ": buffers are lost");
  setup.finish(verdict, minutes(5));
  // It can be added anew, and completes.
  const TorrentKey again = node.leech(content);
  setup.add_download(node, again, content);
  setup.finish(verdict, minutes(5));
}

void remove_at_any_moment(World& world, Verdict& verdict) {
  for (std::uint64_t i = 0; i < 30; ++i) {
    const Duration moment = std::chrono::microseconds(world.random().below(600'000));
    in_sub_world(world, i, [&](World& inner) {
      remove_once(inner, verdict, moment, i % 2 == 0 ? RemoveContent::keep : RemoveContent::remove);
      return 0;
    });
  }
}

// Pauses, resumptions, rechecks, readers and cuts in random order, then quiet: it completes.
void restless_user(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, 6 << 20, world.seed() % 1000 + 1);
  Setup setup(world);
  NodeConfig seed_config = busy_disk();
  seed_config.host.up_bytes_per_second = 2e6;
  setup.add_seed(content, seed_config);
  Node& leech = setup.add_leech(content, busy_disk());
  const TorrentKey key = setup.downloads().front().key;
  const std::uint64_t length = content.files.front().size();
  for (int i = 0; i < 60; ++i) {
    world.run_for(milliseconds(world.random().below(150)));
    switch (world.random().below(6)) {
      case 0:
        leech.session().pause(world.now(), key);
        break;
      case 1:
      case 2:
        leech.session().resume(world.now(), key);
        break;
      case 3:
        leech.session().recheck(world.now(), key);
        break;
      case 4:
        leech.read(content, key, FileIndex{0}, world.random().below(length - 1000), 1000);
        break;
      default:
        setup.network().cut_random_stream();
        break;
    }
    leech.drain();
  }
  leech.session().resume(world.now(), key);
  leech.drain();
  verdict.note("afterwards " + text(setup.finish(verdict, minutes(10))) + " s");
  world.run_for(seconds(10));
  verdict.expect(leech.status(key).state == TorrentState::seeding,
                 std::string("it ends ") + state_name(leech.status(key).state));
  verdict.expect(leech.session().buffer_bytes() == 0, "buffers are lost");
}

// Content damaged while the torrent is complete: a recheck finds it, and it is fetched again.
void recheck_finds_damage(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, 2 << 20, world.seed() % 1000 + 1);
  Setup setup(world);
  setup.add_seed(content);
  Node& leech = setup.add_leech(content);
  const TorrentKey key = setup.downloads().front().key;
  setup.finish(verdict, minutes(1));
  Buffer bytes = content.files.front();
  bytes[world.random().below(bytes.size())] ^= std::byte{1};
  leech.disk().put_file(std::string(Node::kRoot) + "/" + content.layout().files().front().path,
                        bytes);
  leech.session().recheck(world.now(), key);
  leech.drain();
  const std::uint32_t pieces = content.layout().piece_count();
  verdict.expect(
      world.run_until([&] { return leech.status(key).pieces_done == pieces - 1; }, seconds(20)),
      "the damage is not found");
  verdict.expect(world.run_until([&] { return leech.complete(content); }, minutes(5)),
                 "it is not repaired");
  world.run_for(seconds(10));
  leech.check_have(content);
}

void many_torrents(World& world, Verdict& verdict) {
  std::list<Content> contents;
  Setup setup(world);
  Node& seed = setup.add_node();
  NodeConfig config;
  config.disk_workers = 4;
  config.session.buffer_bytes_max = 4 << 20;
  Node& leech = setup.add_node(config);
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto kind = static_cast<TorrentKind>(i % 3);
    contents.push_back(make_content(kind, kPieceLength, 200'000 + i * 1000, 20'000 + i));
    seed.seed(contents.back());
    const bool magnet = i % 4 == 0;
    setup.add_download(leech,
                       magnet ? leech.leech_magnet(contents.back()) : leech.leech(contents.back()),
                       contents.back());
  }
  verdict.note("seconds " + text(setup.finish(verdict, minutes(30))));
  const TimePoint begin = world.now();
  leech.stop();
  const bool stopped = world.run_until([&] { return leech.stopped(); }, seconds(20));
  const double took = to_seconds(world.now() - begin);
  verdict.expect(stopped && took <= 5, "stopping took " + text(took) + " s");
}

}  // namespace

void add_lifecycle_scenarios(ScenarioList& out) {
  out.push_back({"stop", "a stop at any stage ends within 5 s and loses nothing verified",
                 stop_at_every_stage});
  out.push_back({"remove",
                 "WIR-32: a removal at any moment is clean: no write, no state afterwards",
                 remove_at_any_moment});
  out.push_back(
      {"restless-user", "WIR-32: pauses, rechecks, readers and cuts in any order", restless_user});
  out.push_back({"recheck", "a recheck finds damage, and it is repaired", recheck_finds_damage});
  out.push_back(
      {"many-torrents", "a hundred torrents of all kinds in one session complete", many_torrents});
}

}  // namespace weir::sim
