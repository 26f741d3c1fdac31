// SPDX-License-Identifier: MIT OR Apache-2.0
// What the announcer tells about its trackers.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "tracker/announcer.h"

namespace weir {

const char* state_name(AnnouncerTrackerState state) {
  switch (state) {
    case AnnouncerTrackerState::idle:
      return "idle";
    case AnnouncerTrackerState::announcing:
      return "announcing";
    case AnnouncerTrackerState::working:
      return "working";
    case AnnouncerTrackerState::failing:
      return "failing";
    case AnnouncerTrackerState::unsupported:
      return "unsupported";
    case AnnouncerTrackerState::refused:
      return "refused";
  }
  std::unreachable();
}

// Nothing while it is being asked, and for trackers that stand behind a working one.
std::optional<TimePoint> Announcer::next_announce(const Chain& chain, const Lane& lane) const {
  if (lane.step != LaneStep::free || lane.never_again) return std::nullopt;
  if (lane.tracker == chain.lanes.front().tracker) return std::max(chain.due, lane.earliest);
  return lane.failures > 0 ? std::optional(std::max(chain.due, lane.earliest)) : std::nullopt;
}

AnnouncerTracker Announcer::status_of(std::uint32_t index) const {
  const Tracker& tracker = trackers_[index];
  AnnouncerTracker out{.url = tracker.text,
                       .tier = tracker.tier,
                       .state = AnnouncerTrackerState::idle,
                       .last_error = tracker.last_error,
                       .warning = tracker.warning,
                       .next_announce = std::nullopt,
                       .seeders = tracker.seeders,
                       .leechers = tracker.leechers,
                       .downloads = tracker.downloads,
                       .peers_received = tracker.peers_received,
                       .external_ip = tracker.external_ip};
  if (tracker.refusal) {
    const bool unsupported = tracker.refusal->code == TrackerErrc::unsupported_scheme;
    out.state = unsupported ? AnnouncerTrackerState::unsupported : AnnouncerTrackerState::refused;
    out.last_error = tracker.refusal->text;
    return out;
  }
  if (phase_ != Phase::running) return out;
  bool working = false;
  bool asked = false;
  for (const Chain& chain : chains_) {
    if (!active(chain)) continue;
    const auto lane = std::ranges::find(chain.lanes, index, &Lane::tracker);
    if (lane == chain.lanes.end()) continue;
    working = working || (lane->acknowledged && lane->failures == 0);
    asked = asked || (lane->step != LaneStep::free && lane->failures == 0);
    out.failures = std::max(out.failures, lane->failures);
    const auto at = next_announce(chain, *lane);
    if (at) out.next_announce = std::min(*at, out.next_announce.value_or(kNever));
  }
  // One family or hash that works is enough: many trackers have no IPv6 address at all.
  if (working) {
    out.state = AnnouncerTrackerState::working;
    out.failures = 0;
    out.last_error.clear();
  } else if (asked) {
    out.state = AnnouncerTrackerState::announcing;
  } else if (out.failures > 0) {
    out.state = AnnouncerTrackerState::failing;
  }
  return out;
}

std::vector<ScrapeTarget> Announcer::scrape_targets() const {
  std::vector<ScrapeTarget> out;
  for (std::uint32_t i = 0; i < trackers_.size(); ++i) {
    const Tracker& tracker = trackers_[i];
    if (!tracker.url) continue;
    ScrapeTarget target{.tracker = i,
                        .url = *tracker.url,
                        .families = {},
                        .allow_local = tracker.allow_local,
                        .min_interval = tracker.min_interval};
    for (const AddressFamily family : {AddressFamily::v4, AddressFamily::v6}) {
      const bool enabled = family == AddressFamily::v4 ? config_.ipv4 : config_.ipv6;
      const bool its_own = !target.url.literal || target.url.literal->family() == family;
      if (enabled && its_own) target.families.push_back(family);
    }
    out.push_back(std::move(target));
  }
  return out;
}

void Announcer::learn_numbers(std::uint32_t tracker, const ScrapeNumbers& numbers) {
  WEIR_ASSERT(tracker < trackers_.size());
  trackers_[tracker].seeders = numbers.seeders;
  trackers_[tracker].leechers = numbers.leechers;
  trackers_[tracker].downloads = numbers.downloads;
}

std::vector<AnnouncerTracker> Announcer::trackers() const {
  std::vector<AnnouncerTracker> out;
  out.reserve(trackers_.size());
  for (std::uint32_t i = 0; i < trackers_.size(); ++i) out.push_back(status_of(i));
  return out;
}

}  // namespace weir
