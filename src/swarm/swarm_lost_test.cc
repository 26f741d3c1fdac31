// SPDX-License-Identifier: MIT OR Apache-2.0
// Pieces that were here and are not any more, pieces that were here before anyone knew, and peers
// that read what is sent in small bites.
#include <gtest/gtest.h>

#include "swarm/swarm_test_peer.h"

namespace weir {
namespace {

using namespace swarm_test;

constexpr std::uint32_t kPiece = 32 * 1024;
constexpr PieceIndex kFirst{0};

// A peer that has everything, lets us ask, and hears of pieces that are gone.
void offer_all(TestPeer& peer) {
  peer.say(HaveAllMessage{});
  peer.say_extended(0, "d1:md11:lt_donthavei7eee");
  peer.say(UnchokeMessage{});
}

bool asked_of(TestPeer& peer, PieceIndex piece) {
  const auto requests = peer.take_requests();
  return std::any_of(requests.begin(), requests.end(),
                     [piece](const BlockRequest& request) { return request.piece == piece; });
}

TEST(SwarmLost, ALostPieceIsTakenBackAndAskedForAgain) {
  Net net;
  const Content content = make_content(TorrentKind::v1, kPiece, {3 * kPiece});
  Node& node = net.add(content);
  node.start_seed(net.now);
  TestPeer peer(net, node);
  offer_all(peer);
  node.swarm.piece_checked(net.now, kFirst, false);
  peer.listen();
  EXPECT_TRUE(peer.heard("extended 7"));
  EXPECT_TRUE(asked_of(peer, kFirst));
}

TEST(SwarmLost, APieceLostWhileItsArrivalIsJudgedWaitsForTheVerdict) {
  Net net;
  const Content content = make_content(TorrentKind::v1, kPiece, {3 * kPiece});
  Node& node = net.add(content);
  node.keeps_arrivals = true;
  node.start_leech(net.now);
  TestPeer peer(net, node);
  offer_all(peer);
  for (const BlockRequest& request : peer.take_requests()) {
    if (request.piece == kFirst) peer.answer(request);
  }
  ASSERT_EQ(node.kept.size(), 1u);
  // A recheck that runs at the same time finds it on the disk, and then the file is gone.
  node.swarm.piece_found(net.now, kFirst);
  node.swarm.piece_checked(net.now, kFirst, false);
  peer.listen();
  EXPECT_FALSE(asked_of(peer, kFirst));
  node.swarm.check_invariants();
  node.swarm.piece_dropped(net.now, kFirst, std::move(node.kept.front().second));
  peer.listen();
  EXPECT_TRUE(asked_of(peer, kFirst));
  node.swarm.check_invariants();
}

TEST(SwarmLost, ALostPieceWhoseHashIsUnknownIsNotAskedFor) {
  Net net;
  const Content content = make_content(TorrentKind::v2, kPiece, {3 * kPiece, 5});
  Node& node = net.add(content);
  const Bitfield all(content.pieces.size(), true);
  node.start(net.now, all, all, false);
  TestPeer peer(net, node);
  offer_all(peer);
  node.swarm.piece_checked(net.now, kFirst, false);
  node.swarm.piece_checked(net.now, PieceIndex{3}, false);
  peer.listen();
  const auto requests = peer.take_requests();
  // The small file's only piece has the file's own root for its hash.
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0], (BlockRequest{PieceIndex{3}, 0, 5}));
}

TEST(SwarmSlowReader, WIR_08_whole_blocks_are_sent_whole_in_bites_of_any_size) {
  for (const std::size_t bite : {std::size_t{1}, std::size_t{7}, std::size_t{16'383}}) {
    Net net;
    const Content content = make_content(TorrentKind::v2, kPiece, {kPiece + 3, 100, 16'384});
    Node& node = net.add(content);
    node.start_seed(net.now);
    TestPeer peer(net, node);
    peer.reads_by_hand = true;
    peer.say(InterestedMessage{});
    for (std::uint32_t piece = 0; piece < content.pieces.size(); ++piece) {
      peer.say(RequestMessage{{PieceIndex{piece}, 0, kBlockSize}});
    }
    while (peer.listen_to(bite) > 0) {
    }
    EXPECT_EQ(peer.count("piece"), content.pieces.size());
    EXPECT_EQ(peer.count("garbage"), 0u);
    node.swarm.check_invariants();
  }
}

// A torrent of so many pieces, without content to speak of.
Content hollow(std::uint32_t pieces) {
  auto info = std::make_shared<TorrentInfo>();
  info->layout = make_layout(TorrentKind::v1, kBlockSize, {std::uint64_t{pieces} * kBlockSize}, {});
  info->hashes.v1 = Sha1Digest{};
  info->raw_info.resize(100);
  Content content;
  content.info = std::move(info);
  content.pieces.resize(pieces);
  return content;
}

TEST(SwarmLateMetadata, WhoCameBeforeItIsToldOfEachPieceUnlessTheyAreTooMany) {
  constexpr std::uint32_t kMax = 16 * 1024;
  for (const std::uint32_t pieces : {kMax, kMax + 1}) {
    Net net;
    const Content content = hollow(pieces);
    Node& node = net.add(content);
    TestPeer peer(net, node);
    node.start_seed(net.now);
    peer.listen();
    EXPECT_EQ(peer.connected(), pieces == kMax);
    EXPECT_EQ(peer.count("have "), pieces == kMax ? pieces : 0);
    // The next one is told in one message.
    TestPeer next(net, node, {.host = 201});
    EXPECT_TRUE(next.heard("have_all"));
  }
}

}  // namespace
}  // namespace weir
