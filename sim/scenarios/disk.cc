// SPDX-License-Identifier: MIT OR Apache-2.0
// Disks that refuse for a while: full, failing, read-only, slow.
#include <algorithm>
#include <string>

#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPieceLength = 64 * 1024;

Content disk_content(World& world, std::uint64_t bytes = 2 << 20) {
  return make_content(TorrentKind::hybrid, kPieceLength, bytes, world.seed() % 1000 + 1);
}

bool said(const Node& node, const std::string& code) {
  const auto& codes = node.counters().failure_codes;
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

void expect_nothing_twice(Verdict& verdict, Setup& setup, const std::string& where,
                          std::uint64_t spare = 0) {
  const Download& d = setup.downloads().front();
  const std::uint64_t got = d.node->status(d.key).swarm.downloaded_bytes;
  const std::uint64_t size = d.content->layout().total_size();
  verdict.expect(got <= size + spare,
                 where + ": received " + std::to_string(got) + " bytes of " + std::to_string(size));
}

void full_disk(World& world, Verdict& verdict) {
  const Content content = disk_content(world);
  Setup setup(world);
  setup.add_seed(content);
  Node& leech = setup.add_node();
  leech.disk().set_capacity(700'000);
  setup.add_download(leech, leech.leech(content), content);
  world.run_for(minutes(1));
  const TorrentStatus status = leech.status(setup.downloads().front().key);
  verdict.expect(status.state == TorrentState::failed, "a full disk is not told");
  verdict.expect(status.error && status.error->code == "no_space" && status.error->recovers,
                 "the error is not no_space");
  verdict.expect(!leech.done(setup.downloads().front().key), "it says that it is done");
  leech.disk().set_capacity(1 << 30);
  verdict.note("after there was room " + text(setup.finish(verdict, minutes(5))) + " s");
  verdict.expect(leech.counters().recoveries_said >= 1, "the recovery is not told");
  expect_nothing_twice(verdict, setup, "full disk");
}

// All writing fails with `code` from the second second on, for half a minute.
void refusing_disk(World& world, Verdict& verdict, DiskErrc code) {
  const Content content = disk_content(world);
  Setup setup(world);
  NodeConfig slow;
  slow.host.up_bytes_per_second = 500e3;
  setup.add_seed(content, slow);
  Node& leech = setup.add_leech(content);
  world.run_for(seconds(1));
  leech.set_disk_hook([code](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    const bool changes = kind == DiskOperation::write || kind == DiskOperation::allocate ||
                         kind == DiskOperation::sync || kind == DiskOperation::rename;
    return changes ? std::optional(code) : std::nullopt;
  });
  world.run_for(seconds(30));
  const Download& download = setup.downloads().front();
  verdict.expect(leech.status(download.key).state == TorrentState::failed, "no failure is told");
  verdict.expect(said(leech, error_name(code)), "the failure has another name");
  leech.set_disk_hook({});
  verdict.note("afterwards " + text(setup.finish(verdict, minutes(5))) + " s");
  expect_nothing_twice(verdict, setup, error_name(code));
}

// The n-th operation of one kind fails once, for n = 1, 2, ...
bool fail_once(World& world, Verdict& verdict, DiskOperation kind, DiskErrc code, std::uint64_t n) {
  const Content content = disk_content(world, 600'000);
  Setup setup(world);
  NodeConfig slow;
  slow.host.up_bytes_per_second = 500e3;
  setup.add_seed(content, slow);
  NodeConfig config;
  config.disk_workers = 2;
  config.session.journal_interval = std::chrono::milliseconds(200);
  Node& leech = setup.add_node(config);
  std::uint64_t count = 0;
  leech.set_disk_hook(
      [&count, kind, code, n](DiskOperation what, const std::string&) -> std::optional<DiskErrc> {
        if (what != kind || ++count != n) return std::nullopt;
        return code;
      });
  setup.add_download(leech, leech.leech(content), content);
  setup.finish(verdict, minutes(5));
  const bool struck = count >= n;
  const std::string where = "operation " + std::to_string(n);
  const TorrentStatus status = leech.status(setup.downloads().front().key);
  world.run_for(seconds(10));
  if (struck) {
    verdict.expect(leech.status(setup.downloads().front().key).state == TorrentState::seeding,
                   where + ": one failure leaves it " + state_name(status.state));
  }
  expect_nothing_twice(verdict, setup, where);
  return struck;
}

void fail_everywhere(World& world, Verdict& verdict, DiskOperation kind, DiskErrc code) {
  std::uint64_t n = 1;
  while (n < 1000 &&
         in_sub_world(
             world, n, [&](World& inner) { return fail_once(inner, verdict, kind, code, n); })) {
    ++n;
  }
  verdict.note(std::to_string(n - 1) + " operations");
  verdict.expect(n > 1, "no such operation happened");
}

// A seed's disk fails to read now and then; and is damaged under it.
void failing_seed(World& world, Verdict& verdict) {
  const Content content = disk_content(world);
  Setup setup(world);
  Node& bad = setup.add_seed(content);
  bad.set_disk_hook([&world](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    const bool fails = kind == DiskOperation::read && world.random().chance(0.05);
    return fails ? std::optional(DiskErrc::io_error) : std::nullopt;
  });
  NodeConfig slow;
  slow.host.up_bytes_per_second = 300e3;
  setup.add_seed(content, slow);
  for (int i = 0; i < 3; ++i) setup.add_leech(content);
  verdict.note("seconds " + text(setup.finish(verdict, minutes(10))));
}

// STO-11: content altered under a seed that trusts it. The piece is found bad before it is served.
void altered_seed(World& world, Verdict& verdict) {
  const Content content = disk_content(world);
  Setup setup(world);
  Node& altered = setup.add_node();
  altered.place_content(content);
  Buffer bytes = content.files.front();
  for (int i = 0; i < 5; ++i) bytes[world.random().below(bytes.size())] ^= std::byte{1};
  altered.disk().put_file(std::string(Node::kRoot) + "/" + content.layout().files().front().path,
                          bytes);
  AddTorrent trusting;
  trusting.check = StartCheck::trust;
  trusting.seed_only = true;
  altered.config().liar = true;  // its first bitfield claims what it was told to trust
  setup.referee().declare_liar(altered.address());
  altered.leech(content, trusting);
  Node& leech = setup.add_leech(content);
  world.run_for(minutes(1));
  const Download& download = setup.downloads().front();
  const TorrentStatus status = leech.status(download.key);
  verdict.note("pieces " + std::to_string(status.pieces_done));
  verdict.expect(status.swarm.failed_pieces == 0, "an altered piece was served");
  verdict.expect(status.pieces_done + 5 >= status.pieces_total, "good pieces were not served");
  const Node& seed = setup.add_seed(content);
  leech.session().add_peer(world.now(), download.key, seed.endpoint(), PeerSource::user);
  leech.drain();
  setup.finish(verdict, minutes(5));
}

void slow_disk(World& world, Verdict& verdict) {
  const Content content = disk_content(world, 8 << 20);
  Setup setup(world);
  setup.add_seed(content);
  NodeConfig config;
  config.disk_bytes_per_second = 1e6;
  config.disk_delay = std::chrono::milliseconds(30);
  config.session.buffer_bytes_max = 1 << 20;
  setup.add_leech(content, config);
  const double took = setup.finish(verdict, minutes(10));
  verdict.note("seconds " + text(took));
  verdict.expect(took < 30, "slower than the disk");
  setup.expect_waste_below(verdict, 0.01);
}

}  // namespace

void add_disk_scenarios(ScenarioList& out) {
  out.push_back({"disk-full",
                 "a full disk is told as no_space and recovered from, nothing refetched",
                 full_disk});
  for (const auto& [code, name] :
       {std::pair(DiskErrc::io_error, "disk-failing"), {DiskErrc::read_only, "disk-read-only"}}) {
    out.push_back({name, "a disk that refuses writes for a while is told and recovered from",
                   [code](World& w, Verdict& v) { refusing_disk(w, v, code); }});
  }
  struct Once {
    DiskOperation kind;
    const char* name;
  };
  for (const Once& once : {Once{DiskOperation::write, "write"}, Once{DiskOperation::read, "read"},
                           Once{DiskOperation::sync, "sync"}, Once{DiskOperation::stat, "stat"},
                           Once{DiskOperation::save_progress, "progress"},
                           Once{DiskOperation::save_record, "record"}}) {
    if (once.kind == DiskOperation::read) continue;  // a leech alone reads nothing
    out.push_back(
        {std::string("fail-each-") + once.name,
         "one failure at any of these operations is recovered from, nothing refetched",
         [once](World& w, Verdict& v) { fail_everywhere(w, v, once.kind, DiskErrc::io_error); }});
  }
  out.push_back(
      {"disk-failing-seed", "a seed that fails to read now and then harms nobody", failing_seed});
  out.push_back({"disk-altered-seed", "STO-11: altered pieces of a trusted seed are not served",
                 altered_seed});
  out.push_back(
      {"disk-slow", "a slow disk slows the transfer to its pace, within its memory", slow_disk});
}

}  // namespace weir::sim
