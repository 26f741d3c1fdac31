// SPDX-License-Identifier: MIT OR Apache-2.0
// Carries announces and scrapes out: turns the requests of announcers and scrapers into HTTP
// requests, name look-ups and UDP packets, and their results back into answers. One for a session.
//
// Call order: begin() or cancel() or a handle_*, then drain next_action(), next_outcome() and
// next_scraped(). Every request begun ends in exactly one outcome, unless it was cancelled first.
// Its deadline is one for all of it: the look-up of the name, the connection and the transfer.
// Both kinds obey the same rules on addresses and on the size of replies.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/ids.h"
#include "base/random.h"
#include "engine/session_types.h"
#include "tracker/announcer.h"
#include "tracker/scraper.h"
#include "tracker/udp_tracker.h"

namespace weir {

struct AnnounceOutcome {
  TorrentKey torrent{};
  AnnounceId announce{};
  TrackerResult<AnnounceReply> reply;
  IpAddress remote;  // who answered
};

struct ScrapeOutcome {
  TorrentKey torrent{};
  ScrapeId scrape{};
  TrackerResult<ScrapeReply> reply;
};

class TrackerDriver {
 public:
  explicit TrackerDriver(Random& random) : random_(random) {}

  void begin(TimePoint now, TorrentKey torrent, const AnnounceRequest& request);
  void begin(TimePoint now, TorrentKey torrent, const ScrapeRequest& request);
  // False: it has ended, or there is no such announce.
  bool cancel(TorrentKey torrent, AnnounceId announce);
  // Returns how many there were.
  std::size_t cancel_scrapes(TorrentKey torrent);

  void handle_http_reply(TimePoint now, RequestId id, const HttpReply& reply);
  void handle_resolved(TimePoint now, RequestId id, std::span<const IpAddress> addresses);
  void handle_udp(TimePoint now, const Endpoint& from, Bytes packet);
  void handle_timer(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;

  [[nodiscard]] std::optional<SessionAction> next_action();
  [[nodiscard]] std::optional<AnnounceOutcome> next_outcome();
  [[nodiscard]] std::optional<ScrapeOutcome> next_scraped();
  [[nodiscard]] std::size_t in_flight() const { return requests_.size(); }

 private:
  struct Request {
    TorrentKey torrent{};
    std::variant<AnnounceRequest, ScrapeRequest> what;
    std::unique_ptr<UdpTrackerClient> udp;  // once the host is resolved

    [[nodiscard]] const TrackerUrl& url() const;
    [[nodiscard]] AddressFamily family() const;
    [[nodiscard]] bool allow_local() const;
    [[nodiscard]] TimePoint deadline() const;
    [[nodiscard]] bool is_scrape() const { return std::holds_alternative<ScrapeRequest>(what); }
    // Nobody else ends it in time: a look-up has no limit of its own, and an announcer gives up
    // its HTTP announces itself.
    [[nodiscard]] bool ended_here() const {
      return !udp && (is_scrape() || url().scheme == TrackerScheme::udp);
    }
    [[nodiscard]] UdpTrackerRequest udp_request() const;
  };
  void begin(TimePoint now, Request request);
  void begin_http(TimePoint now, RequestId id);
  void begin_udp(TimePoint now, RequestId id, std::span<const IpAddress> addresses);
  void drain_udp(RequestId id);
  void finish(RequestId id, TrackerResult<UdpTrackerReply> reply, const IpAddress& remote);

  Random& random_;
  UdpConnectionIds connection_ids_;
  std::map<RequestId, Request> requests_;
  std::deque<SessionAction> actions_;
  std::deque<AnnounceOutcome> outcomes_;
  std::deque<ScrapeOutcome> scraped_;
  std::uint64_t next_id_ = 1;
};

}  // namespace weir
