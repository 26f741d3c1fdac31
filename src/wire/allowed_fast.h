// SPDX-License-Identifier: MIT OR Apache-2.0
// The pieces a choked peer may ask for (BEP 6 "allowed fast set generation").
//
// Computed from the peer's address and the info hash, so that reconnecting, or another address in
// the same /24, brings no further pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "base/endpoint.h"
#include "base/ids.h"

namespace weir {

inline constexpr std::size_t kAllowedFastCount = 10;

// At most `count` distinct pieces below `piece_count`, in the order of generation; all pieces when
// there are no more than that. Empty for an IPv6 peer, for which BEP 6 defines no set.
[[nodiscard]] std::vector<PieceIndex> allowed_fast_set(const IpAddress& peer,
                                                       const Sha1Digest& info_hash,
                                                       std::uint32_t piece_count,
                                                       std::size_t count = kAllowedFastCount);

}  // namespace weir
