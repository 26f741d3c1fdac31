// SPDX-License-Identifier: MIT OR Apache-2.0
// Of a torrent that is not here, what is asked for is fetched, and no more.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "api/testing/api_fixture.h"
#include "api/testing/tar_archive.h"

namespace weir {
namespace {

class SelectionTest : public ApiFixture {
 protected:
  // A folder of three files on one node, and another that knows of it by a magnet link alone.
  SelectionTest() {
    seed_ = serve("seed");
    const std::string body = tar_archive({{"d/a", std::string(100'000, 'a')},
                                          {"d/b", std::string(200'000, 'b')},
                                          {"d/sub/c", std::string(300'000, 'c')}});
    const ClientAnswer answer = post(*seed_, kTarUrl, as_bytes(body));
    EXPECT_EQ(answer.status, 200U) << answer.body;
    hash_ = answer.body.substr(4);
    node_ = serve("node");
  }
  // As the gateway does it, but for the peer, whom it would learn of from a tracker.
  void look(const std::string& path, const std::string& method = "GET") {
    std::thread meeting([this] {
      const InfoHashes hashes{Sha1Digest::from_hex_text(hash_), std::nullopt};
      while (!node_->node->client().find(hashes)) std::this_thread::yield();
      node_->node->client().add_peer(
          *node_->node->client().find(hashes),
          {*IpAddress::parse("127.0.0.1"), seed_->node->client().listening()[0].port});
    });
    answer_ = ask(*node_, method, "/btih/" + hash_ + path);
    meeting.join();
  }
  // Of the files a, b and sub/c: how much of each is here.
  std::vector<std::uint64_t> here() {
    const ClientAnswer files = get(*node_, "/api/weir/v1/torrents/" + hash_ + "/files");
    std::vector<std::uint64_t> out;
    const boost::json::value listed = boost::json::parse(files.body);
    for (const auto& file : listed.at("files").as_array()) {
      out.push_back(file.at("done").to_number<std::uint64_t>());
    }
    return out;
  }
  TorrentStatus status() {
    auto& client = node_->node->client();
    return *client.status(*client.find({Sha1Digest::from_hex_text(hash_), std::nullopt}));
  }
  // Nothing is under way any more.
  void await_end() {
    while (status().state != TorrentState::seeding) std::this_thread::yield();
  }

  std::unique_ptr<ServedNode> seed_, node_;
  std::string hash_;
  ClientAnswer answer_;
};

TEST_F(SelectionTest, OneFileIsFetchedAloneAndOthersAsTheyAreAskedFor) {
  look("/b");
  EXPECT_EQ(answer_.body, std::string(200'000, 'b'));
  await_end();
  EXPECT_EQ(here(), (std::vector<std::uint64_t>{0, 200'000, 0}));
  EXPECT_EQ(get(*node_, "/btih/" + hash_ + "/sub/c", {{"Range", "bytes=-1"}}).body, "c");
  await_end();
  EXPECT_EQ(here(), (std::vector<std::uint64_t>{0, 200'000, 300'000}));
}

TEST_F(SelectionTest, ALookFetchesNothingAndAnArchiveWhatGoesIntoIt) {
  look("/");
  EXPECT_EQ(answer_.status, 200U);
  EXPECT_EQ(ask(*node_, "HEAD", "/btih/" + hash_ + "/a").fields.at("content-length"), "100000");
  EXPECT_EQ(get(*node_, "/btih/" + hash_ + ".torrent").status, 200U);
  await_end();
  EXPECT_EQ(here(), (std::vector<std::uint64_t>{0, 0, 0}));
  const ClientAnswer tar = get(*node_, "/btih/" + hash_ + "/sub/?format=tar");
  EXPECT_TRUE(tar.complete);
  await_end();
  EXPECT_EQ(here(), (std::vector<std::uint64_t>{0, 0, 300'000}));
}

TEST_F(SelectionTest, WhatAUserAddsIsFetchedAsAWhole) {
  look("/a", "HEAD");
  EXPECT_EQ(answer_.status, 200U);
  await_end();
  const std::string wish = "{\"hash\": \"" + hash_ + "\"}";
  EXPECT_EQ(
      post(*node_, "/api/weir/v1/torrents", as_bytes(wish), {{"Content-Type", "application/json"}})
          .status,
      200U);
  while (here() != std::vector<std::uint64_t>{100'000, 200'000, 300'000}) {
    std::this_thread::yield();
  }
}

TEST_F(SelectionTest, TheSelectionIsThereAfterARestart) {
  look("/b");
  await_end();
  node_.reset();
  node_ = serve("node");
  await_end();
  EXPECT_EQ(here(), (std::vector<std::uint64_t>{0, 200'000, 0}));
  EXPECT_EQ(status().total_bytes, 200'000U);
}

}  // namespace
}  // namespace weir
