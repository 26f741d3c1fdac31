// SPDX-License-Identifier: MIT OR Apache-2.0
// How the swarm treats one peer: choking, interest, requests, timers.
#include <gtest/gtest.h>

#include "swarm/swarm_test_peer.h"

namespace weir {
namespace {

using namespace swarm_test;

constexpr std::uint32_t kPiece = 64 * 1024;

class SwarmPeers : public testing::Test {
 protected:
  SwarmPeers() : content(make_content(TorrentKind::v1, kPiece, {20 * kPiece + 100})) {}

  Node& seed() {
    Node& node = net.add(content);
    node.start_seed(net.now);
    return node;
  }
  Node& leech() {
    Node& node = net.add(content);
    node.start_leech(net.now);
    return node;
  }

  Net net;
  Content content;
};

TEST_F(SwarmPeers, ASeedSaysHaveAllWithFastAndABitfieldWithout) {
  Node& node = seed();
  TestPeer fast(net, node);
  EXPECT_TRUE(fast.heard("have_all"));
  TestPeer plain(net, node, {.host = 201, .fast = false});
  EXPECT_TRUE(plain.heard("bitfield fffff8"));
}

TEST_F(SwarmPeers, ALeechWithNothingSaysHaveNoneOrNothing) {
  Node& node = leech();
  TestPeer fast(net, node);
  EXPECT_EQ(fast.take()[0], "have_none");
  TestPeer plain(net, node, {.host = 201, .fast = false, .extended = false});
  EXPECT_TRUE(plain.take().empty());
}

TEST_F(SwarmPeers, ChokeMidTransferGivesBlocksToOthersAndLateOnesCount) {
  Node& node = leech();
  TestPeer first(net, node, {.fast = false});
  first.say(BitfieldMessage{Bitfield(21, true).wire()});
  first.say(UnchokeMessage{});
  const auto asked = first.take_requests();
  ASSERT_GE(asked.size(), 5u);
  first.say(ChokeMessage{});
  EXPECT_EQ(node.swarm.peers(net.now)[0].requests_out, 0u);
  for (std::size_t i = 0; i < 4; ++i) first.answer(asked[i]);
  EXPECT_TRUE(first.connected());
  EXPECT_EQ(node.swarm.stats(net.now).wasted_bytes, 0u);
  // The first four make a whole piece.
  EXPECT_EQ(node.arrived.size(), 1u);
}

TEST_F(SwarmPeers, AChokeOfAFastPeerWaitsForItsRejects) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  const auto asked = peer.take_requests();
  peer.say(ChokeMessage{});
  EXPECT_EQ(node.swarm.peers(net.now)[0].requests_out, asked.size());
  for (const BlockRequest& block : asked) peer.say(RejectMessage{block});
  EXPECT_EQ(node.swarm.peers(net.now)[0].requests_out, 0u);
  peer.say(UnchokeMessage{});
  EXPECT_FALSE(peer.take_requests().empty());
}

TEST_F(SwarmPeers, AFastPeerThatNeitherAnswersNorRejectsAfterAChokeLosesItsRequests) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  peer.say(ChokeMessage{});
  peer.wait(std::chrono::seconds(12));
  EXPECT_EQ(node.swarm.peers(net.now)[0].requests_out, 0u);
}

TEST_F(SwarmPeers, ASilentPeersBlocksAreAskedOfAnother) {
  Node& node = leech();
  TestPeer silent(net, node);
  silent.say(HaveAllMessage{});
  silent.say(UnchokeMessage{});
  const auto held = silent.take_requests();
  ASSERT_FALSE(held.empty());
  TestPeer honest(net, node, {.host = 201});
  honest.say(HaveAllMessage{});
  honest.say(UnchokeMessage{});
  net.step_time = std::chrono::milliseconds(50);
  for (int s = 0; s < 400 && !node.swarm.complete(); ++s) {
    for (const BlockRequest& block : honest.take_requests()) honest.answer(block);
    honest.wait(std::chrono::milliseconds(100));
  }
  EXPECT_TRUE(node.whole());
}

TEST_F(SwarmPeers, NobodyIsAskedBeforeItUnchokes) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  EXPECT_TRUE(peer.heard("interested"));
  peer.wait(std::chrono::seconds(90));
  EXPECT_TRUE(peer.take_requests().empty());
  EXPECT_TRUE(peer.connected());
}

TEST_F(SwarmPeers, InterestFollowsWhatThePeerHas) {
  Node& node = leech();
  TestPeer peer(net, node);
  EXPECT_FALSE(peer.heard("interested"));
  peer.say(HaveMessage{PieceIndex{20}});
  EXPECT_EQ(peer.count("interested"), 1u);
  peer.say(UnchokeMessage{});
  const auto asked = peer.take_requests();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].length, 100u);
  peer.answer(asked[0]);
  peer.wait(std::chrono::seconds(2));
  EXPECT_TRUE(peer.heard("not_interested"));
  // It has the piece already, so it is not told.
  EXPECT_FALSE(peer.heard("have 20"));
}

TEST_F(SwarmPeers, NewPiecesAreAnnouncedToThoseWhoLackThem) {
  Node& node = leech();
  TestPeer giver(net, node);
  TestPeer lacker(net, node, {.host = 201});
  giver.say(HaveMessage{PieceIndex{20}});
  giver.say(UnchokeMessage{});
  giver.answer(giver.take_requests().at(0));
  lacker.wait(std::chrono::milliseconds(200));
  EXPECT_TRUE(lacker.heard("have 20"));
}

TEST_F(SwarmPeers, ARequestWithoutInterestCountsAsInterest) {
  Node& node = seed();
  TestPeer peer(net, node);
  peer.say(RequestMessage{{PieceIndex{1}, 0, kBlockSize}});
  EXPECT_TRUE(peer.heard("unchoke"));
  peer.say(RequestMessage{{PieceIndex{1}, 0, kBlockSize}});
  EXPECT_TRUE(peer.heard("piece 1 0"));
}

TEST_F(SwarmPeers, ACancelledRequestIsRejectedAndNotServed) {
  Node& node = net.add(content);
  node.answers_needed = false;
  node.start(net.now, Bitfield(21, true), Bitfield(21), true);
  TestPeer peer(net, node);
  peer.say(InterestedMessage{});
  peer.say(RequestMessage{{PieceIndex{1}, 0, kBlockSize}});
  peer.say(RequestMessage{{PieceIndex{1}, kBlockSize, kBlockSize}});
  peer.say(CancelMessage{{PieceIndex{1}, 0, kBlockSize}});
  EXPECT_TRUE(peer.heard("reject 1 0"));
  EXPECT_EQ(node.needed.size(), 1u);
  node.swarm.piece_checked(net.now, PieceIndex{1}, true);
  peer.listen();
  EXPECT_EQ(peer.count("piece"), 1u);
  EXPECT_TRUE(peer.heard("piece 1 16384"));
}

TEST_F(SwarmPeers, SilenceIsBrokenByKeepAlivesAndEndedByTheIdleTimeout) {
  Node& node = leech();
  net.step_time = std::chrono::milliseconds(500);
  TestPeer peer(net, node);
  peer.wait(std::chrono::seconds(58));
  EXPECT_EQ(peer.count("keep_alive"), 1u);
  peer.wait(std::chrono::seconds(59));
  EXPECT_TRUE(peer.connected());
  peer.wait(std::chrono::seconds(6));
  EXPECT_EQ(peer.close_reason(), CloseReason::idle);
}

TEST_F(SwarmPeers, WithoutPeersThereIsNoDeadline) {
  Node& node = seed();
  EXPECT_EQ(node.swarm.next_deadline(), kNever);
  auto peer = std::make_unique<TestPeer>(net, node);
  EXPECT_NE(node.swarm.next_deadline(), kNever);
  node.swarm.remove_peer(net.now, peer->conn(), CloseReason::remote_closed);
  EXPECT_EQ(node.swarm.next_deadline(), kNever);
}

TEST_F(SwarmPeers, BannedAddressesAreClosedAndRefused) {
  Node& node = seed();
  TestPeer peer(net, node);
  node.swarm.ban(Net::endpoint(200).address);
  peer.listen();
  EXPECT_EQ(peer.close_reason(), CloseReason::banned);
  TestPeer again(net, node);
  EXPECT_EQ(again.close_reason(), CloseReason::banned);
  node.swarm.unban(Net::endpoint(200).address);
  TestPeer third(net, node);
  EXPECT_TRUE(third.connected());
}

TEST_F(SwarmPeers, UnwantedPiecesAreNotAskedForAndDroppedWhenOpen) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  const auto asked = peer.take_requests();
  std::vector<PiecePriority> only_last(21, kPriorityNone);
  only_last[20] = kPriorityNormal;
  node.swarm.set_piece_priorities(net.now, only_last);
  peer.listen();
  const auto now_asked = peer.take_requests();
  ASSERT_EQ(now_asked.size(), 1u);
  EXPECT_EQ(now_asked[0].piece, PieceIndex{20});
  EXPECT_EQ(peer.count("cancel"), asked.size());
  peer.answer(now_asked[0]);
  EXPECT_TRUE(node.swarm.complete());
  EXPECT_EQ(node.pool.bytes_out(), 0u);
}

TEST_F(SwarmPeers, DeadlinesComeFirst) {
  Node& node = leech();
  node.swarm.set_deadline(net.now, PieceIndex{13}, net.now + std::chrono::seconds(1));
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  EXPECT_EQ(peer.take_requests().at(0).piece, PieceIndex{13});
}

TEST_F(SwarmPeers, ADroppedPieceIsFetchedAgainAndBlamesNobody) {
  Node& node = leech();
  node.keeps_arrivals = true;
  TestPeer peer(net, node);
  peer.say(HaveMessage{PieceIndex{20}});
  peer.say(UnchokeMessage{});
  peer.answer(peer.take_requests().at(0));
  ASSERT_EQ(node.kept.size(), 1u);
  node.swarm.piece_dropped(net.now, PieceIndex{20}, std::move(node.kept[0].second));
  peer.listen();
  EXPECT_EQ(peer.take_requests().size(), 1u);
  EXPECT_EQ(node.swarm.peers(net.now)[0].strikes, 0u);
}

TEST_F(SwarmPeers, ASoleSenderOfABadPieceIsBannedAtOnce) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveMessage{PieceIndex{20}});
  peer.say(UnchokeMessage{});
  const BlockRequest asked = peer.take_requests().at(0);
  peer.say_block(asked.piece, asked.begin, Buffer(asked.length));
  EXPECT_EQ(peer.close_reason(), CloseReason::bad_data);
  EXPECT_EQ(node.bans.size(), 1u);
}

}  // namespace
}  // namespace weir
