// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/choker.h"

#include <algorithm>

#include "base/assert.h"

namespace weir {
namespace {

constexpr std::uint32_t kOptimisticRounds = 3;
constexpr Duration kNewPeer = std::chrono::seconds(60);
constexpr std::uint64_t kNewPeerWeight = 3;

// One more slot needs this much per slot; below kCollapsed for two rounds costs one. The gap
// between the two keeps the number from swinging.
constexpr double kWorthwhile = 20'000;
constexpr double kCollapsed = 5'000;
// A slot was worth adding when it brought this share of what the others carry.
constexpr double kGainShare = 0.5;
constexpr double kLimitReached = 0.9;
constexpr std::uint32_t kTrialRounds = 2;
constexpr std::uint32_t kRetryRounds = 6;

bool contains(std::span<const ConnId> list, ConnId peer) {
  return std::ranges::find(list, peer) != list.end();
}

std::vector<const ChokeCandidate*> interested_of(std::span<const ChokeCandidate> peers) {
  std::vector<const ChokeCandidate*> result;
  for (const ChokeCandidate& peer : peers) {
    if (peer.interested) result.push_back(&peer);
  }
  return result;
}

std::uint32_t slots_used(std::span<const ChokeCandidate> peers) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      peers, [](const ChokeCandidate& p) { return p.interested && p.unchoked; }));
}

ChokerConfig checked(ChokerConfig config) {
  config.slots_min = std::max(config.slots_min, 1u);
  config.slots_max = std::max(config.slots_max, config.slots_min);
  return config;
}

}  // namespace

Choker::Choker(ChokerConfig config, Random& random)
    : config_(checked(config)),
      random_(random),
      slots_(config.slots_fixed != 0 ? config.slots_fixed : config_.slots_min) {}

std::vector<ConnId> Choker::decide(TimePoint now, std::span<const ChokeCandidate> peers,
                                   bool seeding, double upload_rate, double upload_limit) {
  if (now < next_round_) {
    std::vector<ConnId> result = fill_free_slots(now, peers);
    for (const ChokeCandidate& peer : peers) {
      if (peer.interested && peer.unchoked) result.push_back(peer.peer);
    }
    return result;
  }
  next_round_ = now + config_.round;
  adapt_slots(peers, upload_rate, upload_limit);
  note_waiting(peers);
  std::vector<ConnId> result = seeding ? decide_seed(peers) : decide_leecher(now, peers);
  ++round_;
  return result;
}

void Choker::change_slots(int change, double upload_rate) {
  slots_ = static_cast<std::uint32_t>(static_cast<int>(slots_) + change);
  last_rate_ = upload_rate;
  rounds_since_change_ = 0;
  rounds_collapsed_ = 0;
}

void Choker::adapt_slots(std::span<const ChokeCandidate> peers, double upload_rate,
                         double upload_limit) {
  if (config_.slots_fixed != 0) return;
  ++rounds_since_change_;
  if (slots_used(peers) < slots_) {  // nothing to learn from slots nobody uses
    rounds_collapsed_ = 0;
    trial_ = false;
    return;
  }
  const double per_slot = upload_rate / slots_;
  rounds_collapsed_ = per_slot < kCollapsed ? rounds_collapsed_ + 1 : 0;
  if (rounds_collapsed_ >= 2 && slots_ > config_.slots_min) {
    trial_ = false;
    return change_slots(-1, upload_rate);
  }
  const bool gained = upload_rate > last_rate_ + kGainShare * per_slot;
  if (gained) trial_ = false;
  if (trial_ && rounds_since_change_ >= kTrialRounds && slots_ > config_.slots_min) {
    trial_ = false;
    return change_slots(-1, upload_rate);
  }
  if (trial_ || slots_ >= config_.slots_max || per_slot < kWorthwhile) return;
  const bool limited = upload_limit > 0;
  if (limited && upload_rate >= kLimitReached * upload_limit) return;
  if (!limited && !gained && rounds_since_change_ < kRetryRounds) return;
  // Below a known limit there is room for sure; without one, the slot has to show that there is.
  trial_ = !limited;
  change_slots(1, upload_rate);
}

void Choker::note_waiting(std::span<const ChokeCandidate> peers) {
  std::unordered_map<ConnId, std::uint32_t> waiting;
  for (const ChokeCandidate& peer : peers) {
    if (!peer.interested || peer.unchoked) continue;
    const auto known = waiting_since_.find(peer.peer);
    waiting.emplace(peer.peer, known == waiting_since_.end() ? round_ : known->second);
  }
  waiting_since_ = std::move(waiting);
}

std::optional<ConnId> Choker::draw_optimistic(TimePoint now, std::span<const ChokeCandidate> peers,
                                              std::span<const ConnId> taken) {
  const auto weight = [&](const ChokeCandidate& peer) -> std::uint64_t {
    if (!peer.interested || contains(taken, peer.peer)) return 0;
    return now - peer.connected_at < kNewPeer ? kNewPeerWeight : 1;
  };
  // Whoever had the slot last steps back, unless nobody else wants it.
  const auto draw = [&](std::optional<ConnId> excluded) -> std::optional<ConnId> {
    std::uint64_t total = 0;
    for (const auto& peer : peers) total += excluded == peer.peer ? 0 : weight(peer);
    if (total == 0) return std::nullopt;
    std::uint64_t ticket = random_.below(total);
    for (const auto& peer : peers) {
      const std::uint64_t share = excluded == peer.peer ? 0 : weight(peer);
      if (ticket < share) return peer.peer;
      ticket -= share;
    }
    return std::nullopt;
  };
  if (const auto other = draw(optimistic_)) return other;
  return draw(std::nullopt);
}

std::vector<ConnId> Choker::decide_leecher(TimePoint now, std::span<const ChokeCandidate> peers) {
  const bool rotate = round_ % kOptimisticRounds == 0;
  // A single slot is lent to the optimistic one in one round of three.
  const std::uint32_t optimistic_slots = slots_ > 1 || rotate ? 1 : 0;

  auto order = interested_of(peers);
  std::erase_if(order, [](const ChokeCandidate* p) { return p->snubbed; });
  random_.shuffle(std::span(order));
  // Peers that give nothing are worth the same; those that came in lately stay for their time.
  const auto held = [&](const ChokeCandidate* p) {
    return p->unchoked && now - p->unchoked_since < config_.round * kOptimisticRounds;
  };
  std::ranges::sort(order, [&](const ChokeCandidate* a, const ChokeCandidate* b) {
    if (a->rate_from_peer != b->rate_from_peer) return a->rate_from_peer > b->rate_from_peer;
    return held(a) && !held(b);
  });

  std::vector<ConnId> result;
  for (const ChokeCandidate* peer : order) {
    if (result.size() >= slots_ - optimistic_slots) break;
    result.push_back(peer->peer);
  }
  if (optimistic_slots == 0) return result;
  const bool keep = !rotate && optimistic_ && !contains(result, *optimistic_) &&
                    std::ranges::any_of(peers, [&](const ChokeCandidate& p) {
                      return p.peer == *optimistic_ && p.interested;
                    });
  if (!keep) optimistic_ = draw_optimistic(now, peers, result);
  if (optimistic_) result.push_back(*optimistic_);
  return result;
}

std::vector<ConnId> Choker::decide_seed(std::span<const ChokeCandidate> peers) {
  optimistic_.reset();
  auto order = interested_of(peers);
  random_.shuffle(std::span(order));
  const auto waiting =
      std::ranges::partition(order, [](const ChokeCandidate* p) { return p->unchoked; });
  std::ranges::sort(order.begin(), waiting.begin(),
                    [](const ChokeCandidate* a, const ChokeCandidate* b) {
                      if (a->unchoked_since != b->unchoked_since)
                        return a->unchoked_since > b->unchoked_since;
                      return a->rate_to_peer > b->rate_to_peer;
                    });
  std::ranges::sort(waiting, {},
                    [&](const ChokeCandidate* p) { return waiting_since_.at(p->peer); });

  const std::uint32_t replaced =
      round_ % kOptimisticRounds == kOptimisticRounds - 1 ? 0 : std::max(1u, slots_ / 4);
  const std::size_t unchoked = order.size() - waiting.size();
  const std::size_t entering = std::min<std::size_t>(
      waiting.size(), std::max<std::size_t>(replaced, unchoked < slots_ ? slots_ - unchoked : 0));
  const std::size_t kept = std::min<std::size_t>(unchoked, slots_ - entering);
  std::vector<ConnId> result;
  for (std::size_t i = 0; i < kept; ++i) result.push_back(order[i]->peer);
  for (std::size_t i = 0; i < entering; ++i) result.push_back(order[unchoked + i]->peer);
  return result;
}

std::vector<ConnId> Choker::fill_free_slots(TimePoint /*now*/,
                                            std::span<const ChokeCandidate> peers) {
  const std::uint32_t used = slots_used(peers);
  if (used >= slots_) return {};
  auto order = interested_of(peers);
  std::erase_if(order, [](const ChokeCandidate* p) { return p->unchoked || p->snubbed; });
  random_.shuffle(std::span(order));
  std::ranges::sort(order, std::ranges::greater{},
                    [](const ChokeCandidate* p) { return p->rate_from_peer; });
  std::vector<ConnId> result;
  for (const ChokeCandidate* peer : order) {
    if (result.size() >= slots_ - used) break;
    result.push_back(peer->peer);
  }
  return result;
}

}  // namespace weir
