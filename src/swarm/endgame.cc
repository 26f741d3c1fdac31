// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/endgame.h"

#include <algorithm>

namespace weir {
namespace {

// Nothing is expected to take longer; keeps the sums below from overflowing.
constexpr Duration kLongest = std::chrono::hours(1);

Duration times(Duration one, std::size_t count) {
  if (one <= Duration(0)) return Duration(0);
  const auto most = static_cast<std::size_t>(kLongest / one);
  return count > most ? kLongest : one * static_cast<Duration::rep>(count);
}

}  // namespace

Duration time_to_arrive(const PeerPace& peer, std::size_t ahead) {
  const Duration own = std::min(peer.block_time, kLongest);
  const Duration silence = std::clamp(peer.silence, Duration(0), kLongest);
  const Duration next = silence > own ? silence - own : own - silence;
  return times(own, ahead) + next;
}

Duration time_to_deliver(const PeerPace& peer, std::size_t queued) {
  return std::min(peer.delay, kLongest) + time_to_arrive(peer, queued);
}

bool worth_repeating(Duration asked, Duration candidate, Duration rest) {
  return asked >= kRepeatFactor * std::max(candidate, rest) + kRepeatGain;
}

}  // namespace weir
