// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include "hash/merkle.h"
#include "hash/sha.h"
#include "metainfo/testing/torrent_text.h"
#include "metainfo/write.h"

namespace weir {
namespace {

using namespace testing_text;

// Three pieces of 16 KiB whose leaf hashes are made up.
std::vector<Sha256Digest> layer_hashes() {
  std::vector<Sha256Digest> hashes(3);
  for (std::size_t n = 0; n < hashes.size(); ++n) hashes[n].bytes.fill(std::byte(n + 1));
  return hashes;
}
std::string layer_text() {
  std::string out;
  for (const Sha256Digest& hash : layer_hashes()) out += as_text(hash.view());
  return out;
}
std::string layer_root() { return std::string(as_text(merkle_root(layer_hashes(), 4, 0).view())); }
Dict layered_info() { return info_v2({{"big", leaf(40'000, s(layer_root()))}}); }

TEST(MetainfoV2, ReadsAFileTree) {
  const Dict info = info_v2(
      {{"a", leaf(5)}, {"b", d({{"c", leaf(20'000)}, {"empty", leaf(0, "")}})}, {"z", leaf(1)}});
  const auto result = parse(torrent(info));
  ASSERT_TRUE(result) << error_name(result.error().code);
  const Layout& layout = result->info->layout;
  EXPECT_EQ(layout.kind(), TorrentKind::v2);
  EXPECT_EQ(paths(torrent(info)),
            (std::vector<std::string>{"root/a", "root/b/c", "root/b/empty", "root/z"}));
  EXPECT_EQ(layout.files()[1].offset, 16'384U);
  EXPECT_EQ(layout.files()[3].offset, 3U * 16'384U);
  EXPECT_EQ(layout.piece_count(), 4U);
  EXPECT_EQ(layout.piece_size(PieceIndex{0}), 5U);
  EXPECT_EQ(layout.piece_size(PieceIndex{2}), 20'000U - 16'384U);
  EXPECT_EQ(layout.piece_file(PieceIndex{2}), FileIndex{1});
  EXPECT_EQ(layout.piece_in_file(PieceIndex{2}), 1U);
  EXPECT_EQ(result->info->hashes.v2, sha256(as_bytes(d(info))));
  EXPECT_FALSE(result->info->hashes.v1);
}

TEST(MetainfoV2, OneFileWithTheTorrentsNameIsASingleFile) {
  EXPECT_EQ(paths(torrent(info_v2({{"root", leaf(5)}}))), (std::vector<std::string>{"root"}));
  EXPECT_EQ(paths(torrent(info_v2({{"other", leaf(5)}}))),
            (std::vector<std::string>{"root/other"}));
}

TEST(MetainfoV2, MET_21_MalformedTreesAreRefused) {
  std::string deep = leaf(1);
  for (int n = 0; n < 2000; ++n) deep = d({{"a", deep}});
  EXPECT_EQ(outcome(info_v2({{"a", deep}})), "bad_bencode");
  EXPECT_EQ(outcome(info_v2({{"", d({{"length", i(1)}})}})), "root_is_file");
  EXPECT_EQ(outcome(info_v2({{"a", d({{"", d({{"length", i(0)}})}, {"b", leaf(1)}})}})),
            "file_and_directory");
  EXPECT_EQ(outcome(info_v2({{"a", i(1)}})), "bad_file_tree");
  EXPECT_EQ(outcome(info_v2({{"a", d({{"", i(1)}})}})), "bad_file_tree");
  EXPECT_EQ(outcome(info_v2({})), "empty_files");
  Dict no_tree = info_v2({});
  no_tree.erase("file tree");
  EXPECT_EQ(outcome(no_tree), "missing_file_tree");
  EXPECT_EQ(outcome(info_v2({{"a", leaf(-1)}})), "negative_length");
}

TEST(MetainfoV2, MET_22_PiecesRootsAreChecked) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    EXPECT_EQ(outcome(info_v2({{"a", leaf(1, s(std::string(size, 'r')))}})), "bad_pieces_root");
  }
  EXPECT_EQ(outcome(info_v2({{"a", leaf(1, i(1))}})), "bad_pieces_root");
  EXPECT_EQ(outcome(info_v2({{"a", leaf(1, root_hash('\0'))}})), "zero_pieces_root");
  EXPECT_EQ(outcome(info_v2({{"a", leaf(1, "")}})), "missing_pieces_root");
  EXPECT_EQ(outcome(info_v2({{"a", leaf(0)}, {"b", leaf(1)}})), "pieces_root_on_empty_file");
}

TEST(MetainfoV2, MET_23_PieceLayersAreCheckedAgainstTheirRoots) {
  const auto layered = [](const Dict& layers) {
    return outcome(layered_info(), {{"piece layers", d(layers)}});
  };
  EXPECT_EQ(layered({{layer_root(), s(layer_text())}}), "accepted");
  EXPECT_EQ(layered({}), "accepted") << "peers can give what is missing";
  EXPECT_EQ(outcome(layered_info()), "accepted");
  EXPECT_EQ(layered({{layer_root(), s(layer_text())}, {std::string(32, 'u'), s("")}}),
            "unknown_piece_layer");
  EXPECT_EQ(layered({{"short", s(layer_text())}}), "unknown_piece_layer");
  EXPECT_EQ(layered({{layer_root(), s(layer_text() + "x")}}), "piece_layer_size");
  EXPECT_EQ(layered({{layer_root(), s(layer_text().substr(32))}}), "piece_layer_size");
  EXPECT_EQ(layered({{layer_root(), s(std::string(96, 'x'))}}), "piece_layer_mismatch");
  EXPECT_EQ(layered({{layer_root(), i(1)}}), "bad_piece_layers");
  EXPECT_EQ(outcome(layered_info(), {{"piece layers", "le"}}), "bad_piece_layers");
  EXPECT_EQ(outcome(info_v2({{"a", leaf(16'384)}}),
                    {{"piece layers", d({{std::string(32, 'r'), root_hash()}})}}),
            "unneeded_piece_layer");
}

TEST(MetainfoV2, PieceLayersSurviveWriting) {
  const auto first =
      parse(torrent(layered_info(), {{"piece layers", d({{layer_root(), s(layer_text())}})}}));
  ASSERT_TRUE(first);
  ASSERT_EQ(first->piece_layers.size(), 1U);
  const auto second = parse_torrent(write_torrent(*first));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->piece_layers.at(0).hashes, layer_hashes());
  EXPECT_EQ(second->info->hashes, first->info->hashes);
}

TEST(MetainfoV2, MET_25_SizesThatWouldOverflowAreRefused) {
  EXPECT_EQ(outcome(info_v2({{"a", leaf(9'223'372'036'854'775'807)}})), "length_too_large");
  Dict tree;
  for (int n = 0; n < 100'000; ++n) tree["f" + std::to_string(n)] = leaf(1);
  Dict info = info_v2(tree);
  info["piece length"] = i(256 << 20);
  // 100,000 x 256 MiB is far from 2^64 but it is also 100,000 pieces, which is allowed.
  EXPECT_EQ(outcome(info), "accepted");
  tree["g"] = leaf((std::int64_t{1} << 49) - 1);
  info["file tree"] = d(tree);
  EXPECT_EQ(outcome(info), "length_too_large");
}

TEST(MetainfoV2, MET_26_VersionsAndPieceLengthsAreChecked) {
  Dict info = info_v2({{"a", leaf(1)}});
  for (const auto& [length, expected] :
       std::vector<std::pair<std::int64_t, std::string>>{{20'000, "piece_length_no_power_of_two"},
                                                         {8'192, "piece_length_out_of_range"},
                                                         {512 << 20, "piece_length_out_of_range"},
                                                         {65'536, "accepted"}}) {
    info["piece length"] = i(length);
    EXPECT_EQ(outcome(info), expected);
  }
  EXPECT_EQ(outcome(Dict{{"meta version", i(3)}}), "unsupported_meta_version");
  EXPECT_EQ(outcome(Dict{{"meta version", s("2")}}), "bad_meta_version");
}

// Two files with a pad between, as a hybrid describes them twice.
Dict hybrid(const std::vector<std::string>& v1_files, std::size_t pieces = 2) {
  Dict info = info_v2({{"a", leaf(5)}, {"b", leaf(7)}});
  info.merge(multi_v1(v1_files, pieces));
  return info;
}
std::string pad(std::int64_t length) {
  return file(length, {".pad", std::to_string(length)}, {{"attr", s("p")}});
}

TEST(MetainfoHybrid, ReadsBothHalves) {
  const auto result = parse(torrent(hybrid({file(5, {"a"}), pad(16'379), file(7, {"b"})})));
  ASSERT_TRUE(result) << error_name(result.error().code);
  const Layout& layout = result->info->layout;
  EXPECT_EQ(layout.kind(), TorrentKind::hybrid);
  EXPECT_EQ(layout.piece_size(PieceIndex{0}), 16'384U);
  EXPECT_EQ(layout.piece_payload(PieceIndex{0}), 5U);
  EXPECT_EQ(layout.piece_file(PieceIndex{1}), FileIndex{2});
  EXPECT_EQ(layout.files()[2].pieces_root.bytes[0], std::byte{'r'});
  EXPECT_TRUE(result->info->hashes.v1 && result->info->hashes.v2);
}

TEST(MetainfoHybrid, MET_27_HalvesThatDisagreeAreRefused) {
  EXPECT_EQ(outcome(hybrid({file(7, {"b"}), pad(16'377), file(5, {"a"})})), "hybrid_mismatch");
  EXPECT_EQ(outcome(hybrid({file(6, {"a"}), pad(16'378), file(7, {"b"})})), "hybrid_mismatch");
  EXPECT_EQ(outcome(hybrid({file(5, {"x"}), pad(16'379), file(7, {"b"})})), "hybrid_mismatch");
  EXPECT_EQ(outcome(hybrid({file(5, {"a"})}, 1)), "hybrid_mismatch");
  EXPECT_EQ(outcome(hybrid({file(5, {"a"}), file(7, {"b"})}, 1)), "hybrid_misaligned");
  EXPECT_EQ(outcome(hybrid({file(5, {"a"}), pad(16'378), file(7, {"b"})})), "hybrid_misaligned");
  EXPECT_EQ(outcome(hybrid({file(5, {"a"}), pad(32'763), file(7, {"b"})}, 3)), "hybrid_misaligned");
  Dict no_pieces = hybrid({file(5, {"a"}), pad(16'379), file(7, {"b"})});
  no_pieces.erase("pieces");
  EXPECT_EQ(outcome(no_pieces), "missing_pieces");
}

TEST(MetainfoHybrid, MET_27_APadAfterTheLastFileIsOptional) {
  const std::string a = file(5, {"a"}), b = file(7, {"b"});
  EXPECT_EQ(outcome(hybrid({a, pad(16'379), b, pad(16'377)})), "accepted");
  EXPECT_EQ(outcome(hybrid({a, pad(16'379), b, pad(16'378)}, 3)), "hybrid_misaligned");
}

TEST(MetainfoSurroundings, MET_19_OffersAreCappedAndKeptOnce) {
  std::string nodes = "l", seeds = "l";
  for (int n = 0; n < 100'000; ++n) {
    nodes += list({s("h" + std::to_string(n)), i(6881)});
  }
  for (int n = 0; n < 10'000; ++n) seeds += s("http://same/");
  const auto result =
      parse(torrent(single_v1(), {{"nodes", nodes + "e"}, {"url-list", seeds + "e"}}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->nodes.size(), 50U);
  EXPECT_EQ(result->web_seeds, (std::vector<std::string>{"http://same/"}));
}

TEST(MetainfoSurroundings, LIM_05_TrackersAndSeedsStopAtTheirLimits) {
  std::vector<std::string> tiers, seeds;
  for (int n = 0; n < 201; ++n) {
    tiers.push_back(list({s("http://t" + std::to_string(n) + "/")}));
    seeds.push_back(s("http://w" + std::to_string(n) + "/"));
  }
  const auto result =
      parse(torrent(single_v1(), {{"announce-list", list(tiers)}, {"url-list", list(seeds)}}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->tracker_tiers.size(), 200U);
  EXPECT_EQ(result->web_seeds.size(), 20U);
}

TEST(MetainfoSurroundings, WhatNobodyCanUseIsLeftOut) {
  const auto result = parse(
      torrent(single_v1(), {{"announce", s("javascript:alert(1)")},
                            {"nodes", list({list({s("h"), i(0)}), list({s("h")}), s("x"),
                                            list({s("bad host"), i(1)}), list({s("::1"), i(1)})})},
                            {"url-list", list({s("file:///etc/passwd"), s("http://ok/"), i(1)})}}));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->tracker_tiers.empty());
  EXPECT_EQ(result->nodes, (std::vector<TorrentMetadata::Node>{{"::1", 1}}));
  EXPECT_EQ(result->web_seeds, (std::vector<std::string>{"http://ok/"}));
}

}  // namespace
}  // namespace weir
