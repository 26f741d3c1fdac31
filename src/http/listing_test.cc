// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/listing.h"

#include <gtest/gtest.h>

#include "http/html.h"
#include "http/playlist.h"

namespace weir::http {
namespace {

using Path = std::vector<std::string>;

const std::vector<ListedFile> kFiles = {
    {"z.txt", 5}, {"dir/a", 1}, {"dir/sub/b", 2}, {"dir2/c", 4}, {"a:b", 0}};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(HttpHtml, EscapesWhatMarkupReads) {
  EXPECT_EQ(html_escaped("<a href=\"x\" onclick='y'>&</a>"),
            "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
  EXPECT_EQ(html_escaped(std::string_view("a\0b\x1b\xff", 5)), "a\ufffdb\ufffd\ufffd");
  EXPECT_EQ(html_escaped("na\u00efve\t\n"), "na\u00efve\t\n");
}

TEST(HttpHtml, JsonStringsAreSafeInsidePages) {
  EXPECT_EQ(json_quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(json_quoted("</script>&\n"), "\"\\u003c/script\\u003e\\u0026\\u000a\"");
  EXPECT_EQ(json_quoted("\u2028\u2029\u2027"), "\"\\u2028\\u2029\u2027\"");
  EXPECT_EQ(json_quoted("\xff\xe2\x80"), "\"\ufffd\ufffd\"");
}

TEST(HttpListing, FoldersComeFirstAndSumWhatIsBelow) {
  const auto listing = list_folder("torrent", kFiles, {});
  ASSERT_TRUE(listing);
  const std::vector<ListingEntry> expected = {
      {"dir", true, 3, 2}, {"dir2", true, 4, 1}, {"a:b", false, 0, 1}, {"z.txt", false, 5, 1}};
  EXPECT_EQ(listing->entries, expected);
  const auto below = list_folder("torrent", kFiles, Path{"dir"});
  const std::vector<ListingEntry> expected_below = {{"sub", true, 2, 1}, {"a", false, 1, 1}};
  EXPECT_EQ(below->entries, expected_below);
}

TEST(HttpListing, WhatIsNoFolderIsNothing) {
  for (const Path& path : {Path{"di"}, Path{"z.txt"}, Path{"dir", "a"}, Path{"none"}}) {
    EXPECT_FALSE(list_folder("torrent", kFiles, path)) << path.back();
  }
  EXPECT_TRUE(list_folder("torrent", {}, {})->entries.empty());
  EXPECT_FALSE(list_folder("torrent", {}, Path{"a"}));
}

TEST(HttpListing, HTT_19_HostileNamesStayText) {
  const std::vector<ListedFile> files = {
      {"<script>alert(1)</script>", 1}, {"\" onmouseover=\"x", 1}, {"javascript:alert(1)", 1}};
  const std::string page = listing_html(*list_folder("</title><script>", files, {}), "/style.css");
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "\" onmouseover"));
  EXPECT_FALSE(has(page, "href=\"javascript"));
  EXPECT_TRUE(has(page, "href=\"./javascript%3Aalert%281%29\""));
  EXPECT_TRUE(has(page, "<link rel=\"stylesheet\" href=\"/style.css\">"));
}

TEST(HttpListing, PagesHaveNothingThatAStrictPolicyForbids) {
  const std::string page = listing_html(*list_folder("t", kFiles, Path{"dir"}), "");
  for (const std::string_view forbidden : {"<script", "<style", "style=", "onclick", "<link"}) {
    EXPECT_FALSE(has(page, forbidden)) << forbidden;
  }
  EXPECT_TRUE(has(page, "<a href=\"./sub/\">sub/</a>"));
  EXPECT_TRUE(has(page, "<a href=\"../\">t</a>"));
  EXPECT_TRUE(has(page, "<span aria-current=\"page\">dir</span>"));
}

TEST(HttpListing, OtherFormsAreOfferedBelowTheTable) {
  const std::vector<ListingLink> links = {{"?format=<x>", "a & b"}};
  const std::string page = listing_html(*list_folder("t", kFiles, {}), "", links);
  EXPECT_TRUE(has(page, "</table>\n<p><a href=\"?format=&lt;x&gt;\">a &amp; b</a></p>"));
}

TEST(HttpListing, JsonSaysTheSame) {
  EXPECT_EQ(listing_json(*list_folder("t", kFiles, Path{"dir"})),
            "{\"name\":\"t\",\"path\":[\"dir\"],\"entries\":["
            "{\"name\":\"sub\",\"type\":\"folder\",\"size\":2,\"files\":1,\"href\":\"./sub/\"},"
            "{\"name\":\"a\",\"type\":\"file\",\"size\":1,\"href\":\"./a\"}],"
            "\"truncated\":false}");
}

TEST(HttpListing, EntriesAreBounded) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= kListingEntriesMax; ++i) names.push_back(std::to_string(i));
  std::vector<ListedFile> files;
  for (const std::string& name : names) files.push_back({name, 1});
  const auto cut = list_folder("t", files, {});
  EXPECT_EQ(cut->entries.size(), kListingEntriesMax);
  EXPECT_TRUE(cut->cut);
  EXPECT_TRUE(has(listing_html(*cut, ""), "more entries"));
  EXPECT_TRUE(listing_json(*cut).ends_with("\"truncated\":true}"));
  files.pop_back();
  EXPECT_FALSE(list_folder("t", files, {})->cut);
}

TEST(HttpListing, SizesAreRoundedDown) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1024), "1.0 KiB");
  EXPECT_EQ(size_text(1024 * 1024 - 1), "1023.9 KiB");
  EXPECT_EQ(size_text(16043213), "15.2 MiB");
  EXPECT_EQ(size_text(UINT64_MAX), "15.9 EiB");
}

TEST(HttpPlaylist, EachItemIsATitleAndAnAddress) {
  const std::vector<PlaylistItem> items = {{"One", "http://localhost/btih/ab/1.mp3"},
                                           {"two\r\n#EXTINF:9,x", "./2.mkv"}};
  EXPECT_EQ(playlist(items),
            "#EXTM3U\n#EXTINF:-1,One\nhttp://localhost/btih/ab/1.mp3\n"
            "#EXTINF:-1,two  #EXTINF:9,x\n./2.mkv\n");
}

TEST(HttpPlaylist, AddressesThatAreNoLineAreLeftOut) {
  const std::vector<PlaylistItem> items = {{"a", "x\ny"}, {"b", ""}, {"c", "#x"}};
  EXPECT_EQ(playlist(items), "#EXTM3U\n");
}

TEST(HttpPlaylist, OnlySoundAndVideoArePlayable) {
  EXPECT_TRUE(is_playable("a.FLAC"));
  EXPECT_TRUE(is_playable("a.mkv"));
  for (const std::string_view other : {"a.txt", "a.m3u", "a.m3u8", "a.jpg", "mp3"}) {
    EXPECT_FALSE(is_playable(other)) << other;
  }
}

}  // namespace
}  // namespace weir::http
