// SPDX-License-Identifier: MIT OR Apache-2.0
// What happened to torrents, numbered and kept for a while, for readers that come back and go on
// where they were.
//
//   const EventLog::Batch batch = log.after(seen, 100);
//   if (batch.events.empty()) log.wait(batch.last, [] { … });
//
// Threads: every method from any thread. push() is fit for the engine's: it takes a lock for a
// moment and calls those who wait.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/session_types.h"

namespace weir {

enum class NodeEventKind : std::uint8_t {
  added,
  metadata,
  checked,
  done,
  failed,
  recovered,
  removed,
  tracker,
  scrape,
};
// Stable: "torrent_added", "metadata", "tracker", …
[[nodiscard]] const char* event_name(NodeEventKind kind);

struct NodeEvent {
  std::uint64_t number = 0;  // from 1, without gaps
  std::int64_t unix_ms = 0;
  NodeEventKind kind{};
  std::string hash;  // torrent_id() when it was added
  std::string name;  // added: as far as it is known
  std::string code;  // failed, and tracker and scrape when it failed: stable
  std::string text;  // tracker and scrape: for people
  bool recovers = false;
  std::string tracker;  // without path and query, which may hold a secret
  std::string state;    // of the tracker
  std::uint32_t peers = 0;
  std::uint32_t seeders = 0, leechers = 0, downloads = 0;  // scrape
};

// The name of a torrent in this node: its v1 info hash in hexadecimal, else the v2 one.
[[nodiscard]] std::string torrent_id(const InfoHashes& hashes);
// Scheme, host and port of a tracker's URL. The rest of a private tracker's is a password.
[[nodiscard]] std::string tracker_origin(std::string_view url);

class EventLog {
 public:
  static constexpr std::size_t kEventsMax = 10'000;
  enum class WaitId : std::uint64_t {};

  explicit EventLog(std::size_t events_max = kEventsMax) : events_max_(events_max) {}

  // A torrent that was there before the log was.
  void learn(TorrentKey torrent, const InfoHashes& hashes);
  void push(const Event& event, std::int64_t unix_ms);

  struct Batch {
    std::vector<NodeEvent> events;  // those after the number asked about, oldest first
    std::uint64_t last = 0;         // of these, or the number asked about
    bool missed = false;            // some in between are not kept any more
  };
  [[nodiscard]] Batch after(std::uint64_t number, std::size_t events_max) const;
  [[nodiscard]] std::uint64_t last() const;

  // Calls `woken` once: when there is an event after `number`, or at close(); at once when it is so
  // already. On the thread that pushes: must not block.
  WaitId wait(std::uint64_t number, std::function<void()> woken);
  // `woken` may still be running.
  void cancel(WaitId wait);
  // Wakes everybody; what waits later is woken at once.
  void close();
  [[nodiscard]] bool closed() const;

 private:
  const std::size_t events_max_;
  mutable std::mutex mutex_;  // everything below
  std::deque<NodeEvent> events_;
  std::uint64_t last_ = 0;
  std::map<TorrentKey, std::string> names_;
  std::uint64_t last_wait_ = 0;
  std::map<WaitId, std::function<void()>> waiting_;
  bool closed_ = false;
};

}  // namespace weir
