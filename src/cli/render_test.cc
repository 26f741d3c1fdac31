// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/render.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(RenderBytes, HasThreeDigits) {
  EXPECT_EQ(render_bytes(0), "0 B");
  EXPECT_EQ(render_bytes(1023), "1023 B");
  EXPECT_EQ(render_bytes(1024), "1.00 KiB");
  EXPECT_EQ(render_bytes(1024 * 1024 - 1), "1.00 MiB");
  EXPECT_EQ(render_bytes(10 * 1024), "10.0 KiB");
  EXPECT_EQ(render_bytes(100u << 20), "100 MiB");
  EXPECT_EQ(render_bytes(UINT64_MAX), "16.0 EiB");
}

TEST(RenderDuration, GrowsItsUnits) {
  using std::chrono::seconds;
  EXPECT_EQ(render_duration(seconds(59)), "59s");
  EXPECT_EQ(render_duration(seconds(185)), "3m05s");
  EXPECT_EQ(render_duration(seconds(7620)), "2h07m");
  EXPECT_EQ(render_duration(seconds(9 * 86400 + 3 * 3600)), "9d03h");
  EXPECT_EQ(render_duration(seconds(-5)), "0s");
}

TEST(RenderDate, IsRfc3339InUtc) {
  EXPECT_EQ(render_date(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(render_date(1709208000), "2024-02-29T12:00:00Z");
  EXPECT_EQ(render_date(253402300799), "9999-12-31T23:59:59Z");
  EXPECT_EQ(render_date(253402300800), std::nullopt);
  EXPECT_EQ(render_date(-1), std::nullopt);
}

TEST(RenderPercent, IsNeverAHundredBeforeTheEnd) {
  EXPECT_EQ(render_percent(999'999, 1'000'000), "99.9%");
  EXPECT_EQ(render_percent(1, 1), "100.0%");
  EXPECT_EQ(render_percent(0, 0), "100.0%");
  EXPECT_EQ(render_percent(1, 8), "12.5%");
}

TEST(Printable, LeavesNoCharacterThatActsOnATerminal) {
  EXPECT_EQ(printable("plain ünïcode"), "plain ünïcode");
  EXPECT_EQ(printable("\x1b[2J"), "\xef\xbf\xbd[2J");
  EXPECT_EQ(printable("a\x7f"
                      "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(printable("\xc2\x9b"), "\xef\xbf\xbd");
  EXPECT_EQ(printable("\xe2\x80\xae"), "\xef\xbf\xbd");
  EXPECT_EQ(printable("\xe2\x81\xa6"), "\xef\xbf\xbd");
  EXPECT_EQ(printable("\xff"), "\xef\xbf\xbd");
}

TEST(Shorten, KeepsBothEndsAndCountsCharacters) {
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdefg", 6), "ab…efg");
  EXPECT_EQ(shorten("äöüßäöü", 5), "äö…öü");
  EXPECT_EQ(shorten("abc", 0), "");
  EXPECT_EQ(shorten("abc", 2), "ab");
}

TorrentStatus downloading() {
  TorrentStatus status;
  status.name = "linux.iso";
  status.state = TorrentState::downloading;
  status.total_bytes = 1000u << 20;
  status.done_bytes = 250u << 20;
  status.pieces_total = 1000;
  status.pieces_done = 250;
  status.swarm.down_rate = 25 << 20;
  status.swarm.peers = 3;
  return status;
}

TEST(RenderTransfer, SaysHowFarHowFastAndHowLong) {
  EXPECT_EQ(render_transfer(downloading(), 0),
            "linux.iso: 25.0%  250 MiB/0.98 GiB  25.0 MiB/s  up 0 B/s  ETA 30s  3 peers  "
            "250/1000 pieces");
}

TEST(RenderTransfer, ADownloadThatOnlyDownloadsIsNeverSaidToSeed) {
  TorrentStatus status = downloading();
  status.state = TorrentState::seeding;
  EXPECT_EQ(render_transfer(status, 0), "linux.iso: seeding  up 0 B/s  0 B sent  3 peers");
  EXPECT_EQ(render_transfer(status, 0, WhenComplete::finishes),
            "linux.iso: finishing  0.98 GiB  0 B sent");
  EXPECT_EQ(render_transfer(status, 0, WhenComplete::is_done),
            "linux.iso: complete  0.98 GiB  0 B sent");
}

TEST(RenderTransfer, SaysInWordsWhatItWaitsFor) {
  TorrentStatus status = downloading();
  status.state = TorrentState::failed;
  status.error = TorrentFailed{"read_only", "/a\x1b", true};
  EXPECT_EQ(render_transfer(status, 0),
            "linux.iso: waiting: the file system is read-only: /a\xef\xbf\xbd");
}

TEST(CountOf, HasNoPluralOfOne) {
  EXPECT_EQ(count_of(0, "piece"), "0 pieces");
  EXPECT_EQ(count_of(1, "piece"), "1 piece");
  EXPECT_EQ(count_of(2, "bad piece"), "2 bad pieces");
}

TEST(RenderTransfer, FitsAnyWidth) {
  TorrentStatus status = downloading();
  status.name = std::string(300, 'n');
  for (std::size_t columns = 1; columns < 200; ++columns) {
    std::size_t characters = 0;
    for (const char c : render_transfer(status, columns)) {
      characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    }
    EXPECT_LE(characters, columns);
  }
}

TEST(RenderTransfer, NamesTheHashWhileThereIsNoName) {
  TorrentStatus status;
  status.hashes.v1 = Sha1Digest{};
  status.state = TorrentState::fetching_metadata;
  status.swarm.peers = 1;
  EXPECT_EQ(render_transfer(status, 0),
            std::string(40, '0') + ": fetching metadata  1 peer  0 known");
}

TEST(RenderHashing, HasABarWhereThereIsRoom) {
  const HashingProgress progress{.what = "hashing",
                                 .done_bytes = 50 << 20,
                                 .total_bytes = 100 << 20,
                                 .elapsed = std::chrono::milliseconds(1000)};
  EXPECT_EQ(render_hashing(progress, 0), "hashing 50.0%  50.0 MiB/100 MiB  50.0 MiB/s  ETA 1s");
  EXPECT_NE(render_hashing(progress, 100).find("=="), std::string::npos);
  EXPECT_EQ(render_hashing(progress, 20).find("=="), std::string::npos);
}

}  // namespace
}  // namespace weir
