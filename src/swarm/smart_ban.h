// SPDX-License-Identifier: MIT OR Apache-2.0
// Who sent the bad block: attribution of hash failures down to the block, and the ban list.
//
// When a piece fails, the hash of each of its blocks is remembered with its sender. When the piece
// is good later, every sender whose block differs from the good one lied and is named. A piece that
// came from one sender alone names it at once. Until then all senders are suspects, and shall be
// given pieces of their own (parole), where a lie names them.
//
// Being seen near failures proves nothing: a fast honest peer has a block in nearly every piece and
// so beside every liar. Hence failures of different pieces never add up to a ban. What does is
// taking part in `failures_max` failures of the same piece (LIM-10), for a piece that failed is
// fetched anew from one peer. A failure that a proven liar took part in is explained and counts
// against nobody else.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
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
  // `blocks_max` bounds the memory of failed blocks (about 40 bytes each); the piece that failed
  // first is forgotten, unexplained, to make room.
  explicit SmartBan(std::uint32_t failures_max = 5, std::size_t blocks_max = 100'000)
      : failures_max_(failures_max), blocks_max_(blocks_max) {}

  // `block_hashes[i]` and `origins[i]` describe block i. Returns senders to ban now, each once.
  // REQUIRES: equal sizes.
  std::vector<IpAddress> piece_failed(PieceIndex piece, std::span<const Sha1Digest> block_hashes,
                                      std::span<const BlockOrigin> origins);
  // Returns senders now proven to have lied. Cheap when the piece never failed (see remembers()).
  std::vector<IpAddress> piece_good(PieceIndex piece, std::span<const Sha1Digest> block_hashes);
  // What this sender did so far counts no more: the failures it took part in are forgotten.
  void pardon(const IpAddress& sender);
  [[nodiscard]] bool remembers(PieceIndex piece) const { return failed_.contains(piece); }
  [[nodiscard]] std::size_t remembered_blocks() const { return block_count_; }
  // Failed pieces this sender took part in, not yet explained by another's guilt.
  [[nodiscard]] std::uint32_t strikes(const IpAddress& sender) const;
  // A suspect's next pieces are fetched whole from it alone.
  [[nodiscard]] bool on_parole(const IpAddress& sender) const { return strikes(sender) > 0; }

 private:
  struct FailedBlock {
    Sha1Digest hash;
    IpAddress sender;
  };
  struct Attempt {
    std::vector<FailedBlock> blocks;
    std::vector<IpAddress> senders;  // distinct
    bool explained = false;
  };
  struct FailedPiece {
    std::vector<Attempt> attempts;  // oldest first, at most failures_max_
    std::uint64_t order = 0;        // of its first failure
  };

  void prove(const IpAddress& liar);
  void explain(Attempt& attempt);
  void forget(std::map<PieceIndex, FailedPiece>::iterator piece);
  void make_room();

  std::uint32_t failures_max_;
  std::size_t blocks_max_;
  std::size_t block_count_ = 0;  // remembered, in all attempts
  std::uint64_t next_order_ = 0;
  std::map<PieceIndex, FailedPiece> failed_;
  std::unordered_map<IpAddress, std::uint32_t, EndpointHash> strikes_;
  // Named before; blocks they sent earlier may still turn up in pieces.
  std::deque<IpAddress> liars_;
};

// Addresses refused for a while. Bounded; the entry that would end first gives way.
class BanList {
 public:
  explicit BanList(Duration period = std::chrono::hours(1), std::size_t entries_max = 10'000)
      : period_(period), entries_max_(entries_max) {}

  // Again: the period starts anew.
  void ban(const IpAddress& address, TimePoint now);
  // Until then, at most for a period from now: what another run decided. In the past: nothing.
  void ban_until(const IpAddress& address, TimePoint now, TimePoint until);
  // False: it was not banned.
  bool unban(const IpAddress& address, TimePoint now);
  [[nodiscard]] Duration period() const { return period_; }
  [[nodiscard]] bool banned(const IpAddress& address, TimePoint now) const;
  struct Entry {
    IpAddress address;
    TimePoint until;
  };
  // Those in force, the one that ends first in front.
  [[nodiscard]] std::vector<Entry> entries(TimePoint now) const;
  [[nodiscard]] std::size_t size() const { return until_.size(); }

 private:
  Duration period_;
  std::size_t entries_max_;
  std::unordered_map<IpAddress, TimePoint, EndpointHash> until_;
};

}  // namespace weir
