// SPDX-License-Identifier: MIT OR Apache-2.0
// Random operations on a swarm; the claims are SwarmExerciser's.
#include <gtest/gtest.h>

#include "swarm/swarm_exerciser.h"

namespace weir {
namespace {

TEST(SwarmProperty, NoSequenceOfOperationsBreaksTheStateOrStopsTheDownload) {
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Buffer input(200 + random.below(3'000));
    random.fill(input);
    swarm_test::SwarmExerciser exerciser(input);
    exerciser.run();
    exerciser.finish();
  }
}

}  // namespace
}  // namespace weir
