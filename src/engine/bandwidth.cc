// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/bandwidth.h"

#include <algorithm>

#include "base/ids.h"

namespace weir {
namespace {
// Less than this is not worth a system call; a connection waits until it may move as much.
constexpr std::uint64_t kQuantum = 16 * 1024;
}  // namespace

void Bandwidth::set_global(TimePoint now, std::uint64_t bytes_per_second) {
  global_.set_rate(now, bytes_per_second);
  next_wake_ = now;  // whoever waits judges anew
}

void Bandwidth::set_torrent(TimePoint now, TorrentKey torrent, std::uint64_t bytes_per_second) {
  if (bytes_per_second == 0) {
    torrents_.erase(torrent);
  } else {
    torrents_.try_emplace(torrent, bytes_per_second).first->second.set_rate(now, bytes_per_second);
  }
  next_wake_ = now;
}

TokenBucket* Bandwidth::torrent_bucket(TorrentKey torrent) {
  if (torrents_.empty()) return nullptr;
  const auto it = torrents_.find(torrent);
  return it == torrents_.end() ? nullptr : &it->second;
}

std::uint64_t Bandwidth::allowance(TimePoint now, TorrentKey torrent, ConnId conn) {
  TokenBucket* own = torrent_bucket(torrent);
  if (global_.unlimited() && own == nullptr) return UINT64_MAX;
  const std::uint64_t bytes =
      std::min(global_.available(now), own != nullptr ? own->available(now) : UINT64_MAX);
  // Others wait: take one turn's worth, not everything.
  if (bytes >= kQuantum)
    return line_.empty() ? bytes : std::max(kQuantum, bytes / (line_.size() + 1));
  if (in_line_.insert(conn).second) line_.push_back({conn, torrent});
  TimePoint ready = global_.ready_at(now, kQuantum);
  if (own != nullptr) ready = std::max(ready, own->ready_at(now, kQuantum));
  next_wake_ = line_.size() == 1 ? ready : std::min(next_wake_, ready);
  return 0;
}

void Bandwidth::consume(TimePoint now, TorrentKey torrent, std::uint64_t bytes) {
  global_.consume(now, bytes);
  if (TokenBucket* own = torrent_bucket(torrent)) own->consume(now, bytes);
}

void Bandwidth::forget(ConnId conn) {
  if (in_line_.erase(conn) == 0) return;
  std::erase_if(line_, [conn](const Waiting& w) { return w.conn == conn; });
}

void Bandwidth::wake(TimePoint now, std::vector<ConnId>& out) {
  if (line_.empty() || now < next_wake_) return;
  std::uint64_t budget = global_.available(now);
  TimePoint next = kNever;
  std::deque<Waiting> still;
  for (const Waiting& waiting : line_) {
    TokenBucket* own = torrent_bucket(waiting.torrent);
    const bool own_ready = own == nullptr || own->available(now) >= kQuantum;
    if (budget >= kQuantum && own_ready) {
      if (budget != UINT64_MAX) budget -= kQuantum;
      in_line_.erase(waiting.conn);
      out.push_back(waiting.conn);
      continue;
    }
    TimePoint ready = global_.ready_at(now, kQuantum);
    if (own != nullptr) ready = std::max(ready, own->ready_at(now, kQuantum));
    next = std::min(next, std::max(ready, now + std::chrono::milliseconds(1)));
    still.push_back(waiting);
  }
  line_ = std::move(still);
  next_wake_ = next;
}

}  // namespace weir
