// SPDX-License-Identifier: MIT OR Apache-2.0
// What goes by itself, what goes first when there is no room, and what never goes.
#include "node/upkeep.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "io/clock.h"
#include "node/testing/node_fixture.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class UpkeepTest : public NodeFixture {
 protected:
  // A node that others can fetch the upload from.
  InfoHashes seeded(Node& seed, std::size_t size) {
    const auto published =
        publish(seed, counted_bytes(size), {UploadKind::torrent, std::to_string(size), ""});
    EXPECT_TRUE(published.has_value());
    return {(*published)->info_hash(), std::nullopt};
  }
  static void fetch_all(Node& node, Node& seed, const InfoHashes& hashes, std::size_t size) {
    const auto found = fetch(node, source_from(seed, hashes));
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    EXPECT_TRUE(read(node, *found, 0, size).has_value());
  }
  static void wait_gone(Node& node, const InfoHashes& hashes) {
    for (int i = 0; i < 3000 && node.find(hashes); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_FALSE(node.find(hashes).has_value());
  }
  // The names go first, the files a moment later.
  void wait_empty(const std::string& name) const {
    for (int i = 0; i < 3000 && files(name) > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(files(name), 0u);
  }
  static KeepChange expires(std::int64_t at) { return {.pinned = {}, .expires = {{at}}}; }
};

TEST_F(UpkeepTest, WhatWasFetchedForSomebodyGoesWhenNobodyUsesIt) {
  const auto seed = open("seed");
  const InfoHashes hashes = seeded(*seed, 100'000);
  NodeConfig with = config("n");
  with.ttl = std::chrono::seconds(1);
  const auto node = open(with);
  fetch_all(*node, *seed, hashes, 100'000);
  wait_gone(*node, hashes);
  wait_empty("n");
}

TEST_F(UpkeepTest, WhatWasAddedOnPurposeOrPinnedStays) {
  const auto seed = open("seed");
  const InfoHashes fetched = seeded(*seed, 100'000), added = seeded(*seed, 100'001);
  const InfoHashes pinned = seeded(*seed, 100'002);
  NodeConfig with = config("n");
  with.ttl = std::chrono::seconds(1);
  const auto node = open(with);
  fetch_all(*node, *seed, added, 100'001);
  ASSERT_TRUE(node->add(source_from(*seed, added), {}).has_value());
  fetch_all(*node, *seed, pinned, 100'002);
  ASSERT_TRUE(node->change_keep(pinned, {.pinned = true, .expires = {}}).has_value());
  fetch_all(*node, *seed, fetched, 100'000);
  wait_gone(*node, fetched);
  const auto report = node->collect_garbage({});
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->expired.empty());
  EXPECT_TRUE(node->find(added).has_value());
  EXPECT_TRUE(node->find(pinned).has_value());
}

TEST_F(UpkeepTest, AnUploadGoesAtItsTimeUnderAllItsNames) {
  const auto node = open("n");
  const Buffer content = counted_bytes(100'000);
  const auto upload = publish(*node, content, {UploadKind::torrent, "a.bin", ""});
  const auto data = publish(*node, content, {UploadKind::data, "a.bin", ""});
  ASSERT_TRUE(data.has_value());
  // By the hybrid's name: it is the same upload.
  ASSERT_TRUE(node->change_keep((*upload)->hybrid->info->hashes, expires(unix_now())).has_value());
  wait_gone(*node, {(*upload)->info_hash(), std::nullopt});
  EXPECT_TRUE(node->published().empty());
  wait_empty("n");
}

TEST_F(UpkeepTest, WhatHasExpiredMakesRoomBeforeAQuotaRefuses) {
  const auto seed = open("seed");
  const InfoHashes hashes = seeded(*seed, 600'000);
  NodeConfig with = config("n");
  with.quota_bytes = 1'000'000;
  const auto node = open(with);
  fetch_all(*node, *seed, hashes, 600'000);
  EXPECT_EQ(publish(*node, counted_bytes(500'000), {}).error().code, NodeErrc::quota_exceeded);
  EXPECT_TRUE(node->find(hashes).has_value()) << "it has not expired";
  // The next look is a second away; the upload does not wait for it.
  ASSERT_TRUE(node->change_keep(hashes, expires(unix_now() - 1)).has_value());
  const auto published = publish(*node, counted_bytes(500'000), {});
  ASSERT_TRUE(published.has_value()) << published.error().detail;
  EXPECT_FALSE(node->find(hashes).has_value());
  EXPECT_LE(node->space().used_bytes, with.quota_bytes);
}

TEST_F(UpkeepTest, HowLongThingsAreKeptSurvivesARestart) {
  const auto seed = open("seed");
  const InfoHashes hashes = seeded(*seed, 100'000);
  NodeConfig with = config("n");
  with.ttl = std::chrono::hours(1);
  {
    const auto node = open(with);
    fetch_all(*node, *seed, hashes, 100'000);
    EXPECT_TRUE(node->keep(hashes).expires.has_value());
    ASSERT_TRUE(node->change_keep(hashes, {.pinned = true, .expires = {}}).has_value());
  }
  const auto node = open(with);
  EXPECT_TRUE(node->keep(hashes).pinned);
  EXPECT_FALSE(node->keep(hashes).expires.has_value());
  node->remove(node->find(hashes)->key, RemoveContent::remove);
  EXPECT_FALSE(node->keep(hashes).pinned) << "gone with its torrent";
}

TEST_F(UpkeepTest, GarbageIsToldAndRemovedAndWhatMayBeSomebodysIsAskedFor) {
  const auto node = open("n");
  ASSERT_TRUE(publish(*node, counted_bytes(1000), {UploadKind::torrent, "a", ""}).has_value());
  const fs::path content = base_ / "n/content";
  const std::string hash(40, 'a');
  fs::create_directories(content / "fetched" / hash / "film");
  std::ofstream(content / "fetched" / hash / "film/part") << "12345";
  fs::create_directories(content / "fetched" / std::string(40, 'b'));
  fs::create_directories(content / "published/nobody");
  std::ofstream(content / "published/nobody/file") << "123";
  std::ofstream(content / "incoming/99") << "half";
  const auto dry = node->collect_garbage({.dry_run = true, .remove_unknown = true});
  ASSERT_TRUE(dry.has_value());
  ASSERT_EQ(dry->leftovers.size(), 1u);
  EXPECT_EQ(dry->leftovers[0].path, "incoming/99");
  ASSERT_EQ(dry->unknown.size(), 3u);
  EXPECT_EQ(dry->unknown[0].path, "fetched/" + hash);
  EXPECT_EQ(dry->unknown[0].bytes, 5u);
  EXPECT_EQ(dry->unknown[2].path, "published/nobody");
  EXPECT_EQ(dry->freed, 4u + 5u + 3u);
  EXPECT_TRUE(fs::exists(content / "incoming/99"));

  const auto usual = node->collect_garbage({});
  EXPECT_EQ(usual->freed, 4u);
  EXPECT_FALSE(fs::exists(content / "incoming/99"));
  EXPECT_FALSE(fs::exists(content / "fetched" / std::string(40, 'b'))) << "it was empty";
  EXPECT_TRUE(fs::exists(content / "fetched" / hash / "film/part"));

  const auto all = node->collect_garbage({.dry_run = false, .remove_unknown = true});
  EXPECT_EQ(all->freed, 8u);
  EXPECT_EQ(files("n"), 1u) << "the upload";
}

TEST_F(UpkeepTest, AnUploadUnderWayIsNoGarbage) {
  const auto node = open("n");
  auto upload = node->begin_upload({});
  ASSERT_TRUE(wait<NodeResult<void>>([&](auto done) {
                (*upload)->write(counted_bytes(1000), std::move(done));
              }).has_value());
  EXPECT_TRUE(node->collect_garbage({})->leftovers.empty());
  EXPECT_EQ(files("n"), 1u);
}

TEST_F(UpkeepTest, AnExpiredTorrentLeavesWhatOthersShareWithIt) {
  const auto node = open("n");
  const Buffer content = counted_bytes(100'000);
  const auto first = publish(*node, content, {UploadKind::torrent, "a.bin", ""});
  const auto second = publish(*node, content, {UploadKind::torrent, "b.bin", ""});
  ASSERT_TRUE(second.has_value());
  const InfoHashes a{(*first)->info_hash(), {}}, b{(*second)->info_hash(), {}};
  ASSERT_TRUE(node->change_keep(a, expires(unix_now())).has_value());
  wait_gone(*node, a);
  EXPECT_EQ(*read(*node, *node->find(b), 0, content.size()), content);
}

}  // namespace
}  // namespace weir
