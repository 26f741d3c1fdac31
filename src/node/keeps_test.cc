// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/keeps.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace weir {
namespace {

namespace fs = std::filesystem;

class KeepsTest : public testing::Test {
 protected:
  KeepsTest() {
    std::string name = (fs::temp_directory_path() / "weir-keeps-XXXXXX").string();
    base_ = mkdtemp(name.data());
    open(100);
  }
  ~KeepsTest() override { fs::remove_all(base_); }
  // As after a restart.
  void open(std::int64_t ttl) {
    keeps_.reset();
    catalogue_.reset();
    catalogue_ = std::move(*CatalogueStore::open(base_));
    keeps_ = std::make_unique<Keeps>(*catalogue_, ttl);
    ASSERT_TRUE(keeps_->load().has_value());
  }
  using Ids = std::vector<std::string>;

  fs::path base_;
  std::unique_ptr<CatalogueStore> catalogue_;
  std::unique_ptr<Keeps> keeps_;
};

TEST_F(KeepsTest, WhatIsNotKnownIsKept) {
  EXPECT_TRUE(keeps_->expired(1'000'000).empty());
  EXPECT_EQ(keeps_->next_expiry(), std::nullopt);
  EXPECT_FALSE(keeps_->of("a").expires);
  keeps_->used("a", 5);
  EXPECT_TRUE(catalogue_->load_keeps()->empty());
}

TEST_F(KeepsTest, WhatWasFetchedGoesATimeAfterItsLastUse) {
  ASSERT_TRUE(keeps_->fetched("a", 1000).has_value());
  EXPECT_EQ(keeps_->of("a").expires, 1100);
  EXPECT_TRUE(keeps_->expired(1099).empty());
  EXPECT_EQ(keeps_->expired(1100), Ids{"a"});
  keeps_->used("a", 1050);
  EXPECT_TRUE(keeps_->expired(1149).empty());
  EXPECT_EQ(keeps_->next_expiry(), 1150);
  keeps_->used("a", 1040);
  EXPECT_EQ(keeps_->next_expiry(), 1150) << "never earlier";
}

TEST_F(KeepsTest, WithoutATimeItStays) {
  open(0);
  ASSERT_TRUE(keeps_->fetched("a", 1000).has_value());
  EXPECT_TRUE(keeps_->expired(1ll << 60).empty());
}

TEST_F(KeepsTest, WhatIsWantedOnPurposeOrPinnedStays) {
  for (const char* id : {"a", "b"}) ASSERT_TRUE(keeps_->fetched(id, 1000).has_value());
  ASSERT_TRUE(keeps_->wanted("a").has_value());
  ASSERT_TRUE(keeps_->change("b", {.pinned = true, .expires = {}}).has_value());
  EXPECT_TRUE(keeps_->expired(1ll << 60).empty());
  EXPECT_EQ(keeps_->pinned_count(), 1u);
  open(100);
  EXPECT_TRUE(keeps_->expired(1ll << 60).empty());
  EXPECT_TRUE(keeps_->of("b").pinned);
  ASSERT_TRUE(keeps_->change("b", {.pinned = false, .expires = {}}).has_value());
  EXPECT_EQ(keeps_->expired(1100), Ids{"b"});
}

TEST_F(KeepsTest, ADateOfItsOwnGoesBeforeTheRule) {
  ASSERT_TRUE(keeps_->fetched("late", 1000).has_value());
  ASSERT_TRUE(keeps_->change("late", {.pinned = {}, .expires = {{5000}}}).has_value());
  ASSERT_TRUE(keeps_->change("early", {.pinned = {}, .expires = {{50}}}).has_value());
  EXPECT_EQ(keeps_->expired(4999), Ids{"early"});
  EXPECT_EQ(keeps_->expired(5000), (Ids{"early", "late"}));
  open(100);
  EXPECT_EQ(keeps_->expired(5000), (Ids{"early", "late"}));
  KeepChange none;
  none.expires.emplace(std::nullopt);
  ASSERT_TRUE(keeps_->change("early", none).has_value());
  EXPECT_EQ(keeps_->expired(5000), Ids{"late"});
  EXPECT_EQ(catalogue_->load_keeps()->size(), 1u) << "a row that says nothing is none";
}

TEST_F(KeepsTest, LastUsesAreSavedTogether) {
  ASSERT_TRUE(keeps_->fetched("a", 1000).has_value());
  keeps_->used("a", 1500);
  open(100);
  EXPECT_EQ(keeps_->of("a").used, 1000) << "a kill";
  keeps_->used("a", 1500);
  ASSERT_TRUE(keeps_->flush().has_value());
  open(100);
  EXPECT_EQ(keeps_->of("a").used, 1500);
}

TEST_F(KeepsTest, WhoIsNotHereAnyMoreIsForgotten) {
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(keeps_->fetched(id, 1000).has_value());
  keeps_->forget("a");
  keeps_->keep_only({"b"});
  open(100);
  EXPECT_EQ(keeps_->expired(1ll << 60), Ids{"b"});
}

}  // namespace
}  // namespace weir
