// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/hash_exchange.h"

#include <gtest/gtest.h>

#include "swarm/swarm_test_net.h"

namespace weir {
namespace {

using namespace swarm_test;

constexpr ConnId kPeer{1};
constexpr ConnId kOther{2};
const TimePoint kStart{std::chrono::seconds(100)};

TEST(HashExchange, LayersOfEveryShapeTravelWhole) {
  // One run shorter than the limit, exactly one, several, and a last one that is mostly padding.
  for (const std::uint64_t pieces : {2u, 3u, 5u, 511u, 512u, 513u, 1025u, 1600u}) {
    SCOPED_TRACE(pieces);
    const Content content = make_content(TorrentKind::v2, 16 * 1024, {pieces * 16 * 1024 - 5});
    HashFetcher fetcher(*content.info, PieceLayers{});
    HashServer server(*content.info);
    std::optional<PieceLayer> layer;
    while (const auto run = fetcher.next_request(kStart, kPeer)) {
      const auto answer = server.answer(content.layers(), *run);
      ASSERT_EQ(answer.hashes.size(), run->length + hash_run_uncles(*run));
      auto got = fetcher.handle_hashes(kPeer, *run, answer.hashes);
      ASSERT_EQ(got.verdict, HashFetcher::Verdict::good);
      if (got.layer) layer = std::move(got.layer);
    }
    ASSERT_TRUE(layer.has_value());
    EXPECT_EQ(layer->hashes, content.piece_layers[0].hashes);
    EXPECT_TRUE(fetcher.done());
  }
}

TEST(HashExchange, EveryChangedHashIsNoticed) {
  const Content content = make_content(TorrentKind::v2, 16 * 1024, {1'300u * 16 * 1024});
  HashServer server(*content.info);
  for (std::size_t i = 0; i < 514; i += 19) {
    HashFetcher fetcher(*content.info, PieceLayers{});
    const auto run = fetcher.next_request(kStart, kPeer);
    ASSERT_TRUE(run.has_value());
    auto hashes = server.answer(content.layers(), *run).hashes;
    hashes[i].bytes[31] ^= std::byte{1};
    EXPECT_EQ(fetcher.handle_hashes(kPeer, *run, hashes).verdict, HashFetcher::Verdict::bad);
    EXPECT_TRUE(fetcher.next_request(kStart, kOther).has_value());
  }
}

TEST(HashExchange, TooFewOrTooManyHashesAreBad) {
  const Content content = make_content(TorrentKind::v2, 16 * 1024, {1'300u * 16 * 1024});
  HashServer server(*content.info);
  for (const int change : {-1, 1}) {
    HashFetcher fetcher(*content.info, PieceLayers{});
    const auto run = fetcher.next_request(kStart, kPeer);
    auto hashes = server.answer(content.layers(), *run).hashes;
    hashes.resize(hashes.size() + static_cast<std::size_t>(change));
    EXPECT_EQ(fetcher.handle_hashes(kPeer, *run, hashes).verdict, HashFetcher::Verdict::bad);
  }
}

TEST(HashExchange, RejectsAndTimeoutsGoToAnotherPeerAndBackOff) {
  const Content content = make_content(TorrentKind::v2, 16 * 1024, {20u * 16 * 1024});
  HashFetcher fetcher(*content.info, PieceLayers{});
  const auto run = fetcher.next_request(kStart, kPeer);
  ASSERT_TRUE(run.has_value());
  EXPECT_FALSE(fetcher.next_request(kStart, kOther).has_value());
  EXPECT_TRUE(fetcher.handle_reject(kStart, kPeer, *run));
  EXPECT_FALSE(fetcher.next_request(kStart + std::chrono::seconds(29), kPeer).has_value());
  EXPECT_EQ(fetcher.next_request(kStart, kOther), run);
  fetcher.handle_timer(kStart + std::chrono::seconds(20));
  EXPECT_EQ(fetcher.next_request(kStart + std::chrono::seconds(30), kPeer), run);
  // The other one's answer comes too late to be of use, and is no offence.
  EXPECT_EQ(fetcher.handle_hashes(kOther, *run, {}).verdict, HashFetcher::Verdict::late);
  EXPECT_EQ(fetcher.handle_hashes(kOther, *run, {}).verdict, HashFetcher::Verdict::unsolicited);
  fetcher.peer_gone(kPeer);
  EXPECT_EQ(fetcher.next_request(kStart + std::chrono::seconds(90), kOther), run);
}

TEST(HashExchange, UpperLayersAreServedWithTheirProofs) {
  const Content content = make_content(TorrentKind::v2, 16 * 1024, {1'000u * 16 * 1024});
  HashServer server(*content.info);
  const auto layers = content.layers();
  for (std::uint32_t base = 0; base < 10; ++base) {
    const HashRequest run{content.piece_layers[0].pieces_root, base, 0, 2, 10 - base - 1};
    const auto hashes = server.answer(layers, run).hashes;
    ASSERT_EQ(hashes.size(), 2u + hash_run_uncles(run));
    EXPECT_TRUE(merkle_verify(std::span(hashes).first(2), base, 0, std::span(hashes).subspan(2),
                              run.pieces_root));
  }
  const HashRequest root{content.piece_layers[0].pieces_root, 10, 0, 2, 0};
  EXPECT_TRUE(server.answer(layers, root).hashes.empty());
}

TEST(HashExchange, LeavesBelowThePieceLayerAreRejected) {
  const Content content = make_content(TorrentKind::v2, 64 * 1024, {20u * 64 * 1024});
  HashServer server(*content.info);
  const HashRequest leaves{content.piece_layers[0].pieces_root, 0, 0, 2, 0};
  EXPECT_TRUE(server.answer(content.layers(), leaves).hashes.empty());
  EXPECT_TRUE(server.answer(PieceLayers{}, {leaves.pieces_root, 2, 0, 2, 0}).hashes.empty());
}

}  // namespace
}  // namespace weir
