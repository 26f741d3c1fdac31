// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/udp_tracker.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir {

std::optional<std::uint64_t> UdpConnectionIds::find(TimePoint now, const Endpoint& tracker) const {
  const auto it = entries_.find(tracker);
  if (it == entries_.end() || now - it->second.received >= kUdpConnectionIdLife) {
    return std::nullopt;
  }
  return it->second.id;
}

void UdpConnectionIds::put(TimePoint now, const Endpoint& tracker, std::uint64_t id) {
  if (entries_.size() >= kEntriesMax && !entries_.contains(tracker)) {
    entries_.erase(std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry.second.received; }));
  }
  entries_[tracker] = {.id = id, .received = now};
}

void UdpConnectionIds::drop(const Endpoint& tracker) { entries_.erase(tracker); }

UdpTrackerClient::UdpTrackerClient(const Endpoint& tracker, UdpTrackerRequest request,
                                   TimePoint deadline, UdpConnectionIds& ids, Random& random)
    : tracker_(tracker),
      request_(std::move(request)),
      deadline_(deadline),
      ids_(ids),
      random_(random) {}

void UdpTrackerClient::start(TimePoint now) {
  WEIR_ASSERT(!done());
  id_is_old_ = ids_.find(now, tracker_).has_value();
  send(now);
}

// Packets of one step keep their transaction id, so that a late answer to the first still counts.
void UdpTrackerClient::send(TimePoint now) {
  const auto connection = ids_.find(now, tracker_);
  const Step step = connection ? Step::asking : Step::connecting;
  if (!step_ || *step_ != step) {
    step_ = step;
    transaction_ = static_cast<std::uint32_t>(random_.next());
  }
  if (!connection) {
    outgoing_ = encode_udp_connect(transaction_);
  } else if (const auto* announce = std::get_if<UdpAnnounceRequest>(&request_)) {
    outgoing_ = encode_udp_announce(*connection, transaction_, announce->params, announce->target);
  } else {
    const auto& scrape = std::get<UdpScrapeRequest>(request_);
    outgoing_ = encode_udp_scrape(*connection, transaction_, scrape.info_hashes);
  }
  resend_at_ = now + kUdpFirstTimeout * (1 << std::min(timeouts_, kUdpTimeoutDoublingsMax));
}

bool UdpTrackerClient::handle_packet(TimePoint now, const Endpoint& from, Bytes packet) {
  if (done() || !step_ || from != tracker_) return false;
  const auto header = udp_reply_header(packet);
  if (!header || header->transaction != transaction_) return false;
  if (header->action == static_cast<std::uint32_t>(UdpTrackerAction::error)) {
    handle_error(now, packet);
    return true;
  }
  return *step_ == Step::connecting ? accept_connection(now, header->action, packet)
                                    : accept_answer(header->action, packet);
}

void UdpTrackerClient::handle_error(TimePoint now, Bytes packet) {
  ids_.drop(tracker_);
  // A tracker that restarted does not know the id it gave us: ask for a new one, once.
  if (*step_ == Step::asking && std::exchange(id_is_old_, false)) {
    timeouts_ = 0;
    send(now);
    return;
  }
  finish(std::unexpected(decode_udp_error(packet)));
}

bool UdpTrackerClient::accept_connection(TimePoint now, std::uint32_t action, Bytes packet) {
  if (action != static_cast<std::uint32_t>(UdpTrackerAction::connect)) return false;
  const auto id = decode_udp_connect(packet);
  if (!id) return false;
  ids_.put(now, tracker_, *id);
  timeouts_ = 0;
  send(now);
  return true;
}

bool UdpTrackerClient::accept_answer(std::uint32_t action, Bytes packet) {
  if (const auto* scrape = std::get_if<UdpScrapeRequest>(&request_)) {
    if (action != static_cast<std::uint32_t>(UdpTrackerAction::scrape)) return false;
    auto counts = decode_udp_scrape(packet, scrape->info_hashes);
    if (!counts) return false;
    finish(ScrapeReply{std::move(*counts), std::nullopt});
    return true;
  }
  if (action != static_cast<std::uint32_t>(UdpTrackerAction::announce)) return false;
  auto reply = decode_udp_announce(packet, tracker_.address.family());
  if (!reply) return false;
  finish(std::move(*reply));
  return true;
}

void UdpTrackerClient::handle_timer(TimePoint now) {
  if (done()) return;
  if (now >= deadline_) {
    finish(std::unexpected(
        TrackerError{TrackerErrc::timed_out, "the tracker did not answer", std::nullopt}));
    return;
  }
  if (now < resend_at_) return;
  ++timeouts_;
  // Trackers ignore ids they do not know; one from an earlier request is worth a doubt.
  if (*step_ == Step::asking && std::exchange(id_is_old_, false)) ids_.drop(tracker_);
  send(now);
}

std::optional<Buffer> UdpTrackerClient::next() { return std::exchange(outgoing_, std::nullopt); }

TimePoint UdpTrackerClient::next_deadline() const {
  return done() ? kNever : std::min(resend_at_, deadline_);
}

void UdpTrackerClient::finish(TrackerResult<UdpTrackerReply> result) {
  result_ = std::move(result);
  outgoing_.reset();
}

}  // namespace weir
