// SPDX-License-Identifier: MIT OR Apache-2.0
// Peers that ask for more than is kept and know no reject (rtorrent): nothing they ask is lost.
#include <gtest/gtest.h>

#include "swarm/swarm_test_peer.h"

namespace weir {
namespace {

using namespace swarm_test;

constexpr std::uint32_t kPiece = 1u << 20;
constexpr std::uint32_t kBlocks = 2'600;
constexpr std::size_t kOneRead = 4 * 1024 / 17 + 1;  // requests in the read that fills the queue

class SwarmHeldReading : public testing::Test {
 protected:
  SwarmHeldReading()
      : content(make_content(TorrentKind::v1, kPiece, {kBlocks * std::uint64_t{kBlockSize}})),
        node(net.add(content)) {
    node.start_seed(net.now);
  }

  // Unchoked, and taking nothing of what it asks for unless told to.
  TestPeer connect() {
    TestPeer peer(net, node, {.fast = false});
    peer.say(InterestedMessage{});
    EXPECT_TRUE(peer.heard("unchoke"));
    peer.reads_by_hand = true;
    return peer;
  }
  static Buffer requests(std::uint32_t count) {
    Buffer bytes;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t begin = i * kBlockSize % kPiece;
      append_message(bytes,
                     RequestMessage{{PieceIndex{i / (kPiece / kBlockSize)}, begin, kBlockSize}});
    }
    return bytes;
  }
  [[nodiscard]] std::size_t queued() const { return node.swarm.peers(net.now)[0].requests_in; }
  [[nodiscard]] bool reads(const TestPeer& peer) {
    MutableBytes spans[kWireScatterMax];
    return node.swarm.prepare(net.now, peer.conn(), spans) > 0;
  }

  Net net;
  Content content;
  Node& node;
};

TEST_F(SwarmHeldReading, LIM_07_AtTheHardLimitNoMoreIsReadAndJustBelowItIs) {
  TestPeer peer = connect();
  const Buffer all = requests(2'001);
  peer.say_bytes(Bytes(all).first(std::size_t{1'999} * 17));
  EXPECT_EQ(queued(), 1'999u);
  EXPECT_TRUE(reads(peer));
  peer.say_bytes(Bytes(all).subspan(std::size_t{1'999} * 17, 17));
  EXPECT_EQ(queued(), 2'000u);
  EXPECT_FALSE(reads(peer));
  peer.say_bytes(Bytes(all).last(17));
  EXPECT_EQ(queued(), 2'000u);
  EXPECT_FALSE(peer.heard("reject"));
}

TEST_F(SwarmHeldReading, LIM_07_WhatOneReadBroughtBesidesIsKeptAndNoMore) {
  TestPeer peer = connect();
  peer.say_bytes(requests(kBlocks));
  EXPECT_GE(queued(), 2'000u);
  EXPECT_LE(queued(), 2'000u + kOneRead);
  node.swarm.check_invariants();
}

TEST_F(SwarmHeldReading, EveryBlockThatWasAskedForArrives) {
  TestPeer peer = connect();
  peer.say_bytes(requests(kBlocks));
  ASSERT_FALSE(reads(peer));
  node.drain(net.now);
  EXPECT_FALSE(node.readable.contains(peer.conn()));
  while (peer.listen_to(1u << 20) > 0) {
    node.drain(net.now);
    if (node.readable.erase(peer.conn()) > 0) {
      EXPECT_LE(queued(), 1'500u);
      peer.say_bytes({});
    }
  }
  EXPECT_EQ(peer.count("piece "), kBlocks);
  EXPECT_TRUE(reads(peer));
}

TEST_F(SwarmHeldReading, APeerThatTakesItsBlocksSlowlyIsNotSilent) {
  TestPeer peer = connect();
  peer.say_bytes(requests(kBlocks));
  for (int minute = 0; minute < 6; ++minute) {
    peer.listen_to(kBlockSize);
    net.now += std::chrono::minutes(1);
    node.swarm.handle_timer(net.now);
    node.drain(net.now);
  }
  EXPECT_TRUE(peer.connected());
  EXPECT_FALSE(reads(peer));
}

TEST_F(SwarmHeldReading, APeerThatTakesNothingIsGivenUp) {
  TestPeer peer = connect();
  peer.say_bytes(requests(kBlocks));
  for (int minute = 0; minute < 3; ++minute) {
    net.now += std::chrono::minutes(1);
    node.swarm.handle_timer(net.now);
    node.drain(net.now);
  }
  EXPECT_EQ(peer.close_reason(), CloseReason::idle);
}

TEST_F(SwarmHeldReading, PiecesThatAreLostLetItBeReadAgain) {
  TestPeer peer = connect();
  peer.say_bytes(requests(kBlocks));
  ASSERT_FALSE(reads(peer));
  for (std::uint32_t i = 10; i < 40; ++i) {
    node.swarm.piece_checked(net.now, PieceIndex{i}, false);
  }
  node.drain(net.now);
  EXPECT_TRUE(node.readable.contains(peer.conn()));
  EXPECT_TRUE(reads(peer));
}

}  // namespace
}  // namespace weir
