// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/scraper.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir {
namespace {

ScrapeNumbers largest(const ScrapeNumbers& a, const ScrapeNumbers& b) {
  return {.seeders = std::max(a.seeders, b.seeders),
          .leechers = std::max(a.leechers, b.leechers),
          .downloads = std::max(a.downloads, b.downloads)};
}

}  // namespace

bool Scraper::may_ask(TimePoint now, const ScrapeTarget& target) const {
  const auto known = trackers_.find(target.tracker);
  if (known == trackers_.end()) return true;
  const Tracker& tracker = known->second;
  const Duration wait = std::max(
      {kTrackerIntervalMin, tracker.own_interval, target.min_interval.value_or(Duration{})});
  return now >= tracker.asked + wait && now >= tracker.not_before;
}

std::uint32_t Scraper::scrape(TimePoint now, const std::vector<ScrapeTarget>& targets,
                              const std::vector<Sha1Digest>& hashes) {
  WEIR_ASSERT(!hashes.empty());
  std::uint32_t asked = 0;
  for (const ScrapeTarget& target : targets) {
    if (target.families.empty() || !may_ask(now, target)) continue;
    Tracker& tracker = trackers_[target.tracker];
    tracker.asked = now;
    tracker.answered_this_time = false;
    for (const AddressFamily family : target.families) {
      ready_.emplace_back(target.tracker, ScrapeRequest{.id = ScrapeId{next_id_++},
                                                        .url = target.url,
                                                        .family = family,
                                                        .hashes = hashes,
                                                        .allow_local = target.allow_local,
                                                        .deadline = {}});
      ++asked;
    }
  }
  return asked;
}

std::optional<ScrapeRequest> Scraper::next(TimePoint now) {
  if (ready_.empty()) return std::nullopt;
  auto [tracker, request] = std::move(ready_.front());
  ready_.pop_front();
  const bool udp = request.url.scheme == TrackerScheme::udp;
  request.deadline = now + (udp ? config_.udp_timeout : config_.http_timeout);
  in_flight_[request.id] = {.tracker = tracker, .family = request.family};
  return request;
}

std::optional<Scraper::Asked> Scraper::take(ScrapeId id) {
  const auto node = in_flight_.extract(id);
  return node.empty() ? std::nullopt : std::optional(node.mapped());
}

void Scraper::handle_reply(TimePoint now, ScrapeId id, const ScrapeReply& reply) {
  const auto asked = take(id);
  if (!asked) return;
  ScrapeResult result;
  result.tracker = asked->tracker;
  result.family = asked->family;
  for (const ScrapeCounts& counts : reply.counts) {
    result.numbers = largest(
        result.numbers,
        {.seeders = counts.seeders, .leechers = counts.leechers, .downloads = counts.downloads});
  }
  Tracker& tracker = trackers_[asked->tracker];
  const bool second = std::exchange(tracker.answered_this_time, true);
  tracker.numbers = second ? largest(tracker.numbers, result.numbers) : result.numbers;
  tracker.answered = now;
  tracker.own_interval = reply.min_interval.value_or(Duration{});
  result.tracker_numbers = tracker.numbers;
  results_.push_back(std::move(result));
}

void Scraper::handle_failure(TimePoint now, ScrapeId id, const TrackerError& error) {
  const auto asked = take(id);
  if (!asked) return;
  Tracker& tracker = trackers_[asked->tracker];
  if (error.retry) tracker.not_before = error.retry->never ? kNever : now + error.retry->after;
  ScrapeResult result;
  result.tracker = asked->tracker;
  result.family = asked->family;
  result.error = error;
  result.tracker_numbers = tracker.numbers;
  results_.push_back(std::move(result));
}

void Scraper::stop() {
  ready_.clear();
  in_flight_.clear();
}

std::vector<ScrapeResult> Scraper::take_results() { return std::exchange(results_, {}); }

std::optional<TimePoint> Scraper::last_answer(std::uint32_t tracker) const {
  const auto it = trackers_.find(tracker);
  return it == trackers_.end() ? std::nullopt : it->second.answered;
}

}  // namespace weir
