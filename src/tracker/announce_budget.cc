// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/announce_budget.h"

#include "base/assert.h"

namespace weir {
namespace {
constexpr Duration kRateWindow = std::chrono::seconds(1);
}  // namespace

void AnnounceBudget::want(TorrentKey torrent, AnnounceUrgency urgency) {
  const auto it = waiting_.find(torrent);
  if (it != waiting_.end()) {
    if (it->second.urgency == AnnounceUrgency::urgent || urgency == AnnounceUrgency::normal) return;
    forget(torrent);
  }
  const Place place{.urgency = urgency, .number = next_number_++};
  waiting_[torrent] = place;
  queue_of(urgency)[place.number] = torrent;
}

void AnnounceBudget::forget(TorrentKey torrent) {
  const auto it = waiting_.find(torrent);
  if (it == waiting_.end()) return;
  queue_of(it->second.urgency).erase(it->second.number);
  waiting_.erase(it);
}

bool AnnounceBudget::has_slot(TorrentKey torrent) const {
  const auto it = in_flight_.find(torrent);
  return it == in_flight_.end() || it->second < config_.per_torrent_in_flight_max;
}

std::optional<TorrentKey> AnnounceBudget::first_with_slot() const {
  for (const Queue* queue : {&urgent_, &normal_}) {
    for (const auto& [number, torrent] : *queue) {
      if (has_slot(torrent)) return torrent;
    }
  }
  return std::nullopt;
}

std::optional<TorrentKey> AnnounceBudget::grant(TimePoint now) {
  if (in_flight_total_ >= config_.in_flight_max) return std::nullopt;
  const bool rate_used_up = granted_.size() >= config_.per_second_max;
  if (rate_used_up && (granted_.empty() || now - granted_.front() < kRateWindow)) {
    return std::nullopt;
  }
  const auto torrent = first_with_slot();
  if (!torrent) return std::nullopt;
  forget(*torrent);
  if (rate_used_up) granted_.pop_front();
  granted_.push_back(now);
  ++in_flight_[*torrent];
  ++in_flight_total_;
  return torrent;
}

void AnnounceBudget::finished(TorrentKey torrent) {
  const auto it = in_flight_.find(torrent);
  WEIR_ASSERT(it != in_flight_.end());
  if (--it->second == 0) in_flight_.erase(it);
  --in_flight_total_;
}

TimePoint AnnounceBudget::next_deadline() const {
  if (in_flight_total_ >= config_.in_flight_max || !first_with_slot()) return kNever;
  if (granted_.empty()) return config_.per_second_max == 0 ? kNever : TimePoint{};
  if (granted_.size() < config_.per_second_max) return granted_.back();
  return granted_.front() + kRateWindow;
}

}  // namespace weir
