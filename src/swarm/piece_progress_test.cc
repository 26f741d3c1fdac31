// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/piece_progress.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "swarm/internal/test_layout.h"

namespace weir {
namespace {

constexpr TimePoint kNow = TimePoint(std::chrono::hours(1));
constexpr ConnId kAlice{1};
constexpr ConnId kBob{2};

BlockIndex block(std::uint32_t index) { return static_cast<BlockIndex>(index); }

// Two pieces of four blocks; the last one ends after two and a bit.
class PieceProgress : public testing::Test {
 protected:
  OpenPiece& open(std::uint32_t index) {
    const auto piece = static_cast<PieceIndex>(index);
    return pieces_.open(piece, layout_, pool_.take(layout_.piece_size(piece)), kNow);
  }

  Layout layout_ = single_file_layout(6 * kBlockSize + 100, 4 * kBlockSize);
  BufferPool pool_{1u << 20, 0};
  OpenPieces pieces_;
};

TEST_F(PieceProgress, BeginsWithEveryBlockMissing) {
  const OpenPiece& piece = open(0);
  EXPECT_EQ(piece.block_count(), 4u);
  EXPECT_EQ(piece.missing_count(), 4u);
  EXPECT_EQ(piece.opened_at(), kNow);
  EXPECT_FALSE(piece.complete());
  EXPECT_FALSE(piece.source(block(0)));
}

TEST_F(PieceProgress, BlockIsMissingAgainWhenItsLastRequesterIsReleased) {
  OpenPiece& piece = open(0);
  piece.mark_requested(block(1));
  piece.mark_requested(block(1));
  EXPECT_EQ(piece.requesters(block(1)), 2u);
  piece.mark_released(block(1));
  EXPECT_EQ(piece.state(block(1)), BlockState::requested);
  piece.mark_released(block(1));
  EXPECT_EQ(piece.state(block(1)), BlockState::missing);
  EXPECT_EQ(piece.missing_count(), 4u);
}

TEST_F(PieceProgress, DuplicateIsToldFromTheFirstCopyAndKeepsItsSource) {
  OpenPiece& piece = open(0);
  piece.mark_requested(block(0));
  piece.mark_requested(block(0));
  EXPECT_TRUE(piece.mark_received(block(0), kAlice));
  EXPECT_FALSE(piece.mark_received(block(0), kBob));
  EXPECT_EQ(piece.source(block(0)), kAlice);
  EXPECT_EQ(piece.received_count(), 1u);
  EXPECT_EQ(piece.requesters(block(0)), 0u);
}

TEST_F(PieceProgress, ReleaseAfterArrivalLeavesTheBlockHere) {
  OpenPiece& piece = open(0);
  piece.mark_requested(block(0));
  piece.mark_requested(block(0));
  piece.mark_received(block(0), kAlice);
  piece.mark_released(block(0));
  EXPECT_EQ(piece.state(block(0)), BlockState::received);
}

TEST_F(PieceProgress, LateBlockOfATimedOutRequestIsTaken) {
  OpenPiece& piece = open(0);
  piece.mark_requested(block(3));
  piece.mark_released(block(3));
  EXPECT_TRUE(piece.mark_received(block(3), kBob));
  EXPECT_EQ(piece.missing_count(), 3u);
}

TEST_F(PieceProgress, LateBlockWhileAnotherIsAskedDoesNotUpsetTheCount) {
  OpenPiece& piece = open(0);
  piece.mark_requested(block(2));
  piece.mark_released(block(2));
  piece.mark_requested(block(2));
  EXPECT_TRUE(piece.mark_received(block(2), kAlice));
  piece.mark_released(block(2));  // the second request is withdrawn
  EXPECT_EQ(piece.state(block(2)), BlockState::received);
  EXPECT_EQ(piece.requesters(block(2)), 0u);
}

TEST_F(PieceProgress, CompleteWhenAllBlocksAreHere) {
  OpenPiece& piece = open(1);
  ASSERT_EQ(piece.block_count(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(piece.complete());
    piece.mark_received(block(i), kAlice);
  }
  EXPECT_TRUE(piece.complete());
}

TEST_F(PieceProgress, DestinationsTileTheBufferAndTheLastIsShort) {
  OpenPiece& piece = open(1);
  EXPECT_EQ(piece.destination(block(0)).size(), kBlockSize);
  EXPECT_EQ(piece.destination(block(2)).size(), 100u);
  EXPECT_EQ(piece.destination(block(1)).data(), piece.data().data() + kBlockSize);
}

TEST_F(PieceProgress, FirstMissingIsTheFirstMissingBlockUnderRandomOperations) {
  OpenPiece& piece = open(0);
  Random random(5);
  for (int step = 0; step < 3000; ++step) {
    const BlockIndex b = block(static_cast<std::uint32_t>(random.below(4)));
    if (random.chance(0.5)) {
      if (piece.requesters(b) < 3) piece.mark_requested(b);
    } else if (piece.requesters(b) > 0) {
      piece.mark_released(b);
    }
    std::uint32_t first = 0;
    std::uint32_t missing = 0;
    for (std::uint32_t i = 4; i-- > 0;) {
      if (piece.state(block(i)) == BlockState::missing) ++missing;
    }
    while (first < 4 && piece.state(block(first)) != BlockState::missing) ++first;
    ASSERT_EQ(to_int(piece.first_missing()), first);
    ASSERT_EQ(piece.missing_count(), missing);
  }
}

TEST_F(PieceProgress, PiecesAreFoundUntilClosed) {
  open(1);
  EXPECT_NE(pieces_.find(PieceIndex{1}), nullptr);
  EXPECT_EQ(pieces_.find(PieceIndex{0}), nullptr);
  pool_.give_back(pieces_.find(PieceIndex{1})->take_buffer());
  pieces_.close(PieceIndex{1});
  EXPECT_TRUE(pieces_.all().empty());
  EXPECT_EQ(pool_.bytes_out(), 0u);
}

}  // namespace
}  // namespace weir
