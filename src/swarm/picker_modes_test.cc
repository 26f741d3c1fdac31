// SPDX-License-Identifier: MIT OR Apache-2.0
// Deadlines, end game, parole, slow peers, choked peers.
#include <gtest/gtest.h>

#include <set>

#include "swarm/picker_test_support.h"

namespace weir {
namespace {

using Pieces = std::vector<PieceIndex>;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PickerDeadline, EarliestDeadlineComesBeforeEverythingElse) {
  PickerWorld world(20, 2, 1);
  world.picker.set_priority(piece_at(1), kPriorityHigh);
  world.ask(ConnId{1}, {piece_at(2), block_at(0)});
  world.picker.set_deadline(piece_at(9), world.now + seconds(20));
  world.picker.set_deadline(piece_at(5), world.now + seconds(10));
  const auto pieces = pieces_of(world.pick(world.request(2, 7)));
  EXPECT_EQ(pieces, (Pieces{piece_at(5), piece_at(9), piece_at(1), piece_at(2)}));
}

TEST(PickerDeadline, EarliestGivenHoldsUntilThePieceIsHere) {
  PickerWorld world(4, 1, 1);
  auto& picker = world.picker;
  picker.set_deadline(piece_at(0), world.now + seconds(10));
  picker.set_deadline(piece_at(0), world.now + seconds(20));
  EXPECT_EQ(picker.deadline(piece_at(0)), world.now + seconds(10));
  picker.set_deadline(piece_at(0), world.now + seconds(5));
  EXPECT_EQ(picker.deadline(piece_at(0)), world.now + seconds(5));
  picker.set_have(piece_at(0), true);
  EXPECT_FALSE(picker.deadline(piece_at(0)));
  picker.set_deadline(piece_at(0), world.now);
  EXPECT_FALSE(picker.deadline(piece_at(0))) << "nobody waits for what is here";
}

TEST(PickerDeadline, UnwantedPieceIsPickedWhileAReaderWaits) {
  PickerWorld world(2, 1, 1);
  world.picker.set_priority(piece_at(0), kPriorityNone);
  world.picker.set_priority(piece_at(1), kPriorityNone);
  EXPECT_TRUE(world.pick(world.request(1, 10)).empty());
  world.picker.set_deadline(piece_at(1), world.now);
  EXPECT_EQ(pieces_of(world.pick(world.request(1, 10))), Pieces{piece_at(1)});
}

class PickerLate : public testing::Test {
 protected:
  PickerLate() {
    for (std::uint32_t b = 0; b < 4; ++b) world_.ask(ConnId{1}, {piece_at(3), block_at(b)});
    world_.picker.set_deadline(piece_at(3), world_.now + seconds(4));
  }
  bool repeats(const PickRequest& request) {
    const auto pieces = pieces_of(world_.pick(request));
    return std::ranges::find(pieces, piece_at(3)) != pieces.end();
  }
  PickerWorld world_{20, 4, 2};
};

TEST_F(PickerLate, BlocksOfALatePieceAreRepeatedOnce) {
  EXPECT_FALSE(repeats(world_.request(2, 8))) << "there is time";
  world_.now += milliseconds(1001);
  EXPECT_TRUE(repeats(world_.request(2, 8)));
  EXPECT_FALSE(repeats(world_.request(1, 8))) << "not from the peer already asked";
  const auto blocks = world_.pick_and_ask(world_.request(2, 4));
  EXPECT_EQ(pieces_of(blocks), Pieces{piece_at(3)});
  EXPECT_FALSE(repeats(world_.request(3, 8))) << "two copies are enough";
}

TEST_F(PickerLate, SlowPeersRepeatNothing) {
  world_.now += seconds(5);
  auto request = world_.request(2, 8);
  request.slow_peer = true;
  EXPECT_FALSE(repeats(request));
}

TEST_F(PickerLate, RequestsJustMadeGetTheirChance) {
  world_.picker.set_deadline(piece_at(3), world_.now);
  world_.now += kLateAge - Duration(1);
  EXPECT_FALSE(repeats(world_.request(2, 8)));
  world_.now += Duration(1);
  EXPECT_TRUE(repeats(world_.request(2, 8)));
}

// Three pieces of two blocks, all asked of peer 1.
class PickerEndgame : public testing::Test {
 protected:
  PickerEndgame() {
    asked_ = world_.pick_and_ask(world_.request(1, 100));
    EXPECT_EQ(asked_.size(), 6u);
  }
  // Every block is named as worth repeating.
  PickRequest request(std::uint64_t peer, std::size_t blocks_max = 100) {
    auto request = world_.request(peer, blocks_max);
    request.repeats = asked_;
    return request;
  }
  PickerWorld world_{3, 2, 3};
  std::vector<BlockRef> asked_;
};

TEST_F(PickerEndgame, BeginsWhenEveryBlockIsAskedOrHere) {
  EXPECT_TRUE(world_.picker.endgame(world_.open));
  world_.open.find(piece_at(1))->mark_released(block_at(0));
  EXPECT_FALSE(world_.picker.endgame(world_.open));
  EXPECT_EQ(world_.pick(request(2)).size(), 1u) << "no repeats before";
}

TEST_F(PickerEndgame, IsNotWhenNothingIsLeft) {
  for (std::uint32_t i = 0; i < 3; ++i) world_.finish(piece_at(i), true);
  EXPECT_FALSE(world_.picker.endgame(world_.open));
  EXPECT_TRUE(world_.pick(request(2)).empty());
}

TEST_F(PickerEndgame, IgnoresPendingAndUnwantedPieces) {
  world_.open.find(piece_at(1))->mark_released(block_at(0));
  world_.picker.set_priority(piece_at(1), kPriorityNone);
  EXPECT_TRUE(world_.picker.endgame(world_.open));
  world_.picker.set_pending(piece_at(0), true);
  const auto pieces = pieces_of(world_.pick(request(2)));
  EXPECT_EQ(pieces, Pieces{piece_at(2)});
}

TEST_F(PickerEndgame, RepeatsWhatIsNamedInThatOrderAndNothingElse) {
  EXPECT_TRUE(world_.pick(world_.request(2, 100)).empty());
  const std::vector<BlockRef> named{asked_[4], asked_[1], asked_[4]};
  auto some = world_.request(2, 100);
  some.repeats = named;
  EXPECT_EQ(world_.pick(some), (std::vector<BlockRef>{asked_[4], asked_[1]}));
  some.blocks_max = 1;
  EXPECT_EQ(world_.pick(some), (std::vector<BlockRef>{asked_[4]}));
}

TEST_F(PickerEndgame, NoBlockIsAskedOfMoreThanThreePeers) {
  EXPECT_TRUE(world_.pick(request(1)).empty()) << "already asked of it";
  EXPECT_EQ(world_.pick_and_ask(request(2)).size(), 6u);
  EXPECT_EQ(world_.pick_and_ask(request(3)).size(), 6u);
  EXPECT_TRUE(world_.pick(request(4)).empty());
  static_assert(kRequestersMax == 3);
}

TEST_F(PickerEndgame, ReceivedBlocksAreNotRepeated) {
  world_.receive(ConnId{1}, {piece_at(0), block_at(0)});
  EXPECT_EQ(world_.pick(request(2)).size(), 5u);
}

TEST_F(PickerEndgame, PiecesThePeerLacksAreNotRepeated) {
  Bitfield has(3, true);
  has.set(1, false);
  PickRequest partial{.peer = ConnId{2},
                      .peer_has = has,
                      .allowed_only = std::nullopt,
                      .suggested = {},
                      .blocks_max = 100,
                      .repeats = asked_};
  EXPECT_EQ(world_.pick(partial).size(), 4u);
}

TEST_F(PickerEndgame, LateDeadlineDoesNotYieldABlockTwice) {
  world_.picker.set_deadline(piece_at(0), world_.now);
  world_.now += seconds(2);
  const auto blocks = world_.pick(request(2));
  EXPECT_EQ(std::set<BlockRef>(blocks.begin(), blocks.end()).size(), blocks.size());
  EXPECT_EQ(blocks.size(), 6u);
}

TEST(PickerParole, ExclusivePieceIsForItsPeerAlone) {
  PickerWorld world(1, 4, 4);
  world.open_piece(piece_at(0)).set_exclusive(ConnId{7});
  EXPECT_TRUE(world.pick(world.request(1, 10)).empty());
  const auto asked = world.pick_and_ask(world.request(7, 10));
  EXPECT_EQ(asked.size(), 4u);
  EXPECT_TRUE(world.picker.endgame(world.open));
  auto request = world.request(1, 10);
  request.repeats = asked;
  EXPECT_TRUE(world.pick(request).empty()) << "not in the end game either";
}

TEST(PickerParole, SuspectPrefersPiecesOfItsOwn) {
  PickerWorld world(3, 2, 4);
  world.ask(ConnId{1}, {piece_at(0), block_at(0)});
  auto request = world.request(7, 100);
  request.parole = true;
  const auto pieces = pieces_of(world.pick(request));
  EXPECT_EQ(pieces.size(), 2u);
  EXPECT_EQ(std::ranges::count(pieces, piece_at(0)), 0);
}

TEST(PickerParole, SuspectJoinsASharedPieceWhenNothingElseIsLeft) {
  PickerWorld world(1, 2, 4);
  world.ask(ConnId{1}, {piece_at(0), block_at(0)});
  auto request = world.request(7, 100);
  request.parole = true;
  EXPECT_EQ(world.pick(request).size(), 1u);
}

TEST(PickerParole, WhatIsKeptForOthersIsNotBegunByAnyWay) {
  PickerWorld world(3, 2, 4);
  const Pieces kept = {piece_at(0), piece_at(2)};
  auto request = world.request(7, 100);
  request.kept_for_others = kept;
  EXPECT_EQ(pieces_of(world.pick(request)), Pieces{piece_at(1)});
  request.allowed_only = kept;
  EXPECT_TRUE(world.pick(request).empty());
  request.allowed_only.reset();
  world.picker.set_deadline(piece_at(2), TimePoint{});
  EXPECT_EQ(pieces_of(world.pick(request)), Pieces{piece_at(1)});
}

TEST(PickerSlowPeer, OpensOnePieceAndOnlyWithNothingElseToDo) {
  PickerWorld world(10, 2, 5);
  auto request = world.request(2, 100);
  request.slow_peer = true;
  EXPECT_EQ(pieces_of(world.pick(request)).size(), 1u);
  world.ask(ConnId{1}, {piece_at(4), block_at(0)});
  EXPECT_EQ(pieces_of(world.pick(request)), Pieces{piece_at(4)});
}

TEST(PickerAllowed, ChokedPeerIsAskedForAllowedPiecesOnly) {
  PickerWorld world(10, 2, 6);
  world.picker.set_have(piece_at(3), true);
  world.picker.set_priority(piece_at(5), kPriorityHigh);
  const Pieces allowed{piece_at(1), piece_at(3), piece_at(5), piece_at(1), piece_at(4'000'000)};
  auto request = world.request(1, 100);
  request.allowed_only = std::span(allowed);
  EXPECT_EQ(pieces_of(world.pick(request)), (Pieces{piece_at(5), piece_at(1)}));
  EXPECT_EQ(world.pick(request).size(), 4u);
  request.allowed_only = std::span<const PieceIndex>{};
  EXPECT_TRUE(world.pick(request).empty());
}

TEST(PickerAllowed, OnlyTheFirstOfALongListCount) {
  PickerWorld world(600, 1, 6);
  Pieces allowed;
  for (std::uint32_t i = 0; i < 600; ++i) allowed.push_back(piece_at(i));
  auto request = world.request(1, 1000);
  request.allowed_only = std::span(allowed);
  EXPECT_EQ(world.pick(request).size(), kAllowedLookMax);
}

}  // namespace
}  // namespace weir
