// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/magnet.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

const std::string kHex(40, 'a');
const std::string kTopic = "magnet:?xt=urn:btih:" + kHex;
const std::string kV2 = std::string("urn:btmh:1220") + std::string(64, 'b');

std::string outcome(const std::string& text) {
  const auto result = parse_magnet(text);
  return result ? "accepted" : error_name(result.error().code);
}

TEST(Magnet, ReadsEveryParameter) {
  const auto m = parse_magnet(kTopic + "&xt=" + kV2 +
                              "&dn=A+name%20%C3%A9&xl=12345&tr=udp%3A%2F%2Ft.example%3A80&"
                              "tr.1=http://u.example/a&amp;ws=http://w/&xs=http://x/t.torrent&"
                              "x.pe=10.0.0.1:6881&x.pe=[::1]:7&x.pe=host.example:8&so=0,2,4-6&k=v");
  ASSERT_TRUE(m);
  EXPECT_EQ(m->hashes.v1->hex(), kHex);
  EXPECT_EQ(m->hashes.v2->hex(), std::string(64, 'b'));
  EXPECT_EQ(m->name, "A name \xc3\xa9");
  EXPECT_EQ(m->length, 12345U);
  EXPECT_EQ(m->trackers, (std::vector<std::string>{"udp://t.example:80", "http://u.example/a"}));
  EXPECT_EQ(m->web_seeds, (std::vector<std::string>{"http://w/"}));
  EXPECT_EQ(m->exact_sources, (std::vector<std::string>{"http://x/t.torrent"}));
  EXPECT_EQ(m->peers, (std::vector<TorrentMetadata::Node>{
                          {"10.0.0.1", 6881}, {"::1", 7}, {"host.example", 8}}));
  EXPECT_EQ(m->selected, (std::vector<Magnet::FileRange>{{0, 0}, {2, 2}, {4, 6}}));
  EXPECT_EQ(*parse_magnet(format_magnet(*m)), *m);
}

TEST(Magnet, TrackersThatAreLeftOutAreToldOnceAndBounded) {
  std::vector<std::string> unusable;
  const auto m = parse_magnet(kTopic + "&tr=foo&tr=udp://t:1&tr=foo&tr=", &unusable);
  EXPECT_EQ(m->trackers, (std::vector<std::string>{"udp://t:1"}));
  EXPECT_EQ(unusable, (std::vector<std::string>{"foo", ""}));
  std::string text = kTopic;
  for (std::size_t n = 0; n <= kMagnetTrackersMax; ++n) text += "&tr=x" + std::to_string(n);
  unusable.clear();
  ASSERT_TRUE(parse_magnet(text, &unusable));
  EXPECT_EQ(unusable.size(), kMagnetTrackersMax);
}

TEST(Magnet, Base32AndUpperCaseNameTheSameTorrent) {
  const auto digest = Sha1Digest::from_hex_text(kHex);
  const auto m = parse_magnet("MAGNET:?xt=URN:BTIH:" + to_base32(digest->view()));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->hashes.v1, digest);
  EXPECT_EQ(parse_magnet("magnet:?xt=urn:btih:" + std::string(40, 'A'))->hashes.v1, digest);
}

TEST(Magnet, MAG_01_LongTextAndManyTrackersAreBounded) {
  std::string text = kTopic;
  for (int n = 0; n < 201; ++n) text += "&tr=udp://t" + std::to_string(n) + ":1";
  EXPECT_EQ(parse_magnet(text)->trackers.size(), 200U);
  text.resize(kMagnetBytesMax, '&');
  EXPECT_EQ(outcome(text), "accepted");
  EXPECT_EQ(outcome(text + "&"), "too_long");
  EXPECT_EQ(outcome(kTopic + std::string(1 << 20, 'x')), "too_long");
}

TEST(Magnet, MAG_02_MalformedLinksAreRefusedWithAReason) {
  const std::string xt = "magnet:?xt=urn:btih:";
  EXPECT_EQ(outcome(xt + std::string(39, 'a')), "bad_btih");
  EXPECT_EQ(outcome(xt + std::string(41, 'a')), "bad_btih");
  EXPECT_EQ(outcome(xt + std::string(40, 'g')), "bad_btih");
  EXPECT_EQ(outcome(xt + std::string(32, '1')), "bad_btih");
  EXPECT_EQ(outcome(xt), "bad_btih");
  EXPECT_EQ(outcome("magnet:?xt=urn:btmh:1120" + std::string(64, 'b')), "bad_btmh");
  EXPECT_EQ(outcome("magnet:?xt=urn:btmh:1220" + std::string(62, 'b')), "bad_btmh");
  EXPECT_EQ(outcome("magnet:?xt=urn:btmh:1220" + std::string(66, 'b')), "bad_btmh");
  EXPECT_EQ(outcome(kTopic + "&dn=%"), "bad_escape");
  EXPECT_EQ(outcome(kTopic + "&dn=%4"), "bad_escape");
  EXPECT_EQ(outcome(kTopic + "&dn=%zz"), "bad_escape");
  EXPECT_EQ(outcome("magnet:?"), "missing_topic");
  EXPECT_EQ(outcome("magnet:?dn=x"), "missing_topic");
  EXPECT_EQ(outcome("magnet:?xt=urn:ed2k:" + kHex), "missing_topic");
  EXPECT_EQ(outcome(kTopic + "&xt=urn:btih:" + std::string(40, 'b')), "conflicting_topics");
  EXPECT_EQ(outcome(kTopic + "&xt=urn:btih:" + kHex), "accepted");
  EXPECT_EQ(outcome(""), "not_a_magnet");
  EXPECT_EQ(outcome("http://x/"), "not_a_magnet");
}

TEST(Magnet, FileSelectionsAreChecked) {
  EXPECT_EQ(outcome(kTopic + "&so=1-"), "bad_file_selection");
  EXPECT_EQ(outcome(kTopic + "&so="), "bad_file_selection");
  EXPECT_EQ(outcome(kTopic + "&so=3-1"), "bad_file_selection");
  EXPECT_EQ(outcome(kTopic + "&so=0-4294967295"), "bad_file_selection");
  EXPECT_EQ(outcome(kTopic + "&so=0-1048575"), "accepted");
}

TEST(Magnet, WhatNobodyCanUseIsLeftOut) {
  const auto m = parse_magnet(kTopic +
                              "&tr=file:///x&ws=ftp://x/&xs=javascript:1&x.pe=::1:5&"
                              "x.pe=h:0&x.pe=h:65536&x.pe=%20:1&xl=-4");
  ASSERT_TRUE(m);
  EXPECT_TRUE(m->trackers.empty() && m->web_seeds.empty() && m->exact_sources.empty());
  EXPECT_TRUE(m->peers.empty());
  EXPECT_FALSE(m->length);
}

}  // namespace
}  // namespace weir
