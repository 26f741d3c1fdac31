// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/piece_check.h"

#include <gtest/gtest.h>

#include "store/memory_disk.h"
#include "store/test_torrent.h"

namespace weir {
namespace {

// A piece length that no strip divides, more pieces than are checked side by side, a short last.
constexpr std::uint32_t kPiece = 100'000;
constexpr std::uint32_t kPieces = 2 * kCheckSideBySide + 3;

class PieceCheck : public testing::Test {
 protected:
  PieceCheck() { disk_.put_file("/data/t", torrent_.contents[0]); }

  std::vector<PieceOutcome> check_all() {
    std::vector<PieceIndex> pieces;
    for (std::uint32_t i = 0; i < kPieces; ++i) pieces.push_back(PieceIndex{i});
    return check_pieces(disk_, torrent_.storage(), torrent_.layers(), pieces);
  }

  MemoryDisk disk_;
  TestTorrent torrent_ =
      make_test_torrent(TorrentKind::v1, kPiece, {{"t", std::uint64_t{kPieces} * kPiece - 77}});
};

TEST_F(PieceCheck, EveryPieceIsJudgedByItself) {
  Buffer content = torrent_.contents[0];
  for (const std::uint32_t wrong : {0u, 17u, kPieces - 1}) {
    content[std::size_t{wrong} * kPiece + 33'000] ^= std::byte{1};
  }
  disk_.put_file("/data/t", content);
  const auto outcomes = check_all();
  ASSERT_EQ(outcomes.size(), kPieces);
  for (std::uint32_t i = 0; i < kPieces; ++i) {
    const bool wrong = i == 0 || i == 17 || i == kPieces - 1;
    EXPECT_EQ(outcomes[i].piece, PieceIndex{i});
    EXPECT_EQ(outcomes[i].verdict, wrong ? PieceVerdict::bad : PieceVerdict::good) << i;
  }
}

TEST_F(PieceCheck, AFileThatEndsInTheMiddleOfAPieceIsNoError) {
  Buffer content = torrent_.contents[0];
  content.resize(5 * kPiece + 40'000);
  disk_.put_file("/data/t", content);
  const auto outcomes = check_all();
  for (std::uint32_t i = 0; i < kPieces; ++i) {
    EXPECT_EQ(outcomes[i].verdict, i < 5 ? PieceVerdict::good : PieceVerdict::bad) << i;
    EXPECT_FALSE(outcomes[i].error);
  }
}

TEST_F(PieceCheck, AReadThatFailsAmongTheStripsIsThatPiecesErrorOnly) {
  int reads = 0;
  disk_.set_hook([&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    // The second strip of the fourth piece.
    if (kind == DiskOperation::read && ++reads == kCheckSideBySide + 4) return DiskErrc::io_error;
    return std::nullopt;
  });
  const auto outcomes = check_all();
  for (std::uint32_t i = 0; i < kPieces; ++i) {
    if (i == 3) {
      EXPECT_EQ(outcomes[i].error, (DiskError{DiskErrc::io_error, "/data/t"}));
    } else {
      EXPECT_EQ(outcomes[i].verdict, PieceVerdict::good) << i;
      EXPECT_FALSE(outcomes[i].error);
    }
  }
}

TEST_F(PieceCheck, WhatIsNotThereIsGivenUpAtItsFirstStrip) {
  ASSERT_TRUE(disk_.remove({kTestRoot, "t"}));
  const std::uint64_t before = disk_.operation_count();
  for (const PieceOutcome& outcome : check_all()) EXPECT_EQ(outcome.verdict, PieceVerdict::bad);
  EXPECT_EQ(disk_.operation_count() - before, kPieces);
}

}  // namespace
}  // namespace weir
