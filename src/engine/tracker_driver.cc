// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/tracker_driver.h"

#include <algorithm>
#include <utility>

#include "tracker/http_tracker.h"

namespace weir {

const TrackerUrl& TrackerDriver::Request::url() const {
  return std::visit([](const auto& it) -> const TrackerUrl& { return it.url; }, what);
}

AddressFamily TrackerDriver::Request::family() const {
  return std::visit([](const auto& it) { return it.family; }, what);
}

bool TrackerDriver::Request::allow_local() const {
  return std::visit([](const auto& it) { return it.allow_local; }, what);
}

TimePoint TrackerDriver::Request::deadline() const {
  return std::visit([](const auto& it) { return it.deadline; }, what);
}

UdpTrackerRequest TrackerDriver::Request::udp_request() const {
  if (const auto* scrape = std::get_if<ScrapeRequest>(&what)) {
    return UdpScrapeRequest{scrape->hashes};
  }
  const auto& announce = std::get<AnnounceRequest>(what);
  return UdpAnnounceRequest{announce.params, announce.url.target};
}

void TrackerDriver::begin(TimePoint now, TorrentKey torrent, const AnnounceRequest& request) {
  begin(now, Request{torrent, request, nullptr});
}

void TrackerDriver::begin(TimePoint now, TorrentKey torrent, const ScrapeRequest& request) {
  begin(now, Request{torrent, request, nullptr});
}

void TrackerDriver::begin(TimePoint now, Request request) {
  const auto id = static_cast<RequestId>(next_id_++);
  const TrackerUrl url = request.url();
  const AddressFamily family = request.family();
  requests_.emplace(id, std::move(request));
  if (url.scheme != TrackerScheme::udp) return begin_http(now, id);
  if (url.literal) return begin_udp(now, id, {&*url.literal, 1});
  actions_.emplace_back(Resolve{id, url.host, family});
}

void TrackerDriver::begin_http(TimePoint now, RequestId id) {
  const Request& request = requests_.at(id);
  HttpGet get;
  get.id = id;
  if (const auto* scrape = std::get_if<ScrapeRequest>(&request.what)) {
    auto url = http_scrape_url(scrape->url, scrape->hashes);
    if (!url) return finish(id, std::unexpected(std::move(url).error()), {});
    get.url = std::move(*url);
  } else {
    const auto& announce = std::get<AnnounceRequest>(request.what);
    get.url = http_announce_url(announce.url, announce.params);
  }
  get.family = request.family();
  get.timeout = request.deadline() - now;
  get.body_max = kTrackerReplyMax;
  get.allow_local = request.allow_local();
  actions_.emplace_back(std::move(get));
}

bool TrackerDriver::cancel(TorrentKey torrent, AnnounceId announce) {
  const auto it = std::find_if(requests_.begin(), requests_.end(), [&](const auto& entry) {
    const auto* asked = std::get_if<AnnounceRequest>(&entry.second.what);
    return entry.second.torrent == torrent && asked != nullptr && asked->id == announce;
  });
  if (it == requests_.end()) return false;
  actions_.emplace_back(CancelRequest{it->first});
  requests_.erase(it);
  return true;
}

std::size_t TrackerDriver::cancel_scrapes(TorrentKey torrent) {
  return std::erase_if(requests_, [&](const auto& entry) {
    const bool theirs = entry.second.torrent == torrent && entry.second.is_scrape();
    if (theirs) actions_.emplace_back(CancelRequest{entry.first});
    return theirs;
  });
}

void TrackerDriver::finish(RequestId id, TrackerResult<UdpTrackerReply> reply,
                           const IpAddress& remote) {
  const auto node = requests_.extract(id);
  const Request& request = node.mapped();
  if (const auto* scrape = std::get_if<ScrapeRequest>(&request.what)) {
    ScrapeOutcome outcome{request.torrent, scrape->id, {}};
    if (reply) {
      outcome.reply = std::get<ScrapeReply>(std::move(*reply));
    } else {
      outcome.reply = std::unexpected(std::move(reply).error());
    }
    scraped_.push_back(std::move(outcome));
    return;
  }
  AnnounceOutcome outcome{request.torrent, std::get<AnnounceRequest>(request.what).id, {}, remote};
  if (reply) {
    outcome.reply = std::get<AnnounceReply>(std::move(*reply));
  } else {
    outcome.reply = std::unexpected(std::move(reply).error());
  }
  outcomes_.push_back(std::move(outcome));
}

void TrackerDriver::handle_http_reply(TimePoint, RequestId id, const HttpReply& reply) {
  const auto it = requests_.find(id);
  if (it == requests_.end() || it->second.udp) return;
  if (reply.status == 0) {
    const TrackerError error{reply.failure, tracker_text(reply.error), {}};
    return finish(id, std::unexpected(error), reply.remote);
  }
  if (const auto* scrape = std::get_if<ScrapeRequest>(&it->second.what)) {
    return finish(id, parse_http_scrape(reply.status, reply.body, scrape->hashes), reply.remote);
  }
  finish(id, parse_http_announce(reply.status, reply.body), reply.remote);
}

void TrackerDriver::handle_resolved(TimePoint now, RequestId id,
                                    std::span<const IpAddress> addresses) {
  if (requests_.contains(id)) begin_udp(now, id, addresses);
}

void TrackerDriver::begin_udp(TimePoint now, RequestId id, std::span<const IpAddress> addresses) {
  Request& request = requests_.at(id);
  TrackerError failure{TrackerErrc::unresolved, request.url().host + " has no such address", {}};
  for (const IpAddress& address : addresses) {
    if (address.family() != request.family()) continue;
    const Endpoint tracker{address, request.url().port};
    if (!tracker_address_allowed(TrackerScheme::udp, tracker, {request.allow_local()})) {
      failure = {
          TrackerErrc::address_refused, address_refusal_text(TrackerScheme::udp, tracker), {}};
      continue;
    }
    request.udp = std::make_unique<UdpTrackerClient>(tracker, request.udp_request(),
                                                     request.deadline(), connection_ids_, random_);
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
  finish(id, udp.result(), remote);
}

void TrackerDriver::handle_udp(TimePoint now, const Endpoint& from, Bytes packet) {
  for (auto& [id, request] : requests_) {
    if (!request.udp || !request.udp->handle_packet(now, from, packet)) continue;
    return drain_udp(id);
  }
}

void TrackerDriver::handle_timer(TimePoint now) {
  std::vector<RequestId> due;
  std::vector<RequestId> late;
  for (auto& [id, request] : requests_) {
    if (request.ended_here() && request.deadline() <= now) late.push_back(id);
    if (!request.udp || request.udp->next_deadline() > now) continue;
    request.udp->handle_timer(now);
    due.push_back(id);
  }
  for (const RequestId id : due) drain_udp(id);
  for (const RequestId id : late) {
    actions_.emplace_back(CancelRequest{id});
    const bool udp = requests_.at(id).url().scheme == TrackerScheme::udp;
    const TrackerError error{TrackerErrc::timed_out,
                             udp ? "no answer from name servers" : "the tracker did not answer",
                             {}};
    finish(id, std::unexpected(error), {});
  }
}

TimePoint TrackerDriver::next_deadline() const {
  TimePoint at = kNever;
  for (const auto& [id, request] : requests_) {
    if (request.udp) at = std::min(at, request.udp->next_deadline());
    if (request.ended_here()) at = std::min(at, request.deadline());
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

std::optional<ScrapeOutcome> TrackerDriver::next_scraped() {
  if (scraped_.empty()) return std::nullopt;
  ScrapeOutcome outcome = std::move(scraped_.front());
  scraped_.pop_front();
  return outcome;
}

}  // namespace weir
