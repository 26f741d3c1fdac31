// SPDX-License-Identifier: MIT OR Apache-2.0
// Rate limits of a session: one token bucket for all torrents and one for each, in each direction.
//
// A connection asks for an allowance before it reads or writes. When there is none it is put in
// line and woken in turn, so that many connections share a small limit evenly. Unlimited costs
// nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "base/rate.h"
#include "base/time.h"

namespace weir {

class Bandwidth {
 public:
  void set_global(TimePoint now, std::uint64_t bytes_per_second);
  void set_torrent(TimePoint now, TorrentKey torrent, std::uint64_t bytes_per_second);
  void remove_torrent(TorrentKey torrent) { torrents_.erase(torrent); }

  // How many bytes the connection may move now. Zero: it is in line, and wake() will name it.
  [[nodiscard]] std::uint64_t allowance(TimePoint now, TorrentKey torrent, ConnId conn);
  void consume(TimePoint now, TorrentKey torrent, std::uint64_t bytes);
  // The connection is gone.
  void forget(ConnId conn);

  // Connections whose turn has come.
  void wake(TimePoint now, std::vector<ConnId>& out);
  [[nodiscard]] TimePoint next_wake() const { return line_.empty() ? kNever : next_wake_; }

 private:
  struct Waiting {
    ConnId conn{};
    TorrentKey torrent{};
  };
  TokenBucket* torrent_bucket(TorrentKey torrent);

  TokenBucket global_;
  std::unordered_map<TorrentKey, TokenBucket> torrents_;
  std::deque<Waiting> line_;
  std::unordered_set<ConnId> in_line_;
  TimePoint next_wake_ = kNever;
};

}  // namespace weir
