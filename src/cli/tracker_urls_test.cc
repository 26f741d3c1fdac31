// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/tracker_urls.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(TrackerUrls, WhatNobodyCouldAskIsNoTracker) {
  for (const char* url : {"", "foo", "tracker.example.org:6969/announce", "htp://typo/announce",
                          "http://", "http://a b/announce", "udp://a.example", "http://a:99999/"}) {
    EXPECT_TRUE(tracker_url_problem(url)) << url;
  }
  for (const char* url : {"http://a/announce", "HTTPS://a.example/x", "udp://a.example:1",
                          "udp://[2001:db8::1]:6969/announce", "ws://a/", "wss://a/announce",
                          "http://xn--bcher-kva.example/announce"}) {
    EXPECT_FALSE(tracker_url_problem(url)) << url;
  }
  EXPECT_EQ(tracker_url_problem("htp://typo")->code, "unsupported_scheme");
  EXPECT_EQ(tracker_url_problem("foo")->text, "this is no URL");
}

TEST(TrackerUrls, WebSeedsAreHttpOrHttps) {
  EXPECT_FALSE(web_seed_problem("http://w.example/f"));
  EXPECT_FALSE(web_seed_problem("https://w.example/"));
  for (const char* url : {"", "foo", "ftp://w.example/f", "udp://w.example:1", "http://a b/"}) {
    EXPECT_TRUE(web_seed_problem(url)) << url;
  }
}

TEST(TrackerUrls, SpacesAroundTheCommasOfATierAreNoPartOfTheUrls) {
  EXPECT_EQ(split_tier("http://a/, http://b/ ,http://c/"),
            (std::vector<std::string>{"http://a/", "http://b/", "http://c/"}));
  EXPECT_EQ(split_tier(""), std::vector<std::string>{""});
  EXPECT_EQ(split_tier("a,,b").size(), 3u);
}

TEST(TrackerUrls, TheUnusableOnesOfATorrentAreNamedOnceAndAreLimited) {
  const auto found =
      unusable_trackers(as_bytes("d8:announce3:foo13:announce-listll3:foo3:baree4:infodee"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].url, "foo");
  EXPECT_EQ(found[1].url, "bar");
  EXPECT_TRUE(unusable_trackers(as_bytes("d8:announce9:http://a/e")).empty());
  EXPECT_TRUE(unusable_trackers(as_bytes("nothing")).empty());

  std::string many = "d13:announce-listll";
  for (std::size_t i = 10; i < 10 + kUnusableTrackersMax + 1; ++i) many += "2:" + std::to_string(i);
  many += "eee";
  EXPECT_EQ(unusable_trackers(as_bytes(many)).size(), kUnusableTrackersMax);
}

TEST(TrackerUrls, TheUnusableOnesOfALinkHaveAReasonAndAreLimited) {
  const std::vector<std::string> some{"foo", ""};
  const auto found = unusable_trackers(some);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].problem.text, "this is no URL");
  EXPECT_EQ(found[1].problem.text, "the URL is empty");
  const std::vector<std::string> many(kUnusableTrackersMax + 1, "foo");
  EXPECT_EQ(unusable_trackers(many).size(), kUnusableTrackersMax);
}

}  // namespace
}  // namespace weir
