// SPDX-License-Identifier: MIT OR Apache-2.0
// Scenarios that must fail, at least one for each checker: they prove that failures are seen.
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

Content some_content() { return make_content(TorrentKind::hybrid, kPieceLength, 1 << 20, 1); }

// A seed and a leech, each as configured.
void transfer(World& world, Verdict& verdict, const NodeConfig& seed_config,
              const NodeConfig& leech_config) {
  const Content content = some_content();
  Setup setup(world);
  setup.add_seed(content, seed_config);
  Node& leech = setup.add_leech(content, leech_config);
  const TorrentKey key = setup.downloads().front().key;
  world.run_until([&] { return leech.done(key); }, minutes(1));
  if (leech_config.corrupt_reads) {
    leech.read(content, key, FileIndex{0}, 0, 1000);
    world.run_for(seconds(1));
  }
  // What other checkers would say of it is not the question.
  (void)verdict;
}

void no_seed(World& world, Verdict& verdict) {
  const Content content = some_content();
  Setup setup(world);
  setup.add_leech(content);
  setup.finish(verdict, minutes(1));
}

void false_upload(World& world, Verdict& verdict) {
  NodeConfig broken;
  broken.corrupt_uploads = 0.1;
  transfer(world, verdict, broken, {});
}

void false_have(World& world, Verdict& verdict) {
  NodeConfig broken;
  broken.skip_writes = true;
  transfer(world, verdict, {}, broken);
}

void false_read(World& world, Verdict& verdict) {
  NodeConfig broken;
  broken.corrupt_reads = true;
  transfer(world, verdict, {}, broken);
}

void false_limit(World& world, Verdict& verdict) {
  const Content content = some_content();
  Setup setup(world);
  setup.add_seed(content);
  NodeConfig config;
  config.buffer_limit_checked = 1;  // less than it is told
  setup.add_leech(content, config);
  setup.finish(verdict, minutes(1));
}

// Bytes changed behind the back of one who has everything.
void damage(World& world, Verdict& verdict) {
  const Content content = some_content();
  Setup setup(world);
  setup.add_seed(content);
  Node& leech = setup.add_leech(content);
  setup.finish(verdict, minutes(1));
  Buffer bytes = content.files.front();
  bytes.back() ^= std::byte{1};
  leech.disk().put_file(std::string(Node::kRoot) + "/" + content.layout().files().front().path,
                        bytes);
  setup.audit();
}

// A poisoner that the referee takes for honest is banned.
void unjust_ban(World& world, Verdict& verdict) {
  const Content content = some_content();
  Setup setup(world);
  ScriptedConfig script;
  script.requests = AnswerRequests::corrupt;
  AddTorrent extra;
  extra.peers = {setup.add_peer(content, script).endpoint(), setup.add_seed(content).endpoint()};
  setup.add_leech(content, {}, extra);
  setup.finish(verdict, minutes(1));
}

void waste(World& world, Verdict& verdict) {
  const Content content = some_content();
  Setup setup(world);
  ScriptedConfig script;
  script.requests = AnswerRequests::corrupt;
  AddTorrent extra;
  extra.peers = {setup.add_lying_peer(content, script).endpoint()};
  setup.add_leech(content, {}, extra);
  world.run_for(seconds(20));
  setup.expect_waste_below(verdict, 0.01);
}

// Something that outlives a run decides what happens.
void not_the_same(World& world, Verdict&) {
  static std::uint64_t runs = 0;
  world.trace("run", ++runs);
}

}  // namespace

void add_canaries(ScenarioList& out) {
  const auto add = [&out](const char* name, const char* claim,
                          void (*body)(World&, Verdict&)) -> Scenario& {
    out.push_back({name, claim, body, true});
    return out.back();
  };
  add("canary", "expects a leech without any seed to finish: must fail", no_seed);
  add("canary-upload", "a node that uploads false bytes is seen", false_upload);
  add("canary-have", "a node that has what it never wrote is seen", false_have);
  add("canary-read", "a node that gives readers false bytes is seen", false_read);
  add("canary-memory", "a node that holds more buffers than allowed is seen", false_limit);
  add("canary-damage", "a node whose disk holds something else is seen", damage);
  add("canary-ban", "a ban of one that nobody called a liar is seen", unjust_ban);
  add("canary-waste", "bytes received for nothing are seen", waste);
  add("canary-twice", "a run that is not decided by its seed is seen", not_the_same).always_twice =
      true;
}

}  // namespace weir::sim
