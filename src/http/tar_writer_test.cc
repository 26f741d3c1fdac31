// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/tar_writer.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TarWriteEntry file(std::string path, std::uint64_t size) {
  TarWriteEntry out;
  out.path = std::move(path);
  out.size = size;
  return out;
}

TarWriteEntry folder(std::string path) {
  TarWriteEntry out = file(std::move(path), 0);
  out.kind = TarKind::directory;
  return out;
}

// Byte `at` of the content of an entry.
char content_byte(std::size_t entry, std::uint64_t at) {
  return static_cast<char>('a' + (entry * 7 + at) % 26);
}

// The bytes from `offset` on, in stretches of at most `step`.
std::string read(const TarPlan& plan, std::uint64_t offset, std::uint64_t step) {
  std::string out;
  while (offset < plan.length()) {
    const TarSegment segment = plan.segment_at(offset, step);
    std::string bytes;
    if (const auto* text = std::get_if<std::string>(&segment)) {
      bytes = *text;
    } else {
      const auto& range = std::get<TarFileBytes>(segment);
      for (std::uint64_t i = 0; i < range.length; ++i) {
        bytes += content_byte(range.entry, range.offset + i);
      }
    }
    EXPECT_FALSE(bytes.empty());
    EXPECT_LE(bytes.size(), step);
    offset += bytes.size();
    out += bytes;
  }
  return out;
}

TEST(TarWriter, AShortNameIsOnePlainHeader) {
  const std::string header = tar_header(file("dir/a.txt", 1234));
  ASSERT_EQ(header.size(), kTarBlock);
  EXPECT_EQ(header.substr(0, 10), std::string("dir/a.txt\0", 10));
  EXPECT_EQ(header.substr(100, 8), std::string("0000644\0", 8));
  EXPECT_EQ(header.substr(124, 12), std::string("00000002322\0", 12));
  EXPECT_EQ(header.substr(136, 12), std::string("00000000000\0", 12));
  EXPECT_EQ(header[156], '0');
  EXPECT_EQ(header.substr(257, 8), std::string("ustar\0"
                                               "00",
                                               8));
}

TEST(TarWriter, DirectoriesEndInASlashAndProgramsMayBeRun) {
  const std::string header = tar_header(folder("d"));
  EXPECT_EQ(header.substr(0, 3), std::string("d/\0", 3));
  EXPECT_EQ(header[156], '5');
  EXPECT_EQ(header.substr(100, 7), "0000755");
  TarWriteEntry program = file("p", 0);
  program.executable = true;
  EXPECT_EQ(tar_header(program).substr(100, 7), "0000755");
}

TEST(TarWriter, PaxHeadersAppearExactlyWhenTheyAreNeeded) {
  EXPECT_EQ(tar_header(file(std::string(kTarNameMax, 'a'), 0)).size(), kTarBlock);
  const std::string long_name(kTarNameMax + 1, 'a');
  const std::string header = tar_header(file(long_name, 0));
  ASSERT_EQ(header.size(), 3 * kTarBlock);
  EXPECT_EQ(header[156], 'x');
  // "111 path=" and 101 bytes and a line end are 111 bytes.
  EXPECT_EQ(header.substr(kTarBlock, 111), "111 path=" + long_name + "\n");
  EXPECT_EQ(header.substr(kTarBlock + 111, kTarBlock - 111), std::string(kTarBlock - 111, '\0'));
  // A directory's slash counts.
  EXPECT_EQ(tar_header(folder(std::string(kTarNameMax - 1, 'a'))).size(), kTarBlock);
  EXPECT_EQ(tar_header(folder(std::string(kTarNameMax, 'a'))).size(), 3 * kTarBlock);
  EXPECT_EQ(tar_header(file("na\u00efve", 0)).size(), 3 * kTarBlock);
}

TEST(TarWriter, SizesOfEightGibibytesAreInThePaxHeader) {
  EXPECT_EQ(tar_header(file("a", kTarOctalMax)).size(), kTarBlock);
  const std::string header = tar_header(file("a", kTarOctalMax + 1));
  ASSERT_EQ(header.size(), 3 * kTarBlock);
  EXPECT_EQ(header.substr(kTarBlock, 19), "19 size=8589934592\n");
}

TEST(TarWriter, UnusualTimesAreInThePaxHeader) {
  TarWriteEntry entry = file("a", 0);
  entry.mtime_s = static_cast<std::int64_t>(kTarOctalMax);
  EXPECT_EQ(tar_header(entry).size(), kTarBlock);
  entry.mtime_s = -1;
  EXPECT_EQ(tar_header(entry).substr(kTarBlock, 12), "12 mtime=-1\n");
}

TEST(TarWriter, RecordLengthsCountTheirOwnDigits) {
  for (std::size_t size = kTarNameMax + 1; size < 1100; ++size) {
    const std::string header = tar_header(file(std::string(size, 'a'), 0));
    const std::string data = header.substr(kTarBlock);
    const std::size_t length = std::stoul(data);
    EXPECT_EQ(data[length - 1], '\n');
    EXPECT_EQ(data[length], length % kTarBlock == 0 ? 'a' : '\0');
  }
}

TEST(TarWriter, LengthIsKnownAndEveryCutGivesTheSameBytes) {
  const auto plan = TarPlan::make({folder("d"), file("d/empty", 0), file("d/one", 1),
                                   file("d/full", 512), file("d/" + std::string(120, 'n'), 1000)});
  ASSERT_TRUE(plan);
  const std::string whole = read(*plan, 0, 1 << 20);
  EXPECT_EQ(whole.size(), plan->length());
  EXPECT_EQ(whole.size() % kTarBlock, 0U);
  EXPECT_EQ(whole.substr(whole.size() - 2 * kTarBlock), std::string(2 * kTarBlock, '\0'));
  for (const std::uint64_t step : {1U, 7U, 511U, 512U, 513U})
    EXPECT_EQ(read(*plan, 0, step), whole);
  for (std::uint64_t offset = 0; offset < whole.size(); offset += 37) {
    ASSERT_EQ(read(*plan, offset, 300), whole.substr(offset)) << offset;
  }
}

TEST(TarWriter, AnEmptyArchiveIsItsEndMark) {
  const auto plan = TarPlan::make({});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->length(), 2 * kTarBlock);
  EXPECT_EQ(read(*plan, 0, 100), std::string(2 * kTarBlock, '\0'));
}

TEST(TarWriter, RefusesPathsThatAReaderShouldNotTrust) {
  for (const std::string& bad :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string("../a"), std::string("a/.."), std::string("a\0b", 3), std::string("\xff"),
        std::string(kTarWritePathMax + 1, 'a')}) {
    const auto plan = TarPlan::make({file(bad, 0)});
    ASSERT_FALSE(plan) << bad;
    EXPECT_EQ(plan.error(), TarWriteErrc::bad_path);
  }
  EXPECT_TRUE(TarPlan::make({file(std::string(kTarWritePathMax, 'a'), 0)}));
  TarWriteEntry entry = folder("d");
  entry.size = 1;
  EXPECT_EQ(TarPlan::make({entry}).error(), TarWriteErrc::bad_size);
}

TEST(TarWriter, ArchivesBeyond63BitsAreRefused) {
  constexpr std::uint64_t kMax = INT64_MAX;
  // Three blocks of header, two at the end.
  EXPECT_TRUE(TarPlan::make({file("a", kMax - 511 - 5 * kTarBlock)}));
  EXPECT_EQ(TarPlan::make({file("a", kMax - 510 - 5 * kTarBlock)}).error(),
            TarWriteErrc::too_large);
  EXPECT_EQ(TarPlan::make({file("a", UINT64_MAX)}).error(), TarWriteErrc::too_large);
  EXPECT_EQ(TarPlan::make({file("a", kMax / 2), file("b", kMax / 2)}).error(),
            TarWriteErrc::too_large);
}

TEST(TarWriter, EntriesAreBounded) {
  std::vector<TarWriteEntry> entries(kTarWriteEntriesMax + 1, file("a", 0));
  EXPECT_EQ(TarPlan::make(entries).error(), TarWriteErrc::too_many);
  entries.pop_back();
  EXPECT_TRUE(TarPlan::make(std::move(entries)));
}

}  // namespace
}  // namespace weir::http
