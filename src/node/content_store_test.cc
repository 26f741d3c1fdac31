// SPDX-License-Identifier: MIT OR Apache-2.0
// One copy of each content, whichever way it came.
#include "node/content_store.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "metainfo/create.h"
#include "node/event_log.h"
#include "node/testing/node_fixture.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class ContentStoreTest : public NodeFixture {
 protected:
  // A torrent of one file that nobody has.
  static FetchSource torrent_of(Bytes content, TorrentKind kind, const std::string& name) {
    CreateOptions options;
    options.kind = kind;
    options.name = name;
    options.piece_length = 64 * 1024;
    auto builder = TorrentBuilder::make(options, {{{}, content.size(), {}, {}}});
    EXPECT_TRUE(builder.has_value());
    const Layout& layout = builder->layout();
    for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
      Buffer data(layout.piece_size(PieceIndex{i}));
      const std::size_t at = std::size_t{i} * layout.piece_length();
      std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min(data.size(), content.size() - at), data.begin());
      const CreatedPieceInput input{PieceIndex{i}, data};
      builder->add(hash_created_pieces(layout, {&input, 1}));
    }
    auto created = builder->finish();
    EXPECT_TRUE(created.has_value());
    FetchSource source;
    source.metadata = std::make_shared<const TorrentMetadata>(std::move(created->metadata));
    source.torrent_file = std::move(created->bytes);
    source.hashes = source.metadata->info->hashes;
    return source;
  }
  static TorrentKey add(Node& node, FetchSource source) {
    const auto added = node.add(std::move(source), {});
    EXPECT_TRUE(added.has_value()) << added.error().detail;
    return added->key;
  }
  static TorrentStatus wait_for(Node& node, TorrentKey key, TorrentState state) {
    TorrentStatus status;
    for (int i = 0; i < 3000; ++i) {
      const auto now = node.client().status(key);
      if (!now) break;
      status = *now;
      if (status.state == state) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(status.state, state);
    return status;
  }
  // Until the node knows it by its contents, and has made of it what it makes of them.
  void wait_known(Node& node, TorrentKey key) {
    const auto status = wait_for(node, key, TorrentState::seeding);
    for (int i = 0; i < 3000; ++i) {
      node.contents().settle();
      if (!node.contents().owned_by(torrent_id(status.hashes)).empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    node.contents().settle();
    EXPECT_FALSE(node.contents().owned_by(torrent_id(status.hashes)).empty());
  }
  fs::path file_of(const FetchSource& source) const {
    const InfoHashes& hashes = source.hashes;
    return base_ / "n/content/fetched" / (hashes.v1 ? hashes.v1->hex() : hashes.v2->hex()) /
           source.metadata->info->name;
  }
  // As if it had been fetched by other means: it is found by hashing.
  void put_there(const FetchSource& source, Bytes content) {
    fs::create_directories(file_of(source).parent_path());
    std::ofstream(file_of(source), std::ios::binary) << as_text(content);
  }
  static Found found(Node& node, const FetchSource& source) {
    const auto out = node.find(source.hashes);
    EXPECT_TRUE(out.has_value());
    return out.value_or(Found{});
  }

  const Buffer content_ = counted_bytes(700'001);
};

TEST_F(ContentStoreTest, WhatWasUploadedIsNotDownloadedButLinked) {
  const auto node = open("n");
  const auto upload = publish(*node, content_, {UploadKind::torrent, "a.bin", ""});
  ASSERT_TRUE(upload.has_value());
  const fs::path uploaded = base_ / "n/content/published" / (*upload)->root / "a.bin";
  for (const TorrentKind kind : {TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid}) {
    const FetchSource source = torrent_of(content_, kind, "other.bin");
    const TorrentKey key = add(*node, source);
    wait_known(*node, key);
    EXPECT_TRUE(fs::equivalent(uploaded, file_of(source)));
    EXPECT_EQ(node->client().status(key)->swarm.downloaded_bytes, 0u);
    EXPECT_EQ(*read(*node, found(*node, source), 0, content_.size()), content_);
  }
  EXPECT_EQ(node->space().used_bytes, content_.size()) << "four torrents, one copy";
  EXPECT_EQ(node->contents().totals().shared_bytes, 3 * content_.size());
}

TEST_F(ContentStoreTest, AV1TorrentsFileIsFoundByItsRootOnceItWasVerified) {
  const auto node = open("n");
  const FetchSource v1 = torrent_of(content_, TorrentKind::v1, "one.bin");
  put_there(v1, content_);
  wait_known(*node, add(*node, v1));
  const FetchSource v2 = torrent_of(content_, TorrentKind::v2, "two.bin");
  wait_known(*node, add(*node, v2));
  EXPECT_TRUE(fs::equivalent(file_of(v1), file_of(v2)));
}

TEST_F(ContentStoreTest, TwoThatCameApartBecomeOneFile) {
  const auto node = open("n");
  const FetchSource v1 = torrent_of(content_, TorrentKind::v1, "one.bin");
  const FetchSource v2 = torrent_of(content_, TorrentKind::v2, "two.bin");
  put_there(v1, content_);
  put_there(v2, content_);
  EXPECT_FALSE(fs::equivalent(file_of(v1), file_of(v2)));
  wait_known(*node, add(*node, v1));
  wait_known(*node, add(*node, v2));
  EXPECT_TRUE(fs::equivalent(file_of(v1), file_of(v2)));
  EXPECT_EQ(*read(*node, found(*node, v1), 0, content_.size()), content_);
  EXPECT_EQ(*read(*node, found(*node, v2), 0, content_.size()), content_);
  EXPECT_EQ(node->space().used_bytes, content_.size());
}

TEST_F(ContentStoreTest, AnUploadOfWhatWasFetchedSharesItsFile) {
  const auto node = open("n");
  const FetchSource v2 = torrent_of(content_, TorrentKind::v2, "two.bin");
  put_there(v2, content_);
  wait_known(*node, add(*node, v2));
  const auto upload = publish(*node, content_, {UploadKind::torrent, "a.bin", ""});
  ASSERT_TRUE(upload.has_value());
  node->contents().settle();
  EXPECT_TRUE(
      fs::equivalent(base_ / "n/content/published" / (*upload)->root / "a.bin", file_of(v2)));
  EXPECT_EQ(*read(*node, found(*node, v2), 0, content_.size()), content_);
}

TEST_F(ContentStoreTest, SharingOutlivesTheNodeAndNothingIsHashedForIt) {
  const FetchSource v1 = torrent_of(content_, TorrentKind::v1, "one.bin");
  const FetchSource v2 = torrent_of(content_, TorrentKind::v2, "two.bin");
  put_there(v1, content_);
  put_there(v2, content_);
  {
    const auto node = open("n");
    wait_known(*node, add(*node, v1));
    wait_known(*node, add(*node, v2));
  }
  const auto node = open("n");
  for (const FetchSource* source : {&v1, &v2}) {
    const auto status = wait_for(*node, found(*node, *source).key, TorrentState::seeding);
    EXPECT_EQ(status.check_total, 0u);
    EXPECT_FALSE(node->contents().owned_by(torrent_id(source->hashes)).empty());
  }
  EXPECT_EQ(node->space().used_bytes, content_.size());
  const FetchSource third = torrent_of(content_, TorrentKind::hybrid, "three.bin");
  wait_known(*node, add(*node, third));
  EXPECT_TRUE(fs::equivalent(file_of(v1), file_of(third)));
}

TEST_F(ContentStoreTest, WhatLiesWhereItsOwnerPutItIsNeverLinked) {
  const fs::path mine = base_ / "mine.bin";
  std::ofstream(mine, std::ios::binary) << as_text(content_);
  const auto node = open("n");
  ASSERT_EQ(publish_in_place(*node, mine).state, PublishState::done);
  ContentId id{torrent_of(content_, TorrentKind::v2, "x")
                   .metadata->info->layout.file(FileIndex{0})
                   .pieces_root,
               content_.size()};
  ASSERT_EQ(node->contents().copies_of(id).size(), 1u) << "it is known";
  EXPECT_TRUE(node->contents().by_content(id).empty());
  EXPECT_TRUE(node->contents().by_length(content_.size()).empty());
  const FetchSource absent = torrent_of(content_, TorrentKind::v2, "two.bin");
  wait_for(*node, add(*node, absent), TorrentState::downloading);
  EXPECT_FALSE(fs::exists(file_of(absent)));
  // Nor does it become a link when the node has the same by other means.
  const FetchSource here = torrent_of(content_, TorrentKind::v1, "one.bin");
  put_there(here, content_);
  wait_known(*node, add(*node, here));
  EXPECT_EQ(fs::hard_link_count(mine), 1u);
  EXPECT_EQ(fs::hard_link_count(file_of(here)), 1u);
  // Even one of the node's own names is not to be linked once its file is somebody's.
  fs::create_hard_link(file_of(here), base_ / "mine too.bin");
  ASSERT_EQ(publish_in_place(*node, base_ / "mine too.bin").state, PublishState::done);
  EXPECT_TRUE(node->contents().by_content(id).empty());
}

TEST_F(ContentStoreTest, AFileChangedBehindTheNodesBackIsNotUsed) {
  const auto node = open("n");
  const auto upload = publish(*node, content_, {UploadKind::torrent, "a.bin", ""});
  const fs::path uploaded = base_ / "n/content/published" / (*upload)->root / "a.bin";
  {
    std::fstream damaged(uploaded, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(300'000);
    damaged << "damage";
  }
  const FetchSource source = torrent_of(content_, TorrentKind::v2, "two.bin");
  wait_for(*node, add(*node, source), TorrentState::downloading);
  EXPECT_FALSE(fs::exists(file_of(source)));
}

// Damage that kept size and time is found by comparing, and the good copy is not thrown away.
TEST_F(ContentStoreTest, CopiesThatDifferBothStay) {
  const FetchSource v1 = torrent_of(content_, TorrentKind::v1, "one.bin");
  const FetchSource v2 = torrent_of(content_, TorrentKind::v2, "two.bin");
  put_there(v1, content_);
  put_there(v2, content_);
  std::string warned;
  NodeConfig with = config("n");
  with.client.warn = [&](const std::string& text) { warned += text; };
  const auto node = open(with);
  wait_known(*node, add(*node, v1));
  const auto time = fs::last_write_time(file_of(v1));
  {
    std::fstream damaged(file_of(v1), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(300'000);
    damaged << "damage";
  }
  fs::last_write_time(file_of(v1), time);
  wait_known(*node, add(*node, v2));
  EXPECT_FALSE(fs::equivalent(file_of(v1), file_of(v2)));
  EXPECT_NE(warned.find("damaged"), std::string::npos) << warned;
  EXPECT_EQ(*read(*node, found(*node, v2), 0, content_.size()), content_);
}

// What was damaged while the node was down, its time kept, is linked, found out by the check, and
// never given out.
TEST_F(ContentStoreTest, DamageIsNotServedThroughALinkEither) {
  const FetchSource v1 = torrent_of(content_, TorrentKind::v1, "one.bin");
  put_there(v1, content_);
  NodeConfig with = config("n");
  with.read_timeout = std::chrono::milliseconds(300);
  {
    const auto before = open(with);
    wait_known(*before, add(*before, v1));
  }
  const auto time = fs::last_write_time(file_of(v1));
  {
    std::fstream damaged(file_of(v1), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(300'000);
    damaged << "damage";
  }
  fs::last_write_time(file_of(v1), time);
  const auto node = open(with);
  const FetchSource v2 = torrent_of(content_, TorrentKind::v2, "two.bin");
  const auto status = wait_for(*node, add(*node, v2), TorrentState::downloading);
  EXPECT_TRUE(fs::equivalent(file_of(v1), file_of(v2)));
  EXPECT_EQ(status.pieces_done, status.pieces_total - 1);
  EXPECT_FALSE(read(*node, found(*node, v2), 300'000, 10).has_value());
  EXPECT_FALSE(read(*node, found(*node, v1), 300'000, 10).has_value());
}

TEST_F(ContentStoreTest, DeletingOneNeverTakesTheOthersBytes) {
  const auto node = open("n");
  const FetchSource v1 = torrent_of(content_, TorrentKind::v1, "one.bin");
  const FetchSource v2 = torrent_of(content_, TorrentKind::v2, "two.bin");
  put_there(v1, content_);
  wait_known(*node, add(*node, v1));
  wait_known(*node, add(*node, v2));
  const TorrentKey first = found(*node, v1).key, second = found(*node, v2).key;
  const auto shared = node->removal(*node->client().status(first));
  EXPECT_EQ(shared.frees, 0u);
  EXPECT_EQ(shared.used_by, std::vector<std::string>{torrent_id(v2.hashes)});
  node->remove(first, RemoveContent::remove);
  EXPECT_FALSE(fs::exists(file_of(v1)));
  EXPECT_EQ(*read(*node, found(*node, v2), 0, content_.size()), content_);
  const auto last = node->removal(*node->client().status(second));
  EXPECT_EQ(last.frees, content_.size());
  EXPECT_TRUE(last.used_by.empty());
  EXPECT_EQ(node->space().used_bytes, content_.size());
  node->remove(second, RemoveContent::remove);
  EXPECT_EQ(files("n"), 0u);
  EXPECT_EQ(node->contents().totals().copies, 0u);
}

TEST_F(ContentStoreTest, DeletingAnUploadLeavesItsBytesToTheTorrentThatSharesThem) {
  const auto node = open("n");
  const auto upload = publish(*node, content_, {UploadKind::torrent, "a.bin", ""});
  const FetchSource source = torrent_of(content_, TorrentKind::v2, "two.bin");
  wait_known(*node, add(*node, source));
  const InfoHashes reference{(*upload)->info_hash(), {}};
  const auto status = node->client().status(*node->client().find(reference));
  const auto removal = node->removal(*status);
  EXPECT_EQ(removal.frees, 0u);
  EXPECT_EQ(removal.used_by, std::vector<std::string>{torrent_id(source.hashes)});
  const auto other = node->removal(*node->client().status(found(*node, source).key));
  EXPECT_EQ(other.frees, 0u);
  EXPECT_EQ(other.used_by.size(), 2u) << "the reference form and the hybrid";
  ASSERT_TRUE(*node->remove((*upload)->cid));
  EXPECT_EQ(*read(*node, found(*node, source), 0, content_.size()), content_);
  EXPECT_EQ(node->space().used_bytes, content_.size());
}

TEST_F(ContentStoreTest, ALinkOfTheUsersOwnKeepsTheBytesToo) {
  const auto node = open("n");
  const FetchSource v1 = torrent_of(content_, TorrentKind::v1, "one.bin");
  put_there(v1, content_);
  const TorrentKey key = add(*node, v1);
  wait_known(*node, key);
  EXPECT_EQ(node->removal(*node->client().status(key)).frees, content_.size());
  fs::create_hard_link(file_of(v1), base_ / "library.bin");
  const auto removal = node->removal(*node->client().status(key));
  EXPECT_EQ(removal.frees, 0u);
  EXPECT_TRUE(removal.used_by.empty());
}

}  // namespace
}  // namespace weir
