// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/catalogue_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

namespace fs = std::filesystem;

class CatalogueStoreTest : public testing::Test {
 protected:
  CatalogueStoreTest() {
    std::string name = (fs::temp_directory_path() / "weir-catalogue-XXXXXX").string();
    base_ = mkdtemp(name.data());
  }
  ~CatalogueStoreTest() override { fs::remove_all(base_); }

  std::unique_ptr<CatalogueStore> open() {
    auto store = CatalogueStore::open(base_ / "state");
    EXPECT_TRUE(store.has_value());
    return std::move(*store);
  }
  static CatalogueRow row(const std::string& cid, std::int64_t created) {
    return {
        cid,    "ab12", "a.txt", to_buffer(as_bytes("manifest")), to_buffer(as_bytes("torrent")),
        created};
  }

  fs::path base_;
};

TEST_F(CatalogueStoreTest, WhatIsSavedIsThereAfterReopening) {
  const CatalogueRow first = row("zA", 1), second = row("zB", 2);
  {
    const auto store = open();
    ASSERT_TRUE(store->save(second).has_value());
    ASSERT_TRUE(store->save(first).has_value());
  }
  const auto again = open();
  EXPECT_EQ(*again->load_all(), (std::vector<CatalogueRow>{first, second}));
  ASSERT_TRUE(again->remove("zA").has_value());
  ASSERT_TRUE(again->remove("zA").has_value());
  EXPECT_EQ(*again->load_all(), std::vector<CatalogueRow>{second});
}

TEST_F(CatalogueStoreTest, ASecondSaveUnderTheSameCidReplacesTheFirst) {
  const auto store = open();
  ASSERT_TRUE(store->save(row("zA", 1)).has_value());
  ASSERT_TRUE(store->save(row("zA", 5)).has_value());
  EXPECT_EQ(*store->load_all(), std::vector<CatalogueRow>{row("zA", 5)});
}

TEST_F(CatalogueStoreTest, EmptyValuesAreKept) {
  const auto store = open();
  const CatalogueRow empty{"zA", "", "", {}, {}, 0};
  ASSERT_TRUE(store->save(empty).has_value());
  EXPECT_EQ(*store->load_all(), std::vector<CatalogueRow>{empty});
}

TEST_F(CatalogueStoreTest, WhatLiesElsewhereIsKeptBesideAndItsPathMayHaveAnyBytes) {
  const InPlaceRow first{"aa", "/a/\xff\n", to_buffer(as_bytes("torrent")), 1};
  const InPlaceRow second{"bb", "/b", {}, 2};
  {
    const auto store = open();
    ASSERT_TRUE(store->save(row("zA", 1)).has_value());
    ASSERT_TRUE(store->save_in_place(second).has_value());
    ASSERT_TRUE(store->save_in_place(first).has_value());
  }
  const auto again = open();
  EXPECT_EQ(*again->load_in_place(), (std::vector<InPlaceRow>{first, second}));
  ASSERT_TRUE(again->remove_in_place("aa").has_value());
  EXPECT_EQ(*again->load_in_place(), std::vector<InPlaceRow>{second});
  EXPECT_EQ(again->load_all()->size(), 1U);
}

TEST_F(CatalogueStoreTest, ADatabaseOfTheFirstVersionGetsTheTableItLacks) {
  {
    const auto store = open();
    ASSERT_TRUE(store->save(row("zA", 1)).has_value());
  }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open((base_ / "state/catalogue.db").c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(raw, "DROP TABLE in_place; PRAGMA user_version=1", nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(raw);
  const auto store = open();
  EXPECT_EQ(*store->load_all(), std::vector<CatalogueRow>{row("zA", 1)});
  EXPECT_TRUE(store->load_in_place()->empty());
  EXPECT_TRUE(store->save_in_place({"aa", "/a", {}, 1}).has_value());
}

TEST_F(CatalogueStoreTest, ADatabaseOfTheSecondVersionKeepsWhatItHasAndGetsTheRest) {
  const InPlaceRow in_place{"aa", "/a", to_buffer(as_bytes("torrent")), 1};
  {
    const auto store = open();
    ASSERT_TRUE(store->save(row("zA", 1)).has_value());
    ASSERT_TRUE(store->save_in_place(in_place).has_value());
  }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open((base_ / "state/catalogue.db").c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "DROP TABLE copies; DROP TABLE keeps; PRAGMA user_version=2", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  const auto store = open();
  EXPECT_EQ(*store->load_all(), std::vector<CatalogueRow>{row("zA", 1)});
  EXPECT_EQ(*store->load_in_place(), std::vector<InPlaceRow>{in_place});
  EXPECT_TRUE(store->load_copies()->empty());
  EXPECT_TRUE(store->load_keeps()->empty());
  EXPECT_TRUE(store->save_keeps({{"aa", true, std::nullopt, false, 1}}).has_value());
}

TEST_F(CatalogueStoreTest, ANewerVersionIsRefusedAndLeftAlone) {
  (void)open();
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open((base_ / "state/catalogue.db").c_str(), &raw), SQLITE_OK);
  const std::string newer =
      "PRAGMA user_version=" + std::to_string(CatalogueStore::kSchemaVersion + 1);
  ASSERT_EQ(sqlite3_exec(raw, newer.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto store = CatalogueStore::open(base_ / "state");
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, StateErrc::newer_version);
}

TEST_F(CatalogueStoreTest, CopiesAreThereAfterReopeningWhateverTheirPathsHold) {
  Copy first{"/a/\xff\n", {{}, 1ull << 62}, {1ull << 62, -5, ~0ull}, CopyKind::fetched, "aa", 7};
  first.content.root.bytes.fill(std::byte{0xab});
  const Copy second{"/b", {{}, 3}, {3, 1, 2}, CopyKind::in_place, "bb", 0};
  {
    const auto store = open();
    ASSERT_TRUE(store->change_copies({second, first}, {}).has_value());
  }
  const auto again = open();
  EXPECT_EQ(*again->load_copies(), (std::vector<Copy>{first, second}));
  Copy moved = second;
  moved.owner = "cc";
  ASSERT_TRUE(again->change_copies({moved}, {first.path, "/absent"}).has_value());
  EXPECT_EQ(*again->load_copies(), std::vector<Copy>{moved});
}

TEST_F(CatalogueStoreTest, RowsThatNobodyWritesArePassedOver) {
  const auto store = open();
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open((base_ / "state/catalogue.db").c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw,
                         "INSERT INTO copies VALUES(x'2f61', x'00', 1, 1, 1, 1, 'a', 0),"
                         "(x'2f62', zeroblob(32), 1, 1, 1, 9, 'a', 0)",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  EXPECT_TRUE(store->load_copies()->empty());
}

TEST_F(CatalogueStoreTest, HowLongThingsAreKeptIsThereAfterReopening) {
  const KeepRow pinned{"aa", true, std::nullopt, true, 5}, expires{"bb", false, 77, false, 6};
  {
    const auto store = open();
    ASSERT_TRUE(store->save_keeps({pinned, expires}).has_value());
  }
  const auto again = open();
  EXPECT_EQ(*again->load_keeps(), (std::vector<KeepRow>{pinned, expires}));
  ASSERT_TRUE(again->remove_keep("aa").has_value());
  EXPECT_EQ(*again->load_keeps(), std::vector<KeepRow>{expires});
}

TEST_F(CatalogueStoreTest, ADamagedDatabaseIsLeftAlone) {
  fs::create_directory(base_ / "state");
  std::ofstream(base_ / "state/catalogue.db") << std::string(8192, 'x');
  EXPECT_FALSE(CatalogueStore::open(base_ / "state").has_value());
  EXPECT_EQ(fs::file_size(base_ / "state/catalogue.db"), 8192U);
}

TEST_F(CatalogueStoreTest, ADatabaseOfAnotherProgramIsForeign) {
  fs::create_directory(base_ / "state");
  {
    const auto other = SqliteStateStore::open((base_ / "state").string());
    ASSERT_TRUE(other.has_value());
  }
  fs::rename(base_ / "state/weir.db", base_ / "state/catalogue.db");
  const auto store = CatalogueStore::open(base_ / "state");
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, StateErrc::foreign);
}

TEST_F(CatalogueStoreTest, TheFileIsForItsUserAlone) {
  (void)open();
  struct stat found{};
  ASSERT_EQ(::stat((base_ / "state/catalogue.db").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(CatalogueStoreTest, WithoutADirectoryNothingIsKept) {
  const auto store = CatalogueStore::open("");
  ASSERT_TRUE(store.has_value());
  ASSERT_TRUE((*store)->save(row("zA", 1)).has_value());
  EXPECT_EQ((*store)->load_all()->size(), 1U);
}

}  // namespace
}  // namespace weir
