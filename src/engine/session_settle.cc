// SPDX-License-Identifier: MIT OR Apache-2.0
// The end of every input to a session: draining the torrents it concerned, announcing, removing.
#include <algorithm>
#include <utility>

#include "engine/session_impl.h"

namespace weir {

void Session::Impl::settle(TimePoint now) {
  do {
    while (!touched_.empty()) {
      const TorrentKey key = touched_.back();
      touched_.pop_back();
      if (Torrent* torrent = find(key)) torrent->pump(now);
      schedule(key);
    }
    pump_announces(now);
  } while (!touched_.empty());
  if (!removals_.empty()) finish_removals();
}

void Session::Impl::schedule(TorrentKey key) {
  const Torrent* torrent = find(key);
  const TimePoint at = torrent != nullptr ? torrent->next_deadline() : kNever;
  const auto [known, added] = deadline_of_.try_emplace(key, kNever);
  if (known->second == at && torrent != nullptr) return;
  deadlines_.erase({known->second, key});
  known->second = at;
  if (at != kNever) deadlines_.emplace(at, key);
  if (torrent == nullptr) deadline_of_.erase(known);
}

bool Session::Impl::begin_request(TimePoint now, TorrentKey key) {
  Torrent* torrent = find(key);
  if (torrent == nullptr) return false;
  // Announces first: peers are waited for, numbers are only looked at.
  if (const auto announce = torrent->announcer().next(now, torrent->announce_stats(now))) {
    trackers_.begin(now, key, *announce);
  } else if (const auto scrape = torrent->scraper().next(now)) {
    trackers_.begin(now, key, *scrape);
  } else {
    return false;
  }
  touch(key);
  return true;
}

void Session::Impl::pump_announces(TimePoint now) {
  while (const auto key = budget_.grant(now)) {
    if (!begin_request(now, *key)) budget_.finished(*key);
  }
  while (auto outcome = trackers_.next_outcome()) {
    budget_.finished(outcome->torrent);
    Torrent* torrent = find(outcome->torrent);
    if (torrent == nullptr) continue;
    if (outcome->reply) {
      const AnnounceReply& reply = *outcome->reply;
      torrent->announcer().handle_reply(now, outcome->announce, reply, outcome->remote);
      if (reply.external_ip) external_[reply.external_ip->family()] = *reply.external_ip;
    } else {
      torrent->announcer().handle_failure(now, outcome->announce, outcome->reply.error());
    }
    touch(outcome->torrent);
  }
  while (auto outcome = trackers_.next_scraped()) {
    budget_.finished(outcome->torrent);
    Torrent* torrent = find(outcome->torrent);
    if (torrent == nullptr) continue;
    if (outcome->reply) {
      torrent->scraper().handle_reply(now, outcome->scrape, *outcome->reply);
    } else {
      torrent->scraper().handle_failure(now, outcome->scrape, outcome->reply.error());
    }
    touch(outcome->torrent);
  }
  while (auto action = trackers_.next_action()) act(std::move(*action));
}

// A torrent goes when nothing of it is under way any more: its state, and its content when asked,
// are removed by a last job.
void Session::Impl::finish_removals() {
  std::vector<TorrentKey> gone;
  std::erase_if(removals_, [&](const Removal& removal) {
    Torrent* torrent = find(removal.torrent);
    if (torrent == nullptr) return true;
    if (!torrent->stopped()) return false;
    RemoveJob work{.id = torrent->id(), .storage = nullptr};
    if (removal.content == RemoveContent::remove && torrent->has_storage()) {
      work.storage = torrent->shared_storage();
    }
    const JobId id = next_job();
    remove_jobs_.emplace(id, removal.torrent);
    act(StartJob{Job{.id = id, .torrent = removal.torrent, .work = std::move(work)}});
    gone.push_back(removal.torrent);
    return true;
  });
  for (const TorrentKey key : gone) forget_torrent(key);
}

void Session::Impl::forget_torrent(TorrentKey key) {
  std::erase_if(reads_, [key](const auto& entry) { return entry.second == key; });
  budget_.forget(key);
  down_.remove_torrent(key);
  up_.remove_torrent(key);
  torrents_.erase(key);
  schedule(key);
}

}  // namespace weir
