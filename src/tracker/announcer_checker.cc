// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/announcer_checker.h"

#include <iterator>
#include <utility>

namespace weir {
namespace {

std::vector<AnnouncerTier> some_tiers() {
  return {{{"http://a/announce", "udp://b:6969", "http://c/announce"}},
          {{"udp://8.8.8.8:6969", "wss://d/"}},
          {{"http://e/announce"}, true},
          {{"http://[2606::1]/announce", "http://a/announce"}}};
}

AnnouncerConfig some_config(std::uint64_t seed) {
  AnnouncerConfig config;
  config.port = 6881;
  config.tiers = seed % 2 == 0 ? AnnounceTiers::all : AnnounceTiers::first_working;
  return config;
}

Sha1Digest hash_of(std::uint8_t value) {
  Sha1Digest hash;
  hash.bytes.fill(std::byte{value});
  return hash;
}

}  // namespace

AnnouncerChecker::AnnouncerChecker(std::uint64_t seed)
    : random_(seed), announcer_(some_config(seed), some_tiers(), {hash_of(1)}, random_) {}

void AnnouncerChecker::step(std::uint8_t operation, std::uint8_t argument) {
  if (!violation_.empty()) return;
  operate(operation, argument);
  drain();
  check_idle();
}

void AnnouncerChecker::operate(std::uint8_t operation, std::uint8_t argument) {
  switch (operation % 16) {
    case 0:
      return start();
    case 1:
      // Seldom, so that runs get long enough for something to happen.
      return argument % 8 == 0 ? stop() : void();
    case 2:
      stats_.left = 0;
      completed_ = true;
      return announcer_.completed(now_);
    case 3:
      return announcer_.want_peers(now_);
    case 4:
    case 5:
      if (announcer_.next_deadline() != kNever && announcer_.next_deadline() > now_) {
        now_ = announcer_.next_deadline();
      }
      return announcer_.handle_timer(now_);
    case 6:
      now_ += std::chrono::seconds(argument);
      return announcer_.handle_timer(now_);
    case 7:
    case 8:
    case 9:
      return answer(argument, operation % 16 == 9);
    case 10:
    case 11:
    case 12:
      return fail(argument, static_cast<std::uint8_t>(operation % 16 == 12 ? argument % 3 : 0));
    case 13:
      return announcer_.set_families(now_, argument % 4 != 1, argument % 4 != 2);
    case 14:
      if (argument % 8 == 7) {
        const std::string name = "http://more" + std::to_string(argument % 3) + "/announce";
        return announcer_.add_tiers(now_, {{{name, "http://a/announce", "ftp://no"}}});
      }
      return announcer_.add_info_hash(now_, hash_of(static_cast<std::uint8_t>(argument % 3)));
    case 15:
      withheld_ = argument % 4 == 0;
      return announcer_.handle_reply(now_, AnnounceId{requests_ + 1}, {}, {});
    default:
      return;
  }
}

void AnnouncerChecker::start() {
  announcer_.start(now_);
  if (running_) return;
  running_ = true;
  stop_by_ = kNever;
  for (auto& [key, contact] : contacts_) contact.started = contact.acknowledged = false;
}

void AnnouncerChecker::stop() {
  announcer_.stop(now_);
  if (!std::exchange(running_, false)) return;
  stop_by_ = now_ + std::chrono::seconds(2);
}

std::optional<std::pair<AnnounceId, AnnouncerChecker::Open>> AnnouncerChecker::take(
    std::uint8_t argument) {
  if (open_.empty()) return std::nullopt;
  const auto it = std::next(open_.begin(), static_cast<std::ptrdiff_t>(argument % open_.size()));
  const std::pair<AnnounceId, Open> taken = *it;
  open_.erase(it);
  open_keys_.erase(taken.second.key);
  return taken;
}

void AnnouncerChecker::answer(std::uint8_t argument, bool with_min_interval) {
  const auto taken = take(argument);
  if (!taken) return;
  AnnounceReply reply;
  reply.interval = std::chrono::seconds(60 + argument * 10);
  if (with_min_interval) reply.min_interval = std::chrono::seconds(60 + argument * 20);
  reply.peers.push_back({IpAddress::v4(0x08080000u + argument), 6881});
  Contact& contact = contacts_[taken->second.key];
  if (running_) {
    contact.acknowledged = true;
    contact.not_before = with_min_interval ? now_ + *reply.min_interval : TimePoint::min();
    if (taken->second.event == AnnounceEvent::completed) contact.completed_acked = true;
  }
  announcer_.handle_reply(now_, taken->first, reply, IpAddress::v4(0x08080808));
  const auto results = announcer_.take_results();
  expect(results.size() == 1 && !results[0].error, "an answer is told once");
}

void AnnouncerChecker::fail(std::uint8_t argument, std::uint8_t kind) {
  const auto taken = take(argument);
  if (!taken) return;
  TrackerError error{TrackerErrc::connection_failed, "no", std::nullopt};
  if (kind == 1) error.retry = TrackerRetryHint{.never = true};
  if (kind == 2) error.retry = TrackerRetryHint{.after = std::chrono::minutes(argument)};
  Contact& contact = contacts_[taken->second.key];
  if (kind == 2 && running_) {
    contact.not_before = std::max(contact.not_before, now_ + error.retry->after);
  }
  announcer_.handle_failure(now_, taken->first, error);
  const auto results = announcer_.take_results();
  expect(results.size() == 1 && results[0].error == error, "a failure is told once");
}

void AnnouncerChecker::drain() {
  for (const AnnounceResult& result : announcer_.take_results()) {
    expect(result.error.has_value(), "nothing answered by itself");
  }
  for (const AnnounceId id : announcer_.take_cancelled()) {
    const auto it = open_.find(id);
    expect(it != open_.end(), "only open requests are cancelled");
    if (it == open_.end()) continue;
    open_keys_.erase(it->second.key);
    open_.erase(it);
  }
  std::set<Endpoint> seen;
  for (const TrackerPeer& peer : announcer_.take_peers()) {
    expect(seen.insert(peer.endpoint).second, "peers are reported once");
  }
  if (withheld_) return;
  while (const auto request = announcer_.next(now_, stats_)) check_request(*request);
  expect(announcer_.in_flight() == open_.size(), "the announcer knows what is in flight");
}

void AnnouncerChecker::check_request(const AnnounceRequest& request) {
  ++requests_;
  const AnnounceEvent event = request.params.event;
  const Key key{request.url.text(), request.family, request.params.info_hash};
  Contact& contact = contacts_[key];
  expect(open_keys_.insert(key).second, "one request at a time for tracker, family and hash");
  open_[request.id] = {.key = key, .event = event};
  expect(request.deadline > now_ || event == AnnounceEvent::stopped, "a deadline ahead");
  switch (event) {
    case AnnounceEvent::none:
      expect(contact.acknowledged, "a plain announce follows an acknowledged `started`");
      break;
    case AnnounceEvent::completed:
      expect(contact.acknowledged, "`completed` follows an acknowledged `started`");
      expect(completed_ && !contact.completed_acked, "`completed` once, after completion");
      break;
    case AnnounceEvent::started:
      expect(!contact.acknowledged, "`started` until acknowledged");
      contact.started = true;
      break;
    case AnnounceEvent::stopped:
      expect(contact.started, "`stopped` only after `started`");
      contact.started = contact.acknowledged = false;
      break;
  }
  expect(running_ == (event != AnnounceEvent::stopped), "`stopped` exactly while stopping");
  const bool may_be_early = event == AnnounceEvent::stopped || event == AnnounceEvent::completed;
  expect(may_be_early || now_ >= contact.not_before, "never before the min interval");
}

void AnnouncerChecker::check_idle() {
  if (now_ >= stop_by_) {
    announcer_.handle_timer(now_);
    drain();
    expect(announcer_.stopping_done(), "stopped 2 s after stop()");
    expect(announcer_.next_deadline() == kNever && !announcer_.ready(), "silent once stopped");
  }
  if (withheld_) return;
  announcer_.handle_timer(now_);
  drain();
  expect(announcer_.next_deadline() > now_, "no deadline that has passed is left over");
}

}  // namespace weir
