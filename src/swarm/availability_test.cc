// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/availability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace weir {
namespace {

PieceIndex piece(std::uint64_t index) { return static_cast<PieceIndex>(index); }

// What Availability promises, computed the slow way.
struct Model {
  explicit Model(std::size_t size) : counts(size, 0) {}

  std::vector<std::uint32_t> counts;
  std::set<PieceIndex> retired;
  std::uint32_t seeds = 0;

  void expect_equal(const Availability& real) const {
    ASSERT_EQ(real.piece_count(), counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
      ASSERT_EQ(real.count(piece(i)), counts[i] + seeds);
    }
    std::set<PieceIndex> listed(real.by_rarity().begin(), real.by_rarity().end());
    ASSERT_EQ(listed.size(), real.by_rarity().size()) << "a piece is listed twice";
    ASSERT_EQ(listed.size() + retired.size(), counts.size());
    for (PieceIndex p : retired) ASSERT_FALSE(listed.contains(p));
    ASSERT_TRUE(std::ranges::is_sorted(real.by_rarity(), {},
                                       [&](PieceIndex p) { return counts[to_int(p)]; }));
    ASSERT_DOUBLE_EQ(real.distributed_copies(), distributed_copies());
  }

  double distributed_copies() const {
    if (counts.empty()) return 0;
    const auto lowest = *std::ranges::min_element(counts);
    const auto above = std::ranges::count_if(counts, [&](auto c) { return c > lowest; });
    return lowest + seeds + static_cast<double>(above) / static_cast<double>(counts.size());
  }
};

Bitfield random_field(Random& random, std::size_t size) {
  Bitfield field(size);
  const double density = random.unit();
  for (std::size_t i = 0; i < size; ++i) field.set(i, random.chance(density));
  return field;
}

void apply_peer(Model& model, const Bitfield& has, int change) {
  for (std::size_t i = 0; i < has.size(); ++i) {
    if (has.test(i)) model.counts[i] += static_cast<std::uint32_t>(change);
  }
}

TEST(Availability, AgreesWithANaiveModelUnderRandomOperations) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const auto size = static_cast<std::uint32_t>(1 + random.below(70));
    Availability real(size, random);
    Model model(size);
    std::vector<Bitfield> peers;
    for (int step = 0; step < 400; ++step) {
      const PieceIndex p = piece(random.below(size));
      switch (random.below(7)) {
        case 0:
          peers.push_back(random_field(random, size));
          real.add_peer(peers.back());
          apply_peer(model, peers.back(), 1);
          break;
        case 1:
          if (peers.empty()) break;
          real.remove_peer(peers.back());
          apply_peer(model, peers.back(), -1);
          peers.pop_back();
          break;
        case 2:
          if (peers.empty() || peers.back().test(p)) break;
          peers.back().set(p);
          real.add(p);
          ++model.counts[to_int(p)];
          break;
        case 3:
          if (peers.empty() || !peers.back().test(p)) break;
          peers.back().set(p, false);
          real.remove(p);
          --model.counts[to_int(p)];
          break;
        case 4:
          if (random.chance(0.5)) {
            real.add_seed();
            ++model.seeds;
          } else if (model.seeds > 0) {
            real.remove_seed();
            --model.seeds;
          }
          break;
        case 5:
          real.retire(p);
          model.retired.insert(p);
          break;
        case 6:
          real.restore(p);
          model.retired.erase(p);
          break;
      }
      model.expect_equal(real);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Availability, SeedsCountForEveryPieceWithoutMovingAny) {
  Random random(1);
  Availability availability(4, random);
  const std::vector<PieceIndex> before(availability.by_rarity().begin(),
                                       availability.by_rarity().end());
  availability.add_seed();
  availability.add_seed();
  EXPECT_TRUE(std::ranges::equal(before, availability.by_rarity()));
  EXPECT_EQ(availability.count(piece(3)), 2u);
  availability.remove_seed();
  EXPECT_EQ(availability.count(piece(3)), 1u);
}

TEST(Availability, NoPiecesIsAnEmptyOrder) {
  Random random(1);
  Availability availability(0, random);
  EXPECT_TRUE(availability.by_rarity().empty());
  EXPECT_EQ(availability.distributed_copies(), 0);
}

TEST(Availability, DistributedCopiesIsTheLowestCountAndTheShareAboveIt) {
  Random random(1);
  Availability availability(4, random);
  availability.add_seed();
  availability.add(piece(0));
  availability.add(piece(1));
  availability.add(piece(1));
  EXPECT_DOUBLE_EQ(availability.distributed_copies(), 1.5);
}

// Every piece of a bucket is equally likely to come first, however it got into the bucket.
TEST(Availability, OrderWithinABucketIsUniform) {
  constexpr std::uint32_t kPieces = 5;
  constexpr int kRuns = 20'000;
  std::map<PieceIndex, int> firsts;
  Random random(7);
  for (int run = 0; run < kRuns; ++run) {
    Availability availability(kPieces, random);
    for (std::uint32_t i = 0; i < kPieces; ++i) availability.add(piece(i));
    availability.add(piece(2));
    availability.remove(piece(2));
    availability.retire(piece(3));
    availability.restore(piece(3));
    ++firsts[availability.by_rarity().front()];
  }
  for (std::uint32_t i = 0; i < kPieces; ++i) {
    EXPECT_NEAR(firsts[piece(i)], kRuns / kPieces, kRuns / kPieces * 0.1) << i;
  }
}

TEST(Availability, TheSameSeedGivesTheSameOrder) {
  Random a(3), b(3);
  Availability first(100, a), second(100, b);
  for (std::uint32_t i = 0; i < 100; i += 3) {
    first.add(piece(i));
    second.add(piece(i));
  }
  EXPECT_TRUE(std::ranges::equal(first.by_rarity(), second.by_rarity()));
}

}  // namespace
}  // namespace weir
