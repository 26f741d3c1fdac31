// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include "swarm/picker_exerciser.h"

namespace weir {
namespace {

TEST(PickerProperty, KeepsItsPromisesUnderRandomOperationsAndThenFinishes) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Buffer script(2000);
    random.fill(script);
    PickerExerciser exerciser(script);
    exerciser.run();
    exerciser.finish();
  }
}

// Peers with random halves of the torrent and a seed that comes last: every block is yielded once.
TEST(PickerProperty, EveryWantedBlockIsYieldedOnceBeforeTheEndgame) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    PickerWorld world(200, 4, seed);
    if (seed % 2 == 0) world.picker.set_order(PickOrder::sequential);
    std::size_t yielded = 0;
    for (std::uint64_t peer = 1; peer <= 10; ++peer) {
      Bitfield has(200);
      for (std::size_t i = 0; i < 200; ++i) has.set(i, peer == 10 || world.random.chance(0.5));
      world.availability.add_peer(has);
      const PickRequest request{.peer = ConnId{peer},
                                .peer_has = has,
                                .allowed_only = std::nullopt,
                                .suggested = {},
                                .blocks_max = peer == 10 ? 1000u : 50u,
                                .new_pieces_max = 1000};
      yielded += world.pick_and_ask(request).size();
    }
    EXPECT_EQ(yielded, 800u);
    EXPECT_TRUE(world.picker.endgame(world.open));
  }
}

}  // namespace
}  // namespace weir
