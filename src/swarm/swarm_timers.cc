// SPDX-License-Identifier: MIT OR Apache-2.0
// What happens by the clock. One tick a second looks at all peers; none without peers.
#include <algorithm>

#include "swarm/swarm_impl.h"

namespace weir {
namespace {

constexpr Duration kTick = std::chrono::seconds(1);
// Long enough for a seed to tell what it has, and for PEX and hashes of a just finished peer.
constexpr Duration kRedundantAfter = std::chrono::seconds(5);
constexpr Duration kUselessAfter = std::chrono::minutes(10);
// What the best rate of a download is worth a second later.
constexpr double kLineRateKept = 0.95;

}  // namespace

void Swarm::Impl::handle_timer() {
  if (now >= haves_at) flush_haves();
  if (now < next_tick) return pump_metadata();
  next_tick = peers.empty() ? kNever : now + kTick;
  tick();
}

void Swarm::Impl::tick() {
  ++epoch;  // memory may be free again, end game may have begun
  if (hash_fetcher) hash_fetcher->handle_timer(now);
  line_rate = std::max(line_rate * kLineRateKept, down.bytes_per_second(now));
  fastest_rate = 0;
  for (const auto& [conn, peer] : peers) {
    fastest_rate = std::max(fastest_rate, peer->window.rate(now));
  }
  for (auto& [conn, peer] : peers) {
    if (!peer->closing) tick_peer(*peer);
  }
  if (picker) {
    if (now >= choker.next_round()) {
      run_choker(true);
    } else {
      run_choker(false);
    }
    fill_all();
    ask_hashes();
  }
  pump_metadata();
}

void Swarm::Impl::tick_peer(PeerState& peer) {
  if (now - peer.heard_at >= config.idle_timeout) {
    close(peer, CloseReason::idle, "silent for too long");
    return;
  }
  if (now - peer.sent_at >= config.keepalive_interval && peer.sends.empty()) {
    send(peer, KeepAliveMessage{});
  }
  if (!picker) return;
  serve_hashes(peer);
  if (peer.am_interested || peer.peer_interested) peer.useful_at = now;
  if (now - peer.connected_at >= kRedundantAfter && redundant(peer)) {
    close(peer, CloseReason::both_seeds, "neither side needs the other");
    return;
  }
  if (now - peer.useful_at >= kUselessAfter) {
    close(peer, CloseReason::not_useful, "no interest either way");
    return;
  }
  check_timeouts(peer);
}

// Neither can ever need the other: we lack nothing we want, and the peer lacks nothing, or says it
// wants no more (BEP 21) while we are not asked anything.
bool Swarm::Impl::redundant(const PeerState& peer) const {
  if (!complete() || !peer.queue.empty() || !peer.sends.empty()) return false;
  if (now - complete_since < kRedundantAfter) return false;
  return peer.is_seed() || (peer.upload_only && !peer.peer_interested);
}

TimePoint Swarm::Impl::next_deadline() const {
  // The metadata server paces its answers; its deadline is no later than the tick when it is idle.
  return std::min({next_tick, haves_at, metadata_at});
}

}  // namespace weir
