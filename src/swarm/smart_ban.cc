// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/smart_ban.h"

#include <algorithm>

#include "base/assert.h"

namespace weir {
namespace {

// Enough for every peer of a torrent to be one, several times over.
constexpr std::size_t kLiarsMax = 1024;

void add_once(std::vector<IpAddress>& list, const IpAddress& address) {
  if (std::ranges::find(list, address) == list.end()) list.push_back(address);
}

}  // namespace

std::vector<IpAddress> SmartBan::piece_failed(PieceIndex piece,
                                              std::span<const Sha1Digest> block_hashes,
                                              std::span<const BlockOrigin> origins) {
  WEIR_ASSERT(block_hashes.size() == origins.size());
  Attempt attempt;
  for (const BlockOrigin& origin : origins) add_once(attempt.senders, origin.sender);
  if (attempt.senders.empty()) return {};
  if (attempt.senders.size() == 1) {
    prove(attempt.senders.front());
    return attempt.senders;
  }
  for (std::size_t i = 0; i < origins.size(); ++i) {
    attempt.blocks.push_back({block_hashes[i], origins[i].sender});
  }
  attempt.explained = std::ranges::any_of(
      attempt.senders, [&](const auto& s) { return std::ranges::find(liars_, s) != liars_.end(); });
  if (!attempt.explained) {
    for (const IpAddress& sender : attempt.senders) ++strikes_[sender];
  }
  const auto [entry, fresh] = failed_.try_emplace(piece);
  if (fresh) entry->second.order = next_order_++;
  auto& attempts = entry->second.attempts;
  block_count_ += attempt.blocks.size();
  attempts.push_back(std::move(attempt));

  std::vector<IpAddress> named;
  for (const IpAddress& sender : attempts.back().senders) {
    const auto part = std::ranges::count_if(attempts, [&](const Attempt& a) {
      return !a.explained && std::ranges::find(a.senders, sender) != a.senders.end();
    });
    if (static_cast<std::size_t>(part) >= failures_max_) named.push_back(sender);
  }
  for (const IpAddress& sender : named) prove(sender);
  if (attempts.size() > failures_max_) {
    explain(attempts.front());
    block_count_ -= attempts.front().blocks.size();
    attempts.erase(attempts.begin());
  }
  make_room();
  return named;
}

std::vector<IpAddress> SmartBan::piece_good(PieceIndex piece,
                                            std::span<const Sha1Digest> block_hashes) {
  const auto found = failed_.find(piece);
  if (found == failed_.end()) return {};
  std::vector<IpAddress> named;
  for (const Attempt& attempt : found->second.attempts) {
    const std::size_t blocks = std::min(attempt.blocks.size(), block_hashes.size());
    for (std::size_t i = 0; i < blocks; ++i) {
      if (attempt.blocks[i].hash != block_hashes[i]) add_once(named, attempt.blocks[i].sender);
    }
  }
  forget(found);
  for (const IpAddress& liar : named) prove(liar);
  return named;
}

void SmartBan::pardon(const IpAddress& sender) {
  std::erase(liars_, sender);
  for (auto it = failed_.begin(); it != failed_.end();) {
    const auto piece = it++;
    const bool part = std::ranges::any_of(piece->second.attempts, [&](const Attempt& attempt) {
      return std::ranges::find(attempt.senders, sender) != attempt.senders.end();
    });
    if (part) forget(piece);
  }
}

std::uint32_t SmartBan::strikes(const IpAddress& sender) const {
  const auto found = strikes_.find(sender);
  return found == strikes_.end() ? 0 : found->second;
}

void SmartBan::prove(const IpAddress& liar) {
  if (std::ranges::find(liars_, liar) == liars_.end()) {
    if (liars_.size() == kLiarsMax) liars_.pop_front();
    liars_.push_back(liar);
  }
  for (auto& [piece, failed] : failed_) {
    for (Attempt& attempt : failed.attempts) {
      if (std::ranges::find(attempt.senders, liar) != attempt.senders.end()) explain(attempt);
    }
  }
}

// The blocks stay: another liar may be among their senders.
void SmartBan::explain(Attempt& attempt) {
  if (attempt.explained) return;
  attempt.explained = true;
  for (const IpAddress& sender : attempt.senders) {
    const auto found = strikes_.find(sender);
    WEIR_ASSERT(found != strikes_.end());
    if (--found->second == 0) strikes_.erase(found);
  }
}

void SmartBan::forget(std::map<PieceIndex, FailedPiece>::iterator piece) {
  for (Attempt& attempt : piece->second.attempts) {
    explain(attempt);
    block_count_ -= attempt.blocks.size();
  }
  failed_.erase(piece);
}

void SmartBan::make_room() {
  // The newest stays, however large: its size is bounded by a piece's.
  while (block_count_ > blocks_max_ && failed_.size() > 1) {
    forget(std::ranges::min_element(failed_, {},
                                    [](const auto& entry) { return entry.second.order; }));
  }
}

void BanList::ban(const IpAddress& address, TimePoint now) {
  ban_until(address, now, now + period_);
}

void BanList::ban_until(const IpAddress& address, TimePoint now, TimePoint until) {
  if (entries_max_ == 0 || until <= now) return;
  if (!until_.contains(address) && until_.size() >= entries_max_) {
    std::erase_if(until_, [&](const auto& entry) { return entry.second <= now; });
    if (until_.size() >= entries_max_) {
      until_.erase(
          std::ranges::min_element(until_, {}, [](const auto& entry) { return entry.second; }));
    }
  }
  until_[address] = std::min(until, now + period_);
}

bool BanList::unban(const IpAddress& address, TimePoint now) {
  const bool was = banned(address, now);
  until_.erase(address);
  return was;
}

bool BanList::banned(const IpAddress& address, TimePoint now) const {
  const auto found = until_.find(address);
  return found != until_.end() && now < found->second;
}

std::vector<BanList::Entry> BanList::entries(TimePoint now) const {
  std::vector<Entry> list;
  for (const auto& [address, until] : until_) {
    if (now < until) list.push_back({address, until});
  }
  std::ranges::sort(list, [](const Entry& a, const Entry& b) {
    return a.until != b.until ? a.until < b.until : a.address < b.address;
  });
  return list;
}

}  // namespace weir
