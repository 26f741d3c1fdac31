// SPDX-License-Identifier: MIT OR Apache-2.0
// Whole shards that move torrents between real directories over loopback.
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "io/testing/loopback.h"

namespace weir {
namespace {

class ShardTransfer : public testing::TestWithParam<TorrentKind> {};

TEST_P(ShardTransfer, MovesATorrentFromOneDirectoryToAnother) {
  const auto torrent =
      make_loopback_torrent(GetParam(), 64 * 1024, {3'000'000, 1, 700'001, 65'536});
  LoopbackNode seed, leech;
  torrent.write_below(seed.root());
  ASSERT_TRUE(seed.shard().start());
  ASSERT_TRUE(leech.shard().start());
  seed.add(torrent, {}, true);
  leech.add(torrent, {seed.endpoint()});
  ASSERT_TRUE(leech.wait_done());
  EXPECT_TRUE(leech.has(torrent));
}

INSTANTIATE_TEST_SUITE_P(Kinds, ShardTransfer,
                         testing::Values(TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid));

}  // namespace
}  // namespace weir
