// SPDX-License-Identifier: MIT OR Apache-2.0
// What is wanted, and in which order it is picked. Special situations: picker_modes_test.cc.
#include "swarm/piece_picker.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "swarm/picker_test_support.h"

namespace weir {
namespace {

using Pieces = std::vector<PieceIndex>;

TEST(PiecePicker, BeginsWithEverythingWantedAtNormalPriority) {
  PickerWorld world(10, 2, 1);
  EXPECT_EQ(world.picker.missing_wanted(), 10u);
  EXPECT_EQ(world.picker.priority(piece_at(3)), kPriorityNormal);
  EXPECT_TRUE(world.picker.wanted(piece_at(3)));
}

TEST(PiecePicker, TakesHavePiecesFromTheStart) {
  Random random(1);
  const Layout layout = single_file_layout(4 * kBlockSize, kBlockSize);
  Bitfield have(4);
  have.set(std::size_t{2});
  PiecePicker picker(layout, have, random);
  EXPECT_EQ(picker.missing_wanted(), 3u);
  EXPECT_TRUE(picker.has(piece_at(2)));
}

TEST(PiecePicker, MissingWantedFollowsHavePriorityAndDeadline) {
  PickerWorld world(4, 1, 1);
  auto& picker = world.picker;
  picker.set_priority(piece_at(0), kPriorityNone);
  EXPECT_EQ(picker.missing_wanted(), 3u);
  picker.set_deadline(piece_at(0), world.now);
  EXPECT_EQ(picker.missing_wanted(), 4u);
  picker.clear_deadline(piece_at(0));
  EXPECT_EQ(picker.missing_wanted(), 3u);
  picker.set_have(piece_at(1), true);
  EXPECT_EQ(picker.missing_wanted(), 2u);
  picker.set_pending(piece_at(2), true);
  EXPECT_EQ(picker.missing_wanted(), 2u) << "pending is not here yet";
  picker.set_have(piece_at(1), false);
  EXPECT_EQ(picker.missing_wanted(), 3u);
}

TEST(PiecePicker, PriorityAboveHighCountsAsHigh) {
  PickerWorld world(4, 1, 1);
  world.picker.set_priority(piece_at(0), 255);
  EXPECT_EQ(world.picker.priority(piece_at(0)), kPriorityHigh);
}

TEST(PiecePicker, InterestingIsAWantedPieceWeLackPendingIncluded) {
  PickerWorld world(200, 1, 1);
  Bitfield has(200);
  EXPECT_FALSE(world.picker.interesting(has));
  has.set(std::size_t{130});
  EXPECT_TRUE(world.picker.interesting(has));
  world.picker.set_pending(piece_at(130), true);
  EXPECT_TRUE(world.picker.interesting(has));
  world.picker.set_have(piece_at(130), true);
  EXPECT_FALSE(world.picker.interesting(has));
  has.set(std::size_t{131});
  world.picker.set_priority(piece_at(131), kPriorityNone);
  EXPECT_FALSE(world.picker.interesting(has));
}

TEST(PiecePicker, YieldsTheBlocksOfAPieceInAscendingOrder) {
  PickerWorld world(4, 8, 2);
  const auto blocks = world.pick(world.request(1, 8));
  ASSERT_EQ(blocks.size(), 8u);
  for (std::uint32_t i = 0; i < 8; ++i) {
    EXPECT_EQ(blocks[i], (BlockRef{blocks[0].piece, block_at(i)}));
  }
}

TEST(PiecePicker, NeverYieldsMoreThanAskedAndAppends) {
  PickerWorld world(10, 3, 2);
  std::vector<BlockRef> out{{piece_at(9), block_at(1)}};
  world.picker.pick(world.request(1, 7), world.availability, world.open, {}, world.now, out);
  EXPECT_EQ(out.size(), 8u);
  EXPECT_EQ(out.front(), (BlockRef{piece_at(9), block_at(1)}));
  EXPECT_TRUE(world.pick(world.request(1, 0)).empty());
}

TEST(PiecePicker, FinishesOpenPiecesBeforeNewOnesTheNearestToItsEndFirst) {
  PickerWorld world(10, 4, 3);
  world.ask(ConnId{1}, {piece_at(7), block_at(0)});
  world.ask(ConnId{1}, {piece_at(5), block_at(0)});
  world.ask(ConnId{1}, {piece_at(5), block_at(2)});
  const auto blocks = world.pick(world.request(2, 6));
  const std::vector<BlockRef> expected{{piece_at(5), block_at(1)},
                                       {piece_at(5), block_at(3)},
                                       {piece_at(7), block_at(1)},
                                       {piece_at(7), block_at(2)},
                                       {piece_at(7), block_at(3)}};
  ASSERT_EQ(blocks.size(), 6u);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), blocks.begin()));
}

TEST(PiecePicker, SeveralPeersWorkOnOnePiece) {
  PickerWorld world(1, 6, 3);
  std::set<BlockRef> all;
  for (std::uint64_t peer = 1; peer <= 3; ++peer) {
    const auto blocks = world.pick_and_ask(world.request(peer, 2));
    EXPECT_EQ(blocks.size(), 2u);
    all.insert(blocks.begin(), blocks.end());
  }
  EXPECT_EQ(all.size(), 6u);
}

TEST(PiecePicker, SequentialOrderIsAscending) {
  PickerWorld world(50, 2, 4);
  world.picker.set_order(PickOrder::sequential);
  world.picker.set_have(piece_at(1), true);
  world.picker.set_pending(piece_at(4), true);
  const auto pieces = pieces_of(world.pick(world.request(1, 20)));
  EXPECT_EQ(pieces, (Pieces{piece_at(0), piece_at(2), piece_at(3), piece_at(5), piece_at(6),
                            piece_at(7), piece_at(8), piece_at(9), piece_at(10), piece_at(11)}));
}

TEST(PiecePicker, SequentialOrderKeepsToOpenPiecesInAscendingOrder) {
  PickerWorld world(50, 4, 4);
  world.picker.set_order(PickOrder::sequential);
  world.ask(ConnId{1}, {piece_at(0), block_at(0)});
  for (std::uint32_t b = 0; b < 3; ++b) world.ask(ConnId{1}, {piece_at(1), block_at(b)});
  EXPECT_EQ(pieces_of(world.pick(world.request(2, 8))),
            (Pieces{piece_at(0), piece_at(1), piece_at(2)}));
}

TEST(PiecePicker, FirstPiecesAreRandomThenTheRarestComeFirst) {
  std::map<PieceIndex, int> first, later;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    PickerWorld world(20, 1, seed);
    for (std::uint32_t i = 0; i < 20; ++i) {
      for (std::uint32_t copies = 0; copies < 1 + i / 5; ++copies) {
        world.availability.add(piece_at(i));
      }
    }
    ++first[world.pick(world.request(1, 1)).front().piece];
    for (std::uint32_t i = 0; i < kRandomFirstPieces - 1; ++i) {
      world.picker.set_have(piece_at(19 - i), true);
    }
    ASSERT_EQ(world.picker.have().count(), 3u);
    world.picker.set_have(piece_at(16), true);
    ++later[world.pick(world.request(1, 1)).front().piece];
  }
  EXPECT_GE(first.size(), 18u) << "any piece may be the first";
  EXPECT_EQ(later.size(), 5u) << "one of the five rarest, each";
  for (const auto& [piece, times] : later) {
    EXPECT_LT(to_int(piece), 5u);
    EXPECT_GT(times, 40);
  }
}

TEST(PiecePicker, PeerWithFewPiecesOfALargeTorrentStillYieldsThem) {
  PickerWorld world(50'000, 1, 6);
  world.have_first(4);
  Bitfield has(50'000);
  for (const std::size_t i : {20'000u, 31'000u, 49'999u}) has.set(i);
  for (std::size_t i = 0; i < 3; ++i) world.availability.add_peer(has);
  Bitfield rare(50'000);
  rare.set(std::size_t{31'000});
  world.availability.remove_peer(rare);
  auto request = world.request(1, 10);
  const PickRequest limited{.peer = request.peer,
                            .peer_has = has,
                            .allowed_only = std::nullopt,
                            .suggested = {},
                            .blocks_max = 10,
                            .new_pieces_max = 10};
  const auto pieces = pieces_of(world.pick(limited));
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces.front(), piece_at(31'000)) << "the rarest of what it has";
}

TEST(PiecePicker, HigherPriorityComesFirstEvenBeforeOpenPiecesOfALower) {
  PickerWorld world(9, 2, 7);
  for (std::uint32_t i = 0; i < 9; ++i) {
    const PiecePriority levels[] = {kPriorityLow, kPriorityNormal, kPriorityHigh};
    world.picker.set_priority(piece_at(i), levels[i % 3]);
  }
  world.ask(ConnId{1}, {piece_at(0), block_at(0)});
  for (const auto order : {PickOrder::rarest_first, PickOrder::sequential}) {
    world.picker.set_order(order);
    const auto pieces = pieces_of(world.pick(world.request(2, 100)));
    ASSERT_EQ(pieces.size(), 9u);
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(to_int(pieces[i]) % 3, 2 - i / 3);
    EXPECT_EQ(pieces[6], piece_at(0)) << "open first within its priority";
  }
}

TEST(PiecePicker, UnwantedPiecesAreNotPicked) {
  PickerWorld world(4, 1, 8);
  for (std::uint32_t i = 0; i < 3; ++i) world.picker.set_priority(piece_at(i), kPriorityNone);
  world.ask(ConnId{1}, {piece_at(0), block_at(0)});
  world.open.find(piece_at(0))->mark_released(block_at(0));
  EXPECT_EQ(pieces_of(world.pick(world.request(2, 10))), Pieces{piece_at(3)});
}

TEST(PiecePicker, NewPiecesAreLimitedByTheCaller) {
  PickerWorld world(10, 2, 9);
  auto request = world.request(1, 100);
  request.new_pieces_max = 3;
  EXPECT_EQ(pieces_of(world.pick(request)).size(), 3u);
  request.new_pieces_max = 0;
  EXPECT_TRUE(world.pick(request).empty());
}

TEST(PiecePicker, RetiredPiecesThatAreWantedAreStillFound) {
  PickerWorld world(10, 1, 9);
  world.have_first(4);
  for (std::uint32_t i = 0; i < 10; ++i) world.availability.retire(piece_at(i));
  EXPECT_EQ(world.pick(world.request(1, 100)).size(), 6u);
}

TEST(PiecePicker, SuggestionWinsAmongEqualsAndOnlyThere) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    PickerWorld world(30, 1, seed);
    world.have_first(4);
    for (std::uint32_t i = 10; i < 30; ++i) world.availability.add(piece_at(i));
    const Pieces suggested{piece_at(25), piece_at(2), piece_at(7), piece_at(99'999)};
    auto request = world.request(1, 1);
    request.suggested = suggested;
    EXPECT_EQ(pieces_of(world.pick(request)), Pieces{piece_at(7)});
  }
}

}  // namespace
}  // namespace weir
