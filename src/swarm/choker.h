// SPDX-License-Identifier: MIT OR Apache-2.0
// Decides whom to unchoke, after Legout, Urvoy-Keller and Michiardi, "Rarest First and Choke
// Algorithms Are Enough" (IMC 2006).
//
// Leecher state: every 10 s the interested peers that gave us most are unchoked, and every 30 s one
// more at random (optimistic), new peers with three times the likelihood. Peers that snub us get
// only the optimistic slot. Seed state: in two rounds of three the most recently unchoked peers are
// kept but for a quarter of the slots, which go to those that have waited longest; the third round
// keeps all. So every peer gets its turn within a bounded number of rounds, whatever its speed; the
// upload rate decides between peers unchoked at the same time.
//
// The number of slots follows the measured upload: one more while slots are full and the last one
// added brought more (or a known limit is not reached), one fewer when it brought nothing or when
// the rate per slot has collapsed for a while.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
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
  // or lost interest (only fills free slots then; nobody is choked who is interested). Returns the
  // peers that shall be unchoked; all others shall be choked. `upload_rate` and `upload_limit` (0:
  // none) in bytes/s of the torrent.
  [[nodiscard]] std::vector<ConnId> decide(TimePoint now, std::span<const ChokeCandidate> peers,
                                           bool seeding, double upload_rate, double upload_limit);
  // Whom to add when there is room, without a full round: whoever gives most, then at random.
  [[nodiscard]] std::vector<ConnId> fill_free_slots(TimePoint now,
                                                    std::span<const ChokeCandidate> peers);

  [[nodiscard]] TimePoint next_round() const { return next_round_; }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }

 private:
  void adapt_slots(std::span<const ChokeCandidate> peers, double upload_rate, double upload_limit);
  void change_slots(int change, double upload_rate);
  void note_waiting(std::span<const ChokeCandidate> peers);
  [[nodiscard]] std::vector<ConnId> decide_leecher(TimePoint now,
                                                   std::span<const ChokeCandidate> peers);
  [[nodiscard]] std::vector<ConnId> decide_seed(std::span<const ChokeCandidate> peers);
  [[nodiscard]] std::optional<ConnId> draw_optimistic(TimePoint now,
                                                      std::span<const ChokeCandidate> peers,
                                                      std::span<const ConnId> taken);

  ChokerConfig config_;
  Random& random_;
  TimePoint next_round_{};
  std::uint32_t round_ = 0;
  std::uint32_t slots_;
  std::optional<ConnId> optimistic_;
  // By interested choked peer: the round it began to wait in. Holds candidates only.
  std::unordered_map<ConnId, std::uint32_t> waiting_since_;
  double last_rate_ = 0;  // when the slots last changed
  std::uint32_t rounds_since_change_ = 0;
  std::uint32_t rounds_collapsed_ = 0;
  bool trial_ = false;  // the last slot has yet to prove its worth
};

}  // namespace weir
