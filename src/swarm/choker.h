// SPDX-License-Identifier: MIT OR Apache-2.0
// Decides whom to unchoke, after Legout, Urvoy-Keller and Michiardi, "Rarest First and Choke
// Algorithms Are Enough" (IMC 2006).
//
// Leecher state: every 10 s the interested peers that gave us most are unchoked, and every 30 s one
// more at random (optimistic). Seed state: peers are ordered by how recently they were unchoked and
// by their upload rate; two of three rounds keep the most recently unchoked, the third replaces one
// at random, so that every peer gets its turn whatever its speed. The number of slots follows the
// measured upload: one more while capacity is left and slots are full, one fewer when rates per
// slot collapse.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/time.h"

namespace weir {

struct ChokeCandidate {
  ConnId peer{};
  bool interested = false;
  bool snubbed = false;       // owes us blocks for too long (BEP 3 "anti-snubbing")
  bool unchoked = false;      // now
  double rate_from_peer = 0;  // bytes/s it gives us
  double rate_to_peer = 0;    // bytes/s we give it
  TimePoint unchoked_since{};
  TimePoint connected_at{};
  std::uint64_t sent_since_unchoke_bytes = 0;
};

struct ChokerConfig {
  Duration round = std::chrono::seconds(10);
  std::uint32_t slots_min = 4;
  std::uint32_t slots_max = 64;
  std::uint32_t slots_fixed = 0;  // not zero: no adaptation
};

class Choker {
 public:
  Choker(ChokerConfig config, Random& random);

  // Run when next_round() has come, or early with `now` when a slot was freed by a peer that left
  // or lost interest (only fills free slots then). Returns the peers that shall be unchoked; all
  // others shall be choked. `upload_rate` and `upload_limit` (0: none) in bytes/s of the torrent.
  [[nodiscard]] std::vector<ConnId> decide(TimePoint now, std::span<const ChokeCandidate> peers,
                                           bool seeding, double upload_rate, double upload_limit);
  // Whom to add when there is room, without a full round.
  [[nodiscard]] std::vector<ConnId> fill_free_slots(TimePoint now,
                                                    std::span<const ChokeCandidate> peers);

  [[nodiscard]] TimePoint next_round() const { return next_round_; }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }

 private:
  ChokerConfig config_;
  Random& random_;
  TimePoint next_round_{};
  std::uint32_t round_ = 0;
  std::uint32_t slots_;
  ConnId optimistic_{};
  double last_rate_ = 0;
};

}  // namespace weir
