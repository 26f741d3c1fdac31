// SPDX-License-Identifier: MIT OR Apache-2.0
// Whom the announcer asks, and when.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "tracker/announcer.h"

namespace weir {
namespace {
constexpr std::uint32_t kChainInFlightMax = 3;  // the first request and two hedges
}  // namespace

bool Announcer::active(const Chain& chain) const {
  return chain.family == AddressFamily::v4 ? config_.ipv4 : config_.ipv6;
}

// Whether every tracker of the chain has failed at its last try.
bool Announcer::exhausted(const Chain& chain) {
  return std::ranges::all_of(
      chain.lanes, [](const Lane& lane) { return lane.never_again || lane.failures > 0; });
}

Announcer::Lane& Announcer::lane_of(std::uint32_t chain, std::uint32_t tracker) {
  const auto it = std::ranges::find(chains_[chain].lanes, tracker, &Lane::tracker);
  WEIR_ASSERT(it != chains_[chain].lanes.end());
  return *it;
}

AnnounceEvent Announcer::event_for(const Chain& chain, const Lane& lane) const {
  if (phase_ == Phase::stopping) return AnnounceEvent::stopped;
  if (!lane.acknowledged) return AnnounceEvent::started;
  return chain.completed_pending ? AnnounceEvent::completed : AnnounceEvent::none;
}

Announcer::Pick Announcer::pick(TimePoint now, Chain& chain) {
  if (chain.queued > 0 || chain.in_flight >= kChainInFlightMax) return {};
  const TimePoint at = chain.in_flight > 0 ? std::max(chain.due, chain.hedge_at) : chain.due;
  if (at > now) return {.lane = nullptr, .at = at};
  Pick later;
  for (Lane& lane : chain.lanes) {
    if (lane.never_again || lane.step != LaneStep::free) continue;
    const bool working = lane.acknowledged && lane.failures == 0;
    // `completed` is one announce that may come before the min interval has passed.
    if (lane.earliest <= now || (working && chain.completed_pending)) return {.lane = &lane};
    later.at = std::min(later.at, lane.earliest);
    // A working tracker that only wants to rest is no reason to go to the next.
    if (working) break;
  }
  return later;
}

void Announcer::unqueue(std::uint32_t chain) {
  if (chains_[chain].queued == 0) return;
  chains_[chain].queued = 0;
  std::erase_if(ready_, [&](const Ready& ready) {
    if (ready.chain != chain) return false;
    lane_of(chain, ready.tracker).step = LaneStep::free;
    return true;
  });
}

void Announcer::schedule(TimePoint now) {
  if (phase_ == Phase::stopping && in_flight_.empty() && ready_.empty()) phase_ = Phase::idle;
  wake_ = kNever;
  for (const auto& [id, request] : in_flight_) wake_ = std::min(wake_, request.deadline);
  if (phase_ == Phase::stopping) wake_ = std::min(wake_, stop_until_);
  if (phase_ == Phase::running) schedule_chains(now);
}

void Announcer::schedule_chains(TimePoint now) {
  // Chains stand in the order of their tiers, so one flag for each family and hash tells whether
  // all tiers so far have failed.
  std::vector<char> has_turn(hashes_.size() * 2, 1);
  for (std::uint32_t i = 0; i < chains_.size(); ++i) {
    Chain& chain = chains_[i];
    if (!active(chain)) continue;
    char& turn = has_turn[chain.hash * 2 + (chain.family == AddressFamily::v6 ? 1 : 0)];
    if (turn == 0) continue;
    const Pick picked = pick(now, chain);
    if (picked.lane != nullptr) {
      queue(i, *picked.lane);
    } else {
      wake_ = std::min(wake_, picked.at);
    }
    if (config_.tiers == AnnounceTiers::first_working && !exhausted(chain)) turn = 0;
  }
}

AnnounceRequest Announcer::make_request(const Chain& chain, const Lane& lane,
                                        const AnnounceStats& stats) const {
  const Tracker& tracker = trackers_[lane.tracker];
  AnnounceRequest request;
  request.url = *tracker.url;
  request.family = chain.family;
  request.allow_local = tracker.allow_local;
  request.params.info_hash = hashes_[chain.hash];
  request.params.peer_id = config_.peer_id;
  request.params.port = config_.port;
  request.params.stats = stats;
  request.params.event = event_for(chain, lane);
  request.params.numwant = phase_ == Phase::stopping ? 0 : config_.numwant;
  request.params.key = key_;
  request.params.supports_encryption = config_.supports_encryption;
  request.params.tracker_id = lane.tracker_id;
  return request;
}

std::optional<AnnounceRequest> Announcer::next(TimePoint now, const AnnounceStats& stats) {
  if (stats.left > 0 && phase_ == Phase::running) was_incomplete_ = true;
  if (ready_.empty()) return std::nullopt;
  const Ready ready = ready_.front();
  ready_.pop_front();
  Chain& chain = chains_[ready.chain];
  Lane& lane = lane_of(ready.chain, ready.tracker);
  AnnounceRequest request = make_request(chain, lane, stats);
  request.id = AnnounceId{next_id_++};
  const bool udp = request.url.scheme == TrackerScheme::udp;
  request.deadline = now + (udp ? config_.udp_timeout : config_.http_timeout);
  const bool stopped = request.params.event == AnnounceEvent::stopped;
  if (stopped) {
    request.deadline = stop_until_;
    lane.acknowledged = false;
  }
  // Only the first contact is hedged: it is when peers are waited for.
  const bool hedged = request.params.event == AnnounceEvent::started;
  chain.hedge_at = hedged ? now + config_.hedge_after : kNever;
  lane.step = LaneStep::in_flight;
  --chain.queued;
  ++chain.in_flight;
  in_flight_[request.id] = {.chain = ready.chain,
                            .tracker = ready.tracker,
                            .event = request.params.event,
                            .since = now,
                            .deadline = request.deadline};
  schedule(now);
  return request;
}

}  // namespace weir
