// SPDX-License-Identifier: MIT OR Apache-2.0
// Starting from a magnet: metadata and piece layers from peers, some of which refuse or lie.
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 16 * 1024;

// Enough pieces that the info dictionary takes several metadata pieces.
Content large_info(World& world, TorrentKind kind = TorrentKind::v1) {
  return make_content(kind, kPieceLength, 40 << 20, world.seed() % 1000 + 1);
}

// UTM-08: peers that reject or never answer are asked again after 20 to 70 s, not before, and an
// honest one is used meanwhile.
void metadata_refused(World& world, Verdict& verdict, AnswerMetadata answer) {
  const Content content = large_info(world);
  Setup setup(world);
  ScriptedConfig script;
  script.metadata = answer;
  script.unchoke_after.reset();
  ScriptedPeer& refuser = setup.add_peer(content, script);
  Node& leech = setup.add_node();
  const TorrentKey key = leech.leech_magnet(content);
  leech.session().add_peer(world.now(), key, refuser.endpoint(), PeerSource::user);
  leech.drain();
  world.run_for(minutes(4));
  const auto& asked = refuser.counters().metadata_requests;
  verdict.note("requests " + std::to_string(asked.size()));
  verdict.expect(!asked.empty(), "it was never asked");
  verdict.expect(asked.size() < 200, "it was asked without end");
  std::size_t bursts = 0;
  for (std::size_t i = 1; i < asked.size(); ++i) {
    const Duration gap = asked[i] - asked[i - 1];
    if (gap < seconds(1)) continue;
    ++bursts;
    verdict.expect(gap >= seconds(20), "asked again after " + text(to_seconds(gap)) + " s");
  }
  verdict.expect(bursts >= 1, "it was never asked again");
  verdict.expect(bursts <= 4 * 60 / 20, "it was asked again too often");
  const Node& seed = setup.add_seed(content);
  leech.session().add_peer(world.now(), key, seed.endpoint(), PeerSource::user);
  leech.drain();
  verdict.expect(world.run_until([&] { return leech.status(key).has_metadata; }, seconds(5)),
                 "the honest peer has to wait for the other");
}

// One of two peers sends false metadata: it is found out, and the download goes on.
void metadata_poisoned(World& world, Verdict& verdict) {
  const Content content = large_info(world);
  Setup setup(world);
  ScriptedConfig script;
  script.metadata = AnswerMetadata::corrupt;
  script.unchoke_after.reset();
  const ScriptedPeer& liar = setup.add_lying_peer(content, script);
  script.metadata = AnswerMetadata::serve;
  const ScriptedPeer& honest = setup.add_peer(content, script);
  Node& leech = setup.add_node();
  const TorrentKey key = leech.leech_magnet(content);
  for (const Endpoint& peer : {liar.endpoint(), honest.endpoint()}) {
    leech.session().add_peer(world.now(), key, peer, PeerSource::user);
  }
  leech.drain();
  const TimePoint begin = world.now();
  verdict.expect(world.run_until([&] { return leech.status(key).has_metadata; }, minutes(5)),
                 "the metadata never arrives");
  verdict.note("seconds " + text(to_seconds(world.now() - begin)));
  world.run_for(seconds(1));
  if (!liar.counters().metadata_requests.empty()) {
    verdict.expect(setup.referee().banned(leech.address(), liar.address()), "no ban of the liar");
  }
}

// The magnet names roots only: layers of all files longer than a piece come from peers.
void layers_from_peers(World& world, Verdict& verdict, TorrentKind kind) {
  const Content content = make_content(kind, kPieceLength,
                                       {{{"one"}, 1'000'000},
                                        {{"short"}, 10'000},
                                        {{"two"}, 3'333'333},
                                        {{"exact"}, kPieceLength},
                                        {{"power"}, 64 * kPieceLength},
                                        {{"big"}, 1025 * kPieceLength}},
                                       world.seed() % 1000 + 1);
  Setup setup(world);
  setup.add_seed(content);
  for (int i = 0; i < 3; ++i) {
    Node& leech = setup.add_node();
    setup.add_download(leech, leech.leech_magnet(content), content);
  }
  verdict.note("seconds " + text(setup.finish(verdict, minutes(5))));
  setup.expect_waste_below(verdict, 0.02);
}

// A chain: the second leech can ask only the first, which learned the layers itself.
void layers_passed_on(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::v2, kPieceLength, {{{"one"}, 1'000'000}, {{"two"}, 700'000}},
                   world.seed() % 1000 + 1);
  Setup setup(world);
  Node& seed = setup.add_seed(content);
  Node& first = setup.add_node();
  const TorrentKey first_key = first.leech_magnet(content);
  setup.add_download(first, first_key, content);
  verdict.expect(world.run_until([&] { return first.done(first_key); }, minutes(2)),
                 "the first leech does not finish");
  seed.kill();
  Node& second = setup.add_node();
  setup.add_download(second, second.leech_magnet(content), content);
  verdict.note("seconds " + text(setup.finish(verdict, minutes(5))));
}

// The most common link there is: by the v1 name of a torrent that turns out to be a hybrid.
void one_name(World& world, Verdict& verdict, bool v1) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, {{{"one"}, 1'000'000}, {{"two"}, 300'000}},
                   world.seed() % 1000 + 1);
  Setup setup(world);
  setup.add_seed(content);
  for (int i = 0; i < 3; ++i) {
    Node& leech = setup.add_node();
    InfoHashes names = content.info().hashes;
    v1 ? names.v2.reset() : names.v1.reset();
    setup.add_download(leech, leech.leech_magnet(content, names), content);
  }
  const double took = setup.finish(verdict, minutes(5));
  verdict.note("seconds " + text(took));
  verdict.expect(took < 10, "it took " + text(took) + " s");
}

// MAG-05: the two names of one hybrid torrent, added as two magnets.
void two_names(World& world, Verdict& verdict) {
  const Content content =
      make_content(TorrentKind::hybrid, kPieceLength, 2'000'000, world.seed() % 1000 + 1);
  Setup setup(world);
  setup.add_seed(content);
  Node& leech = setup.add_node();
  const InfoHashes& both = content.info().hashes;
  const TorrentKey a = leech.leech_magnet(content, InfoHashes{both.v1, std::nullopt});
  const TorrentKey b = leech.leech_magnet(content, InfoHashes{std::nullopt, both.v2});
  verdict.expect(world.run_until([&] { return leech.done(a) || leech.done(b); }, minutes(2)),
                 "neither finishes");
  world.run_for(seconds(30));
  leech.check_have(content);
  verdict.expect(leech.done(a) != leech.done(b), "both say they are done");
  const TorrentStatus other = leech.status(leech.done(a) ? b : a);
  verdict.expect(other.error.has_value(), "the conflict is not told");
  if (other.error) verdict.note("conflict told as " + other.error->code);
  verdict.expect(leech.counters().pieces_done == content.layout().piece_count(),
                 "pieces were written twice");
  AddTorrent again = leech.request_for(content);
  const auto added = leech.session().add(world.now(), again);
  verdict.expect(!added && added.error().code == SessionErrc::already_added,
                 "it can be added again");
  leech.drain();
}

}  // namespace

void add_metadata_scenarios(ScenarioList& out) {
  for (const auto& [answer, name] : {std::pair(AnswerMetadata::reject, "metadata-rejected"),
                                     {AnswerMetadata::ignore, "metadata-ignored"}}) {
    out.push_back({name, "UTM-08: a peer that gives no metadata is asked again slowly",
                   [answer](World& w, Verdict& v) { metadata_refused(w, v, answer); }});
  }
  out.push_back({"metadata-poisoned", "one of two peers lies about the metadata: it is found out",
                 metadata_poisoned});
  for (const auto& [kind, name] :
       {std::pair(TorrentKind::v2, "layers-v2"), {TorrentKind::hybrid, "layers-hybrid"}}) {
    out.push_back({name, "a magnet of several large v2 files gets its piece layers from peers",
                   [kind](World& w, Verdict& v) { layers_from_peers(w, v, kind); }});
  }
  out.push_back(
      {"layers-passed-on", "who learned piece layers from peers passes them on", layers_passed_on});
  for (const bool v1 : {true, false}) {
    out.push_back({v1 ? "hybrid-by-v1-name" : "hybrid-by-v2-name",
                   "a hybrid known by one of its names is fetched without delay",
                   [v1](World& w, Verdict& v) { one_name(w, v, v1); }});
  }
  out.push_back(
      {"two-names", "MAG-05: two magnets of one hybrid end in one clear conflict", two_names});
}

}  // namespace weir::sim
