// SPDX-License-Identifier: MIT OR Apache-2.0
// Whole transfers between swarms in memory.
#include <gtest/gtest.h>

#include "swarm/swarm_test_net.h"

namespace weir {
namespace {

using namespace swarm_test;

constexpr std::uint32_t kPiece = 64 * 1024;

class SwarmTransfer : public testing::TestWithParam<TorrentKind> {};

TEST_P(SwarmTransfer, LeechGetsEverythingFromASeed) {
  const Content content = make_content(GetParam(), kPiece, {700'000, 5, 300'000, kPiece});
  Net net;
  Node& seed = net.add(content);
  Node& leech = net.add(content);
  seed.start_seed(net.now);
  leech.start_leech(net.now);
  net.connect(leech, seed);
  EXPECT_TRUE(net.run([&] { return leech.swarm.complete(); }));
  EXPECT_TRUE(leech.whole());
  EXPECT_EQ(leech.swarm.stats(net.now).wasted_bytes, 0u);
  EXPECT_TRUE(seed.closed.empty());
}

TEST_P(SwarmTransfer, WorksWithPeersThatSpeakNoExtensions) {
  const Content content = make_content(GetParam(), kPiece, {700'000, 300'000});
  Net net(2);
  Node& seed = net.add(content);
  Node& leech = net.add(content);
  seed.start_seed(net.now);
  leech.start_leech(net.now);
  net.connect(leech, seed, {.fast = false, .extended = false, .v2 = false});
  EXPECT_TRUE(net.run([&] { return leech.swarm.complete(); }));
  EXPECT_TRUE(leech.whole());
}

TEST_P(SwarmTransfer, StartsFromAMagnetLink) {
  const Content content = make_content(GetParam(), 16 * 1024, {20'000'000, 5, 300'000, 16 * 1024});
  Net net(3);
  Node& seed = net.add(content);
  Node& leech = net.add(content);
  seed.start_seed(net.now);
  net.connect(leech, seed);
  EXPECT_TRUE(net.run([&] { return leech.swarm.complete(); }));
  EXPECT_TRUE(leech.whole());
  EXPECT_TRUE(leech.metadata.has_value());
  EXPECT_EQ(leech.layers_arrived, has_v2(GetParam()) ? 2u : 0u);
  EXPECT_TRUE(!has_v2(GetParam()) || leech.swarm.layers().complete(content.layout()));
}

TEST_P(SwarmTransfer, ManyLeechesShareWhatOneSeedGives) {
  const Content content = make_content(GetParam(), kPiece, {3'000'000});
  Net net(4);
  Node& seed = net.add(content);
  seed.start_seed(net.now);
  for (int i = 0; i < 8; ++i) {
    Node& leech = net.add(content);
    leech.start_leech(net.now);
    for (const auto& other : net.nodes) {
      if (other.get() != &leech) net.connect(leech, *other, {.bytes_per_step = 16 * 1024});
    }
  }
  const auto all_whole = [&] {
    return std::all_of(net.nodes.begin(), net.nodes.end(),
                       [](const auto& node) { return node->swarm.complete(); });
  };
  EXPECT_TRUE(net.run(all_whole, 40'000));
  for (const auto& node : net.nodes) EXPECT_TRUE(node->whole());
  // Leeches must have served each other, or the seed had sent eight copies.
  EXPECT_LT(seed.swarm.stats(net.now).uploaded_bytes, 7 * 3'000'000u);
}

TEST(SwarmScenario, PeersThatComeAndGoMidBlockCostNothingButTime) {
  const Content content = make_content(TorrentKind::v1, kPiece, {2'000'000});
  Net net(5);
  Node& leech = net.add(content);
  Node& first = net.add(content);
  Node& second = net.add(content);
  leech.start_leech(net.now);
  first.start_seed(net.now);
  second.start_seed(net.now);
  for (int i = 0; i < 400 && !leech.swarm.complete(); ++i) {
    Node& seed = i % 2 == 0 ? first : second;
    net.connect(leech, seed, {.bytes_per_step = 5'000 + net.random.below(40'000)});
    for (int step = 0; step < 5; ++step) net.step();
    net.disconnect(leech, seed);
  }
  net.connect(leech, first);
  EXPECT_TRUE(net.run([&] { return leech.swarm.complete(); }));
  EXPECT_TRUE(leech.whole());
  EXPECT_EQ(leech.swarm.stats(net.now).failed_pieces, 0u);
}

TEST(SwarmScenario, WIR_15_PoisonerIsBannedAndTheHonestSeedIsNot) {
  const Content content = make_content(TorrentKind::v1, kPiece, {4'000'000});
  Net net(6);
  Node& leech = net.add(content);
  Node& honest = net.add(content);
  Node& poisoner = net.add(content);
  leech.start_leech(net.now);
  honest.start_seed(net.now);
  poisoner.start_seed(net.now);
  poisoner.poisons = true;
  net.connect(leech, honest, {.bytes_per_step = 32 * 1024});
  net.connect(leech, poisoner, {.bytes_per_step = 32 * 1024});
  EXPECT_TRUE(net.run([&] { return leech.swarm.complete(); }, 60'000));
  EXPECT_TRUE(leech.whole());
  ASSERT_EQ(leech.bans.size(), 1u);
  EXPECT_EQ(leech.bans[0], net.endpoint_of(poisoner).address);
  EXPECT_LE(leech.swarm.stats(net.now).failed_pieces, 5u);
}

// A poisoner that has sent several pieces, none of which was judged yet.
struct PiecesOfALiar {
  PiecesOfALiar() {
    leech.start_leech(net.now);
    poisoner.start_seed(net.now);
    poisoner.poisons = true;
    leech.keeps_arrivals = true;
    net.connect(leech, poisoner);
    EXPECT_TRUE(net.run([&] { return leech.kept.size() >= 5; }, 60'000));
  }
  [[nodiscard]] IpAddress liar() { return net.endpoint_of(poisoner).address; }
  void judge_one() {
    auto [piece, buffer] = std::move(leech.kept.front());
    leech.kept.pop_front();
    leech.verify(net.now, piece, std::move(buffer));
  }

  Content content = make_content(TorrentKind::v1, kPiece, {1'000'000});
  Net net{6};
  Node& leech = net.add(content);
  Node& poisoner = net.add(content);
};

TEST(SwarmScenario, WIR_15_APoisonerWithManyPiecesUnderWayIsBannedOnce) {
  PiecesOfALiar its;
  while (!its.leech.kept.empty()) its.judge_one();
  its.leech.drain(its.net.now);
  EXPECT_EQ(its.leech.bans, std::vector{its.liar()});
}

TEST(SwarmScenario, WIR_15_WhoIsReadmittedIsNotBannedForWhatItSentBefore) {
  PiecesOfALiar its;
  for (bool first = true; !its.leech.kept.empty(); first = false) {
    its.judge_one();
    its.leech.drain(its.net.now);
    if (first) its.leech.swarm.unban(its.liar());
  }
  EXPECT_EQ(its.leech.bans.size(), 1U);
  EXPECT_GE(its.leech.swarm.stats(its.net.now).failed_pieces, 5U);
}

// Each liar is banned at its first piece, and another comes from an address of its own, always
// quicker than the one who is honest.
TEST(SwarmScenario, WIR_15_FreshPoisonersWithoutEndDoNotKeepTheLastPiecesFromTheHonest) {
  const Content content = make_content(TorrentKind::v1, kPiece, {1'000'000});
  Net net(6);
  Node& leech = net.add(content);
  Node& honest = net.add(content);
  leech.start_leech(net.now);
  honest.start_seed(net.now);
  net.connect(leech, honest, {.bytes_per_step = 2 * 1024});
  ASSERT_TRUE(net.run([&] { return leech.swarm.picker()->have().count() >= 2; }, 60'000));
  constexpr std::size_t kAtOnce = 8, kAll = 400;
  std::size_t came = 0;
  while (!leech.swarm.complete() && came < kAll) {
    while (came < leech.bans.size() + kAtOnce) {
      Node& poisoner = net.add(content);
      poisoner.start_seed(net.now);
      poisoner.poisons = true;
      net.connect(leech, poisoner, {.bytes_per_step = 64 * 1024});
      ++came;
    }
    const std::size_t banned = leech.bans.size();
    net.run([&] { return leech.swarm.complete() || leech.bans.size() > banned; }, 600'000);
  }
  EXPECT_TRUE(leech.swarm.complete()) << came << " poisoners came";
  EXPECT_TRUE(leech.whole());
}

TEST(SwarmScenario, EndGameAsksTheSlowPeersBlocksOfTheFast) {
  const Content content = make_content(TorrentKind::v1, kPiece, {1'000'000});
  Net net(7);
  Node& leech = net.add(content);
  Node& slow = net.add(content);
  Node& fast = net.add(content);
  leech.start_leech(net.now);
  slow.start_seed(net.now);
  fast.start_seed(net.now);
  net.connect(leech, slow, {.bytes_per_step = 20});
  net.step();
  net.step();
  net.step();
  net.connect(leech, fast);
  // The slow one alone would need minutes for what it was asked.
  EXPECT_TRUE(net.run([&] { return leech.swarm.complete(); }, 1'500));
  EXPECT_TRUE(leech.whole());
}

TEST(SwarmScenario, SeedsPartSoonAfterTheyMeet) {
  const Content content = make_content(TorrentKind::v1, kPiece, {100'000});
  Net net(8);
  Node& a = net.add(content);
  Node& b = net.add(content);
  a.start_seed(net.now);
  b.start_seed(net.now);
  net.connect(a, b);
  net.run_for(std::chrono::seconds(4));
  EXPECT_EQ(a.swarm.peer_count(), 1u);
  net.run_for(std::chrono::seconds(4));
  EXPECT_EQ(a.swarm.peer_count() + b.swarm.peer_count(), 0u);
  EXPECT_GE(a.swarm.stats(net.now).closed[CloseReason::both_seeds] +
                b.swarm.stats(net.now).closed[CloseReason::both_seeds],
            1u);
}

TEST(SwarmScenario, DownloadsWithOnlyOnePieceOfMemory) {
  const Content content = make_content(TorrentKind::v1, kPiece, {1'000'000});
  Net net(9);
  Node& leech = net.add(content, {}, kPiece);
  Node& first = net.add(content);
  Node& second = net.add(content);
  leech.start_leech(net.now);
  first.start_seed(net.now);
  second.start_seed(net.now);
  net.connect(leech, first);
  net.connect(leech, second);
  EXPECT_TRUE(net.run([&] { return leech.swarm.complete(); }));
  EXPECT_TRUE(leech.whole());
  EXPECT_EQ(leech.pool.bytes_out(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SwarmTransfer,
                         testing::Values(TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid));

}  // namespace
}  // namespace weir
