// SPDX-License-Identifier: MIT OR Apache-2.0
// Peers that break rules or exceed limits, by row of the catalogue of attacks.
#include <gtest/gtest.h>

#include "swarm/swarm_test_peer.h"

namespace weir {
namespace {

using namespace swarm_test;

constexpr std::uint32_t kPiece = 64 * 1024;

class SwarmLimits : public testing::Test {
 protected:
  SwarmLimits() : content(make_content(TorrentKind::v1, kPiece, {20 * kPiece + 100})) {}

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
  Node& magnet() { return net.add(content); }

  Net net;
  Content content;
};

BlockRequest request(std::uint32_t piece, std::uint32_t begin, std::uint32_t length = kBlockSize) {
  return {PieceIndex{piece}, begin, length};
}

TEST_F(SwarmLimits, WIR_05_FastMessagesWithoutTheFastBitClose) {
  Node& node = leech();
  TestPeer peer(net, node, {.fast = false});
  peer.say(HaveAllMessage{});
  EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
}

TEST_F(SwarmLimits, WIR_06_LaterBitfieldsAddPieces) {
  Node& node = leech();
  Bitfield some(21);
  some.set(3);
  TestPeer peer(net, node);
  peer.say(HaveMessage{PieceIndex{4}});
  peer.say(BitfieldMessage{some.wire()});
  some.set(5);
  peer.say(BitfieldMessage{some.wire()});
  EXPECT_TRUE(peer.connected());
  node.swarm.check_invariants();
  ASSERT_EQ(node.swarm.peers(net.now).size(), 1u);
  EXPECT_NEAR(node.swarm.peers(net.now)[0].progress, 3.0 / 21, 1e-9);
}

TEST_F(SwarmLimits, WIR_06_AFloodOfBitfieldsCloses) {
  Node& node = leech();
  TestPeer peer(net, node);
  // The first is free; 16,384 messages that move nothing may come at once.
  for (int i = 0; i < 1 + 16'384; ++i) peer.say(BitfieldMessage{Bitfield(21).wire()});
  EXPECT_TRUE(peer.connected());
  peer.say(BitfieldMessage{Bitfield(21).wire()});
  EXPECT_EQ(peer.close_reason(), CloseReason::message_flood);
}

TEST_F(SwarmLimits, WIR_06_LaterBitfieldOfTheWrongSizeCloses) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(BitfieldMessage{Bitfield(21).wire()});
  peer.say(BitfieldMessage{Bitfield(30).wire()});
  EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
}

TEST_F(SwarmLimits, WIR_06_BitfieldOfTheWrongSizeClosesAlsoWhenMetadataComesLater) {
  Node& early = leech();
  TestPeer at_once(net, early);
  at_once.say(BitfieldMessage{Bitfield(30).wire()});
  EXPECT_EQ(at_once.close_reason(), CloseReason::protocol_error);

  Node& late = magnet();
  TestPeer later(net, late);
  later.say(BitfieldMessage{Bitfield(30).wire()});
  EXPECT_TRUE(later.connected());
  late.start_leech(net.now);
  late.drain(net.now);
  EXPECT_EQ(later.close_reason(), CloseReason::protocol_error);
}

TEST_F(SwarmLimits, WIR_06_HavesBeforeTheMetadataAreBounded) {
  Node& node = magnet();
  TestPeer peer(net, node);
  Buffer flood;
  for (std::uint32_t i = 0; i < 64 * 1024; ++i) append_message(flood, HaveMessage{PieceIndex{1}});
  peer.say_bytes(flood);
  EXPECT_TRUE(peer.connected());
  peer.say(HaveMessage{PieceIndex{1}});
  EXPECT_EQ(peer.close_reason(), CloseReason::message_flood);
}

TEST_F(SwarmLimits, WIR_08_BadRequestsAreRejectedAndThe300thCloses) {
  Node& node = seed();
  TestPeer peer(net, node);
  const BlockRequest bad[] = {request(21, 0),      request(0, kPiece),    request(0, 0xffffc000),
                              request(0, 0, 0),    request(0, 0, 16385),  request(0, 0, 0x80000000),
                              request(20, 0, 101), request(0xffffffff, 0)};
  for (const BlockRequest& r : bad) {
    peer.say(RequestMessage{r});
    EXPECT_EQ(peer.count("reject"), 1u);
    peer.take();
  }
  for (std::size_t i = std::size(bad); i < 299; ++i) peer.say(RequestMessage{request(21, 0)});
  EXPECT_TRUE(peer.connected());
  peer.say(RequestMessage{request(21, 0)});
  EXPECT_EQ(peer.close_reason(), CloseReason::bad_request_flood);
  EXPECT_TRUE(node.needed.empty());
}

TEST_F(SwarmLimits, WIR_08_AV2PieceMayBeAskedForInWholeBlocks) {
  const Content v2 = make_content(TorrentKind::v2, kPiece, {kPiece + 100, 20'000});
  Node& node = net.add(v2);
  node.start_seed(net.now);
  TestPeer peer(net, node);
  peer.say(InterestedMessage{});
  for (const BlockRequest& good : {request(1, 0, 100), request(1, 0), request(2, kBlockSize)}) {
    peer.say(RequestMessage{good});
    EXPECT_FALSE(peer.heard("reject")) << good.length;
  }
  for (const BlockRequest& bad : {request(1, kBlockSize), request(2, 2 * kBlockSize)}) {
    peer.take();
    peer.say(RequestMessage{bad});
    EXPECT_EQ(peer.count("reject"), 1u) << bad.begin;
  }
}

TEST_F(SwarmLimits, WIR_08_RequestForAPieceWeLackIsRejected) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(RequestMessage{request(0, 0)});
  EXPECT_EQ(peer.count("reject 0 0 16384"), 1u);
}

TEST_F(SwarmLimits, WIR_10_AllowedFastPiecesAreServedThreeTimesWhileChoked) {
  SwarmConfig config;
  config.upload_slots = 1;
  Node& node = net.add(content, config);
  node.start_seed(net.now);
  TestPeer winner(net, node, {.host = 201});  // takes the only slot
  winner.say(InterestedMessage{});
  ASSERT_TRUE(winner.heard("unchoke"));
  TestPeer peer(net, node);
  const auto heard = peer.take();
  const auto allowed = std::find_if(heard.begin(), heard.end(), [](const std::string& line) {
    return line.starts_with("allowed_fast");
  });
  ASSERT_NE(allowed, heard.end());
  const auto piece = static_cast<std::uint32_t>(std::stoul(allowed->substr(13)));
  const std::uint32_t blocks = content.layout().block_count(PieceIndex{piece});
  for (int round = 0; round < 4; ++round) {
    for (std::uint32_t b = 0; b < blocks; ++b) {
      const BlockRef ref{PieceIndex{piece}, BlockIndex{b}};
      peer.say(RequestMessage{request(piece, b * kBlockSize, content.layout().block_size(ref))});
    }
  }
  EXPECT_EQ(peer.count("piece"), 3 * blocks);
  EXPECT_EQ(peer.count("reject"), blocks);
}

TEST_F(SwarmLimits, WIR_11_RequestsWhileChokedAreRejectedAndAfterTheGraceClose) {
  SwarmConfig config;
  config.upload_slots = 1;
  Node& node = net.add(content, config);
  node.start_seed(net.now);
  TestPeer first(net, node, {.host = 201});
  TestPeer second(net, node, {.host = 202});
  const auto heard = second.take();
  std::uint32_t piece = 0;  // not in the allowed fast set
  while (std::count(heard.begin(), heard.end(), "allowed_fast " + std::to_string(piece)) > 0) {
    ++piece;
  }
  first.say(InterestedMessage{});
  second.say(InterestedMessage{});
  const auto am_choking = [&](const TestPeer& peer) {
    for (const PeerStatus& status : node.swarm.peers(net.now)) {
      if (status.conn == peer.conn()) return status.am_choking;
    }
    return false;
  };
  first.wait(std::chrono::seconds(3));
  net.run([&] { return am_choking(first) != am_choking(second); });
  TestPeer& peer = am_choking(first) ? first : second;
  peer.listen();
  peer.take();
  for (int i = 0; i < 150; ++i) peer.say(RequestMessage{request(piece, 0)});
  EXPECT_EQ(peer.count("reject"), 150u);
  EXPECT_TRUE(peer.connected());
  peer.wait(std::chrono::seconds(3));
  ASSERT_TRUE(am_choking(peer));
  for (int i = 0; i < 100; ++i) peer.say(RequestMessage{request(piece, 0)});
  EXPECT_EQ(peer.close_reason(), CloseReason::bad_request_flood);
}

TEST_F(SwarmLimits, WIR_12_BlocksNobodyAskedForClose) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say_block(PieceIndex{0}, 0, Buffer(kBlockSize));
  EXPECT_EQ(peer.close_reason(), CloseReason::unrequested_data);

  TestPeer huge(net, node, {.host = 201});
  const Buffer header{std::byte{0x00}, std::byte{0x07}, std::byte{0xa1}, std::byte{0x29},
                      std::byte{0x07}, std::byte{0},    std::byte{0},    std::byte{0},
                      std::byte{0},    std::byte{0},    std::byte{0},    std::byte{0},
                      std::byte{0}};
  huge.say_bytes(header);
  EXPECT_EQ(huge.close_reason(), CloseReason::unrequested_data);
  EXPECT_TRUE(node.arrived.empty());
}

TEST_F(SwarmLimits, WIR_12_ABlockThatBeginsWithinAnAskedOneCloses) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  const auto asked = peer.take_requests();
  ASSERT_FALSE(asked.empty());
  peer.say_block(asked.front().piece, asked.front().begin + 1, Buffer(kBlockSize));
  EXPECT_EQ(peer.close_reason(), CloseReason::unrequested_data);
}

TEST_F(SwarmLimits, WIR_14_BlocksThatCrossACancelAreTolerated) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  const auto asked = peer.take_requests();
  ASSERT_GE(asked.size(), 5u);
  node.swarm.set_downloading(net.now, false);
  peer.listen();
  EXPECT_EQ(peer.count("cancel"), asked.size());
  for (const BlockRequest& block : asked) peer.answer(block);
  EXPECT_TRUE(peer.connected());
  peer.answer(asked.front());
  EXPECT_EQ(peer.close_reason(), CloseReason::unrequested_data);
}

TEST_F(SwarmLimits, WIR_19_ChokeFlutterAndKeepAliveFloodsClose) {
  for (const bool flutter : {true, false}) {
    Node& node = leech();
    TestPeer peer(net, node);
    peer.say(HaveAllMessage{});
    Buffer second;
    for (int i = 0; i < 10'000; ++i) {
      if (!flutter) {
        append_message(second, KeepAliveMessage{});
      } else if (i % 2 == 0) {
        append_message(second, UnchokeMessage{});
      } else {
        append_message(second, ChokeMessage{});
      }
    }
    for (int s = 0; s < 4 && peer.connected(); ++s) {
      peer.say_bytes(second);
      peer.wait(std::chrono::seconds(1));
    }
    EXPECT_EQ(peer.close_reason(), CloseReason::message_flood);
  }
}

TEST_F(SwarmLimits, WIR_19_AnOrdinaryStreamOfMessagesIsNoFlood) {
  Node& node = leech();
  TestPeer peer(net, node);
  for (int s = 0; s < 10; ++s) {
    for (int i = 0; i < 1'000; ++i) peer.say(KeepAliveMessage{});
    peer.wait(std::chrono::seconds(1));
  }
  EXPECT_TRUE(peer.connected());
}

TEST_F(SwarmLimits, WIR_23_SuggestionsAndAllowedFastOutOfRangeCloseEvenIfMetadataComesLater) {
  const WireMessage messages[] = {SuggestMessage{PieceIndex{21}},
                                  AllowedFastMessage{PieceIndex{21}}};
  for (const WireMessage& message : messages) {
    Node& early = leech();
    TestPeer at_once(net, early);
    at_once.say(message);
    EXPECT_EQ(at_once.close_reason(), CloseReason::protocol_error);

    Node& late = magnet();
    TestPeer later(net, late);
    later.say(message);
    EXPECT_TRUE(later.connected());
    late.start_leech(net.now);
    late.drain(net.now);
    EXPECT_EQ(later.close_reason(), CloseReason::protocol_error);
  }
}

TEST_F(SwarmLimits, WIR_23_AMillionSuggestionsEndInAClosedConnection) {
  Node& node = magnet();
  TestPeer peer(net, node);
  Buffer flood;
  for (std::uint32_t i = 0; i < 20'000; ++i) append_message(flood, SuggestMessage{PieceIndex{i}});
  peer.say_bytes(flood);
  EXPECT_EQ(peer.close_reason(), CloseReason::message_flood);
}

TEST_F(SwarmLimits, WIR_24_HashMessagesOnAV1TorrentClose) {
  HashRequest run{.pieces_root = {}, .base_layer = 0, .index = 0, .length = 2, .proof_layers = 0};
  const Sha256Digest hashes[2] = {};
  const WireMessage messages[] = {HashRequestMessage{run}, HashesMessage{run, hashes},
                                  HashRejectMessage{run}};
  for (const WireMessage& message : messages) {
    Node& node = magnet();
    TestPeer peer(net, node, {.v2 = true});
    node.start_leech(net.now);
    peer.say(message);
    EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
  }
}

TEST_F(SwarmLimits, WIR_30_APeerThatRejectsEverythingIsGivenUp) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  std::size_t rejects = 0;
  for (int s = 0; s < 120 && peer.connected(); ++s) {
    for (const BlockRequest& block : peer.take_requests()) {
      peer.say(RejectMessage{block});
      ++rejects;
    }
    peer.wait(std::chrono::seconds(1));
  }
  EXPECT_EQ(peer.close_reason(), CloseReason::gave_up);
  EXPECT_GE(rejects, 50u);
}

TEST_F(SwarmLimits, WIR_30_APeerThatIgnoresEverythingIsGivenUpAfterTwoTimeouts) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  net.step_time = std::chrono::milliseconds(100);
  for (int s = 0; s < 200 && peer.connected(); ++s) {
    peer.wait(std::chrono::seconds(1));
    peer.say(KeepAliveMessage{});
  }
  EXPECT_EQ(peer.close_reason(), CloseReason::gave_up);
}

TEST_F(SwarmLimits, WIR_31_PortMessagesAreNeverFollowed) {
  Node& node = leech();
  TestPeer peer(net, node);
  for (const int port : {0, 53, 80, 65535}) {
    peer.say(PortMessage{static_cast<std::uint16_t>(port)});
  }
  EXPECT_TRUE(peer.connected());
}

TEST_F(SwarmLimits, LIM_07_RequestsBeyondTheHardLimitAreRejected) {
  const Content large = make_content(TorrentKind::v1, 4u << 20, {40u << 20});
  Node& node = net.add(large);
  node.answers_needed = false;
  const Bitfield all(10, true);
  node.start(net.now, all, Bitfield(10), true);
  TestPeer peer(net, node);
  peer.say(InterestedMessage{});
  ASSERT_TRUE(peer.heard("unchoke"));
  for (std::uint32_t i = 0; i < 2'010; ++i) {
    peer.say(RequestMessage{request(i / 256, i % 256 * kBlockSize)});
  }
  EXPECT_EQ(peer.count("reject"), 10u);
  EXPECT_EQ(node.swarm.peers(net.now)[0].requests_in, 2'000u);
}

TEST_F(SwarmLimits, LIM_09_APeerThatDoesNotReadItsAnswersIsClosed) {
  Node& node = seed();
  PeerInit init;
  init.conn = ConnId{999};
  init.remote = Net::endpoint(99);
  init.handshake = make_handshake(9);
  node.swarm.add_peer(net.now, std::move(init));
  Buffer requests;
  for (int i = 0; i < 299; ++i) append_message(requests, RequestMessage{request(21, 0)});
  // Nothing is collected, so the rejects pile up: 17 bytes each, then extension handshakes.
  const auto say = [&](Bytes bytes) {
    while (!bytes.empty() && node.swarm.has_peer(ConnId{999})) {
      MutableBytes spans[1];
      ASSERT_EQ(node.swarm.prepare(net.now, ConnId{999}, spans), 1u);
      const std::size_t n = std::min(spans[0].size(), bytes.size());
      std::copy_n(bytes.begin(), n, spans[0].begin());
      node.swarm.commit(net.now, ConnId{999}, n);
      bytes = bytes.subspan(n);
    }
  };
  say(requests);
  EXPECT_TRUE(node.swarm.has_peer(ConnId{999}));
  Buffer hello;
  append_message(hello, ExtendedMessage{0, as_bytes("d1:md11:ut_metadatai2eee")});
  say(hello);
  Buffer metadata;
  append_message(metadata, ExtendedMessage{2, as_bytes("d8:msg_typei0e5:piecei0ee")});
  for (int i = 0; i < 2'000 && node.swarm.has_peer(ConnId{999}); ++i) {
    say(metadata);
    net.now += std::chrono::milliseconds(100);
    node.swarm.handle_timer(net.now);
  }
  node.drain(net.now);
  ASSERT_FALSE(node.closed.empty());
  EXPECT_EQ(node.closed[0].reason, CloseReason::message_flood);
}

}  // namespace
}  // namespace weir
