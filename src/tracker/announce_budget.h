// SPDX-License-Identifier: MIT OR Apache-2.0
// Limits announces over all torrents of a session: so many in flight, so many started in any second
// (TRH-15), in turns between torrents.
//
// Owner: the session. Call order: want() when Announcer::ready(); grant() until it yields nothing,
// and for each torrent it names exactly one Announcer::next() followed by want() again if ready()
// still; finished() when that announce was answered, failed or cancelled. When next() yields
// nothing after all, finished() at once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/ids.h"
#include "base/time.h"

namespace weir {

enum class AnnounceUrgency : std::uint8_t {
  normal,
  urgent,  // `stopped` announces: they have 2 s
};

struct AnnounceBudgetConfig {
  std::uint32_t in_flight_max = 50;
  std::uint32_t per_torrent_in_flight_max = 25;  // so that one torrent can't take all
  std::uint32_t per_second_max = 50;
};

class AnnounceBudget {
 public:
  explicit AnnounceBudget(AnnounceBudgetConfig config = {}) : config_(config) {}

  // Joins the queue; nothing when it is in already, except that it may become urgent.
  void want(TorrentKey torrent, AnnounceUrgency urgency);
  // Leaves the queue. Announces in flight still need finished().
  void forget(TorrentKey torrent);
  // The torrent whose turn it is.
  [[nodiscard]] std::optional<TorrentKey> grant(TimePoint now);
  void finished(TorrentKey torrent);

  // When grant() should be asked again for lack of rate; kNever when nobody waits or only
  // finished() can help.
  [[nodiscard]] TimePoint next_deadline() const;
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_total_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Place {
    AnnounceUrgency urgency{};
    std::uint64_t number = 0;
    auto operator<=>(const Place&) const = default;
  };
  using Queue = std::map<std::uint64_t, TorrentKey>;  // by number: first come, first served

  [[nodiscard]] Queue& queue_of(AnnounceUrgency urgency) {
    return urgency == AnnounceUrgency::urgent ? urgent_ : normal_;
  }
  [[nodiscard]] bool has_slot(TorrentKey torrent) const;
  [[nodiscard]] std::optional<TorrentKey> first_with_slot() const;

  AnnounceBudgetConfig config_;
  std::map<TorrentKey, Place> waiting_;
  Queue urgent_;
  Queue normal_;
  std::uint64_t next_number_ = 0;
  std::map<TorrentKey, std::uint32_t> in_flight_;
  std::uint32_t in_flight_total_ = 0;
  std::deque<TimePoint> granted_;  // the last per_second_max grants, oldest first
};

}  // namespace weir
