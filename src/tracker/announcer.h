// SPDX-License-Identifier: MIT OR Apache-2.0
// All trackers of one torrent as one machine: whom to announce to, when, with which event, and what
// to make of the answers (BEP 3, BEP 7, BEP 12, BEP 31).
//
// Owner: the engine, one a torrent. Call order: start(); after every input below drain next(),
// take_cancelled(), take_peers() and take_results(); call handle_timer() at next_deadline(). next()
// is asked only as the session's AnnounceBudget grants it; ready() says whether it would yield.
// Each request ends with exactly one handle_reply() or handle_failure() from outside, or by its id
// in take_cancelled(); answers to ids that ended are ignored.
//
// How it works: a *chain* is one tier for one address family and one info hash; chains never wait
// for each other. A chain announces to the first *lane* (tracker) of its order that may be asked;
// one that answers moves to the front (BEP 12); one that fails waits, longer each time, while the
// next in the order is tried at once. A `started` that is not answered for a while is hedged:
// the next tracker is tried too. See docs/decisions/0003-tracker-tiers.md.
//
// Limits: kTrackersMax trackers, the rest is dropped; one request in flight for each tracker,
// family and hash; kTrackerPeersMax peers waiting in take_peers().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/random.h"
#include "base/time.h"
#include "tracker/scraper.h"
#include "tracker/tracker_types.h"
#include "tracker/tracker_url.h"

namespace weir {

enum class AnnounceId : std::uint64_t {};  // never reused within one announcer

inline constexpr std::size_t kTrackersMax = 200;  // LIM-05

enum class AnnounceTiers : std::uint8_t {
  all,            // one working tracker in each tier, all tiers at the same time
  first_working,  // BEP 12 to the letter: a tier only while all before it fail
};

struct AnnouncerConfig {
  PeerId peer_id;
  std::uint16_t port = 0;
  std::uint32_t numwant = 200;
  bool supports_encryption = false;
  bool ipv4 = true;
  bool ipv6 = true;
  AnnounceTiers tiers = AnnounceTiers::all;
  // Trackers on local addresses are fine. Those the torrent names literally by a loopback or
  // private address, with an announce path or a high UDP port, and those the user gave are so
  // always.
  bool allow_local = false;
  bool international_hosts = false;
  Duration http_timeout = std::chrono::seconds(30);  // TRH-11, whole request
  Duration udp_timeout = std::chrono::seconds(60);   // packets at 0, 15 and 45 s
  Duration hedge_after = std::chrono::seconds(5);
  Duration backoff_first = std::chrono::seconds(15);  // doubles, jittered by a fifth
  Duration backoff_max = std::chrono::hours(1);
  Duration stop_grace = std::chrono::seconds(2);
};

struct AnnouncerTier {
  std::vector<std::string> urls;
  bool from_user = false;
};

struct AnnounceRequest {
  AnnounceId id{};
  TrackerUrl url;
  AddressFamily family{};  // resolve and connect over this family only
  AnnounceParams params;
  bool allow_local = false;  // for TrackerAddressPolicy
  TimePoint deadline{};      // give up then
};

struct TrackerPeer {
  Endpoint endpoint;
  std::uint32_t tracker = 0;  // index in trackers()
  Sha1Digest info_hash = {};  // it was found by: a hybrid's other one may be unknown to it
  bool operator==(const TrackerPeer&) const = default;
};

enum class AnnouncerTrackerState : std::uint8_t {
  idle,        // not asked yet, or stopped
  announcing,  // asked for the first time
  working,
  failing,
  unsupported,  // a scheme we do not speak
  refused,      // the URL is not acceptable
};
// "idle", "announcing", "working", "failing", "unsupported", "refused".
[[nodiscard]] const char* state_name(AnnouncerTrackerState state);

struct AnnouncerTracker {
  std::string url;
  std::uint32_t tier = 0;
  AnnouncerTrackerState state{};
  std::string last_error;  // empty while working
  std::string warning;     // the tracker's latest
  std::optional<TimePoint> next_announce;
  std::uint32_t seeders = 0;
  std::uint32_t leechers = 0;
  std::uint32_t downloads = 0;
  std::uint32_t peers_received = 0;
  std::uint32_t failures = 0;            // in a row
  std::optional<IpAddress> external_ip;  // BEP 24: how it saw us last
};

// How one announce ended, for the user to see. Also made, once, of each tracker whose URL we do not
// speak or accept: nothing is ever asked of it.
struct AnnounceResult {
  std::uint32_t tracker = 0;  // index in trackers()
  AddressFamily family{};
  AnnounceEvent event{};
  std::optional<TrackerError> error;     // nothing: it answered
  std::optional<std::uint32_t> seeders;  // as the answer says, like the next
  std::optional<std::uint32_t> leechers;
  std::uint32_t peers = 0;        // usable ones in the answer
  std::string warning;            // of the answer
  std::optional<TimePoint> next;  // when it will be asked again, as things stand
};

class Announcer {
 public:
  // `hashes`: what to announce; both of a hybrid, v1 first. `random` must outlive the announcer.
  // The same URL in several places counts once, at its first.
  Announcer(AnnouncerConfig config, const std::vector<AnnouncerTier>& tiers,
            std::vector<Sha1Digest> hashes, Random& random);

  // --- Input. -----------------------------------------------------------------------------------
  // Begins with `started`; after stop() begins anew. Nothing when running.
  void start(TimePoint now);
  // Cancels what is in flight, except a `completed`, and queues `stopped` for each tracker that got
  // a `started`. Ends when all answered, at the latest stop_grace later.
  void stop(TimePoint now);
  // The download is complete. Counts once, and only when a next() saw left > 0 before or
  // `was_incomplete` says that this run began so.
  void completed(TimePoint now, bool was_incomplete = false);
  // More peers are needed: announces as soon as the min interval allows (60 s when the tracker
  // gave none).
  void want_peers(TimePoint now);
  // `remote`: the address that answered; decides which peers are believed.
  void handle_reply(TimePoint now, AnnounceId id, const AnnounceReply& reply,
                    const IpAddress& remote);
  void handle_failure(TimePoint now, AnnounceId id, const TrackerError& error);
  void handle_timer(TimePoint now);
  void set_port(std::uint16_t port) { config_.port = port; }
  void set_numwant(std::uint32_t numwant) { config_.numwant = numwant; }
  void set_families(TimePoint now, bool ipv4, bool ipv6);
  // A second hash became known (a hybrid's magnet named one only). Known ones are ignored.
  void add_info_hash(TimePoint now, const Sha1Digest& hash);
  // More trackers became known (of a magnet for a torrent that is here already): each tier is asked
  // as if it had been there from the start. Known URLs are ignored.
  void add_tiers(TimePoint now, const std::vector<AnnouncerTier>& tiers);

  // --- Output. ----------------------------------------------------------------------------------
  [[nodiscard]] bool ready() const { return !ready_.empty(); }
  // `stopped` announces are waiting: they are urgent.
  [[nodiscard]] bool stopping() const { return phase_ == Phase::stopping; }
  // Not started, or stopped to the end.
  [[nodiscard]] bool stopping_done() const { return phase_ == Phase::idle; }
  // The next request to make; `stats` as of now.
  [[nodiscard]] std::optional<AnnounceRequest> next(TimePoint now, const AnnounceStats& stats);
  // Requests whose answers are of no interest any more.
  [[nodiscard]] std::vector<AnnounceId> take_cancelled();
  // Since the last call, without duplicates.
  [[nodiscard]] std::vector<TrackerPeer> take_peers();
  // The announces that ended since the last call, cancelled ones left out.
  [[nodiscard]] std::vector<AnnounceResult> take_results();
  // The next time handle_timer() has something to do; what waits in next() does not count.
  [[nodiscard]] TimePoint next_deadline() const { return wake_; }
  // BEP 24: how a tracker saw us last.
  [[nodiscard]] std::optional<IpAddress> external_ip() const { return external_ip_; }

  // --- Scrapes: who may be asked, and what was heard, for the status. ---------------------------
  [[nodiscard]] std::vector<ScrapeTarget> scrape_targets() const;
  void learn_numbers(std::uint32_t tracker, const ScrapeNumbers& numbers);

  // --- Status. ----------------------------------------------------------------------------------
  [[nodiscard]] std::vector<AnnouncerTracker> trackers() const;
  [[nodiscard]] AnnouncerTracker tracker(std::uint32_t index) const { return status_of(index); }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  // URLs beyond kTrackersMax.
  [[nodiscard]] std::size_t dropped_trackers() const { return dropped_; }

 private:
  enum class Phase : std::uint8_t { idle, running, stopping };
  enum class LaneStep : std::uint8_t { free, queued, in_flight };

  struct Tracker {
    std::string text;  // as the user sees it
    std::optional<TrackerUrl> url;
    std::optional<TrackerError> refusal;
    std::uint32_t tier = 0;
    bool allow_local = false;
    std::string last_error;
    std::string warning;
    std::uint32_t seeders = 0;
    std::uint32_t leechers = 0;
    std::uint32_t downloads = 0;
    std::uint32_t peers_received = 0;
    std::optional<Duration> min_interval;  // of its latest answer
    std::optional<IpAddress> external_ip;
  };
  struct Lane {
    std::uint32_t tracker = 0;
    LaneStep step = LaneStep::free;
    bool acknowledged = false;          // the tracker answered a `started`
    bool never_again = false;           // BEP 31
    bool tracker_min_interval = false;  // `earliest` is the tracker's wish, not only ours
    std::uint32_t failures = 0;
    TimePoint earliest = TimePoint::min();  // after a success: min interval; else back-off
    std::string tracker_id;
  };
  struct Chain {
    std::uint32_t tier = 0;
    AddressFamily family{};
    std::uint32_t hash = 0;
    std::vector<Lane> lanes;  // in the order they are tried
    TimePoint due = TimePoint::min();
    TimePoint last_success = TimePoint::min();
    TimePoint hedge_at = kNever;  // while in flight: when another lane may be tried as well
    std::uint32_t queued = 0;
    std::uint32_t in_flight = 0;
    bool completed_pending = false;
  };
  struct InFlight {
    std::uint32_t chain = 0;
    std::uint32_t tracker = 0;
    AnnounceEvent event{};
    TimePoint since{};
    TimePoint deadline{};
  };
  struct Ready {
    std::uint32_t chain = 0;
    std::uint32_t tracker = 0;
  };
  // Which lane to ask now, or when to look again.
  struct Pick {
    Lane* lane = nullptr;
    TimePoint at = kNever;
  };

  void add_tracker(const std::string& text, std::uint32_t tier, bool from_user,
                   std::set<std::string>& seen);
  void add_chains(std::uint32_t hash, std::size_t first_tier, TimePoint due);
  [[nodiscard]] bool active(const Chain& chain) const;
  [[nodiscard]] static bool exhausted(const Chain& chain);
  [[nodiscard]] static Pick pick(TimePoint now, Chain& chain);
  [[nodiscard]] Lane& lane_of(std::uint32_t chain, std::uint32_t tracker);
  [[nodiscard]] AnnounceEvent event_for(const Chain& chain, const Lane& lane) const;
  [[nodiscard]] AnnounceRequest make_request(const Chain& chain, const Lane& lane,
                                             const AnnounceStats& stats) const;
  // Ends every input: queues what is due, finds out when to look again.
  void schedule(TimePoint now);
  void schedule_chains(TimePoint now);
  void queue(std::uint32_t chain, Lane& lane);
  void unqueue(std::uint32_t chain);
  [[nodiscard]] std::optional<InFlight> take_in_flight(AnnounceId id);
  void succeed(TimePoint now, const InFlight& request, const AnnounceReply& reply);
  void fail(TimePoint now, const InFlight& request, const TrackerError& error);
  // Returns how many.
  std::uint32_t keep_peers(const AnnounceReply& reply, const InFlight& request,
                           const IpAddress& remote);
  // Valid until the next one.
  AnnounceResult& add_result(const InFlight& request);
  void tell_refusals(std::size_t first_tracker);
  void cancel_all();
  [[nodiscard]] std::optional<TimePoint> next_announce(const Chain& chain, const Lane& lane) const;
  [[nodiscard]] AnnouncerTracker status_of(std::uint32_t index) const;

  AnnouncerConfig config_;
  Random& random_;
  std::vector<Tracker> trackers_;
  std::vector<std::vector<std::uint32_t>> tiers_;  // usable trackers, shuffled
  std::vector<Sha1Digest> hashes_;
  std::vector<Chain> chains_;
  std::map<AnnounceId, InFlight> in_flight_;
  std::deque<Ready> ready_;
  std::vector<AnnounceId> cancelled_;
  std::vector<TrackerPeer> peers_;
  std::set<Endpoint> peers_seen_;  // of peers_
  std::vector<AnnounceResult> results_;
  std::optional<IpAddress> external_ip_;
  Phase phase_ = Phase::idle;
  bool refusals_told_ = false;
  bool was_incomplete_ = false;
  bool completed_ = false;
  std::uint64_t next_id_ = 1;
  std::uint32_t key_ = 0;
  std::size_t dropped_ = 0;
  TimePoint stop_until_ = kNever;
  TimePoint wake_ = kNever;
};

}  // namespace weir
