// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrents whose bytes lie in unusual places: padding of every shape, files of terabytes.
#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"
#include "hash/sha.h"
#include "metainfo/parse.h"
#include "sim/scenario.h"
#include "sim/scenarios/swarm_setup.h"

namespace weir::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct V1File {
  std::string path;  // one component or "folder/name"; empty: the file has no path at all
  std::uint64_t length = 0;
  bool pad = false;
};

std::string bencoded(const std::string& text) { return std::to_string(text.size()) + ":" + text; }

std::string bencoded(const V1File& file) {
  std::string out = "d";
  if (file.pad) out += "4:attr1:p";
  out += "6:lengthi" + std::to_string(file.length) + "e";
  if (!file.path.empty()) {
    const std::size_t slash = file.path.find('/');
    out += "4:pathl";
    if (slash != std::string::npos) out += bencoded(file.path.substr(0, slash));
    out += bencoded(file.path.substr(slash == std::string::npos ? 0 : slash + 1)) + "e";
  }
  return out + "e";
}

// A v1 torrent of exactly these files, whoever would make such a thing.
std::shared_ptr<const TorrentMetadata> parse_v1(const std::vector<V1File>& files,
                                                std::uint32_t piece_length,
                                                const std::string& pieces, Buffer& torrent_file) {
  std::string text = "d8:announce" + bencoded(kTrackerUrl) + "4:infod5:filesl";
  for (const V1File& file : files) text += bencoded(file);
  text += "e4:name1:t12:piece lengthi" + std::to_string(piece_length) + "e6:pieces" +
          bencoded(pieces) + "ee";
  torrent_file = to_buffer(as_bytes(text));
  auto parsed = parse_torrent(torrent_file);
  WEIR_ASSERT(parsed.has_value());
  return std::make_shared<const TorrentMetadata>(std::move(*parsed));
}

void put_hash(std::string& pieces, std::uint64_t piece, Bytes data) {
  const Sha1Digest digest = sha1(data);
  pieces.replace(piece * digest.bytes.size(), digest.bytes.size(),
                 std::string(as_text(Bytes(digest.bytes))));
}

std::string no_hashes(const std::vector<V1File>& files, std::uint32_t piece_length) {
  std::uint64_t total = 0;
  for (const V1File& file : files) total += file.length;
  return std::string((total + piece_length - 1) / piece_length * 20, '\0');
}

// --- Padding.

constexpr std::uint32_t kPadPiece = 16 * 1024;

const std::vector<V1File>& padded_files() {
  static const std::vector<V1File> files{
      {"a", 100'000},
      {".pad/0", 0, true},
      {".pad/1", 3 * kPadPiece + 1234, true},  // several pieces, and parts of two more
      {"b", 50'000},
      {"", 777, true},
      {".pad/0", 5'000},  // an ordinary file, whatever it is called
      {".pad/2", kPadPiece, true},
      {"z", 20'000},
  };
  return files;
}

Content padded_content(std::uint64_t seed) {
  const auto& files = padded_files();
  Random random(seed);
  Content content;
  Buffer all;
  for (const V1File& file : files) {
    Buffer bytes(file.length);
    if (!file.pad) random.fill(bytes);
    append(all, Bytes(bytes));
    content.files.push_back(file.pad ? Buffer() : std::move(bytes));
  }
  std::string pieces = no_hashes(files, kPadPiece);
  for (std::size_t at = 0; at < all.size(); at += kPadPiece) {
    put_hash(pieces, at / kPadPiece,
             Bytes(all).subspan(at, std::min<std::size_t>(kPadPiece, all.size() - at)));
  }
  content.metadata = parse_v1(files, kPadPiece, pieces, content.torrent_file);
  return content;
}

// MET-30: who serves other bytes than zeros as padding does no harm, and none of it is written.
void padding(World& world, Verdict& verdict, AnswerRequests answer) {
  const Content content = padded_content(world.seed() % 1000 + 1);
  Setup setup(world);
  ScriptedConfig script;
  script.requests = answer;
  ScriptedPeer& peer = setup.add_peer(content, script);
  AddTorrent extra;
  extra.peers = {peer.endpoint()};
  Node& leech = setup.add_leech(content, {}, std::move(extra));
  Node& second = setup.add_leech(content);  // has it from the first as well
  verdict.note("seconds " + text(setup.finish(verdict, minutes(2))));
  setup.expect_waste_below(verdict, 0.1);
  const std::uint64_t lies = peer.counters().false_padding_sent;
  verdict.note("false bytes " + std::to_string(lies));
  verdict.expect((lies > 0) == (answer == AnswerRequests::false_padding), "no padding was sent");
  for (Node* node : {&leech, &second}) {
    const MemoryDisk& disk = node->disk();
    for (std::size_t i = 0; i < padded_files().size(); ++i) {
      const V1File& file = padded_files()[i];
      if (file.path.empty()) continue;
      const auto found = disk.contents(std::string(Node::kRoot) + "/t/" + file.path);
      // Two entries have one path: the ordinary file is what lies there.
      if (file.pad && file.path != ".pad/0") {
        verdict.expect(!found, "padding was written: " + file.path);
      } else if (!file.pad) {
        verdict.expect(found == content.files[i], "other bytes in " + file.path);
      }
    }
  }
}

// --- Places behind every 32-bit edge.

constexpr std::uint32_t kLargePiece = 2 << 20;
constexpr std::uint64_t kOne = 1;

std::vector<V1File> large_files() {
  return {
      {"first", 5},
      {"edge", (kOne << 31) + 3 * kLargePiece - 5},  // ends exactly on a piece
      {"odd", (kOne << 32) + kLargePiece + 12'345},
      {"far", (kOne << 40) + 777},
      {"last", (kOne << 33) + 1},
  };
}

// The pieces at every start, end and power of two within these files: truth is known of them only.
Content large_content(std::uint64_t seed) {
  const std::vector<V1File> files = large_files();
  std::vector<std::uint64_t> places;
  std::uint64_t begin = 0;
  for (const V1File& file : files) {
    for (const std::uint64_t at : {std::uint64_t{0}, kOne << 31, kOne << 32, kOne << 40}) {
      if (at < file.length) places.push_back(begin + at);
      if (at > 0 && at <= file.length) places.push_back(begin + at - 1);
    }
    begin += file.length;
    places.push_back(begin - 1);
  }
  Random random(seed);
  Content content;
  std::string pieces = no_hashes(files, kLargePiece);
  for (const std::uint64_t place : places) {
    const std::uint64_t number = place / kLargePiece;
    const auto piece = static_cast<PieceIndex>(number);
    if (content.known_pieces.contains(piece)) continue;
    Buffer bytes(std::min<std::uint64_t>(kLargePiece, begin - number * kLargePiece));
    random.fill(bytes);
    put_hash(pieces, number, bytes);
    content.known_pieces.emplace(piece, std::move(bytes));
  }
  content.metadata = parse_v1(files, kLargePiece, pieces, content.torrent_file);
  content.files.resize(files.size());
  return content;
}

// What lies in the files where these pieces belong, found without the code that put it there.
void expect_in_place(Verdict& verdict, Node& node, const Content& content) {
  for (const auto& [piece, bytes] : content.known_pieces) {
    const std::uint64_t from = std::uint64_t{to_int(piece)} * kLargePiece;
    const std::uint64_t to = from + bytes.size();
    std::uint64_t begin = 0;
    for (const V1File& file : large_files()) {
      const std::uint64_t end = begin + file.length;
      const std::uint64_t low = std::max(from, begin);
      if (low < std::min(to, end)) {
        Buffer found(std::min(to, end) - low);
        const auto read = node.disk().read({Node::kRoot, "t/" + file.path}, low - begin, found);
        verdict.expect(
            read && std::ranges::equal(found, Bytes(bytes).subspan(low - from, found.size())),
            "other bytes in " + file.path + " at " + std::to_string(low - begin));
      }
      begin = end;
    }
  }
}

// STO-09: such pieces are fetched, found again after a kill, and given on.
void far_offsets(World& world, Verdict& verdict) {
  const Content content = large_content(world.seed() % 1000 + 1);
  Setup setup(world);
  ScriptedConfig script;
  script.have = Bitfield(content.layout().piece_count());
  for (const auto& [piece, bytes] : content.known_pieces) script.have->set(to_int(piece));
  ScriptedPeer& peer = setup.add_peer(content, script);
  AddTorrent extra;
  extra.peers = {peer.endpoint()};
  Node& first = setup.add_node();
  first.leech(content, std::move(extra));
  const std::size_t count = content.known_pieces.size();
  const auto has_all = [count](Node& node) {
    return [&node, count] { return node.counters().pieces_done == count; };
  };
  verdict.expect(world.run_until(has_all(first), minutes(5)), "not all pieces arrive");
  expect_in_place(verdict, first, content);
  world.run_for(seconds(30));
  first.kill();
  first.start();
  first.resume(content);
  Node& second = setup.add_node();
  extra.peers = {first.endpoint()};
  second.leech(content, std::move(extra));
  verdict.expect(world.run_until(has_all(second), minutes(5)), "they are not given on");
  expect_in_place(verdict, second, content);
  verdict.note(std::to_string(count) + " pieces");
}

}  // namespace

void add_layout_scenarios(ScenarioList& out) {
  out.push_back({"padding", "MET-30: padding of every shape is zeros, and never written",
                 [](World& w, Verdict& v) { padding(w, v, AnswerRequests::serve); }});
  out.push_back({"padding-of-ones", "MET-30: other bytes than zeros served as padding do no harm",
                 [](World& w, Verdict& v) { padding(w, v, AnswerRequests::false_padding); }});
  out.push_back(
      {"far-offsets", "STO-09: pieces around 2^31, 2^32 and 2^40 keep their bytes", far_offsets});
}

}  // namespace weir::sim
