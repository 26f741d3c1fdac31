// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks a torrent's trackers how many peers they know (BEP 48, BEP 15 "scrape"), when somebody wants
// to know and never by itself.
//
// Owner: the engine, one a torrent, beside the announcer, whose trackers it asks. Call order:
// scrape(); drain next() as the session's AnnounceBudget grants it; each request ends with exactly
// one handle_reply() or handle_failure(), or with stop(); take_results() after each of them.
//
// A tracker is asked over each address family it may have, for all info hashes at once. Its two
// families and a hybrid's two hashes name overlapping swarms, so their largest numbers count, never
// their sum.
//
// Limits: a tracker is asked again only after its min interval, at least a minute; as many requests
// as the announcer has trackers, times two.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "tracker/tracker_types.h"
#include "tracker/tracker_url.h"

namespace weir {

enum class ScrapeId : std::uint64_t {};  // never reused within one scraper

// A tracker that may be asked.
struct ScrapeTarget {
  std::uint32_t tracker = 0;  // index in Announcer::trackers()
  TrackerUrl url;
  std::vector<AddressFamily> families;
  bool allow_local = false;              // for TrackerAddressPolicy
  std::optional<Duration> min_interval;  // as its announces say
};

struct ScrapeRequest {
  ScrapeId id{};
  TrackerUrl url;
  AddressFamily family{};  // resolve and connect over this family only
  std::vector<Sha1Digest> hashes;
  bool allow_local = false;
  TimePoint deadline{};  // give up then
};

struct ScrapeNumbers {
  std::uint32_t seeders = 0;
  std::uint32_t leechers = 0;
  std::uint32_t downloads = 0;
  bool operator==(const ScrapeNumbers&) const = default;
};

// How one scrape ended.
struct ScrapeResult {
  std::uint32_t tracker = 0;
  AddressFamily family{};
  std::optional<TrackerError> error;  // nothing: it answered
  ScrapeNumbers numbers;              // of this answer; all 0 when it knows none of the hashes
  ScrapeNumbers tracker_numbers;      // of the tracker, its other family included
};

struct ScraperConfig {
  Duration http_timeout = std::chrono::seconds(30);  // as of announces
  Duration udp_timeout = std::chrono::seconds(60);
};

class Scraper {
 public:
  explicit Scraper(ScraperConfig config = {}) : config_(config) {}

  // Queues requests to all that may be asked now; returns how many, each of which ends in one
  // result. `hashes`: one or two; both of a hybrid.
  std::uint32_t scrape(TimePoint now, const std::vector<ScrapeTarget>& targets,
                       const std::vector<Sha1Digest>& hashes);
  void handle_reply(TimePoint now, ScrapeId id, const ScrapeReply& reply);
  void handle_failure(TimePoint now, ScrapeId id, const TrackerError& error);
  // Forgets what waits and what is under way.
  void stop();

  [[nodiscard]] bool ready() const { return !ready_.empty(); }
  [[nodiscard]] std::optional<ScrapeRequest> next(TimePoint now);
  // Since the last call.
  [[nodiscard]] std::vector<ScrapeResult> take_results();
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  // When the tracker answered a scrape last.
  [[nodiscard]] std::optional<TimePoint> last_answer(std::uint32_t tracker) const;

 private:
  struct Tracker {
    TimePoint asked{};
    Duration own_interval{};                  // as its scrapes say
    TimePoint not_before = TimePoint::min();  // BEP 31
    std::optional<TimePoint> answered;
    bool answered_this_time = false;
    ScrapeNumbers numbers;
  };
  struct Asked {
    std::uint32_t tracker = 0;
    AddressFamily family{};
  };
  [[nodiscard]] bool may_ask(TimePoint now, const ScrapeTarget& target) const;
  [[nodiscard]] std::optional<Asked> take(ScrapeId id);

  ScraperConfig config_;
  std::map<std::uint32_t, Tracker> trackers_;
  std::deque<std::pair<std::uint32_t, ScrapeRequest>> ready_;  // with the tracker's index
  std::map<ScrapeId, Asked> in_flight_;
  std::vector<ScrapeResult> results_;
  std::uint64_t next_id_ = 1;
};

}  // namespace weir
