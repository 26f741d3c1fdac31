// SPDX-License-Identifier: MIT OR Apache-2.0
// Addresses of peers one torrent could dial: where they came from, what came of earlier attempts,
// and who is next.
//
// Bounded: beyond `peers_max` a new address replaces the least promising one that is not in use, or
// is refused. An address that fails is tried again later and later; one that never answered is
// dialled at most three times in an hour (TRH-14), one that was a peer before is tried sooner, and
// one the user named is tried for ever. Only a connection that lasted a minute makes up for earlier
// failures, so that a peer which greets and hangs up is not dialled without end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/endpoint.h"
#include "base/random.h"
#include "base/time.h"
#include "swarm/swarm.h"

namespace weir {

class PeerList {
 public:
  explicit PeerList(std::size_t peers_max = 4000) : peers_max_(peers_max) {}

  // True when the address is new. Port 0 and unusable addresses are refused.
  bool add(TimePoint now, const Endpoint& peer, PeerSource source);
  // The best address to dial now, marked as in use until failed() or closed().
  [[nodiscard]] std::optional<Endpoint> pick(TimePoint now, Random& random);
  // When pick() may next yield something; kNever when all are in use or there are none.
  // Cheap: computed anew only after a change.
  [[nodiscard]] TimePoint next_try() const;

  // Which of a hybrid's info hashes the peer knows, as far as we know: one that hangs up during the
  // handshake is tried by the other the next time.
  void set_v2(const Endpoint& peer, bool v2);
  [[nodiscard]] bool v2(const Endpoint& peer) const;

  // Not dialled after all: due again at once.
  void release(TimePoint now, const Endpoint& peer);
  void connected(TimePoint now, const Endpoint& peer);
  void failed(TimePoint now, const Endpoint& peer);
  void closed(TimePoint now, const Endpoint& peer, CloseReason reason);
  // Our own address, or one to avoid for as long as the torrent lives.
  void forget(const Endpoint& peer);
  // The address of peers that were banned is welcome again: they are due at once.
  void readmit(TimePoint now, const IpAddress& address);
  // Every address becomes due again (resume after a pause, network back).
  void retry_all(TimePoint now);

  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] std::optional<PeerSource> source(const Endpoint& peer) const;
  [[nodiscard]] std::map<PeerSource, std::uint32_t> sources() const;

 private:
  struct Candidate {
    PeerSource source{};
    std::uint32_t failures = 0;
    bool in_use = false;
    bool was_peer = false;
    bool avoid = false;
    bool v2 = false;
    TimePoint next_try{};
    std::optional<TimePoint> connected_at;
  };
  [[nodiscard]] static Duration back_off(const Candidate& candidate);
  bool make_room();

  std::size_t peers_max_;
  std::unordered_map<Endpoint, Candidate, EndpointHash> peers_;
  std::map<PeerSource, std::uint32_t> seen_;
  mutable TimePoint next_try_ = kNever;
  mutable bool changed_ = false;
};

}  // namespace weir
