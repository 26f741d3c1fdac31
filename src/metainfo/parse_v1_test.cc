// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include <chrono>

#include "hash/sha.h"
#include "metainfo/testing/torrent_text.h"
#include "metainfo/write.h"

namespace weir {
namespace {

using namespace testing_text;

std::string with(Dict info, const std::string& key, const std::string& value) {
  info[key] = value;
  return outcome(info);
}
std::string without(Dict info, const std::string& key) {
  info.erase(key);
  return outcome(info);
}

TEST(MetainfoV1, ReadsASingleFile) {
  const auto result = parse(torrent(single_v1(), {{"announce", s("http://t.example/a")}}));
  ASSERT_TRUE(result);
  const TorrentInfo& info = *result->info;
  EXPECT_EQ(info.name, "name");
  EXPECT_EQ(info.layout.kind(), TorrentKind::v1);
  ASSERT_EQ(info.layout.files().size(), 1U);
  EXPECT_EQ(info.layout.files()[0].path, "name");
  EXPECT_EQ(info.layout.piece_count(), 2U);
  EXPECT_EQ(info.layout.piece_size(PieceIndex{1}), 20'000U - 16'384U);
  EXPECT_EQ(info.hashes.v1, sha1(as_bytes(d(single_v1()))));
  EXPECT_FALSE(info.hashes.v2);
  EXPECT_EQ(result->tracker_tiers[0][0], "http://t.example/a");
}

// What Codex nodes make of an upload without a name, and nothing else that has none.
TEST(MetainfoV1, ANamelessUploadIsCalledAsItsInfoHash) {
  Dict info = single_v1();
  info.erase("name");
  info["piece length"] = i(256 * 1024);
  info["pieces"] = s(std::string(20, 'h'));
  const auto result = parse(torrent(info));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info->name, sha1(as_bytes(d(info))).hex());
  EXPECT_EQ(result->info->layout.files()[0].path, result->info->name);
  EXPECT_EQ(without(info, "length"), "missing_length");
  EXPECT_EQ(with(info, "private", i(1)), "missing_name");
  EXPECT_EQ(with(info, "piece length", i(128 * 1024)), "missing_name");
  EXPECT_EQ(with(info, "name", s("")), "empty_name");
}

TEST(MetainfoV1, MET_01_MalformedFilesAreRefusedEachWithItsCode) {
  EXPECT_EQ(without(single_v1(), "piece length"), "missing_piece_length");
  EXPECT_EQ(with(single_v1(), "piece length", s("x")), "bad_piece_length");
  EXPECT_EQ(with(single_v1(), "piece length", i(0)), "piece_length_out_of_range");
  EXPECT_EQ(with(single_v1(), "piece length", i(-16384)), "piece_length_out_of_range");
  EXPECT_EQ(without(single_v1(), "name"), "missing_name");
  EXPECT_EQ(with(single_v1(), "name", i(1)), "bad_name");
  EXPECT_EQ(with(single_v1(), "name", s("")), "empty_name");
  EXPECT_EQ(outcome(d({{"info", "le"}})), "info_not_dict");
  EXPECT_EQ(outcome(d({{"announce", s("http://x/")}})), "missing_info");
  EXPECT_EQ(outcome(s("text")), "root_not_dict");
  EXPECT_EQ(outcome(std::string("garbage")), "bad_bencode");
  EXPECT_EQ(outcome(std::string()), "bad_bencode");
  EXPECT_EQ(without(single_v1(), "pieces"), "missing_pieces");
  EXPECT_EQ(with(single_v1(), "pieces", i(1)), "bad_pieces");
  EXPECT_EQ(with(single_v1(), "pieces", s(std::string(41, 'h'))), "pieces_not_digests");
  EXPECT_EQ(with(single_v1(), "pieces", s(std::string(60, 'h'))), "wrong_piece_count");
  EXPECT_EQ(without(single_v1(), "length"), "missing_length");
  EXPECT_EQ(with(single_v1(), "length", i(-1)), "negative_length");
  EXPECT_EQ(with(single_v1(), "length", s("1")), "bad_length");
  EXPECT_EQ(outcome(multi_v1({})), "empty_files");
  EXPECT_EQ(with(single_v1(), "files", d({})), "bad_files");
  EXPECT_EQ(outcome(multi_v1({i(1)})), "bad_file");
  EXPECT_EQ(outcome(multi_v1({d({{"path", path({"a"})}})})), "missing_length");
  EXPECT_EQ(outcome(multi_v1({d({{"length", i(1)}})})), "missing_path");
  EXPECT_EQ(outcome(multi_v1({d({{"length", i(1)}, {"path", s("a")}})})), "bad_path");
  EXPECT_EQ(outcome(multi_v1({d({{"length", i(1)}, {"path", list({i(1)})}})})), "bad_path");
  EXPECT_EQ(outcome(multi_v1({file(1, {})})), "empty_path");
  EXPECT_EQ(outcome(multi_v1({file(1, {"a"})})), "accepted");
}

TEST(MetainfoV1, MET_03_LengthsThatWouldWrapAreRefused) {
  constexpr std::int64_t kHuge = 9'223'372'036'854'775'807;
  EXPECT_EQ(with(single_v1(), "length", i(kHuge)), "length_too_large");
  EXPECT_EQ(outcome(multi_v1({file(kHuge, {"a"}), file(kHuge, {"b"})})), "length_too_large");
  std::vector<std::string> many(1000, file(std::int64_t{1} << 54, {"a"}));
  EXPECT_EQ(outcome(multi_v1(many)), "length_too_large");
  std::vector<std::string> sum(4, file(std::int64_t{1} << 48, {"a"}));
  EXPECT_EQ(outcome(multi_v1(sum)), "length_too_large");
}

TEST(MetainfoV1, MET_05_PieceLengthsOutsideTheLimitsAreRefused) {
  for (const std::int64_t length :
       {std::int64_t{1}, std::int64_t{16'383}, std::int64_t{0}, std::int64_t{1} << 31,
        std::int64_t{512} << 20, std::int64_t{9'223'372'036'854'775'807}}) {
    EXPECT_EQ(with(single_v1(), "piece length", i(length)), "piece_length_out_of_range");
  }
  Dict one = single_v1();
  one["pieces"] = s(std::string(20, 'h'));
  EXPECT_EQ(with(one, "piece length", i(20'001)), "accepted");
  EXPECT_EQ(with(one, "piece length", i(256 << 20)), "accepted");
  EXPECT_EQ(with(one, "piece length", i((256 << 20) + 1)), "piece_length_out_of_range");
}

TEST(MetainfoV1, MET_07_TorrentsOfEmptyFilesHaveNothingToTransfer) {
  EXPECT_EQ(outcome(multi_v1({file(0, {"a"}), file(0, {"b"})}, 0)), "no_content");
  EXPECT_EQ(with(single_v1(), "length", i(0)), "no_content");
}

TEST(MetainfoV1, LIM_01_InputIsRefusedPastItsLimitBeforeParsing) {
  MetainfoLimits limits;
  const std::string text = torrent(single_v1());
  limits.torrent_bytes_max = text.size();
  EXPECT_TRUE(parse_torrent(as_bytes(text), limits));
  limits.torrent_bytes_max -= 1;
  EXPECT_EQ(parse_torrent(as_bytes(text), limits).error().code, MetainfoErrc::input_too_large);
  const std::string info = d(single_v1());
  limits.metadata_bytes_max = info.size();
  EXPECT_TRUE(parse_info(as_bytes(info), limits));
  limits.metadata_bytes_max -= 1;
  EXPECT_EQ(parse_info(as_bytes(info), limits).error().code, MetainfoErrc::input_too_large);
}

TEST(MetainfoV1, BEN_10_AHugeCommentIsRefusedBySize) {
  const std::string big = torrent(single_v1(), {{"comment", s(std::string(33 << 20, 'c'))}});
  EXPECT_EQ(outcome(big), "input_too_large");
}

TEST(MetainfoV1, LIM_03_PiecesAreAcceptedAtTheLimitAndRefusedPastIt) {
  MetainfoLimits limits;
  limits.pieces_max = 2;
  EXPECT_TRUE(parse_torrent(as_bytes(torrent(single_v1())), limits));
  limits.pieces_max = 1;
  EXPECT_EQ(parse_torrent(as_bytes(torrent(single_v1())), limits).error().code,
            MetainfoErrc::too_many_pieces);
  Dict info = single_v1();
  info["length"] = i(std::int64_t{2'097'152} * 16'384 + 1);
  EXPECT_EQ(outcome(info), "too_many_pieces");
}

TEST(MetainfoV1, LIM_04_HalfAMillionFilesParseAndOneMoreIsRefused) {
  std::string entries = "l";
  for (int n = 0; n < 500'000; ++n) entries += file(0, {"f" + std::to_string(n)});
  Dict info = multi_v1({});
  info["files"] = entries + file(1, {"f0000"}) + "e";
  EXPECT_EQ(outcome(info), "too_many_files");
  entries = entries.substr(0, entries.size() - file(0, {"f499999"}).size());
  info["files"] = entries + file(1, {"f0000"}) + "e";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(outcome(info), "accepted");
  // About a second in a release build; sanitizers on a busy machine get more.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(MetainfoV1, MET_16_AttributesAndTimesAreTakenWithCare) {
  const auto result =
      parse(torrent(multi_v1({file(1, {"a"}, {{"attr", s("xhsz")}, {"mtime", i(-1)}}),
                              file(1, {"b"}, {{"mtime", i(9'223'372'036'854'775'807)}}),
                              file(1, {"c"}, {{"mtime", i(1'700'000'000)}})})));
  ASSERT_TRUE(result);
  const auto& files = result->info->layout.files();
  EXPECT_EQ(files[0].attributes, (FileAttributes{.executable = true, .hidden = true}));
  EXPECT_FALSE(files[0].mtime);
  EXPECT_FALSE(files[1].mtime);
  EXPECT_EQ(files[2].mtime, 1'700'000'000);
}

TEST(MetainfoV1, MET_17_OnlyTheIntegerOneIsPrivate) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {i(1), true}, {i(0), false}, {s("1"), false}, {list({i(1)}), false}, {i(2), false}};
  for (const auto& [value, expected] : cases) {
    Dict info = single_v1();
    info["private"] = value;
    EXPECT_EQ(parse(torrent(info))->info->is_private, expected) << value;
  }
}

TEST(MetainfoV1, MET_30_PadFilesAreZerosAndOnlyTheAttributeMakesOne) {
  const auto result =
      parse(torrent(multi_v1({file(1, {"a"}), file(40'000, {".pad", "0"}, {{"attr", s("p")}}),
                              d({{"attr", s("p")}, {"length", i(5)}}),
                              file(0, {".pad", "1"}, {{"attr", s("p")}}), file(7, {".pad", "0"})},
                             3)));
  ASSERT_TRUE(result);
  const Layout& layout = result->info->layout;
  EXPECT_EQ(layout.content_size(), 8U);
  EXPECT_TRUE(layout.files()[1].attributes.pad);
  EXPECT_FALSE(layout.files()[4].attributes.pad);
  EXPECT_EQ(layout.files()[4].path, "root/.pad/0");
  const auto slices = layout.slices(PieceIndex{1}, 0, 16'384);
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_TRUE(slices[0].pad);
}

TEST(MetainfoV1, BEN_11_NamesAreRepairedButHashedAsTheyAre) {
  Dict info = single_v1();
  info["name"] =
      s(std::string("a\xff\xc0\x80"
                    "b\0c",
                    7));
  const auto result = parse(torrent(info));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info->name.find('\0'), std::string::npos);
  EXPECT_NE(result->info->name.find("\xef\xbf\xbd"), std::string::npos);
  EXPECT_EQ(result->info->hashes.v1, sha1(as_bytes(d(info))));
}

TEST(MetainfoV1, UnsortedKeysAreReadOutsideInfoOnly) {
  const std::string info = d(single_v1());
  EXPECT_EQ(outcome("d4:info" + info + "8:announce5:http:e"), "accepted");
  EXPECT_EQ(outcome("d4:infod4:name1:n6:lengthi1eee"), "unsorted_info");
}

TEST(MetainfoV1, BEN_08_EveryTruncationIsRefused) {
  const std::string text = torrent(single_v1(), {{"announce", s("http://t/")}});
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    EXPECT_EQ(outcome(text.substr(0, cut)), "bad_bencode");
  }
}

TEST(MetainfoV1, WritingGivesBackWhatWasRead) {
  const std::string text = torrent(
      single_v1(),
      {{"announce-list", list({list({s("http://a/"), s("udp://b:1")}), list({s("https://c/")})})},
       {"comment", s("hello")},
       {"creation date", i(5)},
       {"nodes", list({list({s("dht.example"), i(6881)})})},
       {"url-list", s("http://seed/")}});
  const auto first = parse(text);
  ASSERT_TRUE(first);
  const auto second = parse_torrent(write_torrent(*first));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->info->raw_info, first->info->raw_info);
  EXPECT_EQ(second->tracker_tiers, first->tracker_tiers);
  EXPECT_EQ(second->web_seeds, first->web_seeds);
  EXPECT_EQ(second->nodes, first->nodes);
  EXPECT_EQ(second->comment, "hello");
  EXPECT_EQ(second->creation_date, 5);
}

TEST(MetainfoV1, VerifyComparesEveryGivenHash) {
  const std::string text = d(single_v1());
  const auto info = parse_info(as_bytes(text));
  ASSERT_TRUE(info);
  EXPECT_TRUE(info_bytes_match(as_bytes(text), {sha1(as_bytes(text)), std::nullopt}));
  EXPECT_FALSE(info_bytes_match(as_bytes(text), {Sha1Digest{}, std::nullopt}));
  EXPECT_TRUE(verify_info_against(**info, (*info)->hashes));
  const InfoHashes with_v2{sha1(as_bytes(text)), sha256(as_bytes(text))};
  EXPECT_EQ(verify_info_against(**info, with_v2).error().code, MetainfoErrc::info_hash_mismatch);
}

}  // namespace
}  // namespace weir
