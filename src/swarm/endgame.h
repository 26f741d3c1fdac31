// SPDX-License-Identifier: MIT OR Apache-2.0
// When a block that one peer was asked for is worth asking of another: the rule of the end game.
//
// Once every wanted block is asked of somebody, a peer with room left can only repeat what others
// were asked for, and each copy too many is bandwidth thrown away: cancels come too late for what a
// sender has already written. So a block is repeated only where that brings it notably sooner than
// all who were asked for it, judged by each one's measured pace, and only if they would hold up the
// download: while the line itself is the bottleneck, everybody looks slow and no copy helps.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace weir {

// How fast a peer delivers, and how long it has been silent while it owes something.
struct PeerPace {
  Duration block_time{};  // from one block to the next
  Duration delay{};       // from a request to its block when nothing else is queued
  Duration silence{};     // since its last block, or since it was asked; 0 when it owes nothing
};

// A copy has to bring a block sooner by this much and by this factor.
inline constexpr Duration kRepeatGain = std::chrono::seconds(1);
inline constexpr int kRepeatFactor = 2;

// How long a block asked of the peer is still likely to take, `ahead` blocks of the same peer being
// due before it. Who is late already is expected to stay silent for as long again.
[[nodiscard]] Duration time_to_arrive(const PeerPace& peer, std::size_t ahead);

// How long a block would take that the peer is asked for now, behind `queued` others.
[[nodiscard]] Duration time_to_deliver(const PeerPace& peer, std::size_t queued);

// `asked`: time_to_arrive() at the peer that was asked; `candidate`: time_to_deliver() of the
// other; `rest`: how long all that is outstanding takes at the best pace there is.
[[nodiscard]] bool worth_repeating(Duration asked, Duration candidate, Duration rest);

}  // namespace weir
