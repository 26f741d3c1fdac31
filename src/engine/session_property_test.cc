// SPDX-License-Identifier: MIT OR Apache-2.0
// Random operations on a session; the claims are SessionExerciser's.
#include <gtest/gtest.h>

#include "engine/session_exerciser.h"

namespace weir {
namespace {

TEST(SessionProperty, NoSequenceOfOperationsAbortsItOrKeepsItFromStopping) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Buffer input(500 + random.below(5'000));
    random.fill(input);
    session_test::SessionExerciser exerciser(input);
    exerciser.run();
    exerciser.finish();
  }
}

}  // namespace
}  // namespace weir
