// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include "tracker/announcer_checker.h"

namespace weir {
namespace {

TEST(AnnouncerProperty, RandomOperationsNeverBreakTheRules) {
  std::uint64_t requests = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    AnnouncerChecker checker(seed);
    checker.step(0, 0);
    for (int i = 0; i < 400; ++i) {
      const auto operation = static_cast<std::uint8_t>(random.below(256));
      const auto argument = static_cast<std::uint8_t>(random.below(256));
      checker.step(operation, argument);
      ASSERT_EQ(checker.violation(), "") << "seed " << seed << " step " << i;
    }
    requests += checker.requests();
  }
  // The operations reach the network often enough to mean something.
  EXPECT_GT(requests, 10'000u);
}

}  // namespace
}  // namespace weir
