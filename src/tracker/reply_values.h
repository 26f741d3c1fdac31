// SPDX-License-Identifier: MIT OR Apache-2.0
// What the two tracker protocols share when they read a reply: numbers brought into range and peer
// lists cleaned. Used inside this component only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "tracker/tracker_types.h"

namespace weir {

// Compared in seconds first: 2^63 of them do not fit a Duration.
inline Duration tracker_interval(std::int64_t seconds) {
  constexpr auto in_seconds = [](Duration d) {
    return std::chrono::duration_cast<std::chrono::seconds>(d).count();
  };
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, in_seconds(kTrackerIntervalMin),
                                                       in_seconds(kTrackerIntervalMax)));
}

inline std::uint32_t tracker_count(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, kTrackerCountMax));
}

// Keeps up to kTrackerPeersMax different endpoints that could be peers at all.
class PeerCollector {
 public:
  [[nodiscard]] bool full() const { return peers_.size() >= kTrackerPeersMax; }
  void add(const Endpoint& peer);
  // Entries of 6 or 18 bytes; a rest that makes no entry is skipped.
  void add_compact(Bytes packed, AddressFamily family);
  [[nodiscard]] std::vector<Endpoint> take() && { return std::move(peers_); }

 private:
  std::vector<Endpoint> peers_;
  std::unordered_set<Endpoint, EndpointHash> seen_;
};

}  // namespace weir
