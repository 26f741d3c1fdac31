// SPDX-License-Identifier: MIT OR Apache-2.0
// Files are hashed again when asked, and brought back from where they are intact.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "node/content_store.h"
#include "node/event_log.h"
#include "node/testing/node_fixture.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class ContentCheckTest : public NodeFixture {
 protected:
  static StoreCheck check(Node& node, CheckAction action,
                          const std::optional<InfoHashes>& hashes = std::nullopt) {
    EXPECT_TRUE(node.check_store(hashes, action));
    while (node.contents().check().running) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return node.contents().check();
  }
  // Size and time stay as they were.
  static void spoil(const fs::path& path) {
    const auto time = fs::last_write_time(path);
    {
      std::fstream damaged(path, std::ios::in | std::ios::out | std::ios::binary);
      damaged.seekp(300'000);
      damaged << "damage";
    }
    fs::last_write_time(path, time);
  }
  static std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static InfoHashes reference(const Publication& upload) { return {upload.info_hash(), {}}; }
  fs::path place(const Publication& upload) const {
    return base_ / "n/content/published" / upload.root / upload.path;
  }

  const Buffer content_ = counted_bytes(700'001);
};

TEST_F(ContentCheckTest, DamageThatNothingShowsIsFoundAndNotServed) {
  NodeConfig with = config("n");
  with.read_timeout = std::chrono::milliseconds(300);
  const auto node = open(with);
  const auto good = publish(*node, counted_bytes(1000), {UploadKind::torrent, "good", ""});
  const auto bad = publish(*node, content_, {UploadKind::torrent, "bad", ""});
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(check(*node, CheckAction::verify).found_count, 0u);
  // It was read, so its pieces count as checked.
  EXPECT_TRUE(read(*node, *node->find(reference(**bad)), 0, content_.size()).has_value());
  spoil(place(**bad));
  const StoreCheck found = check(*node, CheckAction::verify);
  EXPECT_EQ(found.files, 2u);
  EXPECT_EQ(found.files_done, 2u);
  EXPECT_EQ(found.bytes_done, content_.size() + 1000);
  ASSERT_EQ(found.found.size(), 1u);
  EXPECT_EQ(found.found[0].result, CheckResult::damaged);
  EXPECT_EQ(found.found[0].path, place(**bad));
  EXPECT_EQ(node->store_stat().damaged, 1u);
  // The engine looks at it again, in its own time.
  const auto key = node->find(reference(**bad))->key;
  for (int i = 0; i < 3000; ++i) {
    const auto status = node->client().status(key);
    if (status->pieces_done < status->pieces_total) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(read(*node, *node->find(reference(**bad)), 300'000, 10).has_value());
  EXPECT_EQ(check(*node, CheckAction::verify, reference(**good)).files, 1u) << "one alone";
}

TEST_F(ContentCheckTest, WithoutAnotherCopyARepairSaysSo) {
  const auto node = open("n");
  const auto bad = publish(*node, content_, {UploadKind::torrent, "bad", ""});
  spoil(place(**bad));
  (void)check(*node, CheckAction::verify);
  const StoreCheck repair = check(*node, CheckAction::repair);
  ASSERT_EQ(repair.found.size(), 1u);
  EXPECT_EQ(repair.found[0].result, CheckResult::asked_for);
  // Uploading it again is what helps.
  ASSERT_TRUE(publish(*node, content_, {UploadKind::torrent, "bad", ""}).has_value());
  EXPECT_EQ(node->store_stat().damaged, 0u);
  EXPECT_EQ(check(*node, CheckAction::verify).found_count, 0u);
}

TEST_F(ContentCheckTest, ADamagedFileComesBackFromWhatItsOwnerHas) {
  const fs::path mine = base_ / "mine.bin";
  std::ofstream(mine, std::ios::binary) << as_text(content_);
  const auto node = open("n");
  ASSERT_EQ(publish_in_place(*node, mine).state, PublishState::done);
  const auto bad = publish(*node, content_, {UploadKind::torrent, "bad", ""});
  spoil(place(**bad));
  EXPECT_EQ(check(*node, CheckAction::verify).found_count, 1u);
  const StoreCheck repair = check(*node, CheckAction::repair);
  ASSERT_EQ(repair.found.size(), 1u);
  EXPECT_EQ(repair.found[0].result, CheckResult::restored);
  EXPECT_EQ(text_of(place(**bad)), as_text(content_));
  EXPECT_EQ(fs::hard_link_count(mine), 1u) << "copied, not linked";
  EXPECT_EQ(node->store_stat().damaged, 0u);
  for (int i = 0; i < 3000; ++i) {
    const auto status = node->client().status(node->find(reference(**bad))->key);
    if (status->pieces_done == status->pieces_total) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(*read(*node, *node->find(reference(**bad)), 0, content_.size()), content_);
}

TEST_F(ContentCheckTest, WhatLiesWhereItsOwnerPutItIsNeverWritten) {
  const fs::path mine = base_ / "mine.bin";
  std::ofstream(mine, std::ios::binary) << as_text(content_);
  const auto node = open("n");
  ASSERT_EQ(publish_in_place(*node, mine).state, PublishState::done);
  ASSERT_TRUE(publish(*node, content_, {UploadKind::torrent, "good", ""}).has_value());
  spoil(mine);
  const std::string as_it_is = text_of(mine);
  const StoreCheck found = check(*node, CheckAction::verify);
  ASSERT_EQ(found.found.size(), 1u);
  EXPECT_EQ(found.found[0].kind, CopyKind::in_place);
  EXPECT_EQ(check(*node, CheckAction::repair).found.at(0).result, CheckResult::asked_for);
  EXPECT_EQ(text_of(mine), as_it_is);
}

TEST_F(ContentCheckTest, AFileThatIsGoneIsMissingAndNothingIsLinkedToIt) {
  const auto node = open("n");
  const auto first = publish(*node, content_, {UploadKind::torrent, "a", ""});
  const auto second = publish(*node, content_, {UploadKind::torrent, "b", ""});
  fs::remove(place(**first));
  const StoreCheck found = check(*node, CheckAction::verify);
  ASSERT_EQ(found.found.size(), 1u);
  EXPECT_EQ(found.found[0].result, CheckResult::missing);
  EXPECT_EQ(check(*node, CheckAction::repair).found.at(0).result, CheckResult::restored);
  EXPECT_TRUE(fs::equivalent(place(**first), place(**second)));
}

TEST_F(ContentCheckTest, OneCheckAtATime) {
  const auto node = open("n");
  const auto upload = publish(*node, Buffer(64u << 20), {UploadKind::torrent, "large", ""});
  ASSERT_TRUE(upload.has_value());
  ASSERT_TRUE(node->check_store(std::nullopt, CheckAction::verify));
  EXPECT_FALSE(node->check_store(std::nullopt, CheckAction::repair)) << "the first has just begun";
  node->contents().cancel_check();
  while (node->contents().check().running) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(node->check_store(std::nullopt, CheckAction::verify));
}

}  // namespace
}  // namespace weir
