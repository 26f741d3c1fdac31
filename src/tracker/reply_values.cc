// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/reply_values.h"

namespace weir {

void PeerCollector::add(const Endpoint& peer) {
  if (full() || peer.port == 0 || peer.address.scope() == AddressScope::unusable) return;
  if (seen_.insert(peer).second) peers_.push_back(peer);
}

void PeerCollector::add_compact(Bytes packed, AddressFamily family) {
  const std::size_t entry = family == AddressFamily::v4 ? 6 : 18;
  for (; packed.size() >= entry && !full(); packed = packed.subspan(entry)) {
    if (const auto peer = Endpoint::from_compact(packed.first(entry))) add(*peer);
  }
}

}  // namespace weir
