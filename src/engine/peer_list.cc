// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/peer_list.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Delay after the n-th failure in a row.
constexpr std::array<Duration, 6> kUserDelays{seconds(1), seconds(2),  seconds(4),
                                              seconds(8), seconds(15), seconds(30)};
constexpr std::array<Duration, 6> kPeerDelays{seconds(3), seconds(10), seconds(30),
                                              minutes(2), minutes(10), minutes(30)};
// At most three attempts in any hour.
constexpr std::array<Duration, 4> kStrangerDelays{seconds(60), minutes(10), minutes(60),
                                                  minutes(60)};

// A connection that was of use.
constexpr Duration kLasting = minutes(1);

template <std::size_t N>
Duration pick_delay(const std::array<Duration, N>& delays, std::uint32_t failures) {
  return delays[std::min<std::size_t>(failures > 0 ? failures - 1 : 0, N - 1)];
}

// Whether there is any sense in talking to this address again soon.
bool worth_retrying(CloseReason reason) {
  switch (reason) {
    case CloseReason::remote_closed:
    case CloseReason::network_error:
    case CloseReason::handshake_timeout:
    case CloseReason::idle:
    case CloseReason::torrent_stopped:
    case CloseReason::disk_error:
    case CloseReason::duplicate_peer:
    case CloseReason::too_many_connections:
    case CloseReason::not_useful:
      return true;
    case CloseReason::bad_handshake:
    case CloseReason::unknown_torrent:
    case CloseReason::self_connection:
    case CloseReason::banned:
    case CloseReason::protocol_error:
    case CloseReason::bad_request_flood:
    case CloseReason::unrequested_data:
    case CloseReason::message_flood:
    case CloseReason::bad_data:
    case CloseReason::bad_metadata:
    case CloseReason::both_seeds:
    case CloseReason::gave_up:
      return false;
  }
  return false;
}

}  // namespace

Duration PeerList::back_off(const Candidate& candidate) {
  if (candidate.source == PeerSource::user) return pick_delay(kUserDelays, candidate.failures);
  if (candidate.was_peer) return pick_delay(kPeerDelays, candidate.failures);
  return pick_delay(kStrangerDelays, candidate.failures);
}

bool PeerList::make_room() {
  auto worst = peers_.end();
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    const Candidate& c = it->second;
    if (c.in_use || c.source == PeerSource::user || c.failures == 0) continue;
    if (worst == peers_.end() || c.failures > worst->second.failures) worst = it;
  }
  if (worst == peers_.end()) return false;
  peers_.erase(worst);
  return true;
}

bool PeerList::add(TimePoint now, const Endpoint& peer, PeerSource source) {
  changed_ = true;
  if (peer.port == 0 || peer.address.scope() == AddressScope::unusable) return false;
  if (const auto it = peers_.find(peer); it != peers_.end()) {
    // What the user names is dialled for ever, whoever named it before.
    if (source == PeerSource::user && it->second.source != PeerSource::user) {
      it->second.source = source;
      if (!it->second.in_use) it->second.next_try = now;
    }
    return false;
  }
  if (peers_.size() >= peers_max_ && !make_room()) return false;
  Candidate candidate;
  candidate.source = source;
  candidate.next_try = now;
  peers_.emplace(peer, candidate);
  ++seen_[source];
  return true;
}

std::optional<Endpoint> PeerList::pick(TimePoint now, Random& random) {
  std::unordered_map<Endpoint, Candidate, EndpointHash>::value_type* best = nullptr;
  std::uint64_t ties = 0;
  const auto rank = [](const Candidate& c) {
    return std::pair(c.source == PeerSource::user ? 0 : 1, c.failures);
  };
  for (auto& entry : peers_) {
    const Candidate& c = entry.second;
    if (c.in_use || c.avoid || c.next_try > now) continue;
    if (best == nullptr || rank(c) < rank(best->second)) {
      best = &entry;
      ties = 1;
    } else if (rank(c) == rank(best->second) && random.below(++ties) == 0) {
      best = &entry;  // uniform among equals, so that not every peer dials the same one first
    }
  }
  if (best == nullptr) return std::nullopt;
  best->second.in_use = true;
  changed_ = true;
  return best->first;
}

TimePoint PeerList::next_try() const {
  if (std::exchange(changed_, false)) {
    next_try_ = kNever;
    for (const auto& [endpoint, c] : peers_) {
      if (!c.in_use && !c.avoid) next_try_ = std::min(next_try_, c.next_try);
    }
  }
  return next_try_;
}

void PeerList::release(TimePoint now, const Endpoint& peer) {
  changed_ = true;
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return;
  it->second.in_use = false;
  it->second.next_try = now;
}

void PeerList::connected(TimePoint now, const Endpoint& peer) {
  changed_ = true;
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return;
  it->second.in_use = true;
  it->second.was_peer = true;
  it->second.connected_at = now;
}

void PeerList::failed(TimePoint now, const Endpoint& peer) {
  changed_ = true;
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return;
  it->second.in_use = false;
  ++it->second.failures;
  it->second.next_try = now + back_off(it->second);
}

void PeerList::closed(TimePoint now, const Endpoint& peer, CloseReason reason) {
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return;
  if (reason == CloseReason::self_connection) return forget(peer);
  const auto since = std::exchange(it->second.connected_at, std::nullopt);
  if (!since && reason == CloseReason::remote_closed) it->second.v2 = !it->second.v2;
  if (since && now - *since >= kLasting) it->second.failures = 0;
  if (!worth_retrying(reason)) it->second.failures += 3;
  failed(now, peer);
}

void PeerList::forget(const Endpoint& peer) {
  changed_ = true;
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return;
  it->second.in_use = false;
  it->second.avoid = true;
}

void PeerList::readmit(TimePoint now, const IpAddress& address) {
  changed_ = true;
  for (auto& [endpoint, c] : peers_) {
    if (endpoint.address != address || c.in_use) continue;
    c.failures = 0;
    c.next_try = std::min(c.next_try, now);
  }
}

void PeerList::retry_all(TimePoint now) {
  changed_ = true;
  for (auto& [endpoint, c] : peers_) c.next_try = std::min(c.next_try, now);
}

void PeerList::set_v2(const Endpoint& peer, bool v2) {
  if (const auto it = peers_.find(peer); it != peers_.end()) it->second.v2 = v2;
}

bool PeerList::v2(const Endpoint& peer) const {
  const auto it = peers_.find(peer);
  return it != peers_.end() && it->second.v2;
}

std::optional<PeerSource> PeerList::source(const Endpoint& peer) const {
  const auto it = peers_.find(peer);
  return it == peers_.end() ? std::nullopt : std::optional(it->second.source);
}

std::map<PeerSource, std::uint32_t> PeerList::sources() const { return seen_; }

}  // namespace weir
