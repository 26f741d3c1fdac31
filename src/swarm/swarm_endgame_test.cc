// SPDX-License-Identifier: MIT OR Apache-2.0
// The end game as peers see it: who is asked for what others owe, and when.
#include <gtest/gtest.h>

#include "swarm/request_window.h"
#include "swarm/swarm_test_peer.h"

namespace weir {
namespace {

using namespace swarm_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPiece = 64 * 1024;
constexpr std::size_t kBlocks = RequestWindowConfig{}.initial;  // what a new peer is asked for

class SwarmEndGame : public testing::Test {
 protected:
  SwarmEndGame()
      : content(make_content(TorrentKind::v1, kPiece, {kBlocks * kBlockSize})),
        node(net.add(content)) {
    node.start_leech(net.now);
  }
  static void offer(TestPeer& peer) {
    peer.say(HaveAllMessage{});
    peer.say(UnchokeMessage{});
  }
  std::uint64_t wasted() { return node.swarm.stats(net.now).wasted_bytes; }

  Net net;
  Content content;
  Node& node;
};

TEST_F(SwarmEndGame, NothingIsRepeatedWhileTheFirstPeerMayStillAnswer) {
  TestPeer first(net, node, {.host = 201});
  offer(first);
  EXPECT_EQ(first.take_requests().size(), kBlocks);
  TestPeer second(net, node, {.host = 202});
  offer(second);
  second.wait(milliseconds(900));
  EXPECT_TRUE(second.take_requests().empty());
}

TEST_F(SwarmEndGame, WhatASilentPeerOwesIsAskedOfAnotherAndCancelledWhenItCame) {
  TestPeer silent(net, node, {.host = 201});
  offer(silent);
  EXPECT_EQ(silent.take_requests().size(), kBlocks);
  TestPeer other(net, node, {.host = 202});
  offer(other);
  std::size_t answered = 0;
  for (int i = 0; i < 1'000 && !node.swarm.complete(); ++i) {
    other.wait(milliseconds(5));
    for (const BlockRequest& block : other.take_requests()) {
      EXPECT_EQ(silent.count("cancel"), answered) << "only for what has come";
      other.answer(block);
      ++answered;
      silent.listen();
      EXPECT_EQ(silent.count("cancel"), answered) << "at once";
    }
  }
  EXPECT_TRUE(node.whole());
  EXPECT_EQ(answered, kBlocks);
  EXPECT_EQ(wasted(), 0u);
}

TEST_F(SwarmEndGame, TheEndOfASlowQueueIsTakenOverFirst) {
  TestPeer slow(net, node, {.host = 201});
  offer(slow);
  const auto asked = slow.take_requests();
  ASSERT_EQ(asked.size(), kBlocks);
  for (std::size_t i = 0; i < 2; ++i) {
    slow.wait(seconds(1));
    slow.answer(asked[i]);
  }
  TestPeer fast(net, node, {.host = 202});
  offer(fast);
  fast.wait(milliseconds(100));
  const auto repeated = fast.take_requests();
  ASSERT_FALSE(repeated.empty());
  EXPECT_LT(repeated.size(), kBlocks - 2) << "what is due soon is left where it is";
  EXPECT_EQ(repeated.front(), asked.back());
  EXPECT_EQ(std::ranges::count(repeated, asked[2]), 0);
}

TEST_F(SwarmEndGame, ABlockBegunAndNotEndedIsRepeatedToo) {
  TestPeer stuck(net, node, {.host = 201});
  offer(stuck);
  const auto asked = stuck.take_requests();
  for (std::size_t i = 0; i + 1 < asked.size(); ++i) stuck.answer(asked[i]);
  Buffer half;
  append_block_header(half, {asked.back().piece, asked.back().begin, asked.back().length});
  half.resize(half.size() + 1000);
  stuck.say_bytes(half);
  TestPeer other(net, node, {.host = 202});
  offer(other);
  EXPECT_TRUE(other.take_requests().empty());
  other.wait(seconds(4));
  const auto repeated = other.take_requests();
  ASSERT_EQ(repeated.size(), 1u);
  other.answer(repeated[0]);
  EXPECT_TRUE(node.whole());
}

TEST_F(SwarmEndGame, AtMostThreePeersAreAskedForABlock) {
  std::vector<std::unique_ptr<TestPeer>> peers;
  for (std::uint32_t i = 0; i < 5; ++i) {
    peers.push_back(std::make_unique<TestPeer>(net, node, TestPeer::Options{.host = 201 + i}));
    offer(*peers.back());
  }
  // Shorter than the time after which requests are given up.
  std::map<std::pair<PieceIndex, std::uint32_t>, int> requests;
  for (int i = 0; i < 200; ++i) {
    peers[0]->wait(milliseconds(100));
    for (const auto& peer : peers) {
      peer->listen();
      for (const BlockRequest& block : peer->take_requests()) {
        ++requests[std::pair(block.piece, block.begin)];
      }
    }
  }
  EXPECT_EQ(requests.size(), kBlocks);
  int most = 0;
  for (const auto& [block, count] : requests) most = std::max(most, count);
  EXPECT_EQ(most, 3);
}

TEST_F(SwarmEndGame, ASnubbedPeerTakesNothingOver) {
  TestPeer silent(net, node, {.host = 201});
  offer(silent);
  silent.wait(seconds(31));  // its requests have timed out, and were made again
  TestPeer second(net, node, {.host = 202});
  offer(second);
  silent.take_requests();
  silent.take();
  second.wait(seconds(3));
  silent.listen();
  const auto asked = second.take_requests();
  for (const BlockRequest& block : silent.take_requests()) {
    EXPECT_EQ(std::ranges::count(asked, block), 0) << "asked of the second before";
  }
}

TEST(SwarmEndGameNet, PeersOfEqualSpeedBringNothingTwice) {
  const Content content = make_content(TorrentKind::v1, kPiece, {4'000'000});
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Net net(seed);
    Node& leech = net.add(content);
    leech.start_leech(net.now);
    for (int i = 0; i < 4; ++i) {
      Node& other = net.add(content);
      other.start_seed(net.now);
      net.connect(leech, other, {.bytes_per_step = 2'000});
    }
    ASSERT_TRUE(net.run([&] { return leech.swarm.complete(); }));
    net.run_for(seconds(1));
    EXPECT_EQ(leech.swarm.stats(net.now).wasted_bytes, 0u) << seed;
  }
}

}  // namespace
}  // namespace weir
