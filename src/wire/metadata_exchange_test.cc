// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/metadata_exchange.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hash/sha.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ConnId conn(std::uint64_t n) { return static_cast<ConnId>(n); }

// A fetcher among scripted peers that hold a true or a false dictionary.
class FetchWorld {
 public:
  explicit FetchWorld(std::size_t size, MetadataFetcherConfig config = {})
      : truth_(size), fetcher_(config, random_) {
    random_.fill(truth_);
  }

  enum class Behaviour { honest, lies, rejects, silent };
  void add(std::uint64_t n, Behaviour behaviour, std::optional<std::uint64_t> size = {}) {
    behaviours_[conn(n)] = behaviour;
    sizes_[conn(n)] = size.value_or(truth_.size());
    fetcher_.set_peer(now_, conn(n), sizes_[conn(n)]);
  }

  // Answers everything asked now, and judges what was collected. False: nothing happened.
  bool round() {
    std::vector<MetadataWanted> wanted;
    bool any = false;
    while (auto action = fetcher_.next()) {
      any = true;
      if (const auto* want = std::get_if<MetadataWanted>(&*action)) wanted.push_back(*want);
      if (const auto* fault = std::get_if<MetadataPeerFault>(&*action)) faults_.push_back(*fault);
      if (auto* collected = std::get_if<MetadataCollected>(&*action)) judge(*collected);
    }
    for (const MetadataWanted& want : wanted) answer(want);
    return any;
  }
  // Until the fetcher is done or `limit` has passed.
  void run(Duration limit) {
    const TimePoint end = now_ + limit;
    while (!fetcher_.done()) {
      if (round()) continue;
      const TimePoint next = fetcher_.next_deadline();
      if (next > end) break;
      ASSERT_GT(next, now_) << "a deadline in the past would spin";
      now_ = next;
      fetcher_.handle_timer(now_);
    }
    while (round()) {
    }
  }
  void answer(const MetadataWanted& want) {
    ++asked_[want.peer];
    asked_at_[{want.peer, want.piece}].push_back(now_);
    const std::uint64_t size = sizes_[want.peer];
    const std::uint64_t begin = std::uint64_t{want.piece} * kMetadataPieceSize;
    MetadataMessage message{.type = MetadataMessageType::data, .piece = want.piece};
    Buffer data;
    switch (behaviours_[want.peer]) {
      case Behaviour::silent:
        return;
      case Behaviour::rejects:
        message.type = MetadataMessageType::reject;
        break;
      case Behaviour::honest:
      case Behaviour::lies:
        message.total_size = size;
        data.resize(std::min<std::uint64_t>(kMetadataPieceSize, size - begin));
        for (std::size_t i = 0; i < data.size() && begin + i < truth_.size(); ++i) {
          data[i] = truth_[begin + i];
        }
        if (behaviours_[want.peer] == Behaviour::lies) data[0] ^= std::byte{1};
        message.data = data;
    }
    fetcher_.handle_message(now_, want.peer, message);
  }

  [[nodiscard]] std::vector<ConnId> liars() const {
    std::vector<ConnId> out;
    for (const MetadataPeerFault& f : faults_) {
      if (f.fault == MetadataFault::bad_hash) out.push_back(f.peer);
    }
    std::ranges::sort(out);
    return out;
  }

  Random random_{42};
  TimePoint now_{};
  Buffer truth_;
  MetadataFetcher fetcher_;
  std::map<ConnId, Behaviour> behaviours_;
  std::map<ConnId, std::uint64_t> sizes_;
  std::map<ConnId, int> asked_;
  std::map<std::pair<ConnId, std::uint32_t>, std::vector<TimePoint>> asked_at_;
  std::vector<MetadataPeerFault> faults_;
  int collected_ = 0;

 private:
  void judge(const MetadataCollected& collected) {
    ++collected_;
    EXPECT_EQ(collected.contributors.size(),
              (collected.info.size() + kMetadataPieceSize - 1) / kMetadataPieceSize);
    if (collected.info == truth_) {
      fetcher_.accepted();
    } else {
      fetcher_.rejected(now_);
    }
  }
};
using Behaviour = FetchWorld::Behaviour;

TEST(MetadataFetcher, CollectsFromSeveralPeersAtOnce) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{16384}, std::size_t{16385},
                                 std::size_t{1'000'000}, std::size_t{8} << 20}) {
    FetchWorld world(size);
    for (std::uint64_t i = 0; i < 4; ++i) world.add(i, Behaviour::honest);
    world.run(seconds(1));
    EXPECT_TRUE(world.fetcher_.done()) << size;
    EXPECT_EQ(world.collected_, 1);
    EXPECT_TRUE(world.faults_.empty());
    if (size > 512 * 1024) {
      EXPECT_EQ(world.asked_.size(), 4U);
    }
  }
}

TEST(MetadataFetcher, UTM_01_SizesOutsideTheLimitAreNoMetadata) {
  FetchWorld world(1000);
  for (const std::uint64_t size : {std::uint64_t{0}, (std::uint64_t{8} << 20) + 1,
                                   std::uint64_t{2038487152}, ~std::uint64_t{0}}) {
    world.add(1, Behaviour::honest, size);
    EXPECT_EQ(world.fetcher_.peer_count(), 0U) << size;
  }
  world.add(1, Behaviour::honest, std::uint64_t{8} << 20);
  EXPECT_EQ(world.fetcher_.peer_count(), 1U);
  EXPECT_LE(world.fetcher_.memory_bytes(), 64U * 1024) << "nothing is allocated up front";
  MetadataFetcherConfig wide;
  wide.size_max = std::uint64_t{1} << 40;
  FetchWorld large(1000, wide);
  large.add(1, Behaviour::silent, kMetadataSizeCeiling);
  EXPECT_EQ(large.fetcher_.peer_count(), 1U);
  large.add(2, Behaviour::silent, kMetadataSizeCeiling + 1);
  EXPECT_EQ(large.fetcher_.peer_count(), 1U);
}

TEST(MetadataFetcher, ASoleLiarIsConvictedAtOnce) {
  FetchWorld world(100'000);
  world.add(1, Behaviour::lies);
  world.run(seconds(1));
  EXPECT_FALSE(world.fetcher_.done());
  EXPECT_EQ(world.liars(), std::vector{conn(1)});
  world.add(2, Behaviour::honest);
  world.run(seconds(1));
  EXPECT_TRUE(world.fetcher_.done());
  EXPECT_EQ(world.liars(), std::vector{conn(1)});
}

TEST(MetadataFetcher, LiarsAmongHonestPeersAreFoundAndNobodyElse) {
  for (std::uint64_t liar_count = 1; liar_count < 5; ++liar_count) {
    FetchWorld world(1'000'000);
    std::vector<ConnId> liars;
    for (std::uint64_t i = 0; i < 6; ++i) {
      const bool lies = i % 5 < liar_count && i < 5;
      if (lies) liars.push_back(conn(i));
      world.add(i, lies ? Behaviour::lies : Behaviour::honest);
    }
    world.run(std::chrono::minutes(10));
    EXPECT_TRUE(world.fetcher_.done());
    EXPECT_EQ(world.liars(), liars) << liar_count;
  }
}

TEST(MetadataFetcher, AFalseSizeDoesNotDisturbTheTrueOne) {
  FetchWorld world(300'000);
  for (std::uint64_t i = 0; i < 10; ++i) world.add(i, Behaviour::silent, 1'000'000 + i);
  world.add(99, Behaviour::honest);
  world.run(std::chrono::minutes(20));
  EXPECT_TRUE(world.fetcher_.done());
  EXPECT_TRUE(world.faults_.empty());
}

TEST(MetadataFetcher, UTM_04_ImpossiblePiecesCostTheirSender) {
  struct Case {
    std::uint32_t piece;
    std::size_t bytes;
    std::uint64_t total;
    std::optional<MetadataFault> fault;
  };
  constexpr std::uint64_t kSize = 20'000;
  for (const Case& c : {Case{2, 100, kSize, MetadataFault::piece_out_of_range},
                        Case{0, 16383, kSize, MetadataFault::bad_piece_size},
                        Case{1, 16384, kSize, MetadataFault::bad_piece_size},
                        Case{1, kSize - 16384, kSize + 1, MetadataFault::size_changed},
                        Case{1, kSize - 16384, kSize, std::nullopt}}) {
    FetchWorld world(kSize);
    world.add(1, Behaviour::silent);
    while (world.fetcher_.next()) {
    }
    const Buffer data(c.bytes);
    world.fetcher_.handle_message(
        world.now_, conn(1),
        {.type = MetadataMessageType::data, .piece = c.piece, .total_size = c.total, .data = data});
    world.round();
    ASSERT_EQ(world.faults_.size(), c.fault ? 1U : 0U);
    if (c.fault) {
      EXPECT_EQ(world.faults_[0].fault, *c.fault);
    }
    EXPECT_EQ(world.fetcher_.peer_count(), c.fault ? 0U : 1U);
  }
}

TEST(MetadataFetcher, UTM_06_WhatWasNotAskedIsIgnored) {
  FetchWorld world(400'000);
  world.add(1, Behaviour::rejects);
  world.add(2, Behaviour::silent);
  world.round();
  const Buffer data(kMetadataPieceSize);
  const MetadataMessage unasked{.type = MetadataMessageType::data, .piece = 20, .data = data};
  world.fetcher_.handle_message(world.now_, conn(2), unasked);
  world.fetcher_.handle_message(world.now_, conn(7), unasked);
  const MetadataMessage rejected{.type = MetadataMessageType::data, .piece = 0, .data = data};
  world.fetcher_.handle_message(world.now_, conn(1), rejected);
  world.fetcher_.handle_message(world.now_, conn(2),
                                {.type = MetadataMessageType::reject, .piece = 20});
  EXPECT_EQ(world.fetcher_.progress().received_bytes, 0U);
  EXPECT_TRUE(world.faults_.empty());
}

TEST(MetadataFetcher, UTM_07_AcceptedMeansNoFurtherRequest) {
  FetchWorld world(100'000);
  world.add(1, Behaviour::honest);
  world.run(seconds(1));
  ASSERT_TRUE(world.fetcher_.done());
  const int asked = world.asked_[conn(1)];
  world.add(2, Behaviour::honest);
  world.fetcher_.handle_timer(world.now_ + std::chrono::hours(1));
  EXPECT_FALSE(world.round());
  EXPECT_EQ(world.asked_[conn(1)], asked);
  EXPECT_EQ(world.fetcher_.next_deadline(), kNever);
}

TEST(MetadataFetcher, UTM_08_RejectingPeersAreLeftAlone20To70Seconds) {
  MetadataFetcherConfig config;
  config.requests_per_peer = 1;
  FetchWorld world(10'000, config);
  world.add(1, Behaviour::rejects);
  world.run(std::chrono::minutes(10));
  const auto& times = world.asked_at_[{conn(1), 0}];
  ASSERT_GE(times.size(), 8U);
  for (std::size_t i = 1; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 1], seconds(20));
    EXPECT_LE(times[i] - times[i - 1], seconds(70));
  }
  world.add(2, Behaviour::honest);
  world.run(seconds(1));
  EXPECT_TRUE(world.fetcher_.done()) << "others are used meanwhile";
}

TEST(MetadataFetcher, UTM_08_SilentPeersDoNotHoldPiecesBack) {
  FetchWorld world(50'000);
  world.add(1, Behaviour::silent);
  world.round();
  world.add(2, Behaviour::honest);
  world.round();
  EXPECT_FALSE(world.fetcher_.done()) << "asked less than three seconds ago";
  world.run(seconds(4));
  EXPECT_TRUE(world.fetcher_.done());
  for (const auto& [key, times] : world.asked_at_) {
    for (std::size_t i = 1; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 1], seconds(3));
  }
}

TEST(MetadataFetcher, ALeavingPeersRequestsGoToOthersAtOnce) {
  FetchWorld world(50'000);
  world.add(1, Behaviour::silent);
  world.add(2, Behaviour::honest);
  world.round();
  world.fetcher_.remove_peer(world.now_, conn(1));
  while (world.round()) {
  }
  EXPECT_TRUE(world.fetcher_.done());
}

MetadataMessage request(std::uint32_t piece) {
  return {.type = MetadataMessageType::request, .piece = piece};
}

TEST(MetadataServer, AnswersEveryPieceAndRejectsTheRest) {
  Random random(1);
  Buffer info(40'000);
  random.fill(info);
  MetadataServer server;
  server.set_info(info);
  Buffer got;
  TimePoint now{};
  for (std::uint32_t piece = 0; piece < 4; ++piece) {
    server.handle_message(now, conn(1), request(piece));
    now = std::max(now, server.next_deadline(now));
    const auto reply = server.next(now);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->message.piece, piece);
    if (piece == 3) {
      EXPECT_EQ(reply->message.type, MetadataMessageType::reject);
      break;
    }
    EXPECT_EQ(reply->message.total_size, info.size());
    append(got, reply->message.data);
  }
  EXPECT_EQ(got, info);
}

TEST(MetadataServer, UTM_06_RejectsWhileThereIsNoMetadata) {
  MetadataServer server;
  server.handle_message({}, conn(1), request(0));
  const auto reply = server.next({});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->message.type, MetadataMessageType::reject);
  EXPECT_EQ(server.next_deadline({}), kNever);
}

TEST(MetadataServer, TheQueueOfAPeerIsBoundedAndItsRateToo) {
  const Buffer info(kMetadataPieceSize);
  MetadataServer server({.queue_max = 64, .bytes_per_second = kMetadataPieceSize});
  server.set_info(info);
  int rejects = 0;
  for (int i = 0; i < 100; ++i) server.handle_message({}, conn(1), request(0));
  server.handle_message({}, conn(2), request(0));
  std::map<ConnId, int> served;
  while (const auto reply = server.next({})) {
    if (reply->message.type == MetadataMessageType::reject) {
      ++rejects;
    } else {
      ++served[reply->peer];
    }
  }
  EXPECT_EQ(rejects, 36);
  EXPECT_EQ(served[conn(1)], 1);
  EXPECT_EQ(served[conn(2)], 1) << "one peer's flood does not delay another";
  const TimePoint next = server.next_deadline({});
  EXPECT_NEAR(to_seconds(next - TimePoint{}), 1.0, 0.01);
  EXPECT_TRUE(server.next(next).has_value());
  server.remove_peer(conn(1));
  EXPECT_EQ(server.next_deadline(next), kNever);
}

}  // namespace
}  // namespace weir
