// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/tracker_driver.h"

#include <algorithm>
#include <utility>

#include "tracker/http_tracker.h"

namespace weir {

void TrackerDriver::begin(TimePoint now, TorrentKey torrent, const AnnounceRequest& request) {
  const auto id = static_cast<RequestId>(next_id_++);
  requests_.emplace(id, Request{torrent, request.id, request, nullptr});
  if (request.url.scheme != TrackerScheme::udp) {
    HttpGet get;
    get.id = id;
    get.url = http_announce_url(request.url, request.params);
    get.family = request.family;
    get.timeout = request.deadline - now;
    get.body_max = kTrackerReplyMax;
    get.allow_local = request.allow_local;
    actions_.emplace_back(std::move(get));
    return;
  }
  if (request.url.literal) {
    const IpAddress literal = *request.url.literal;
    return begin_udp(now, id, {&literal, 1});
  }
  actions_.emplace_back(Resolve{id, request.url.host, request.family});
}

bool TrackerDriver::cancel(TorrentKey torrent, AnnounceId announce) {
  const auto it = std::find_if(requests_.begin(), requests_.end(), [&](const auto& entry) {
    return entry.second.torrent == torrent && entry.second.announce == announce;
  });
  if (it == requests_.end()) return false;
  actions_.emplace_back(CancelRequest{it->first});
  requests_.erase(it);
  return true;
}

void TrackerDriver::finish(RequestId id, TrackerResult<AnnounceReply> reply,
                           const IpAddress& remote) {
  const auto it = requests_.find(id);
  outcomes_.push_back({it->second.torrent, it->second.announce, std::move(reply), remote});
  requests_.erase(it);
}

void TrackerDriver::handle_http_reply(TimePoint, RequestId id, const HttpReply& reply) {
  const auto it = requests_.find(id);
  if (it == requests_.end() || it->second.udp) return;
  if (reply.status == 0) {
    const TrackerError error{reply.failure, tracker_text(reply.error), {}};
    return finish(id, std::unexpected(error), reply.remote);
  }
  finish(id, parse_http_announce(reply.status, reply.body), reply.remote);
}

void TrackerDriver::handle_resolved(TimePoint now, RequestId id,
                                    std::span<const IpAddress> addresses) {
  if (requests_.contains(id)) begin_udp(now, id, addresses);
}

void TrackerDriver::begin_udp(TimePoint now, RequestId id, std::span<const IpAddress> addresses) {
  Request& request = requests_.at(id);
  const AnnounceRequest& announce = request.request;
  TrackerError failure{TrackerErrc::unresolved, announce.url.host + " has no such address", {}};
  for (const IpAddress& address : addresses) {
    if (address.family() != announce.family) continue;
    const Endpoint tracker{address, announce.url.port};
    if (!tracker_address_allowed(TrackerScheme::udp, tracker, {announce.allow_local})) {
      failure = {
          TrackerErrc::address_refused, address_refusal_text(TrackerScheme::udp, tracker), {}};
      continue;
    }
    request.udp = std::make_unique<UdpTrackerClient>(
        tracker, UdpAnnounceRequest{announce.params, announce.url.target}, announce.deadline,
        connection_ids_, random_);
    request.udp->start(now);
    return drain_udp(id);
  }
  finish(id, std::unexpected(std::move(failure)), {});
}

void TrackerDriver::drain_udp(RequestId id) {
  UdpTrackerClient& udp = *requests_.at(id).udp;
  while (auto packet = udp.next()) {
    actions_.emplace_back(SendUdp{udp.tracker(), std::move(*packet)});
  }
  if (!udp.done()) return;
  const IpAddress remote = udp.tracker().address;
  if (!udp.result()) return finish(id, std::unexpected(udp.result().error()), remote);
  finish(id, std::get<AnnounceReply>(*udp.result()), remote);
}

void TrackerDriver::handle_udp(TimePoint now, const Endpoint& from, Bytes packet) {
  for (auto& [id, request] : requests_) {
    if (!request.udp || !request.udp->handle_packet(now, from, packet)) continue;
    return drain_udp(id);
  }
}

void TrackerDriver::handle_timer(TimePoint now) {
  std::vector<RequestId> due;
  std::vector<RequestId> unresolved;
  for (auto& [id, request] : requests_) {
    if (request.looking_up() && request.request.deadline <= now) unresolved.push_back(id);
    if (!request.udp || request.udp->next_deadline() > now) continue;
    request.udp->handle_timer(now);
    due.push_back(id);
  }
  for (const RequestId id : due) drain_udp(id);
  for (const RequestId id : unresolved) {
    actions_.emplace_back(CancelRequest{id});
    const TrackerError error{TrackerErrc::timed_out, "no answer from name servers", {}};
    finish(id, std::unexpected(error), {});
  }
}

TimePoint TrackerDriver::next_deadline() const {
  TimePoint at = kNever;
  for (const auto& [id, request] : requests_) {
    if (request.udp) at = std::min(at, request.udp->next_deadline());
    if (request.looking_up()) at = std::min(at, request.request.deadline);
  }
  return at;
}

std::optional<SessionAction> TrackerDriver::next_action() {
  if (actions_.empty()) return std::nullopt;
  SessionAction action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

std::optional<AnnounceOutcome> TrackerDriver::next_outcome() {
  if (outcomes_.empty()) return std::nullopt;
  AnnounceOutcome outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  return outcome;
}

}  // namespace weir
