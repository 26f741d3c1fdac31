// SPDX-License-Identifier: MIT OR Apache-2.0
// Who sent the bad block: attribution of hash failures down to the block, and the ban list.
//
// When a piece fails, the hash of each of its blocks is remembered with its sender. When the piece
// is good later, every sender whose block differs from the good one lied and is named. A piece that
// came from one sender alone names it at once. Until then suspects collect failed pieces, and no
// one is excused beyond `failures_max` (LIM-10).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"

namespace weir {

struct BlockOrigin {
  IpAddress sender;
  ConnId conn{};
};

class SmartBan {
 public:
  explicit SmartBan(std::uint32_t failures_max = 5) : failures_max_(failures_max) {}

  // `block_hashes[i]` and `origins[i]` describe block i. Returns senders to ban now.
  std::vector<IpAddress> piece_failed(PieceIndex piece, std::span<const Sha1Digest> block_hashes,
                                      std::span<const BlockOrigin> origins);
  // Returns senders now proven to have lied. Cheap when the piece never failed (see remembers()).
  std::vector<IpAddress> piece_good(PieceIndex piece, std::span<const Sha1Digest> block_hashes);
  [[nodiscard]] bool remembers(PieceIndex piece) const { return failed_.contains(piece); }
  // Failed pieces this sender took part in, not yet explained by another's guilt.
  [[nodiscard]] std::uint32_t strikes(const IpAddress& sender) const;
  // A suspect's next pieces are fetched whole from it alone.
  [[nodiscard]] bool on_parole(const IpAddress& sender) const { return strikes(sender) > 0; }

 private:
  struct FailedBlock {
    Sha1Digest hash;
    IpAddress sender;
  };
  std::uint32_t failures_max_;
  std::map<PieceIndex, std::vector<std::vector<FailedBlock>>> failed_;  // by piece, block
  std::unordered_map<IpAddress, std::uint32_t, EndpointHash> strikes_;
};

// Addresses refused for a while. Bounded; the oldest entry gives way.
class BanList {
 public:
  explicit BanList(Duration period = std::chrono::hours(1), std::size_t entries_max = 10'000)
      : period_(period), entries_max_(entries_max) {}

  void ban(const IpAddress& address, TimePoint now);
  void unban(const IpAddress& address);
  [[nodiscard]] bool banned(const IpAddress& address, TimePoint now) const;
  struct Entry {
    IpAddress address;
    TimePoint until;
  };
  [[nodiscard]] std::vector<Entry> entries(TimePoint now) const;

 private:
  Duration period_;
  std::size_t entries_max_;
  std::unordered_map<IpAddress, TimePoint, EndpointHash> until_;
};

}  // namespace weir
