// SPDX-License-Identifier: MIT OR Apache-2.0
// A torrent that is here hears more about itself.
#include <gtest/gtest.h>

#include "engine/session.h"
#include "engine/session_driver.h"

namespace weir {
namespace {

using std::chrono::seconds;

DriverTorrent small(TorrentKind kind = TorrentKind::hybrid, std::uint64_t seed = 1) {
  return {kind, 16 * 1024, {{"a", 20'000}, {"b", 3}}, seed};
}

InfoHashes v1_of(const DriverTorrent& torrent) {
  InfoHashes v1;
  v1.v1 = torrent.hashes().v1;
  return v1;
}

TorrentNews metadata_of(const DriverTorrent& torrent) {
  TorrentNews news;
  news.metadata = torrent.metadata;
  return news;
}

std::shared_ptr<const TorrentMetadata> private_form(const DriverTorrent& torrent) {
  auto info = std::make_shared<TorrentInfo>(*torrent.metadata->info);
  info->is_private = true;
  auto metadata = std::make_shared<TorrentMetadata>(*torrent.metadata);
  metadata->info = std::move(info);
  return metadata;
}

std::vector<std::string> urls(const SessionDriver& node, TorrentKey key) {
  std::vector<std::string> out;
  for (const TrackerStatus& tracker : node.session.trackers(node.now, key)) {
    out.push_back(tracker.url);
  }
  return out;
}

TEST(SessionLearn, AMagnetGoesOnWithTheMetadataItIsGiven) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  node.put_content(torrent);
  const TorrentKey key = node.add(torrent.magnet(v1_of(torrent))).value();
  EXPECT_EQ(node.state_of(key), TorrentState::fetching_metadata);
  ASSERT_TRUE(node.session.learn(node.now, key, metadata_of(torrent)));
  node.drain();
  node.pass(seconds(10));
  EXPECT_EQ(node.said<MetadataReady>().size(), 1U);
  EXPECT_EQ(node.state_of(key), TorrentState::seeding) << "its content was there";
  EXPECT_EQ(node.session.find({std::nullopt, torrent.hashes().v2}), key);
  // Once more is no news.
  ASSERT_TRUE(node.session.learn(node.now, key, metadata_of(torrent)));
  node.drain();
  EXPECT_EQ(node.said<MetadataReady>().size(), 1U);
}

TEST(SessionLearn, WhatWasLearnedIsInTheRecord) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  const TorrentKey key = node.add(torrent.magnet(v1_of(torrent))).value();
  TorrentNews news;
  news.trackers = {"http://later.example/announce"};
  ASSERT_TRUE(node.session.learn(node.now, key, std::move(news)));
  node.drain();
  const auto record = [&] { return *decode_record(node.state.load_all()->at(0).record); };
  EXPECT_NE(record().magnet.find("later.example"), std::string::npos);
  news = metadata_of(torrent);
  news.torrent_file = to_buffer(as_bytes("as given"));
  ASSERT_TRUE(node.session.learn(node.now, key, std::move(news)));
  node.drain();
  EXPECT_EQ(record().torrent_file, to_buffer(as_bytes("as given")));
  news = {};
  news.trackers = {"http://last.example/announce"};
  ASSERT_TRUE(node.session.learn(node.now, key, std::move(news)));
  node.drain();
  const Buffer file = node.session.torrent_file(key);
  EXPECT_NE(as_text(file).find("last.example"), std::string_view::npos);
  EXPECT_EQ(record().torrent_file, file);
}

TEST(SessionLearn, NewTrackersAndPeersAreAskedAtOnce) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  AddTorrent request = torrent.magnet(v1_of(torrent));
  request.trackers = {"http://first.example/announce"};
  const TorrentKey key = node.add(std::move(request)).value();
  const std::size_t asked = node.gets.size();
  TorrentNews news;
  news.trackers = {"http://first.example/announce", "http://later.example/announce"};
  news.peers = {test_endpoint(7)};
  ASSERT_TRUE(node.session.learn(node.now, key, std::move(news)));
  node.drain();
  ASSERT_EQ(node.gets.size(), asked + 2) << "over IPv4 and IPv6";
  EXPECT_NE(node.gets.back().url.find("later.example"), std::string::npos);
  ASSERT_EQ(node.dials.size(), 1U);
  EXPECT_EQ(node.dials.back().remote, test_endpoint(7));
}

TEST(SessionLearn, APrivateTorrentKeepsToItsOwnTrackers) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  const TorrentKey key = node.add(torrent.magnet(v1_of(torrent))).value();
  TorrentNews news;
  news.metadata = private_form(torrent);
  news.trackers = {"http://stranger.example/announce"};
  news.peers = {test_endpoint(7)};
  ASSERT_TRUE(node.session.learn(node.now, key, news));
  node.drain();
  news.metadata = nullptr;
  ASSERT_TRUE(node.session.learn(node.now, key, news));
  node.drain();
  EXPECT_TRUE(urls(node, key).empty());
  EXPECT_TRUE(node.dials.empty());
}

TEST(SessionLearn, WhatCanNotBeLearnedIsRefused) {
  const DriverTorrent torrent = small();
  const DriverTorrent other = small(TorrentKind::hybrid, 2);
  SessionDriver node;
  const TorrentKey key = node.add(torrent.magnet(v1_of(torrent))).value();
  const auto refusal = [&](TorrentKey of, const DriverTorrent& from) {
    const auto learned = node.session.learn(node.now, of, metadata_of(from));
    node.drain();
    return learned ? std::nullopt : std::optional(learned.error().code);
  };
  EXPECT_EQ(refusal(key, other), SessionErrc::bad_metadata);
  EXPECT_EQ(refusal(TorrentKey{99}, torrent), SessionErrc::no_such_torrent);
  node.session.stop(node.now);
  EXPECT_EQ(refusal(key, torrent), SessionErrc::stopping);
}

TEST(SessionLearn, AHybridWhoseOtherHalfHasItsFilesFailsClearly) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  InfoHashes v2;
  v2.v2 = torrent.hashes().v2;
  const TorrentKey first = node.add(torrent.magnet(v1_of(torrent))).value();
  const TorrentKey second = node.add(torrent.magnet(v2, "/elsewhere")).value();
  ASSERT_TRUE(node.session.learn(node.now, first, metadata_of(torrent)));
  node.drain();
  EXPECT_EQ(node.state_of(first), TorrentState::downloading);
  EXPECT_EQ(node.state_of(second), TorrentState::failed);
  const auto again = node.session.learn(node.now, second, metadata_of(torrent));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, SessionErrc::bad_request);
  EXPECT_EQ(again.error().detail, "already_added");
}

}  // namespace
}  // namespace weir
