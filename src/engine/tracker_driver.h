// SPDX-License-Identifier: MIT OR Apache-2.0
// Carries announces out: turns an announcer's requests into HTTP requests, name look-ups and UDP
// packets, and their results back into answers. One for a session.
//
// Call order: begin() or cancel() or a handle_*, then drain next_action() and next_outcome(). Every
// announce begun ends in exactly one outcome, unless cancel() came first. Its deadline is one for
// all of it: the look-up of the name, the connection and the transfer.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/random.h"
#include "engine/session_types.h"
#include "tracker/announcer.h"
#include "tracker/udp_tracker.h"

namespace weir {

struct AnnounceOutcome {
  TorrentKey torrent{};
  AnnounceId announce{};
  TrackerResult<AnnounceReply> reply;
  IpAddress remote;  // who answered
};

class TrackerDriver {
 public:
  explicit TrackerDriver(Random& random) : random_(random) {}

  void begin(TimePoint now, TorrentKey torrent, const AnnounceRequest& request);
  // False: it has ended, or there is no such announce.
  bool cancel(TorrentKey torrent, AnnounceId announce);

  void handle_http_reply(TimePoint now, RequestId id, const HttpReply& reply);
  void handle_resolved(TimePoint now, RequestId id, std::span<const IpAddress> addresses);
  void handle_udp(TimePoint now, const Endpoint& from, Bytes packet);
  void handle_timer(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;

  [[nodiscard]] std::optional<SessionAction> next_action();
  [[nodiscard]] std::optional<AnnounceOutcome> next_outcome();
  [[nodiscard]] std::size_t in_flight() const { return requests_.size(); }

 private:
  struct Request {
    TorrentKey torrent{};
    AnnounceId announce{};
    AnnounceRequest request;
    std::unique_ptr<UdpTrackerClient> udp;  // once the host is resolved
    [[nodiscard]] bool looking_up() const {
      return request.url.scheme == TrackerScheme::udp && !udp;
    }
  };
  void begin_udp(TimePoint now, RequestId id, std::span<const IpAddress> addresses);
  void drain_udp(RequestId id);
  void finish(RequestId id, TrackerResult<AnnounceReply> reply, const IpAddress& remote);

  Random& random_;
  UdpConnectionIds connection_ids_;
  std::map<RequestId, Request> requests_;
  std::deque<SessionAction> actions_;
  std::deque<AnnounceOutcome> outcomes_;
  std::uint64_t next_id_ = 1;
};

}  // namespace weir
