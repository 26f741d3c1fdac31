// SPDX-License-Identifier: MIT OR Apache-2.0
// Which blocks, asked of others, a peer with nothing else to do should be asked for too.
#include <algorithm>

#include "swarm/endgame.h"
#include "swarm/swarm_impl.h"

namespace weir {
namespace {

PeerPace pace_of(const PeerState& peer, TimePoint now) {
  const bool owes = !peer.asked.empty() || !peer.landings.empty();
  return {.block_time = peer.window.block_time(),
          .delay = peer.window.delay(),
          .silence = owes ? now - peer.block_at : Duration(0)};
}

}  // namespace

// How long all that is outstanding takes at the best pace the download had of late, or that of the
// candidate alone if it is faster than all that was there before it.
Duration Swarm::Impl::rest_time(Duration candidate_block_time) const {
  std::size_t blocks = 0;
  for (const auto& [index, piece] : open.all()) {
    blocks += piece.block_count() - piece.received_count() - piece.missing_count();
  }
  const double fastest = std::max(line_rate, kBlockSize / to_seconds(candidate_block_time));
  return from_seconds(static_cast<double>(blocks) * kBlockSize / fastest);
}

// The last blocks of a queue take longest, so each queue is looked at from its end, and only as far
// as it may help.
void Swarm::Impl::find_repeats(const PeerState& candidate, std::size_t count) {
  repeats.clear();
  line_rate = std::max(line_rate, down.bytes_per_second(now));
  if (candidate.snubbed || candidate.peer_choking) return;
  const PeerPace own = pace_of(candidate, now);
  const std::size_t queued = candidate.asked.size() + candidate.landings.size() + candidate.credits;
  const Duration rest = rest_time(own.block_time);
  late_blocks.clear();
  const auto worth = [&](Duration asked, std::size_t taken) {
    return worth_repeating(asked, time_to_deliver(own, queued + taken), rest);
  };
  for (const auto& [conn, peer] : peers) {
    if (peer.get() == &candidate || peer->closing) continue;
    PeerPace pace = pace_of(*peer, now);
    // Of whom nothing is known is late by its silence alone.
    if (!peer->window.measured()) pace.block_time = Duration(0);
    const auto asked = peer->asked.all();
    const std::size_t landing = peer->landings.size();
    for (std::size_t i = asked.size(); i > 0; --i) {
      const Duration time = time_to_arrive(pace, landing + i - 1);
      if (!worth(time, 0)) break;
      late_blocks.push_back({time, asked[i - 1].block});
    }
    for (const Landing& begun : peer->landings) {
      const Duration time = time_to_arrive(pace, 0);
      if (begun.asked && worth(time, 0)) late_blocks.push_back({time, begun.block});
    }
  }
  // A block is as late as the first of those who were asked for it, and none of them may be missing
  // from the list: who is not in it will bring the block soon enough.
  std::ranges::sort(late_blocks, {}, [](const LateBlock& b) { return std::pair(b.block, b.time); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < late_blocks.size();) {
    const LateBlock first = late_blocks[i];
    std::uint32_t requesters = 0;
    for (; i < late_blocks.size() && late_blocks[i].block == first.block; ++i) ++requesters;
    const OpenPiece* piece = open.find(first.block.piece);
    if (piece == nullptr || !candidate.has.test(first.block.piece)) continue;
    if (piece->requesters(first.block.block) == requesters) late_blocks[kept++] = first;
  }
  late_blocks.resize(kept);
  std::ranges::sort(late_blocks, [](const LateBlock& a, const LateBlock& b) {
    return a.time != b.time ? a.time > b.time : a.block < b.block;
  });
  for (const LateBlock& late : late_blocks) {
    if (repeats.size() >= count || !worth(late.time, repeats.size())) return;
    repeats.push_back(late.block);
  }
}

}  // namespace weir
