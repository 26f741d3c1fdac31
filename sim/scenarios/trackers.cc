// SPDX-License-Identifier: MIT OR Apache-2.0
// Trackers that are down, that lie, and that answer errors as fast as they are asked.
#include <algorithm>
#include <list>
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

Content some_content(World& world) {
  return make_content(TorrentKind::hybrid, kPieceLength, 2 << 20, world.seed() % 1000 + 1);
}

void tracker_comes_back(World& world, Verdict& verdict) {
  const Content content = some_content(world);
  Setup setup(world);
  setup.tracker().set_down(true);
  setup.add_seed(content);
  Node& leech = setup.add_leech(content);
  world.run_for(minutes(30));
  verdict.expect(setup.tracker().announces() < 60, "a dead tracker is asked " +
                                                       std::to_string(setup.tracker().announces()) +
                                                       " times in half an hour");
  verdict.expect(leech.counters().failures_said == 0, "the torrent failed with its tracker");
  setup.tracker().set_down(false);
  verdict.note("after it came back " + text(setup.finish(verdict, hours(2))) + " s");
}

void tracker_down_peer_known(World& world, Verdict& verdict) {
  const Content content = some_content(world);
  Setup setup(world);
  setup.tracker().set_down(true);
  AddTorrent extra;
  extra.peers = {setup.add_seed(content).endpoint()};
  setup.add_leech(content, {}, extra);
  verdict.note("seconds " + text(setup.finish(verdict, seconds(30))));
}

// TRH-08: whatever an answer says of intervals, announces are between a minute and a day apart.
void odd_interval(World& world, Verdict& verdict, const std::string& fields, Duration expected) {
  const Content content = some_content(world);
  Setup setup(world);
  setup.tracker().set_interval_fields(fields);
  setup.add_seed(content);
  const auto one_day = hours(24);
  world.run_for(one_day);
  const auto announces = static_cast<double>(setup.tracker().announces());
  // Both hashes of the hybrid are announced; the clock has some play.
  const double ideal = 2 * to_seconds(one_day) / to_seconds(expected);
  verdict.note(fields + ": " + std::to_string(setup.tracker().announces()) + " a day");
  verdict.expect(announces >= 2 + 0.8 * ideal - 2, fields + ": asked too seldom");
  verdict.expect(announces <= 2 + 1.2 * ideal + 2, fields + ": asked too often");
}

void odd_intervals(World& world, Verdict& verdict) {
  const std::pair<const char*, Duration> cases[] = {
      {"8:intervali0e", minutes(1)},
      {"8:intervali1e", minutes(1)},
      {"8:intervali-1e", minutes(1)},
      {"8:intervali2147483648e", hours(24)},
      {"8:interval4:soon", minutes(30)},
      {"", minutes(30)},
      {"8:intervali1800e12:min intervali0e", minutes(30)},
      {"8:intervali1800e12:min intervali-1e", minutes(30)},
      {"8:intervali1800e12:min interval4:soon", minutes(30)},
  };
  std::uint64_t number = 0;
  for (const auto& [fields, expected] : cases) {
    in_sub_world(world, ++number, [&, &fields = fields, &expected = expected](World& inner) {
      odd_interval(inner, verdict, fields, expected);
    });
  }
}

// TRH-14: every answer names the asker itself and 10,000 copies of one victim.
void lying_tracker(World& world, Verdict& verdict, bool victim_answers) {
  const Content content = some_content(world);
  Setup setup(world);
  ScriptedConfig script;
  script.have = Bitfield(content.layout().piece_count());
  ScriptedPeer& victim = setup.add_peer(content, script);
  const Endpoint silent{*IpAddress::parse("20.9.9.9"), 6881};
  const Endpoint target = victim_answers ? victim.endpoint() : silent;
  setup.tracker().set_forged([target](const IpAddress& asker, Buffer& compact) {
    Endpoint{asker, Node::kPort}.append_compact(compact);
    for (int i = 0; i < 10'000; ++i) target.append_compact(compact);
  });
  // It closes every connection at once, as a web server would.
  Node& leech = setup.add_leech(content);
  for (int i = 0; victim_answers && i < 3600; ++i) {
    world.run_for(seconds(1));
    setup.network().close_all(victim.address());
  }
  if (!victim_answers) world.run_for(hours(1));
  const std::uint64_t dials = setup.network().dials(target.address);
  const std::uint64_t self = setup.network().dials(leech.address());
  verdict.note("victim dialled " + std::to_string(dials) + " times in an hour, self " +
               std::to_string(self));
  verdict.expect(dials >= 1, "the address was never tried");
  verdict.expect(victim_answers || dials <= 3, "the victim was dialled more than three times");
  verdict.expect(!victim_answers || dials <= 30, "the victim was dialled without end");
  verdict.expect(self <= 1, "it dials itself again and again");
  const Node& seed = setup.add_seed(content);
  leech.session().add_peer(world.now(), setup.downloads().front().key, seed.endpoint(),
                           PeerSource::user);
  leech.drain();
  setup.finish(verdict, minutes(5));
}

// TRH-15: a thousand torrents, and a tracker that answers errors in 5 ms.
void error_storm(World& world, Verdict& verdict) {
  std::list<Content> contents;
  Setup setup(world);
  setup.tracker().set_failing(true);
  setup.tracker().set_delay(std::chrono::milliseconds(5));
  NodeConfig config;
  Node& node = setup.add_node(config);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    contents.push_back(make_content(TorrentKind::v1, kPieceLength, 1000, 10'000 + i));
    node.leech(contents.back());
  }
  world.run_for(minutes(30));
  const double mean = static_cast<double>(setup.tracker().announces()) / (30 * 60);
  verdict.note("peak " + std::to_string(setup.tracker().peak_per_second()) + " announces/s, mean " +
               text(mean));
  verdict.expect(setup.tracker().peak_per_second() <= 50, "more than 50 announces in a second");
  verdict.expect(mean < 12, "no back-off");
  verdict.expect(setup.tracker().announces() >= 1000, "some torrent never announced");
}

void private_torrent(World& world, Verdict& verdict) {
  const Content content = make_content(ContentOptions{.kind = TorrentKind::v1,
                                                      .piece_length = kPieceLength,
                                                      .files = {{{}, 2 << 20}},
                                                      .seed = world.seed() % 1000 + 1,
                                                      .is_private = true});
  Setup setup(world);
  setup.add_seed(content);
  for (int i = 0; i < 4; ++i) setup.add_leech(content);
  setup.finish(verdict, minutes(5));
  for (const auto& node : setup.nodes()) {
    verdict.expect(node->counters().datagrams.empty(), "a packet left for no tracker");
  }
}

// TRU-05: a torrent's trackers have names of somebody's choice, which lead to this machine, to its
// network and to nobody.
void names_of_local_services(World& world, Verdict& verdict) {
  const auto at = [](const char* text) { return *IpAddress::parse(text); };
  const Endpoint allowed{at("20.8.8.8"), 6969};
  NodeConfig config;
  config.names = {{"loopback.example", {at("127.0.0.1"), at("127.8.8.8"), at("::1")}},
                  {"link.example", {at("169.254.169.254"), at("fe80::1")}},
                  {"home.example", {at("192.168.0.1"), at("10.0.0.1"), at("fd00::1")}},
                  {"nobody.example", {at("0.0.0.0"), at("224.0.0.251"), at("255.255.255.255")}},
                  {"both.example", {at("127.0.0.1"), allowed.address}}};
  const Content content = make_content(ContentOptions{
      .kind = TorrentKind::hybrid,
      .piece_length = kPieceLength,
      .files = {{{}, 2 << 20}},
      .seed = world.seed() % 1000 + 1,
      .more_trackers = {"udp://loopback.example:53/announce",
                        "udp://loopback.example:6969/announce", "udp://link.example:80/announce",
                        "udp://link.example:6969/announce", "udp://home.example:53/announce",
                        "udp://home.example:123/announce", "udp://nobody.example:6969/announce",
                        "udp://both.example:6969/announce"}});
  Setup setup(world);
  setup.add_seed(content, config);
  for (int i = 0; i < 3; ++i) setup.add_leech(content, config);
  verdict.note("seconds " + text(setup.finish(verdict, minutes(5))));
  world.run_for(hours(2));
  std::size_t sent = 0;
  for (const auto& node : setup.nodes()) {
    for (const Endpoint& to : node->counters().datagrams) {
      verdict.expect(to == allowed, "a datagram left for " + to.text());
    }
    sent += node->counters().datagrams.size();
  }
  verdict.note(std::to_string(sent) + " datagrams");
  verdict.expect(sent > 0, "the address that may be asked was not");
}

}  // namespace

void add_tracker_scenarios(ScenarioList& out) {
  out.push_back({"tracker-comes-back", "a dead tracker is asked rarely, and found when it is back",
                 tracker_comes_back});
  out.push_back({"tracker-down", "a peer named by the user makes up for a dead tracker",
                 tracker_down_peer_known});
  out.push_back({"tracker-intervals",
                 "TRH-08: whatever a tracker says, announces are a minute to a day apart",
                 odd_intervals});
  out.push_back({"tracker-lies-silent", "TRH-14: a victim that never answers is dialled 3 times/h",
                 [](World& w, Verdict& v) { lying_tracker(w, v, false); }});
  out.push_back({"tracker-lies-closing",
                 "TRH-14: a victim that hangs up is not dialled without end",
                 [](World& w, Verdict& v) { lying_tracker(w, v, true); }});
  out.push_back({"tracker-errors",
                 "TRH-15: quick errors for 1,000 torrents: at most 50 announces/s", error_storm});
  out.push_back({"tracker-local-names",
                 "TRU-05: a tracker's name that leads to a local address is never sent to",
                 names_of_local_services});
  out.push_back({"private", "MET-17: a private torrent offers no peer exchange and sends no packet",
                 private_torrent});
}

}  // namespace weir::sim
