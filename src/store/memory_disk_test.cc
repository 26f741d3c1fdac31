// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/memory_disk.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/memory_state_store.h"

namespace weir {
namespace {

DiskPath at(const std::string& relative) { return {"/r", relative}; }

DiskResult<void> write(Disk& disk, const std::string& name, std::uint64_t offset, Bytes bytes) {
  return disk.write(at(name), offset, std::span(&bytes, 1));
}

Buffer filled(std::size_t size, int value) { return Buffer(size, static_cast<std::byte>(value)); }

DiskErrc code_of(const DiskResult<void>& result) { return result.error().code; }

TEST(Disk, EveryErrorHasItsOwnName) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(DiskErrc::io_error); ++i) {
    names.insert(error_name(static_cast<DiskErrc>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(DiskErrc::io_error) + 1);
  EXPECT_STREQ(error_name(DiskErrc::no_space), "no_space");
}

TEST(MemoryDisk, PartsOfAWriteComeBackInOrder) {
  MemoryDisk disk;
  const Buffer first = filled(20000, 1);
  const Buffer second = filled(5, 2);
  const Bytes parts[] = {first, second};
  ASSERT_TRUE(disk.write(at("d/f"), 10, parts));
  Buffer back(20005);
  ASSERT_TRUE(disk.read(at("d/f"), 10, back));
  Buffer expected = first;
  append(expected, Bytes(second));
  EXPECT_EQ(back, expected);
  EXPECT_EQ(disk.stat(at("d/f"))->size, 20015u);
  EXPECT_TRUE(disk.has_directory("/r/d"));
  EXPECT_EQ(code_of(disk.read(at("d/f"), 11, back)), DiskErrc::short_read);
  EXPECT_EQ(code_of(disk.read(at("d/g"), 0, back)), DiskErrc::not_found);
}

TEST(MemoryDisk, TwoNamesOfOneFileAreOneFile) {
  MemoryDisk disk;
  ASSERT_TRUE(write(disk, "a", 0, filled(20000, 1)));
  ASSERT_TRUE(disk.sync(at("a")));
  ASSERT_TRUE(disk.link(at("a"), at("d/b")));
  EXPECT_EQ(code_of(disk.link(at("a"), at("d/b"))), DiskErrc::already_exists);
  EXPECT_EQ(code_of(disk.link(at("absent"), at("c"))), DiskErrc::not_found);
  EXPECT_EQ(disk.stat(at("a")), disk.stat(at("d/b")));
  ASSERT_TRUE(write(disk, "d/b", 0, filled(5, 2)));
  EXPECT_EQ(disk.contents("/r/a")->front(), std::byte{2});
  const std::uint64_t used = disk.bytes_used();
  ASSERT_TRUE(disk.remove(at("a")));
  EXPECT_EQ(disk.bytes_used(), used) << "the other name has it";
  EXPECT_EQ(disk.contents("/r/d/b")->size(), 20000u);
}

TEST(MemoryDisk, HolesAreZerosAndCostNothing) {
  MemoryDisk disk;
  const std::uint64_t far = std::uint64_t{1} << 40;
  ASSERT_TRUE(write(disk, "f", far - 3, filled(6, 7)));
  EXPECT_EQ(disk.bytes_used(), 2 * MemoryDisk::kPageSize);
  Buffer back(10);
  ASSERT_TRUE(disk.read(at("f"), far - 7, back));
  EXPECT_EQ(back, (Buffer{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{7},
                          std::byte{7}, std::byte{7}, std::byte{7}, std::byte{7}, std::byte{7}}));
  EXPECT_EQ(code_of(write(disk, "f", MemoryDisk::kFileSizeMax - 1, filled(2, 1))),
            DiskErrc::too_large);
}

TEST(MemoryDisk, MET_15_NoSymlinkIsFollowedBelowTheRoot) {
  MemoryDisk disk;
  disk.put_symlink("/r/d", "/outside");
  disk.put_symlink("/r/l", "/outside/file");
  const Buffer one = filled(1, 1);
  EXPECT_EQ(code_of(write(disk, "d/x", 0, one)), DiskErrc::not_contained);
  EXPECT_EQ(code_of(write(disk, "l", 0, one)), DiskErrc::not_regular);
  for (const char* bad : {"../x", "a/../x", "/x", "a//b", ".", "a/", ""}) {
    EXPECT_EQ(code_of(write(disk, bad, 0, one)), DiskErrc::not_contained) << bad;
  }
  EXPECT_EQ(disk.names().size(), 2u);
}

TEST(MemoryDisk, NamesOf255BytesAreTheLongest) {
  MemoryDisk disk;
  EXPECT_TRUE(write(disk, std::string(255, 'n'), 0, filled(1, 1)));
  EXPECT_EQ(code_of(write(disk, std::string(256, 'n'), 0, filled(1, 1))), DiskErrc::name_too_long);
}

TEST(MemoryDisk, OnlyRegularFilesAreTouched) {
  MemoryDisk disk;
  disk.put_special("/r/fifo");
  disk.put_directory("/r/dir");
  for (const char* name : {"fifo", "dir"}) {
    EXPECT_EQ(disk.stat(at(name)).error().code, DiskErrc::not_regular);
    EXPECT_EQ(code_of(write(disk, name, 0, filled(1, 1))), DiskErrc::not_regular);
    EXPECT_EQ(code_of(disk.remove(at(name))), DiskErrc::not_regular);
  }
}

TEST(MemoryDisk, AFullDiskTakesAPrefixAndSaysSo) {
  MemoryDisk disk;
  disk.set_capacity(3 * MemoryDisk::kPageSize);
  EXPECT_EQ(code_of(write(disk, "f", 0, filled(4 * MemoryDisk::kPageSize, 1))), DiskErrc::no_space);
  EXPECT_EQ(disk.stat(at("f"))->size, 3 * MemoryDisk::kPageSize);
  EXPECT_EQ(*disk.free_space("/r"), 0u);
  ASSERT_TRUE(disk.remove(at("f")));
  EXPECT_EQ(*disk.free_space("/r"), 3 * MemoryDisk::kPageSize);
}

TEST(MemoryDisk, ReservedSpaceIsThereWhenWritten) {
  MemoryDisk disk;
  disk.set_capacity(4 * MemoryDisk::kPageSize);
  EXPECT_EQ(code_of(disk.allocate(at("f"), 5 * MemoryDisk::kPageSize, Preallocation::full)),
            DiskErrc::no_space);
  EXPECT_FALSE(disk.exists("/r/f"));
  ASSERT_TRUE(disk.allocate(at("f"), 3 * MemoryDisk::kPageSize, Preallocation::full));
  EXPECT_EQ(code_of(write(disk, "g", 0, filled(2 * MemoryDisk::kPageSize, 1))), DiskErrc::no_space);
  EXPECT_TRUE(write(disk, "f", 0, filled(3 * MemoryDisk::kPageSize, 2)));
  ASSERT_TRUE(disk.allocate(at("f"), 10, Preallocation::sparse));
  EXPECT_EQ(disk.stat(at("f"))->size, 3 * MemoryDisk::kPageSize);
}

TEST(MemoryDisk, RenameReplacesNothing) {
  MemoryDisk disk;
  ASSERT_TRUE(write(disk, "a", 0, filled(1, 1)));
  ASSERT_TRUE(write(disk, "b", 0, filled(1, 2)));
  EXPECT_EQ(code_of(disk.rename(at("a"), at("b"))), DiskErrc::already_exists);
  ASSERT_TRUE(disk.rename(at("a"), at("c/d")));
  EXPECT_EQ(disk.names(), (std::vector<std::string>{"/r/b", "/r/c/d"}));
  EXPECT_EQ(code_of(disk.rename(at("a"), at("e"))), DiskErrc::not_found);
}

TEST(MemoryDisk, EmptyParentsGoUpToTheRootAndNoFurther) {
  MemoryDisk disk;
  disk.put_file("/r/a/keep", {});
  disk.put_directory("/r/a/b/c");
  disk.remove_empty_parents(at("a/b/c/gone"));
  EXPECT_FALSE(disk.has_directory("/r/a/b"));
  EXPECT_TRUE(disk.has_directory("/r/a"));
  ASSERT_TRUE(disk.remove(at("a/keep")));
  disk.remove_empty_parents(at("a/keep"));
  EXPECT_FALSE(disk.has_directory("/r/a"));
  EXPECT_TRUE(disk.has_directory("/r"));
}

TEST(MemoryDisk, AHookedWriteIsTornAndAHaltedDiskDoesNothing) {
  MemoryDisk disk(3);
  disk.set_hook([&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    if (kind != DiskOperation::write) return std::nullopt;
    disk.halt();
    return DiskErrc::io_error;
  });
  EXPECT_EQ(code_of(write(disk, "f", 0, filled(100, 1))), DiskErrc::io_error);
  EXPECT_EQ(code_of(write(disk, "g", 0, filled(100, 1))), DiskErrc::io_error);
  disk.set_hook({});
  disk.restart();
  EXPECT_FALSE(disk.exists("/r/g"));
  EXPECT_LE(disk.stat(at("f"))->size, 100u);
}

TEST(MemoryDisk, ACrashKeepsWhatWasSyncedAndMayTearTheRest) {
  bool lost = false;
  bool kept = false;
  bool torn = false;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    MemoryDisk disk;
    Random random(seed);
    ASSERT_TRUE(write(disk, "f", 0, filled(1024, 1)));
    ASSERT_TRUE(disk.sync(at("f")));
    ASSERT_TRUE(write(disk, "f", 512, filled(1024, 2)));
    disk.crash(random);
    Buffer data = *disk.contents("/r/f");
    ASSERT_GE(data.size(), 1024u);
    EXPECT_EQ(Buffer(data.begin(), data.begin() + 512), filled(512, 1));
    data.resize(1536);
    const Buffer old_second = filled(512, 1);
    const bool second_new = data[512] == std::byte{2};
    const bool third_new = data[1024] == std::byte{2};
    lost |= !second_new && !third_new;
    kept |= second_new && third_new;
    torn |= second_new != third_new;
  }
  EXPECT_TRUE(lost && kept && torn);
}

TEST(MemoryDisk, ACrashLosesASuffixOfUnsyncedNames) {
  bool saw_none = false;
  bool saw_first = false;
  bool saw_both = false;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    MemoryDisk disk;
    Random random(seed);
    ASSERT_TRUE(write(disk, "synced", 0, filled(1, 1)));
    ASSERT_TRUE(disk.sync(at("synced")));
    ASSERT_TRUE(disk.rename(at("synced"), at("renamed")));
    ASSERT_TRUE(write(disk, "late", 0, filled(1, 1)));
    disk.crash(random);
    EXPECT_NE(disk.exists("/r/synced"), disk.exists("/r/renamed"));
    EXPECT_TRUE(!disk.exists("/r/late") || disk.exists("/r/renamed"));
    saw_none |= disk.exists("/r/synced");
    saw_first |= disk.exists("/r/renamed") && !disk.exists("/r/late");
    saw_both |= disk.exists("/r/late");
  }
  EXPECT_TRUE(saw_none && saw_first && saw_both);
}

TEST(MemoryStateStore, ASaveReplacesItsHalfOfTheEntry) {
  MemoryStateStore store;
  ASSERT_TRUE(store.save_record("b", as_bytes("record")));
  ASSERT_TRUE(store.save_progress("b", as_bytes("progress")));
  ASSERT_TRUE(store.save_record("a", as_bytes("r")));
  const auto all = store.load_all();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(as_text((*all)[1].record), "record");
  EXPECT_EQ(as_text((*all)[1].progress), "progress");
  ASSERT_TRUE(store.remove("b"));
  EXPECT_FALSE(store.load("b")->has_value());
  EXPECT_EQ(as_text((*store.load("a"))->record), "r");
}

TEST(MemoryStateStore, ACrashLosesASuffixOfTheLastSavesOnly) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    MemoryStateStore store;
    Random random(seed);
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(store.save_progress("x", as_bytes(std::to_string(i))));
    }
    store.crash(random);
    const int last = std::stoi(std::string(as_text((*store.load("x"))->progress)));
    EXPECT_GE(last, 39 - static_cast<int>(MemoryStateStore::kUnsyncedMax));
    lost |= last < 39;
  }
  EXPECT_TRUE(lost);
  MemoryStateStore durable;
  durable.set_durable(true);
  Random random(1);
  ASSERT_TRUE(durable.save_progress("x", as_bytes("1")));
  durable.crash(random);
  EXPECT_EQ(as_text((*durable.load("x"))->progress), "1");
}

TEST(MemoryStateStore, AHookedOperationChangesNothing) {
  MemoryStateStore store;
  store.set_hook([&](DiskOperation kind, const std::string& id) -> std::optional<DiskErrc> {
    EXPECT_EQ(id, "x");
    if (kind == DiskOperation::save_progress) return DiskErrc::no_space;
    return std::nullopt;
  });
  EXPECT_EQ(code_of(store.save_progress("x", as_bytes("1"))), DiskErrc::no_space);
  EXPECT_FALSE(store.load("x")->has_value());
  store.halt();
  EXPECT_EQ(code_of(store.save_record("x", as_bytes("1"))), DiskErrc::io_error);
  EXPECT_EQ(store.load_all().error().code, DiskErrc::io_error);
  store.restart();
  EXPECT_TRUE(store.save_record("x", as_bytes("1")));
}

}  // namespace
}  // namespace weir
