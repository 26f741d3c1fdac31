// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/values.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(ParseHostPort, AcceptsNamesAndBracketedAddresses) {
  EXPECT_EQ(parse_host_port("host.example:1"), (HostPort{"host.example", 1}));
  EXPECT_EQ(parse_host_port("1.2.3.4:65535"), (HostPort{"1.2.3.4", 65535}));
  EXPECT_EQ(parse_host_port("[::1]:80"), (HostPort{"::1", 80}));
  for (const char* text : {"", "host", "host:", ":80", "host:0", "host:65536", "::1:80", "[::1:80",
                           "[x]:80", "a/b:80", "u@h:80"}) {
    EXPECT_FALSE(parse_host_port(text)) << text;
  }
}

TEST(Glob, StarCrossesSlashesAndQuestionMarkIsOneCharacter) {
  EXPECT_TRUE(glob_matches("*.mkv", "a/b/c.mkv"));
  EXPECT_FALSE(glob_matches("*.mkv", "a.mkv.txt"));
  EXPECT_TRUE(glob_matches("a*b*c", "axxbyyc"));
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_FALSE(glob_matches("a?c", "ac"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_FALSE(glob_matches("", "a"));
}

TEST(Glob, BracketsAndBackslashes) {
  EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
  EXPECT_FALSE(glob_matches("[!a-c]x", "bx"));
  EXPECT_TRUE(glob_matches("[!a-c]x", "dx"));
  EXPECT_TRUE(glob_matches("[]]x", "]x"));
  EXPECT_TRUE(glob_matches("[a-]", "-"));
  EXPECT_TRUE(glob_matches("[open", "[open"));
  EXPECT_TRUE(glob_matches("\\*", "*"));
  EXPECT_FALSE(glob_matches("\\*", "x"));
  EXPECT_TRUE(glob_matches("a\\", "a\\"));
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
  const std::string text(20'000, 'a');
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "b", text));
}

TorrentFile file_at(std::string path) {
  TorrentFile file;
  file.path = std::move(path);
  file.length = 1;
  return file;
}

TEST(GlobSelects, MatchesThePathBelowTheNameTheWholePathAndDirectories) {
  const TorrentFile file = file_at("Show/Season 1/e01.mkv");
  for (const char* pattern : {"Season 1/e01.mkv", "Show/Season 1/e01.mkv", "*.mkv", "Season 1",
                              "Season 1/", "Show", "Season ?/*"}) {
    EXPECT_TRUE(glob_selects(pattern, file)) << pattern;
  }
  for (const char* pattern : {"Season", "e01.mkv", "*.txt", "Season 2", ""}) {
    EXPECT_FALSE(glob_selects(pattern, file)) << pattern;
  }
  EXPECT_TRUE(glob_selects("single.iso", file_at("single.iso")));
}

TEST(SelectFiles, NeverSelectsPads) {
  TorrentFile pad = file_at("t/.pad/5");
  pad.offset = 1;
  pad.attributes.pad = true;
  TorrentFile other = file_at("t/b");
  other.offset = 2;
  const Layout layout(TorrentKind::v1, 16384, {file_at("t/a"), pad, other});
  EXPECT_EQ(select_files(layout, {"*"}), (std::vector<std::uint8_t>{4, 0, 4}));
  EXPECT_EQ(select_files(layout, {"a"}), (std::vector<std::uint8_t>{4, 0, 0}));
  EXPECT_TRUE(select_files(layout, {}).empty());
}

TEST(PatternsWithoutFiles, AreThoseThatSelectNothing) {
  TorrentFile b = file_at("t/d/b");
  b.offset = 1;
  const Layout layout(TorrentKind::v1, 16384, {file_at("t/a"), b});
  EXPECT_EQ(patterns_without_files(layout, {"a", "b", "d", "t/*", "*.x"}),
            (std::vector<std::string>{"b", "*.x"}));
  EXPECT_TRUE(patterns_without_files(layout, {}).empty());
}

TEST(NameSomeFiles, NamesFiveAsPatternsSeeThemAndCountsTheRest) {
  std::vector<TorrentFile> files;
  for (std::uint64_t i = 0; i < 5; ++i) {
    files.push_back(file_at("t/d/" + std::to_string(i)));
    files.back().offset = i;
  }
  const std::string five = "d/0, d/1, d/2, d/3, d/4";
  EXPECT_EQ(name_some_files(Layout(TorrentKind::v1, 16384, files)), five);
  files.push_back(file_at("t/z"));
  files.back().offset = 5;
  EXPECT_EQ(name_some_files(Layout(TorrentKind::v1, 16384, files)), five + " and 1 more");
  EXPECT_EQ(name_some_files(Layout(TorrentKind::v1, 16384, {file_at("single")})), "single");
}

TEST(ParseInfoHash, TellsTheKindsByTheirLength) {
  const std::string hex = "0123456789abcdef0123456789ABCDEF01234567";
  ASSERT_TRUE(parse_info_hash(hex));
  EXPECT_TRUE(parse_info_hash(hex)->v1);
  EXPECT_EQ(parse_info_hash("AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH"), parse_info_hash(hex));
  EXPECT_TRUE(parse_info_hash(std::string(64, 'a'))->v2);
  EXPECT_FALSE(parse_info_hash(std::string(39, 'a')));
  EXPECT_FALSE(parse_info_hash(std::string(40, 'g')));
  EXPECT_FALSE(parse_info_hash(std::string(32, '1')));
  EXPECT_FALSE(parse_info_hash(""));
}

}  // namespace
}  // namespace weir
