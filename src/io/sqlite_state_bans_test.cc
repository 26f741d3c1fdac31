// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "io/sqlite_state.h"
#include "io/testing/scratch.h"

namespace weir {
namespace {

using SavedBan = SqliteStateStore::SavedBan;

IpAddress address(const char* text) { return *IpAddress::parse(text); }

class SavedBansTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStateStore> open() {
    return std::move(*SqliteStateStore::open(scratch_.at("state")));
  }
  void execute(const char* sql) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(scratch_.at("state/weir.db").c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
    sqlite3_close(raw);
  }
  ScratchDir scratch_;
};

TEST_F(SavedBansTest, AreThereAfterOpeningAgainUntilTheyEnd) {
  const SavedBan v4{address("192.0.2.7"), 1000}, v6{address("2001:db8::7"), 2000};
  {
    const auto store = open();
    ASSERT_TRUE(store->save_ban(v4));
    ASSERT_TRUE(store->save_ban(v6));
  }
  EXPECT_EQ(*open()->load_bans(999), (std::vector{v6, v4}));
  EXPECT_EQ(*open()->load_bans(1000), (std::vector{v6}));
  // The one that ended is gone, even for a clock that was set back.
  EXPECT_EQ(*open()->load_bans(0), (std::vector{v6}));
}

TEST_F(SavedBansTest, AreReplacedAndRemovedByTheirAddress) {
  const auto store = open();
  const IpAddress who = address("192.0.2.7");
  ASSERT_TRUE(store->save_ban({who, 1000}));
  ASSERT_TRUE(store->save_ban({who, 1500}));
  EXPECT_EQ(*store->load_bans(0), (std::vector{SavedBan{who, 1500}}));
  ASSERT_TRUE(store->remove_ban(address("192.0.2.8")));
  EXPECT_EQ(store->load_bans(0)->size(), 1U);
  ASSERT_TRUE(store->remove_ban(who));
  EXPECT_TRUE(store->load_bans(0)->empty());
}

TEST_F(SavedBansTest, ADatabaseThatKnowsNoBansGetsATableForThem) {
  (void)open();
  execute("DROP TABLE ban");
  const auto store = open();
  ASSERT_TRUE(store->save_ban({address("192.0.2.7"), 1000}));
  EXPECT_EQ(store->load_bans(0)->size(), 1U);
}

TEST_F(SavedBansTest, OfTooManyThoseThatEndLastAreGiven) {
  (void)open();
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)"
      " INSERT INTO ban SELECT '10.' || (i >> 16) || '.' || (i >> 8 & 255) || '.' || (i & 255),"
      " i FROM n");
  const auto bans = open()->load_bans(0);
  ASSERT_EQ(bans->size(), SqliteStateStore::kBansMax);
  EXPECT_EQ(bans->front().until, 10'001);
  EXPECT_EQ(bans->back().until, 2);
}

TEST_F(SavedBansTest, WhatIsNoAddressBansNobody) {
  (void)open();
  execute("INSERT INTO ban VALUES('nobody', 1000), ('192.0.2.7', 1000)");
  EXPECT_EQ(*open()->load_bans(0), (std::vector{SavedBan{address("192.0.2.7"), 1000}}));
}

}  // namespace
}  // namespace weir
