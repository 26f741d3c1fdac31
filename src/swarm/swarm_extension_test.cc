// SPDX-License-Identifier: MIT OR Apache-2.0
// Extended messages, metadata and hashes as a peer can abuse or use them.
#include <gtest/gtest.h>

#include "swarm/swarm_test_peer.h"

namespace weir {
namespace {

using namespace swarm_test;

constexpr std::uint32_t kPiece = 64 * 1024;

class SwarmExtensions : public testing::Test {
 protected:
  SwarmExtensions() : content(make_content(TorrentKind::v1, kPiece, {20 * kPiece + 100})) {}

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

std::string repeat(char c, std::size_t times) { return std::string(times, c); }

TEST_F(SwarmExtensions, BEN_01_DepthBombsInTheExtensionHandshakeClose) {
  const std::string bombs[] = {repeat('l', 20'000) + repeat('e', 20'000),
                               repeat('l', 60'000) + repeat('e', 60'000), repeat('l', 100'000),
                               "d1:x" + repeat('l', 20'000) + repeat('e', 20'000) + "e"};
  for (const std::string& bomb : bombs) {
    Node& node = leech();
    TestPeer peer(net, node);
    peer.say_extended(0, bomb);
    EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
  }
}

TEST_F(SwarmExtensions, BEN_03_StringsLongerThanTheHandshakeClose) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say_extended(0, "d4294967295");
  EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
}

TEST_F(SwarmExtensions, EXT_01_HandshakeThatIsNoDictionaryOrTooLongCloses) {
  const std::string bad[] = {"le", "i1e", "d1:v131100:" + repeat('a', 131'100) + "e"};
  for (const std::string& payload : bad) {
    Node& node = leech();
    TestPeer peer(net, node);
    peer.say_extended(0, payload);
    EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
  }
}

TEST_F(SwarmExtensions, EXT_01_BadIdsAreIgnored) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say_extended(0, "d1:m3:abce");
  peer.say_extended(0, "d1:md11:lt_donthavei256e11:ut_metadatai-1eee");
  EXPECT_TRUE(peer.connected());
}

TEST_F(SwarmExtensions, EXT_01_TheEleventhHandshakeInAMinuteCloses) {
  Node& node = leech();
  TestPeer peer(net, node);
  for (int i = 0; i < 10; ++i) peer.say_extended(0, "de");
  EXPECT_TRUE(peer.connected());
  net.now += std::chrono::seconds(61);
  for (int i = 0; i < 10; ++i) peer.say_extended(0, "de");
  EXPECT_TRUE(peer.connected());
  peer.say_extended(0, "de");
  EXPECT_EQ(peer.close_reason(), CloseReason::message_flood);
}

TEST_F(SwarmExtensions, EXT_02_ReqqOneLeavesOneRequestOutstanding) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say_extended(0, "d4:reqqi1ee");
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  EXPECT_EQ(peer.take_requests().size(), 1u);
}

TEST_F(SwarmExtensions, EXT_05_EmptyExtendedPayloadClosesAndUnknownIdsAreIgnored) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say_extended(99, "anything");
  peer.say_extended(1, "not for us");
  EXPECT_TRUE(peer.connected());
  const Buffer empty{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{20}};
  peer.say_bytes(empty);
  EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
}

TEST_F(SwarmExtensions, EXT_07_DontHaveOutOfRangeClosesAndUploadOnlyOfWrongSizeIsIgnored) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say_extended(3, "ab");
  EXPECT_TRUE(peer.connected());
  peer.say_extended(7, std::string("\0\0\0\x15", 4));
  EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
}

TEST_F(SwarmExtensions, DontHaveTakesThePieceBackAndItsRequestsToo) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveMessage{PieceIndex{5}});
  EXPECT_TRUE(peer.heard("interested"));
  peer.say(UnchokeMessage{});
  EXPECT_FALSE(peer.take_requests().empty());
  peer.say_extended(7, std::string("\0\0\0\x05", 4));
  EXPECT_TRUE(peer.heard("not_interested"));
  EXPECT_EQ(node.swarm.peers(net.now)[0].requests_out, 0u);
}

TEST_F(SwarmExtensions, APieceThatFailsItsCheckIsTakenBackFromPeers) {
  Node& node = net.add(content);
  node.start(net.now, Bitfield(21, true), Bitfield(21), true);
  node.disk[4][0] ^= std::byte{1};
  TestPeer peer(net, node);
  peer.say_extended(0, "d1:md11:lt_donthavei9eee");
  peer.say(InterestedMessage{});
  peer.say(RequestMessage{{PieceIndex{4}, 0, kBlockSize}});
  peer.listen();
  EXPECT_TRUE(peer.heard("extended 9"));
  EXPECT_TRUE(peer.heard("reject 4 0"));
  EXPECT_FALSE(peer.heard("garbage"));
  EXPECT_FALSE(node.swarm.complete());
  peer.say(RequestMessage{{PieceIndex{5}, 0, kBlockSize}});
  EXPECT_TRUE(peer.heard("piece 5 0"));
  EXPECT_EQ(node.needed, (std::vector<PieceIndex>{PieceIndex{4}, PieceIndex{5}}));
}

TEST_F(SwarmExtensions, OutgoingConnectionsNameOurPortAndIncomingOnesDoNot) {
  SwarmConfig config;
  config.client_version = "weir test";
  config.listen_port = 6999;
  Node& node = net.add(content, config);
  node.start_seed(net.now);
  TestPeer in(net, node);
  EXPECT_EQ(in.count("extended 0"), 1u);
  EXPECT_EQ(in.take()[1].find("1:pi6999e"), std::string::npos);
  TestPeer out(net, node, {.host = 201, .direction = PeerDirection::outgoing});
  const std::string hello = out.take()[1];
  EXPECT_NE(hello.find("1:pi6999e"), std::string::npos);
  EXPECT_NE(hello.find("13:metadata_sizei40000e"), std::string::npos);
  EXPECT_NE(hello.find("11:upload_onlyi1e"), std::string::npos);
  EXPECT_NE(hello.find("9:weir test"), std::string::npos);
}

TEST_F(SwarmExtensions, UTM_01_ImpossibleMetadataSizesAreIgnored) {
  for (const char* size : {"0", "-1", "2147483647", "2038487152"}) {
    Node& node = net.add(content);
    TestPeer peer(net, node);
    peer.say_extended(0, "d1:md11:ut_metadatai1ee13:metadata_sizei" + std::string(size) + "ee");
    peer.wait(std::chrono::seconds(2));
    EXPECT_TRUE(peer.connected());
    EXPECT_FALSE(peer.heard("extended 1"));
  }
}

TEST_F(SwarmExtensions, UTM_06_MetadataRequestsWithoutMetadataAreRejected) {
  Node& node = net.add(content);
  TestPeer peer(net, node);
  peer.say_extended(0, "d1:md11:ut_metadatai5eee");
  peer.say_extended(2, "d8:msg_typei0e5:piecei0ee");
  EXPECT_TRUE(peer.heard("extended 5 d8:msg_typei2e5:piecei0ee"));
  peer.say_extended(2, "d8:msg_typei1e5:piecei0e10:total_sizei10ee0123456789");
  EXPECT_TRUE(peer.connected());
}

TEST_F(SwarmExtensions, UTM_07_RejectedMetadataIsNotFetchedAgain) {
  Content other = content;
  Node& node = net.add(other);
  // The dictionary has the right hash, and its owner can't use it.
  auto info = std::make_shared<TorrentInfo>(*content.info);
  info->raw_info.push_back(std::byte{0});
  other.info = info;
  TestPeer peer(net, node);
  peer.say_extended(0, "d1:md11:ut_metadatai1ee13:metadata_sizei40000ee");
  ASSERT_EQ(peer.count("extended 1"), 3u);
  for (std::uint32_t piece = 0; piece < 3; ++piece) {
    const Bytes data = Bytes(content.info->raw_info).subspan(piece * 16'384);
    const std::string head =
        "d8:msg_typei1e5:piecei" + std::to_string(piece) + "e10:total_sizei40000ee";
    peer.say_extended(
        2, head + std::string(as_text(data.first(std::min<std::size_t>(16'384, data.size())))));
  }
  EXPECT_TRUE(node.metadata.has_value());
  peer.take();
  peer.wait(std::chrono::seconds(5));
  EXPECT_TRUE(peer.connected());
  EXPECT_FALSE(peer.heard("extended 1"));
}

TEST_F(SwarmExtensions, AllowedFastPiecesAreAskedForWhileChoked) {
  Node& node = leech();
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  EXPECT_TRUE(peer.take_requests().empty());
  peer.say(AllowedFastMessage{PieceIndex{7}});
  const auto asked = peer.take_requests();
  ASSERT_EQ(asked.size(), 4u);
  for (const BlockRequest& block : asked) peer.answer(block);
  EXPECT_TRUE(node.swarm.have().test(PieceIndex{7}));
}

class SwarmHashes : public testing::Test {
 protected:
  SwarmHashes() : content(make_content(TorrentKind::v2, 16 * 1024, {20'000'000})) {}

  // Piece layer hashes of the file, in the run asked for.
  [[nodiscard]] HashRequest run(std::uint32_t index, std::uint32_t length) const {
    return {content.piece_layers[0].pieces_root, 0, index, length, 10};
  }

  Net net;
  Content content;
};

TEST_F(SwarmHashes, PiecesWithoutTheirLayerAreNotAskedFor) {
  Node& node = net.add(content);
  node.start(net.now, Bitfield(content.pieces.size()), false);
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.say(UnchokeMessage{});
  peer.wait(std::chrono::seconds(2));
  EXPECT_TRUE(peer.take_requests().empty());
  EXPECT_EQ(peer.count("hash_request"), 3u);
}

TEST_F(SwarmHashes, RequestsAreAnsweredWithProofsAndBadOnesRejected) {
  Node& node = net.add(content);
  node.start_seed(net.now);
  TestPeer peer(net, node);
  peer.say(HashRequestMessage{run(0, 512)});
  EXPECT_TRUE(peer.heard("hashes 0 514"));
  HashRequest bad = run(512, 512);
  bad.pieces_root.bytes[0] ^= std::byte{1};
  HashRequest misaligned = run(256, 512);
  HashRequest outside = run(2048, 512);
  HashRequest odd = run(0, 3);
  HashRequest too_long = run(0, 1024);
  HashRequest too_high = run(0, 512);
  too_high.proof_layers = 0xffffffff;
  for (const HashRequest& request : {bad, misaligned, outside, odd, too_long, too_high}) {
    peer.take();
    peer.say(HashRequestMessage{request});
    EXPECT_EQ(peer.count("hash_reject"), 1u);
  }
}

TEST_F(SwarmHashes, UnsolicitedHashesClose) {
  Node& node = net.add(content);
  node.start_seed(net.now);
  TestPeer peer(net, node);
  peer.say(HashesMessage{run(0, 512), std::vector<Sha256Digest>(514)});
  EXPECT_EQ(peer.close_reason(), CloseReason::protocol_error);
}

TEST_F(SwarmHashes, HashesThatDoNotLeadToTheRootClose) {
  Node& node = net.add(content);
  node.start(net.now, Bitfield(content.pieces.size()), false);
  TestPeer peer(net, node);
  peer.say(HaveAllMessage{});
  peer.wait(std::chrono::seconds(1));
  ASSERT_TRUE(peer.heard("hash_request 0 512"));
  peer.say(HashesMessage{run(0, 512), std::vector<Sha256Digest>(514)});
  EXPECT_EQ(peer.close_reason(), CloseReason::bad_data);
}

TEST_F(SwarmHashes, WIR_26_HashRequestsOfAChokedPeerStayWithinTheirBudget) {
  Node& node = net.add(content);
  node.start_seed(net.now);
  TestPeer peer(net, node);
  std::size_t hashes = 0;
  for (int s = 0; s < 10 && peer.connected(); ++s) {
    for (int i = 0; i < 1'000; ++i) peer.say(HashRequestMessage{run(512, 512)});
    peer.wait(std::chrono::seconds(1));
    hashes += peer.count("hashes");
    peer.take();
  }
  // 256 KiB/s, and as much again for the burst at the start.
  EXPECT_LE(hashes * 514 * 32, 11u * 256 * 1024 + 64 * 1024);
  EXPECT_GT(hashes, 10u);
}

TEST_F(SwarmHashes, WIR_26_AFloodOfHashRequestsCloses) {
  Node& node = net.add(content);
  node.start_seed(net.now);
  TestPeer peer(net, node);
  for (int s = 0; s < 5 && peer.connected(); ++s) {
    for (int i = 0; i < 10'000 && peer.connected(); ++i) {
      peer.say(HashRequestMessage{run(512, 512)});
    }
    peer.wait(std::chrono::seconds(1));
  }
  EXPECT_EQ(peer.close_reason(), CloseReason::message_flood);
}

}  // namespace
}  // namespace weir
