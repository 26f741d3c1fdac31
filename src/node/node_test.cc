// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/node.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "node/testing/node_fixture.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using NodeTest = NodeFixture;

InfoHashes v1(const Publication& publication) { return {publication.info_hash(), std::nullopt}; }

TEST_F(NodeTest, AnUploadHasTheReferencesNames) {
  const auto node = open("a");
  const auto published = publish(*node, counted_bytes(40960),
                                 {UploadKind::torrent, "data40k.bin", "application/octet-stream"});
  ASSERT_TRUE(published.has_value()) << published.error().detail;
  EXPECT_EQ((*published)->info_hash().hex(), "c50b6da572005c2242660a7f328aed496fead200");
  EXPECT_EQ((*published)->cid.text(), "zDvZRwzkw8tni4AAEU16ysXf6QBzYwPjssrh1KsS672nG3BxV7Uj");
  EXPECT_EQ((*published)->manifest.tree_cid.text(),
            "zDzSvJTf2gxnDe5CTCAdpC5wkSXUU1kZ3GDsu2SK4W863gA9BueQ");
  EXPECT_EQ(files("a"), 1U);
}

TEST_F(NodeTest, AnUploadIsReadByEachOfItsNames) {
  const auto node = open("a");
  const Buffer content = counted_bytes(700'001);
  const auto published = publish(*node, content, {UploadKind::torrent, "a.bin", ""});
  ASSERT_TRUE(published.has_value()) << published.error().detail;
  const Publication& p = **published;
  const InfoHashes& hybrid = p.hybrid->info->hashes;
  for (const InfoHashes& hashes :
       {v1(p), InfoHashes{hybrid.v1, {}}, InfoHashes{std::nullopt, hybrid.v2}}) {
    const auto found = node->find(hashes);
    ASSERT_TRUE(found.has_value());
    const auto bytes = read(*node, *found, 0, content.size());
    ASSERT_TRUE(bytes.has_value()) << bytes.error().detail;
    EXPECT_EQ(*bytes, content);
  }
  EXPECT_TRUE(node->find(p.cid).has_value());
  EXPECT_TRUE(node->find(p.manifest.tree_cid).has_value());
  const auto found = node->find(v1(p));
  const auto middle = read(*node, *found, 262'143, 3);
  EXPECT_EQ(*middle, to_buffer(Bytes(content).subspan(262'143, 3)));
}

TEST_F(NodeTest, AnUploadWithoutANameIsStoredUnderItsHash) {
  const auto node = open("a");
  const auto published = publish(*node, as_bytes("hello"), {});
  ASSERT_TRUE(published.has_value()) << published.error().detail;
  EXPECT_EQ((*published)->info_hash().hex(), "b812e1827359f86b8831b56231789ca82db1503a");
  EXPECT_EQ((*published)->path, "b812e1827359f86b8831b56231789ca82db1503a");
  const auto bytes = read(*node, *node->find(v1(**published)), 0, 5);
  EXPECT_EQ(as_text(*bytes), "hello");
}

TEST_F(NodeTest, ADataUploadHasThePaddedManifestAndIsATorrentToo) {
  const auto node = open("a");
  const Buffer content = counted_bytes(100'000);
  const auto published = publish(*node, content, {UploadKind::data, "a.bin", "text/plain"});
  ASSERT_TRUE(published.has_value()) << published.error().detail;
  EXPECT_EQ((*published)->manifest.block_size, 65536U);
  EXPECT_EQ((*published)->manifest.blocks_count(), 2U);
  const auto bytes = read(*node, *node->find((*published)->cid), 0, content.size());
  EXPECT_EQ(*bytes, content);
}

TEST_F(NodeTest, TheSameContentTwiceIsOneCopy) {
  const auto node = open("a");
  const Buffer content = counted_bytes(300'000);
  const auto first = publish(*node, content, {UploadKind::torrent, "a.bin", ""});
  const auto again = publish(*node, content, {UploadKind::torrent, "a.bin", ""});
  ASSERT_TRUE(again.has_value()) << again.error().detail;
  EXPECT_EQ((*first)->info_hash(), (*again)->info_hash());
  EXPECT_EQ(files("a"), 1U);
  const auto renamed = publish(*node, content, {UploadKind::torrent, "b.bin", ""});
  ASSERT_TRUE(renamed.has_value()) << renamed.error().detail;
  EXPECT_NE((*first)->info_hash(), (*renamed)->info_hash());
  EXPECT_TRUE(fs::equivalent(base_ / "a/content/published" / (*first)->root / "a.bin",
                             base_ / "a/content/published" / (*first)->root / "b.bin"));
  EXPECT_EQ(node->space().used_bytes, 300'000U);
  EXPECT_EQ(*read(*node, *node->find(v1(**renamed)), 0, 300'000), content);
}

TEST_F(NodeTest, AnUploadThatIsDroppedLeavesNothing) {
  const auto node = open("a");
  {
    auto upload = node->begin_upload({});
    const auto written = wait<NodeResult<void>>(
        [&](auto done) { (*upload)->write(counted_bytes(100'000), std::move(done)); });
    EXPECT_TRUE(written.has_value());
    EXPECT_EQ(files("a"), 1U);
    EXPECT_EQ(node->space().reserved_bytes, 100'000U);
  }
  node->stop();  // what was under way is through
  EXPECT_EQ(files("a"), 0U);
  EXPECT_EQ(node->space().reserved_bytes, 0U);
}

TEST_F(NodeTest, NothingIsRefusedByName) {
  const auto node = open("a");
  EXPECT_EQ(publish(*node, {}, {}).error().code, NodeErrc::empty_content);
}

TEST_F(NodeTest, TheQuotaIsReachedAndNotPassed) {
  NodeConfig with = config("a");
  with.quota_bytes = 1000;
  const auto node = open(with);
  const auto whole = publish(*node, counted_bytes(1000), {});
  ASSERT_TRUE(whole.has_value()) << whole.error().detail;
  EXPECT_EQ(publish(*node, counted_bytes(1), {}).error().code, NodeErrc::quota_exceeded);
  EXPECT_EQ(files("a"), 1U);
  ASSERT_TRUE(*node->remove((*whole)->cid));
  EXPECT_TRUE(publish(*node, counted_bytes(999), {}).has_value());
}

TEST_F(NodeTest, UploadsAtATimeAreBounded) {
  NodeConfig with = config("a");
  with.uploads_max = 2;
  const auto node = open(with);
  auto first = node->begin_upload({});
  const auto second = node->begin_upload({});
  EXPECT_EQ(node->begin_upload({}).error().code, NodeErrc::too_many);
  first = std::unexpected(NodeError{});
  EXPECT_TRUE(node->begin_upload({}).has_value());
}

TEST_F(NodeTest, ARestartBringsUploadsBackWithoutReadingThem) {
  const Buffer content = counted_bytes(700'001);
  InfoHashes hashes;
  Cid cid;
  {
    const auto node = open("a");
    const auto published = publish(*node, content, {UploadKind::torrent, "a.bin", "text/css"});
    ASSERT_TRUE(published.has_value());
    hashes = v1(**published);
    cid = (*published)->cid;
    ASSERT_TRUE(publish(*node, as_bytes("hello"), {}).has_value()) << "one without a name";
  }
  const auto node = open("a");
  EXPECT_EQ(node->published().size(), 2U);
  const auto found = node->find(hashes);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->publication->cid, cid);
  EXPECT_EQ(found->publication->manifest.mimetype, "text/css");
  EXPECT_EQ(node->client().status(found->key)->check_total, 0U);
  EXPECT_EQ(*read(*node, *found, 0, content.size()), content);
}

TEST_F(NodeTest, WhatChangedBehindTheNodesBackIsNeverGivenOut) {
  const Buffer content = counted_bytes(700'001);
  const auto node = open("a");
  const auto published = publish(*node, content, {UploadKind::torrent, "a.bin", ""});
  const fs::path file = base_ / "a/content/published" / (*published)->root / "a.bin";
  {
    std::fstream damaged(file, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(300'000);
    damaged << "damage";
  }
  const auto found = node->find(v1(**published));
  EXPECT_EQ(*read(*node, *found, 0, 262'144), to_buffer(Bytes(content).first(262'144)));
  EXPECT_FALSE(read(*node, *found, 262'144, 262'144).has_value());
}

TEST_F(NodeTest, RemovingTheLastManifestRemovesTheContent) {
  const auto node = open("a");
  const Buffer content = counted_bytes(100'000);
  const auto torrent = publish(*node, content, {UploadKind::torrent, "a.bin", ""});
  const auto data = publish(*node, content, {UploadKind::data, "a.bin", ""});
  ASSERT_TRUE(data.has_value());
  EXPECT_TRUE(*node->remove((*torrent)->cid));
  EXPECT_FALSE(*node->remove((*torrent)->cid));
  EXPECT_TRUE(node->find(v1(**data)).has_value()) << "still the data upload's";
  EXPECT_EQ(files("a"), 1U);
  EXPECT_TRUE(*node->remove((*data)->cid));
  EXPECT_FALSE(node->find((*data)->cid).has_value());
  EXPECT_EQ(files("a"), 0U);
  EXPECT_EQ(node->space().used_bytes, 0U);
}

TEST_F(NodeTest, ATorrentIsFetchedByEitherHashAndReadWhileItArrives) {
  const auto seed = open("seed");
  const Buffer content = counted_bytes(3'000'000);
  const auto published = publish(*seed, content, {UploadKind::torrent, "a.bin", ""});
  ASSERT_TRUE(published.has_value());
  const InfoHashes hybrid = (*published)->hybrid->info->hashes;
  const auto node = open("b");
  const auto first = fetch(*node, source_from(*seed, v1(**published)));
  ASSERT_TRUE(first.has_value()) << first.error().detail;
  const auto tail = read(*node, *first, 2'900'000, 100'000);
  ASSERT_TRUE(tail.has_value()) << tail.error().detail;
  EXPECT_EQ(*tail, to_buffer(Bytes(content).last(100'000)));
  EXPECT_EQ(*read(*node, *first, 0, content.size()), content);
  const auto second = fetch(*node, source_from(*seed, {std::nullopt, hybrid.v2}));
  ASSERT_TRUE(second.has_value()) << second.error().detail;
  EXPECT_EQ(second->info->hashes, hybrid);
  EXPECT_EQ(*read(*node, *second, 0, content.size()), content);
}

TEST_F(NodeTest, AnUploadWithoutANameIsFetchedByTheReferencesHashToo) {
  const auto seed = open("seed");
  const Buffer content = counted_bytes(600'000);
  const auto published = publish(*seed, content, {});
  ASSERT_TRUE(published.has_value());
  const Sha1Digest hash = (*published)->info_hash();
  auto node = open("b");
  const auto found = fetch(*node, source_from(*seed, {hash, std::nullopt}));
  ASSERT_TRUE(found.has_value()) << found.error().detail;
  EXPECT_EQ(found->info->name, hash.hex());
  EXPECT_EQ(read(*node, *found, 0, content.size()), content);
  node.reset();
  node = open("b");
  EXPECT_TRUE(node->find({hash, std::nullopt}).has_value()) << "after a restart";
}

TEST_F(NodeTest, ALookUpLearnsFromALaterOneThatKnowsMore) {
  const auto node = open("a");
  const auto seed = open("seed");
  const auto published = publish(*seed, counted_bytes(5000), {UploadKind::torrent, "a", ""});
  FetchSource bare, whole;
  bare.hashes = whole.hashes = v1(**published);
  whole.metadata = (*published)->reference;
  whole.torrent_file = (*published)->reference_file;
  std::promise<NodeResult<Found>> first;
  node->fetch(bare, [&](NodeResult<Found> found) { first.set_value(std::move(found)); });
  while (!node->find(bare.hashes)) std::this_thread::yield();
  const auto second = fetch(*node, whole);
  ASSERT_TRUE(second.has_value()) << second.error().detail;
  const auto answer = first.get_future().get();
  ASSERT_TRUE(answer.has_value()) << answer.error().detail;
  EXPECT_EQ(answer->key, second->key);
}

TEST_F(NodeTest, OfTwoWhoAskAtOnceBothKnowWhatOneKnows) {
  const auto node = open("a");
  const auto seed = open("seed");
  for (std::size_t i = 0; i < 30; ++i) {
    const auto published = publish(*seed, counted_bytes(1000 + i), {UploadKind::torrent, "a", ""});
    FetchSource bare, whole;
    bare.hashes = whole.hashes = v1(**published);
    whole.metadata = (*published)->reference;
    whole.torrent_file = (*published)->reference_file;
    std::promise<NodeResult<Found>> first, second;
    node->fetch(bare, [&](NodeResult<Found> found) { first.set_value(std::move(found)); });
    node->fetch(whole, [&](NodeResult<Found> found) { second.set_value(std::move(found)); });
    for (auto* promise : {&first, &second}) {
      const auto answer = promise->get_future().get();
      ASSERT_TRUE(answer.has_value()) << answer.error().detail;
      EXPECT_EQ(answer->info->hashes, whole.hashes);
    }
  }
  EXPECT_EQ(node->client().torrents().size(), 30U);
}

TEST_F(NodeTest, ATorrentAddedToStayLearnsFromALookUpAndStays) {
  NodeConfig with = config("a");
  with.fetch_timeout = std::chrono::milliseconds(50);
  const auto node = open(with);
  const auto seed = open("seed");
  const auto published = publish(*seed, counted_bytes(5000), {UploadKind::torrent, "a", ""});
  FetchSource bare, whole;
  bare.hashes = whole.hashes = v1(**published);
  whole.metadata = (*published)->reference;
  whole.torrent_file = (*published)->reference_file;
  const auto added = node->add(bare, {});
  ASSERT_TRUE(added && added->is_new);
  const auto nobody = fetch(*node, bare);
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().code, NodeErrc::timed_out);
  ASSERT_TRUE(node->find(bare.hashes)) << "a look-up that ends takes only its own torrent along";
  const auto found = fetch(*node, whole);
  ASSERT_TRUE(found.has_value()) << found.error().detail;
  EXPECT_EQ(found->key, added->key);
  EXPECT_TRUE(node->find(bare.hashes)->info);
}

TEST_F(NodeTest, TheMetadataOfAnotherTorrentIsRefused) {
  const auto node = open("a");
  const auto seed = open("seed");
  const auto published = publish(*seed, counted_bytes(5000), {UploadKind::torrent, "a", ""});
  FetchSource bare, wrong;
  bare.hashes = wrong.hashes = {Sha1Digest{}, std::nullopt};
  ASSERT_TRUE(node->add(bare, {}));
  wrong.metadata = (*published)->reference;
  const auto found = fetch(*node, wrong);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, NodeErrc::bad_torrent);
}

TEST_F(NodeTest, WhatWasRemovedCanBePublishedAgainAtOnce) {
  const auto node = open("a");
  const Buffer content = counted_bytes(100'000);
  for (int i = 0; i < 3; ++i) {
    const auto published = publish(*node, content, {UploadKind::torrent, "a", ""});
    ASSERT_TRUE(published.has_value()) << published.error().detail;
    EXPECT_EQ(*read(*node, *node->find(v1(**published)), 0, content.size()), content);
    ASSERT_TRUE(*node->remove((*published)->cid));
  }
}

TEST_F(NodeTest, WhatNobodyHasTimesOutAndIsForgotten) {
  NodeConfig with = config("a");
  with.fetch_timeout = std::chrono::milliseconds(100);
  const auto node = open(with);
  FetchSource source;
  source.hashes.v1 = Sha1Digest::from_hex_text("c50b6da572005c2242660a7f328aed496fead200");
  const auto found = fetch(*node, source);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, NodeErrc::timed_out);
  EXPECT_FALSE(node->find(source.hashes).has_value());
  node->stop();
  EXPECT_TRUE(fs::is_empty(base_ / "a/content/fetched"));
}

TEST_F(NodeTest, HTT_25_LookUpsAtATimeAreBoundedAndShared) {
  NodeConfig with = config("a");
  with.fetches_max = 1;
  const auto node = open(with);
  FetchSource first, second;
  first.hashes.v1 = Sha1Digest::from_hex_text("c50b6da572005c2242660a7f328aed496fead200");
  second.hashes.v1 = Sha1Digest::from_hex_text("b812e1827359f86b8831b56231789ca82db1503a");
  std::promise<NodeResult<Found>> one, shared;
  node->fetch(first, [&](NodeResult<Found> found) { one.set_value(std::move(found)); });
  while (!node->find(first.hashes)) std::this_thread::yield();
  node->fetch(first, [&](NodeResult<Found> found) { shared.set_value(std::move(found)); });
  NodeResult<Found> refused = fetch(*node, second);
  EXPECT_EQ(refused.error().code, NodeErrc::too_many);
  EXPECT_EQ(node->client().torrents().size(), 1U);
  node->stop();
  EXPECT_EQ(one.get_future().get().error().code, NodeErrc::stopping);
  EXPECT_EQ(shared.get_future().get().error().code, NodeErrc::stopping);
}

TEST_F(NodeTest, AReadThatNobodyAnswersEndsWithAnErrorInTime) {
  const auto seed = open("seed");
  const auto published = publish(*seed, counted_bytes(100'000), {UploadKind::torrent, "a", ""});
  NodeConfig with = config("b");
  with.read_timeout = std::chrono::milliseconds(100);
  const auto node = open(with);
  FetchSource source;
  source.hashes = v1(**published);
  source.metadata = (*published)->reference;
  source.torrent_file = (*published)->reference_file;
  const auto found = fetch(*node, source);
  ASSERT_TRUE(found.has_value()) << found.error().detail;
  const auto bytes = read(*node, *found, 0, 10);
  ASSERT_FALSE(bytes.has_value());
  EXPECT_EQ(bytes.error().code, NodeErrc::timed_out);
}

TEST_F(NodeTest, AFetchedTorrentIsThereAfterARestart) {
  const auto seed = open("seed");
  const Buffer content = counted_bytes(500'000);
  const auto published = publish(*seed, content, {UploadKind::torrent, "a.bin", ""});
  {
    const auto node = open("b");
    const auto found = fetch(*node, source_from(*seed, v1(**published)));
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    EXPECT_EQ(*read(*node, *found, 0, content.size()), content);
  }
  seed->stop();
  const auto node = open("b");
  const auto found = node->find(v1(**published));
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->info);
  EXPECT_EQ(*read(*node, *found, 0, content.size()), content);
}

TEST_F(NodeTest, AFetchBeyondTheQuotaIsRefused) {
  const auto seed = open("seed");
  const auto published = publish(*seed, counted_bytes(5000), {UploadKind::torrent, "a", ""});
  NodeConfig with = config("b");
  with.quota_bytes = 4999;
  const auto node = open(with);
  const auto found = fetch(*node, source_from(*seed, v1(**published)));
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, NodeErrc::quota_exceeded);
}

TEST_F(NodeTest, StoppingAnswersWhatIsUnderWay) {
  const auto node = open("a");
  FetchSource source;
  source.hashes.v1 = Sha1Digest::from_hex_text("c50b6da572005c2242660a7f328aed496fead200");
  std::promise<NodeResult<Found>> promise;
  auto answer = promise.get_future();
  node->fetch(source, [&](NodeResult<Found> found) { promise.set_value(std::move(found)); });
  node->stop();
  EXPECT_EQ(answer.get().error().code, NodeErrc::stopping);
  EXPECT_EQ(node->begin_upload({}).error().code, NodeErrc::stopping);
}

}  // namespace
}  // namespace weir
