// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/sqlite_state.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "io/testing/scratch.h"

namespace weir {
namespace {

using Store = std::unique_ptr<SqliteStateStore>;

class SqliteStateTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string directory() const { return scratch_.at("state"); }
  [[nodiscard]] std::string database() const { return directory() + "/weir.db"; }
  [[nodiscard]] Store open() const {
    auto store = SqliteStateStore::open(directory());
    if (store) return *std::move(store);
    ADD_FAILURE() << error_name(store.error().code) << ' ' << error_name(store.error().disk.code)
                  << ' ' << store.error().detail;
    return nullptr;
  }
  // What another program, or another version, does with the file.
  void execute(const char* sql) const {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
    sqlite3_close(raw);
  }
  ScratchDir scratch_;
};

std::string progress_of(StateStore& store, const std::string& id) {
  const auto entry = store.load(id);
  return entry && *entry ? std::string(as_text((*entry)->progress)) : "(none)";
}

TEST_F(SqliteStateTest, WhatWasSavedIsThereAfterOpeningAgain) {
  {
    const Store store = open();
    ASSERT_TRUE(store);
    EXPECT_TRUE(store->load_all()->empty());
    ASSERT_TRUE(store->save_record("b", as_bytes("record b")));
    ASSERT_TRUE(store->save_progress("b", as_bytes("progress b")));
    ASSERT_TRUE(store->save_record("a", as_bytes("record a")));
    ASSERT_TRUE(store->save_record("b", as_bytes("record b, again")));
    ASSERT_TRUE(store->save_progress("c", {}));
  }
  const Store store = open();
  const auto all = store->load_all();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].id, "a");
  EXPECT_EQ(as_text((*all)[0].record), "record a");
  EXPECT_TRUE((*all)[0].progress.empty());
  EXPECT_EQ((*all)[1].id, "b");
  EXPECT_EQ(as_text((*all)[1].record), "record b, again");
  EXPECT_EQ(as_text((*all)[1].progress), "progress b");
  EXPECT_EQ((*all)[2].id, "c");
  EXPECT_TRUE((*all)[2].record.empty() && (*all)[2].progress.empty());
  EXPECT_FALSE(store->set_aside());
}

TEST_F(SqliteStateTest, LoadsOneEntryAndSaysWhenThereIsNone) {
  const Store store = open();
  const std::string binary("a\0\xff", 3);
  ASSERT_TRUE(store->save_record("x", as_bytes(binary)));
  const auto found = store->load("x");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->id, "x");
  EXPECT_EQ(as_text((*found)->record), binary);
  ASSERT_TRUE(store->save_progress("only progress", as_bytes("p")));
  EXPECT_EQ(progress_of(*store, "only progress"), "p");
  const auto none = store->load("y");
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_F(SqliteStateTest, RemovesRecordAndProgress) {
  const Store store = open();
  ASSERT_TRUE(store->save_record("x", as_bytes("r")));
  ASSERT_TRUE(store->save_progress("x", as_bytes("p")));
  ASSERT_TRUE(store->save_record("kept", as_bytes("r")));
  ASSERT_TRUE(store->remove("x"));
  EXPECT_TRUE(store->remove("never there"));
  EXPECT_FALSE(*store->load("x"));
  EXPECT_EQ(store->load_all()->size(), 1U);
}

TEST_F(SqliteStateTest, KeepsRecordsOfManyMegabytes) {
  const Store store = open();
  const Buffer large(20 << 20, std::byte{7});
  ASSERT_TRUE(store->save_record("x", large));
  EXPECT_EQ((*store->load("x"))->record, large);
}

TEST_F(SqliteStateTest, SavingProgressDoesNotRewriteTheRecord) {
  const Store store = open();
  ASSERT_TRUE(store->save_record("x", Buffer(8 << 20, std::byte{7})));
  execute("PRAGMA wal_checkpoint(TRUNCATE)");
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->save_progress("x", Buffer(100, static_cast<std::byte>(i))));
  }
  EXPECT_LT(std::filesystem::file_size(database() + "-wal"), 1U << 20);
}

TEST_F(SqliteStateTest, IsReadableToItsUserOnly) {
  const Store store = open();
  ASSERT_TRUE(store->save_record("x", as_bytes("passkey")));
  for (const char* suffix : {"", "-wal"}) {
    struct stat found{};
    ASSERT_EQ(::stat((database() + suffix).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(SqliteStateTest, InMemoryKeepsNoFile) {
  const auto store = SqliteStateStore::in_memory();
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->save_progress("x", as_bytes("p")));
  EXPECT_EQ(progress_of(**store, "x"), "p");
  EXPECT_FALSE(std::filesystem::exists(":memory:"));
}

TEST_F(SqliteStateTest, ANewerDatabaseIsRefusedAndLeftAlone) {
  ASSERT_TRUE(open()->save_record("x", as_bytes("r")));
  execute("PRAGMA user_version = 2");
  const auto store = SqliteStateStore::open(directory());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, StateErrc::newer_version);
  EXPECT_EQ(store.error().disk.path, database());
  execute("PRAGMA user_version = 1");
  EXPECT_TRUE(*open()->load("x"));
}

TEST_F(SqliteStateTest, ADatabaseOfAnotherProgramIsRefusedAndLeftAlone) {
  std::filesystem::create_directory(directory());
  execute("CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1);");
  const std::string before = get_file(database());
  const auto store = SqliteStateStore::open(directory());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, StateErrc::foreign);
  EXPECT_EQ(get_file(database()), before);
}

TEST_F(SqliteStateTest, AFileThatIsNoDatabaseIsSetAsideNotDeleted) {
  std::filesystem::create_directory(directory());
  const std::string garbage(5000, 'g');
  for (int round = 1; round <= 2; ++round) {
    put_file(database(), garbage);
    const Store store = open();
    ASSERT_TRUE(store);
    const std::string aside = database() + ".corrupt-" + std::to_string(round);
    EXPECT_EQ(store->set_aside(), aside);
    EXPECT_EQ(get_file(aside), garbage);
    EXPECT_TRUE(store->save_record("x", as_bytes("r")));
  }
}

TEST_F(SqliteStateTest, ADamagedTreeIsSetAside) {
  {
    const Store store = open();
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(store->save_record(std::to_string(i), Buffer(500, std::byte{1})));
    }
  }
  std::string bytes = get_file(database());
  ASSERT_GT(bytes.size(), 20'000U);
  for (std::size_t i = 8192; i < 16384; ++i) bytes[i] = '\x5a';
  put_file(database(), bytes);
  const Store store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->set_aside());
  EXPECT_EQ(get_file(*store->set_aside()), bytes);
  EXPECT_TRUE(store->load_all()->empty());
}

TEST_F(SqliteStateTest, AnEmptyFileIsANewDatabase) {
  std::filesystem::create_directory(directory());
  put_file(database(), "");
  const Store store = open();
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->set_aside());
  EXPECT_TRUE(store->save_record("x", as_bytes("r")));
}

TEST_F(SqliteStateTest, WhatIsNoFileIsRefused) {
  std::filesystem::create_directories(database());
  EXPECT_EQ(SqliteStateStore::open(directory()).error().disk.code, DiskErrc::not_regular);
  std::filesystem::remove_all(directory());
  put_file(directory(), "");
  EXPECT_EQ(SqliteStateStore::open(directory()).error().disk.code, DiskErrc::not_regular);
}

TEST_F(SqliteStateTest, AForbiddenDirectoryIsAPermissionError) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  const AsNobody nobody;
  const auto store = SqliteStateStore::open(directory());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().disk.code, DiskErrc::permission);
}

TEST_F(SqliteStateTest, AFullVolumeIsReportedAndTheOldValueStays) {
  std::filesystem::create_directory(directory());
  TinyVolume volume(directory(), "size=512k");
  if (!volume.mounted()) GTEST_SKIP() << "may not mount";
  const Store store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->save_progress("x", as_bytes("old")));
  const auto saved = store->save_progress("x", Buffer(2 << 20, std::byte{1}));
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error(), (DiskError{DiskErrc::no_space, database()}));
  EXPECT_EQ(progress_of(*store, "x"), "old");
  EXPECT_TRUE(store->save_progress("x", as_bytes("new")));
  EXPECT_EQ(progress_of(*store, "x"), "new");
}

TEST_F(SqliteStateTest, AReadOnlyVolumeIsReadOnly) {
  std::filesystem::create_directory(directory());
  TinyVolume volume(directory(), "size=1m");
  if (!volume.mounted()) GTEST_SKIP() << "may not mount";
  ASSERT_TRUE(open());
  volume.make_read_only();
  const auto store = SqliteStateStore::open(directory());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().disk.code, DiskErrc::read_only) << store.error().detail;
}

TEST_F(SqliteStateTest, SeveralConnectionsShareOneDatabase) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Store store = open();
      ASSERT_TRUE(store);
      for (int i = 0; i < 50; ++i) {
        const std::string id = std::to_string(t) + '-' + std::to_string(i);
        ASSERT_TRUE(store->save_record(id, as_bytes(id)));
        ASSERT_TRUE(store->save_progress("shared", as_bytes(id)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Store store = open();
  EXPECT_EQ(store->load_all()->size(), 201U);
  EXPECT_FALSE(store->set_aside());
}

TEST_F(SqliteStateTest, ThreadsShareOneConnection) {
  const Store store = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string id = std::to_string(t);
      for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(store->save_progress(id, as_bytes(std::to_string(i))));
        EXPECT_EQ(progress_of(*store, id), std::to_string(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace weir
