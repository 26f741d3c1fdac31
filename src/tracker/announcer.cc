// SPDX-License-Identifier: MIT OR Apache-2.0
// The announcer's inputs; announcer_schedule.cc decides whom to ask, announcer_status.cc tells.
#include "tracker/announcer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir {
namespace {

// Announced intervals are stretched by up to this part, so that clients started together drift
// apart; never shortened.
constexpr double kIntervalStretch = 0.05;
constexpr double kBackoffJitter = 0.2;
constexpr std::uint32_t kBackoffDoublingsMax = 20;

// A torrent that names a tracker by a loopback or private address is meant for this machine or
// network. What it can make us send there is an announce and nothing else, so the request must look
// like one on the other side too.
bool names_local(const TrackerUrl& url) {
  constexpr std::uint16_t kPrivilegedPorts = 1024;
  const bool local =
      url.host == "localhost" || (url.literal && (url.literal->scope() == AddressScope::loopback ||
                                                  url.literal->scope() == AddressScope::site));
  if (!local) return false;
  return url.scheme == TrackerScheme::udp ? url.port >= kPrivilegedPorts : url.is_announce();
}

}  // namespace

Announcer::Announcer(AnnouncerConfig config, const std::vector<AnnouncerTier>& tiers,
                     std::vector<Sha1Digest> hashes, Random& random)
    : config_(std::move(config)), random_(random), key_(static_cast<std::uint32_t>(random.next())) {
  add_tiers(TimePoint::min(), tiers);
  for (const Sha1Digest& hash : hashes) add_info_hash(TimePoint::min(), hash);
}

void Announcer::add_tiers(TimePoint now, const std::vector<AnnouncerTier>& tiers) {
  std::set<std::string> seen;
  for (const Tracker& tracker : trackers_) seen.insert(tracker.text);
  const std::size_t known = trackers_.size();
  const std::size_t first_tier = tiers_.size();
  for (const AnnouncerTier& tier : tiers) {
    const std::size_t before = trackers_.size();
    tiers_.emplace_back();
    const auto number = static_cast<std::uint32_t>(tiers_.size() - 1);
    for (const std::string& url : tier.urls) add_tracker(url, number, tier.from_user, seen);
    random_.shuffle(std::span(tiers_.back()));
    // So that hearing of the same trackers over and over does not grow anything.
    if (trackers_.size() == before) tiers_.pop_back();
  }
  for (std::uint32_t hash = 0; hash < hashes_.size(); ++hash) add_chains(hash, first_tier, now);
  if (refusals_told_) tell_refusals(known);
  schedule(now);
}

void Announcer::add_tracker(const std::string& text, std::uint32_t tier, bool from_user,
                            std::set<std::string>& seen) {
  if (trackers_.size() >= kTrackersMax) {
    ++dropped_;
    return;
  }
  Tracker tracker;
  tracker.tier = tier;
  auto url = parse_tracker_url(text, {.international_hosts = config_.international_hosts});
  tracker.text = url ? url->text() : tracker_text(text);
  if (!seen.insert(tracker.text).second) return;
  if (url) {
    tracker.allow_local = config_.allow_local || from_user || names_local(*url);
    tracker.url = std::move(*url);
    tiers_[tier].push_back(static_cast<std::uint32_t>(trackers_.size()));
  } else {
    tracker.refusal = std::move(url).error();
  }
  trackers_.push_back(std::move(tracker));
}

void Announcer::add_chains(std::uint32_t hash, std::size_t first_tier, TimePoint due) {
  for (auto tier = static_cast<std::uint32_t>(first_tier); tier < tiers_.size(); ++tier) {
    for (const AddressFamily family : {AddressFamily::v4, AddressFamily::v6}) {
      Chain chain;
      chain.tier = tier;
      chain.family = family;
      chain.hash = hash;
      chain.due = due;
      for (const std::uint32_t tracker : tiers_[tier]) {
        const auto& literal = trackers_[tracker].url->literal;
        if (literal && literal->family() != family) continue;
        Lane lane;
        lane.tracker = tracker;
        chain.lanes.push_back(std::move(lane));
      }
      if (!chain.lanes.empty()) chains_.push_back(std::move(chain));
    }
  }
}

void Announcer::start(TimePoint now) {
  if (phase_ == Phase::running) return;
  cancel_all();
  phase_ = Phase::running;
  if (!std::exchange(refusals_told_, true)) tell_refusals(0);
  for (Chain& chain : chains_) {
    chain.due = now;
    chain.completed_pending = false;
    for (Lane& lane : chain.lanes) {
      lane.acknowledged = false;
      lane.never_again = false;
      lane.failures = 0;
      // A pause does not shorten what the tracker asked for; our own back-off it does.
      if (!lane.tracker_min_interval) lane.earliest = TimePoint::min();
    }
  }
  schedule(now);
}

void Announcer::stop(TimePoint now) {
  if (phase_ != Phase::running) return;
  // A `started` in flight may have arrived: that tracker gets a `stopped` too. A `completed` is
  // said only once, so it is left to arrive; `stopped` follows its answer.
  std::map<AnnounceId, InFlight> kept;
  for (const auto& [id, request] : in_flight_) {
    lane_of(request.chain, request.tracker).acknowledged = true;
    if (request.event == AnnounceEvent::completed) kept.emplace(id, request);
  }
  for (const auto& [id, request] : kept) in_flight_.erase(id);
  cancel_all();
  in_flight_ = std::move(kept);
  for (const auto& [id, request] : in_flight_) {
    lane_of(request.chain, request.tracker).step = LaneStep::in_flight;
    ++chains_[request.chain].in_flight;
  }
  phase_ = Phase::stopping;
  stop_until_ = now + config_.stop_grace;
  for (std::uint32_t i = 0; i < chains_.size(); ++i) {
    Chain& chain = chains_[i];
    if (!active(chain)) continue;
    for (Lane& lane : chain.lanes) {
      if (!lane.acknowledged || lane.never_again || lane.step != LaneStep::free) continue;
      queue(i, lane);
    }
  }
  schedule(now);
}

void Announcer::completed(TimePoint now, bool was_incomplete) {
  if (completed_ || !(was_incomplete || was_incomplete_)) return;
  completed_ = true;
  if (phase_ != Phase::running) return;
  for (Chain& chain : chains_) {
    chain.completed_pending = true;
    chain.due = std::min(chain.due, now);
  }
  schedule(now);
}

void Announcer::want_peers(TimePoint now) {
  if (phase_ != Phase::running) return;
  for (Chain& chain : chains_) {
    if (chain.due > now) {
      chain.due = std::min(chain.due, std::max(now, chain.lanes.front().earliest));
    }
  }
  schedule(now);
}

void Announcer::set_families(TimePoint now, bool ipv4, bool ipv6) {
  config_.ipv4 = ipv4;
  config_.ipv6 = ipv6;
  for (std::uint32_t i = 0; i < chains_.size(); ++i) {
    if (!active(chains_[i])) unqueue(i);
  }
  schedule(now);
}

void Announcer::add_info_hash(TimePoint now, const Sha1Digest& hash) {
  if (std::ranges::find(hashes_, hash) != hashes_.end()) return;
  hashes_.push_back(hash);
  add_chains(static_cast<std::uint32_t>(hashes_.size() - 1), 0, now);
  schedule(now);
}

void Announcer::handle_reply(TimePoint now, AnnounceId id, const AnnounceReply& reply,
                             const IpAddress& remote) {
  const auto request = take_in_flight(id);
  if (!request) return;
  AnnounceResult& result = add_result(*request);
  result.warning = reply.warning;
  result.seeders = reply.seeders;
  result.leechers = reply.leechers;
  if (phase_ == Phase::running) {
    succeed(now, *request, reply);
    result.peers = keep_peers(reply, *request, remote);
    result.next = next_announce(chains_[request->chain], lane_of(request->chain, request->tracker));
    if (reply.external_ip) external_ip_ = reply.external_ip;
  }
  schedule(now);
}

void Announcer::handle_failure(TimePoint now, AnnounceId id, const TrackerError& error) {
  const auto request = take_in_flight(id);
  if (!request) return;
  fail(now, *request, error);
  schedule(now);
}

void Announcer::handle_timer(TimePoint now) {
  std::vector<AnnounceId> late;
  for (const auto& [id, request] : in_flight_) {
    if (now >= request.deadline) late.push_back(id);
  }
  for (const AnnounceId id : late) {
    const auto request = take_in_flight(id);
    cancelled_.push_back(id);
    fail(now, *request, {TrackerErrc::timed_out, "the tracker did not answer", std::nullopt});
  }
  if (phase_ == Phase::stopping && now >= stop_until_) cancel_all();
  schedule(now);
}

std::optional<Announcer::InFlight> Announcer::take_in_flight(AnnounceId id) {
  const auto node = in_flight_.extract(id);
  if (node.empty()) return std::nullopt;
  const InFlight request = node.mapped();
  Lane& lane = lane_of(request.chain, request.tracker);
  lane.step = LaneStep::free;
  --chains_[request.chain].in_flight;
  // The `completed` that its `stopped` has waited for.
  if (phase_ == Phase::stopping && lane.acknowledged) queue(request.chain, lane);
  return request;
}

void Announcer::queue(std::uint32_t chain, Lane& lane) {
  lane.step = LaneStep::queued;
  ++chains_[chain].queued;
  ready_.push_back({.chain = chain, .tracker = lane.tracker});
}

void Announcer::succeed(TimePoint now, const InFlight& request, const AnnounceReply& reply) {
  Chain& chain = chains_[request.chain];
  Lane& lane = lane_of(request.chain, request.tracker);
  lane.failures = 0;
  lane.acknowledged = true;
  if (!reply.tracker_id.empty()) lane.tracker_id = reply.tracker_id;
  lane.tracker_min_interval = reply.min_interval.has_value();
  lane.earliest = now + reply.min_interval.value_or(kTrackerIntervalMin);
  if (request.event == AnnounceEvent::completed) chain.completed_pending = false;

  // A hedged request may answer after another lane did: then that one leads, and keeps its time.
  const bool superseded = chain.last_success > request.since;
  chain.last_success = now;
  if (!superseded) {
    const Duration interval = std::max(reply.interval, reply.min_interval.value_or(Duration{}));
    chain.due =
        now + interval + from_seconds(to_seconds(interval) * kIntervalStretch * random_.unit());
    const auto position = chain.lanes.begin() + (&lane - chain.lanes.data());
    std::rotate(chain.lanes.begin(), position, position + 1);
    unqueue(request.chain);
  }
  if (chain.completed_pending) chain.due = now;

  Tracker& tracker = trackers_[request.tracker];
  tracker.last_error.clear();
  tracker.warning = reply.warning;
  tracker.min_interval = reply.min_interval;
  if (reply.external_ip) tracker.external_ip = reply.external_ip;
  tracker.seeders = reply.seeders.value_or(tracker.seeders);
  tracker.leechers = reply.leechers.value_or(tracker.leechers);
  tracker.downloads = reply.downloads.value_or(tracker.downloads);
}

AnnounceResult& Announcer::add_result(const InFlight& request) {
  AnnounceResult& result = results_.emplace_back();
  result.tracker = request.tracker;
  result.family = chains_[request.chain].family;
  result.event = request.event;
  return result;
}

void Announcer::tell_refusals(std::size_t first_tracker) {
  for (auto i = static_cast<std::uint32_t>(first_tracker); i < trackers_.size(); ++i) {
    if (!trackers_[i].refusal) continue;
    AnnounceResult& result = results_.emplace_back();
    result.tracker = i;
    result.event = AnnounceEvent::started;
    result.error = trackers_[i].refusal;
  }
}

void Announcer::fail(TimePoint now, const InFlight& request, const TrackerError& error) {
  AnnounceResult& result = add_result(request);
  result.error = error;
  if (phase_ != Phase::running) return;
  Lane& lane = lane_of(request.chain, request.tracker);
  const auto doublings = std::min(lane.failures, kBackoffDoublingsMax);
  const Duration backoff = std::min<Duration>(
      config_.backoff_first * (std::int64_t{1} << doublings), config_.backoff_max);
  Duration wait = random_.jitter(backoff, kBackoffJitter);
  ++lane.failures;
  if (error.retry) {
    lane.never_again = error.retry->never;
    wait = std::max(wait, error.retry->after);
    lane.tracker_min_interval = true;
  }
  lane.earliest = std::max(lane.earliest, now + wait);
  trackers_[request.tracker].last_error = error.text.empty() ? error_name(error.code) : error.text;
  result.next = next_announce(chains_[request.chain], lane);
}

std::uint32_t Announcer::keep_peers(const AnnounceReply& reply, const InFlight& request,
                                    const IpAddress& remote) {
  std::uint32_t usable = 0;
  for (const Endpoint& peer : reply.peers) {
    if (!tracker_peer_allowed(remote, peer.address)) continue;
    ++usable;
    if (peers_.size() >= kTrackerPeersMax || !peers_seen_.insert(peer).second) continue;
    peers_.push_back({.endpoint = peer,
                      .tracker = request.tracker,
                      .info_hash = hashes_[chains_[request.chain].hash]});
  }
  trackers_[request.tracker].peers_received += usable;
  return usable;
}

void Announcer::cancel_all() {
  for (const auto& [id, request] : in_flight_) cancelled_.push_back(id);
  in_flight_.clear();
  ready_.clear();
  for (Chain& chain : chains_) {
    chain.queued = 0;
    chain.in_flight = 0;
    for (Lane& lane : chain.lanes) lane.step = LaneStep::free;
  }
}

std::vector<AnnounceId> Announcer::take_cancelled() { return std::exchange(cancelled_, {}); }

std::vector<TrackerPeer> Announcer::take_peers() {
  peers_seen_.clear();
  return std::exchange(peers_, {});
}

std::vector<AnnounceResult> Announcer::take_results() { return std::exchange(results_, {}); }

}  // namespace weir
