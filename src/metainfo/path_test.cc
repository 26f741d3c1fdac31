// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/path.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "base/utf8.h"
#include "metainfo/testing/torrent_text.h"

namespace weir {
namespace {

using namespace testing_text;

std::vector<std::string> unique(const std::vector<std::string>& paths) {
  std::vector<PathRequest> requests;
  for (const std::string& path : paths) requests.push_back({path, false});
  if (!make_unique_paths(requests)) return {"refused"};
  std::vector<std::string> out;
  for (const PathRequest& request : requests) out.push_back(request.path);
  return out;
}

TEST(SafeComponent, MET_11_TraversalAndSeparatorsLeaveNoTrace) {
  EXPECT_EQ(safe_component(""), "");
  EXPECT_EQ(safe_component("."), "");
  EXPECT_EQ(safe_component(".."), "");
  EXPECT_EQ(safe_component("../../x"), ".._.._x");
  EXPECT_EQ(safe_component("/etc/x"), "_etc_x");
  EXPECT_EQ(safe_component("C:\\x"), "C__x");
  EXPECT_EQ(safe_component("C:"), "C_");
  EXPECT_EQ(safe_component("\\\\srv\\share"), "__srv_share");
  EXPECT_EQ(safe_component("a\\..\\..\\b"), "a_.._.._b");
  EXPECT_EQ(safe_component(std::string_view("a\0b\n\x7f", 5)), "a_b__");
  EXPECT_EQ(safe_component("\xc2\x85"), "_");
}

TEST(SafeComponent, HonestNamesStayAsTheyAre) {
  for (const char* name : {"foo... bar", "...", "Vol. 1.", "a: b?.txt", "caf\xc3\xa9", "com",
                           "con1", ".hidden", " spaced ", "console.log", "..x"}) {
    EXPECT_EQ(safe_component(name), name);
  }
}

TEST(SafeComponent, DirectionMarksAreRemovedEvenAroundDots) {
  EXPECT_EQ(safe_component("photo\xe2\x80\xaegpj.exe"), "photogpj.exe");
  EXPECT_EQ(safe_component(".\xe2\x80\x8e."), "");
  EXPECT_EQ(safe_component("\xe2\x81\xa6."), "");
}

TEST(SafeComponent, DeviceNamesOfWindowsAreMarked) {
  EXPECT_EQ(safe_component("CON"), "_CON");
  EXPECT_EQ(safe_component("aux.c"), "_aux.c");
  EXPECT_EQ(safe_component("lpt9.tar.gz"), "_lpt9.tar.gz");
  EXPECT_EQ(safe_component("com0"), "com0");
}

TEST(SafeComponent, MET_10_LongNamesAreCutOnACharacterBoundary) {
  EXPECT_EQ(safe_component(std::string(255, 'a')).size(), 255U);
  EXPECT_EQ(safe_component(std::string(256, 'a')), std::string(255, 'a'));
  EXPECT_EQ(safe_component(std::string(300, 'a') + ".mkv"), std::string(251, 'a') + ".mkv");
  // The two-byte character would end at byte 256.
  const std::string cut = safe_component(std::string(254, 'a') + "\xc3\xa9");
  EXPECT_EQ(cut, std::string(254, 'a'));
  const std::string reserved = safe_component("con." + std::string(251, 'a'));
  EXPECT_LE(reserved.size(), 255U);
  for (std::size_t size = 250; size < 262; ++size) {
    std::string text(size, 'b');
    text += "\xf0\x9f\x8c\x8a\xf0\x9f\x8c\x8a";
    const std::string out = safe_component(text);
    EXPECT_LE(out.size(), 255U);
    EXPECT_TRUE(is_utf8(out));
  }
}

TEST(UniquePaths, MET_08_CollisionsAreRenamedTheSameWayEveryTime) {
  EXPECT_EQ(unique({"a.txt", "a.txt", "A.TXT"}),
            (std::vector<std::string>{"a.txt", "a.1.txt", "A.2.TXT"}));
  EXPECT_EQ(unique({"d/a", "d/a/b", "d/a/b/c"}),
            (std::vector<std::string>{"d/a.1", "d/a/b.2", "d/a/b/c"}));
  // A wish of a later path is not taken by a renamed one.
  EXPECT_EQ(unique({"a", "a", "a.1"}), (std::vector<std::string>{"a", "a.2", "a.1"}));
  EXPECT_EQ(unique({"x/y", "X/z"}), (std::vector<std::string>{"x/y", "X/z"}));
}

TEST(UniquePaths, MET_08_FiveHundredRenamesAreTheLimit) {
  EXPECT_EQ(unique(std::vector<std::string>(501, "same")).size(), 501U);
  EXPECT_EQ(unique(std::vector<std::string>(502, "same")), (std::vector<std::string>{"refused"}));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(outcome(multi_v1(std::vector<std::string>(100'000, file(1, {"a"})), 7)),
            "too_many_collisions");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(UniquePaths, LongNamesStayUniqueAndWithinTheLimit) {
  const std::string name(255, 'n');
  const auto out = unique({"r/" + name, "r/" + name});
  EXPECT_NE(out[0], out[1]);
  EXPECT_EQ(out[1].size(), 2U + 255U);
}

TEST(MetainfoPaths, MET_10_DepthAndLengthAreAcceptedAtTheLimitAndRefusedPastIt) {
  EXPECT_EQ(outcome(multi_v1({file(1, std::vector<std::string>(100, "d"))})), "accepted");
  EXPECT_EQ(outcome(multi_v1({file(1, std::vector<std::string>(101, "d"))})), "path_too_deep");
  // "root" and 40 components of 101 bytes with their separators make 4,084 bytes.
  std::vector<std::string> components(40, std::string(101, 'c'));
  components.emplace_back(11, 'c');
  EXPECT_EQ(outcome(multi_v1({file(1, components)})), "accepted");
  components.back() += 'c';
  EXPECT_EQ(outcome(multi_v1({file(1, components)})), "path_too_long");
  components.back() += std::string(300, 'c');
  EXPECT_EQ(outcome(multi_v1({file(1, components)})), "path_too_long");
}

TEST(MetainfoPaths, MET_11_EveryPathStaysBelowTheTorrent) {
  Dict info = multi_v1({file(1, {"..", "..", "etc", "canary"}), file(1, {"/etc/x"}),
                        file(1, {"", ".", "y"}), file(1, {".."})});
  EXPECT_EQ(paths(torrent(info)),
            (std::vector<std::string>{"root/etc/canary", "root/_etc_x", "root/y", "root/_"}));
  info["name"] = s("../..");
  EXPECT_EQ(paths(torrent(info))[0], ".._../etc/canary");
  info["name"] = s("..");
  EXPECT_EQ(paths(torrent(info))[0], "_/etc/canary");
  Dict single = single_v1();
  single["name"] = s("/etc/passwd");
  EXPECT_EQ(paths(torrent(single)), (std::vector<std::string>{"_etc_passwd"}));
}

std::string link(const std::vector<std::string>& at, const std::vector<std::string>& to,
                 std::int64_t length = 0) {
  return file(length, at, {{"attr", s("l")}, {"symlink path", path(to)}});
}
std::string target_of(const std::vector<std::string>& files) {
  const auto result = parse(torrent(multi_v1(files)));
  if (!result) return error_name(result.error().code);
  return result->info->layout.files()[0].symlink_target;
}

TEST(MetainfoPaths, MET_15_LinksLeadToFilesOfTheTorrentOrNowhere) {
  const std::string f = file(1, {"d", "f"});
  EXPECT_EQ(target_of({link({"l"}, {"d", "f"}), f}), "root/d/f");
  EXPECT_EQ(target_of({link({"l"}, {"d"}), f}), "root/d");
  EXPECT_EQ(target_of({link({"l"}, {"/etc/passwd"}), f}), "");
  EXPECT_EQ(target_of({link({"l"}, {"", "etc", "passwd"}), f}), "");
  EXPECT_EQ(target_of({link({"l"}, {"..", "outside"}), f}), "");
  EXPECT_EQ(target_of({link({"l"}, {"d", "..", "..", "x"}), f}), "");
  EXPECT_EQ(target_of({link({"l"}, {"m"}), link({"m"}, {"d", "f"}), f}), "") << "chain";
  EXPECT_EQ(target_of({link({"l"}, {"m"}), link({"m"}, {"l"}), f}), "") << "cycle";
  EXPECT_EQ(target_of({link({"l"}, {"l"}), f}), "");
  EXPECT_EQ(target_of({link({"d", "l"}, {"d"}), f}), "") << "a link inside its own target";
  EXPECT_EQ(target_of({link({"l"}, {"a/b"}), file(1, {"a/b"})}), "root/a_b") << "renamed";
  EXPECT_EQ(target_of({link({"e", "l"}, {"..", "d", "f"}), f}), "root/d/f") << "from the link";
  EXPECT_EQ(target_of({link({"e", "l"}, {"..", "..", "d", "f"}), f}), "");
  EXPECT_EQ(target_of({link({"l"}, {"d", "f"}, 1), f}), "symlink_with_length");
}

TEST(MetainfoPaths, MET_15_NoFileLiesBelowALink) {
  EXPECT_EQ(target_of({link({"d"}, {"..", "..", "outside"}), file(1, {"d", "x"})}),
            "file_below_symlink");
  EXPECT_EQ(target_of({link({"D"}, {"e"}), file(1, {"d", "x"}), file(1, {"e", "y"})}),
            "file_below_symlink");
  EXPECT_EQ(target_of({link({"d/"}, {"e"}), file(1, {"d\\", "x"})}), "file_below_symlink");
}

}  // namespace
}  // namespace weir
