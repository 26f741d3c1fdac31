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

INSTANTIATE_TEST_SUITE_P(Kinds, SwarmTransfer,
                         testing::Values(TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid));

}  // namespace
}  // namespace weir
