// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/event_log.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir {
namespace {

// What an event becomes; nothing for those that are too many or nobody's news.
struct Translation {
  NodeEvent& out;

  bool operator()(const TorrentAdded& added) const {
    out.name = added.name;
    return says(NodeEventKind::added);
  }
  bool operator()(const MetadataReady&) const { return says(NodeEventKind::metadata); }
  bool operator()(const CheckDone&) const { return says(NodeEventKind::checked); }
  bool operator()(const PieceDone&) const { return false; }
  bool operator()(const FileDone&) const { return false; }
  bool operator()(const TorrentDone&) const { return says(NodeEventKind::done); }
  bool operator()(const TorrentFailed& failed) const {
    out.code = failed.code;
    out.recovers = failed.recovers;
    return says(NodeEventKind::failed);
  }
  bool operator()(const TorrentRecovered&) const { return says(NodeEventKind::recovered); }
  bool operator()(const TorrentRemoved&) const { return says(NodeEventKind::removed); }
  bool operator()(const TrackerWarning& warning) const {
    out.tracker = tracker_origin(warning.url);
    out.text = warning.text;
    return says(NodeEventKind::tracker);
  }
  bool operator()(const TrackerAnnounced& announced) const {
    out.tracker = tracker_origin(announced.url);
    out.state = announced.state;
    out.peers = announced.peers;
    if (announced.failure) {
      out.code = announced.failure->code;
      out.text = announced.failure->text;
    }
    return says(NodeEventKind::tracker);
  }
  bool operator()(const TrackerScraped& scraped) const {
    out.tracker = tracker_origin(scraped.url);
    out.seeders = scraped.seeders;
    out.leechers = scraped.leechers;
    out.downloads = scraped.downloads;
    if (scraped.failure) {
      out.code = scraped.failure->code;
      out.text = scraped.failure->text;
    }
    return says(NodeEventKind::scrape);
  }
  bool operator()(const PeerBanned&) const { return false; }
  bool operator()(const ReadDone&) const { return false; }

  [[nodiscard]] bool says(NodeEventKind kind) const {
    out.kind = kind;
    return true;
  }
};

}  // namespace

const char* event_name(NodeEventKind kind) {
  switch (kind) {
    case NodeEventKind::added:
      return "torrent_added";
    case NodeEventKind::metadata:
      return "metadata";
    case NodeEventKind::checked:
      return "torrent_checked";
    case NodeEventKind::done:
      return "torrent_done";
    case NodeEventKind::failed:
      return "torrent_failed";
    case NodeEventKind::recovered:
      return "torrent_recovered";
    case NodeEventKind::removed:
      return "torrent_removed";
    case NodeEventKind::tracker:
      return "tracker";
    case NodeEventKind::scrape:
      return "scrape";
  }
  std::unreachable();
}

std::string torrent_id(const InfoHashes& hashes) {
  if (hashes.v1) return hashes.v1->hex();
  return hashes.v2 ? hashes.v2->hex() : std::string();
}

std::string tracker_origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  std::string_view authority = url.substr(begin, end - begin);
  // A user and a password are before the host.
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  return std::string(url.substr(0, begin)) + std::string(authority);
}

void EventLog::learn(TorrentKey torrent, const InfoHashes& hashes) {
  const std::lock_guard lock(mutex_);
  names_.emplace(torrent, torrent_id(hashes));
}

void EventLog::push(const Event& event, std::int64_t unix_ms) {
  NodeEvent out;
  if (!std::visit(Translation{out}, event.body)) return;
  out.unix_ms = unix_ms;
  std::map<WaitId, std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (const auto* added = std::get_if<TorrentAdded>(&event.body)) {
      names_[event.torrent] = torrent_id(added->hashes);
    }
    if (const auto it = names_.find(event.torrent); it != names_.end()) out.hash = it->second;
    if (out.kind == NodeEventKind::removed) names_.erase(event.torrent);
    out.number = ++last_;
    events_.push_back(std::move(out));
    if (events_.size() > events_max_) events_.pop_front();
    waiting.swap(waiting_);
  }
  for (auto& [id, woken] : waiting) woken();
}

EventLog::Batch EventLog::after(std::uint64_t number, std::size_t events_max) const {
  const std::lock_guard lock(mutex_);
  Batch out;
  out.last = number;
  const std::uint64_t first = last_ - events_.size() + 1;  // kept
  out.missed = number + 1 < first;
  std::size_t at = out.missed ? 0 : static_cast<std::size_t>(number + 1 - first);
  for (; at < events_.size() && out.events.size() < events_max; ++at) {
    out.events.push_back(events_[at]);
  }
  if (!out.events.empty()) out.last = out.events.back().number;
  return out;
}

std::uint64_t EventLog::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

EventLog::WaitId EventLog::wait(std::uint64_t number, std::function<void()> woken) {
  WaitId id{};
  {
    const std::lock_guard lock(mutex_);
    id = static_cast<WaitId>(++last_wait_);
    if (!closed_ && last_ <= number) {
      waiting_.emplace(id, std::move(woken));
      return id;
    }
  }
  woken();
  return id;
}

void EventLog::cancel(WaitId wait) {
  std::function<void()> dropped;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto it = waiting_.find(wait);
  if (it == waiting_.end()) return;
  dropped = std::move(it->second);
  waiting_.erase(it);
}

void EventLog::close() {
  std::map<WaitId, std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting.swap(waiting_);
  }
  for (auto& [id, woken] : waiting) woken();
}

bool EventLog::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace weir
