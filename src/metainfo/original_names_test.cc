// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/original_names.h"

#include <gtest/gtest.h>

#include "metainfo/path.h"
#include "metainfo/testing/torrent_text.h"

namespace weir {
namespace {

using namespace testing_text;

OriginalNames names_of(const Dict& info) {
  const auto parsed = parse(torrent(info));
  EXPECT_TRUE(parsed);
  return parsed ? original_names(*parsed->info) : OriginalNames{};
}

// "INDEX PATH" of each.
std::vector<std::string> listed(const OriginalNames& names) {
  std::vector<std::string> out;
  for (const auto& file : names.files) {
    out.push_back(std::to_string(to_int(file.file)) + " " + file.path);
  }
  return out;
}

TEST(OriginalNames, OnlyThoseThatDifferFromTheSafeOnes) {
  const auto names = names_of(multi_v1(
      {file(1, {"plain"}), file(1, {"CON"}), file(1, {"a\\b", "c"}), file(1, {"A"}), file(1, {"a"}),
       file(1, {"tab\tx"}), file(1, {".pad", "CON"}, {{"attr", s("p")}})}));
  EXPECT_EQ(names.name, "");
  EXPECT_EQ(listed(names), (std::vector<std::string>{"1 CON", "2 a\\b/c", "4 a", "5 tab\tx"}));
}

TEST(OriginalNames, OfTheTorrentItself) {
  Dict info = single_v1();
  info["name"] = s("CON.txt");
  EXPECT_EQ(names_of(info).name, "CON.txt");
  EXPECT_TRUE(names_of(info).files.empty());
  info["name"] = s("../x");
  EXPECT_EQ(names_of(info).name, "");
}

TEST(OriginalNames, OfAVersion2Tree) {
  const auto names = names_of(info_v2({{"AUX", d({{"f", leaf(5)}})}, {"z", leaf(7)}}));
  EXPECT_EQ(listed(names), std::vector<std::string>{"0 AUX/f"});
}

TEST(OriginalNames, MET_11_WhatWouldLeadElsewhereIsLeftOut) {
  const std::string nul("a\0b", 3);
  const auto names = names_of(
      multi_v1({file(1, {"..", "x"}), file(1, {".", "y"}), file(1, {"a/b"}), file(1, {"/etc", "z"}),
                file(1, {nul}), file(1, {"", "w"}), file(1, {"d", "../../x"})}));
  EXPECT_EQ(listed(names), std::vector<std::string>{});
}

TEST(OriginalNames, ComponentsOfUpTo255BytesAndPathsOfUpTo4096) {
  const std::string fits(kComponentBytesMax - 1, 'n');
  EXPECT_EQ(names_of(multi_v1({file(1, {fits + "\t"})})).files.size(), 1u);
  EXPECT_EQ(names_of(multi_v1({file(1, {fits + "n\t"})})).files.size(), 0u);
  // A direction mark is left out of the safe path, which so stays within the limit of its own.
  const std::string marks = "\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae";
  std::vector<std::string> deep(16, std::string(240, 'd') + marks);
  deep.push_back(std::string(4096 - 16 * 250, 'e'));
  EXPECT_EQ(names_of(multi_v1({file(1, deep)})).files.size(), 1u);
  deep.back() += 'e';
  EXPECT_EQ(names_of(multi_v1({file(1, deep)})).files.size(), 0u);
}

}  // namespace
}  // namespace weir
