// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands, background work, timers and status of a session. Connections are in
// session_connections.cc.
#include "engine/session.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/session_impl.h"

namespace weir {

const char* error_name(SessionErrc code) {
  switch (code) {
    case SessionErrc::already_added:
      return "already_added";
    case SessionErrc::no_such_torrent:
      return "no_such_torrent";
    case SessionErrc::no_such_file:
      return "no_such_file";
    case SessionErrc::no_metadata:
      return "no_metadata";
    case SessionErrc::path_conflict:
      return "path_conflict";
    case SessionErrc::bad_metadata:
      return "bad_metadata";
    case SessionErrc::bad_request:
      return "bad_request";
    case SessionErrc::stopping:
      return "stopping";
    case SessionErrc::torrents_max:
      return "torrents_max";
  }
  return "unknown";
}

const char* state_name(TorrentState state) {
  switch (state) {
    case TorrentState::fetching_metadata:
      return "fetching_metadata";
    case TorrentState::preparing:
      return "preparing";
    case TorrentState::checking:
      return "checking";
    case TorrentState::downloading:
      return "downloading";
    case TorrentState::seeding:
      return "seeding";
    case TorrentState::paused:
      return "paused";
    case TorrentState::failed:
      return "failed";
    case TorrentState::stopping:
      return "stopping";
  }
  return "unknown";
}

Session::Impl::Impl(SessionConfig config, std::uint64_t seed)
    : config_(std::move(config)),
      random_(seed),
      pool_(config_.buffer_bytes_max, config_.buffer_idle_max),
      trackers_(random_) {
  down_.set_global({}, config_.limits.down_bytes_per_second);
  up_.set_global({}, config_.limits.up_bytes_per_second);
}

Session::Session(SessionConfig config, std::uint64_t random_seed)
    : impl_(std::make_unique<Impl>(std::move(config), random_seed)) {}
Session::~Session() = default;

Torrent* Session::Impl::find(TorrentKey key) {
  const auto it = torrents_.find(key);
  return it == torrents_.end() ? nullptr : it->second.get();
}

const Torrent* Session::Impl::find(TorrentKey key) const {
  const auto it = torrents_.find(key);
  return it == torrents_.end() ? nullptr : it->second.get();
}

SessionResult<TorrentKey> Session::add(TimePoint now, AddTorrent request) {
  Impl& s = *impl_;
  if (s.stopping_) return std::unexpected(SessionError{SessionErrc::stopping, {}});
  if (!request.metadata && !request.magnet) {
    return std::unexpected(SessionError{SessionErrc::bad_request, "neither metadata nor magnet"});
  }
  if (s.torrents_.size() >= s.config_.torrents_max) {
    return std::unexpected(SessionError{SessionErrc::torrents_max, {}});
  }
  const InfoHashes hashes =
      request.metadata ? request.metadata->info->hashes : request.magnet->hashes;
  if (find(hashes)) {
    return std::unexpected(SessionError{SessionErrc::already_added, hashes.wire_hash().hex()});
  }
  if (request.storage.side_root.empty()) request.storage.side_root = s.config_.side_root;
  const auto key = static_cast<TorrentKey>(s.next_torrent_++);
  const PathUse use = request.seed_only ? PathUse::reads : PathUse::writes;
  if (request.metadata && !s.free_paths(key, *request.metadata->info, request.storage, use)) {
    return std::unexpected(SessionError{SessionErrc::path_conflict,
                                        request.storage.root + "/" + request.metadata->info->name});
  }
  s.add_hashes(now, key, hashes);
  const RateLimits limits = request.limits;
  s.act(Event{key, TorrentAdded{hashes, request.metadata ? request.metadata->info->name
                                                         : request.magnet->name}});
  s.torrents_.emplace(key, std::make_unique<Torrent>(now, key, s, std::move(request)));
  set_torrent_limits(now, key, limits);
  s.touch(key);
  s.settle(now);
  return key;
}

void Session::remove(TimePoint now, TorrentKey torrent, RemoveContent content) {
  Impl& s = *impl_;
  Torrent* t = s.find(torrent);
  if (t == nullptr) return;
  t->stop(now);
  const auto known = std::find_if(s.removals_.begin(), s.removals_.end(),
                                  [torrent](const auto& r) { return r.torrent == torrent; });
  if (known == s.removals_.end()) {
    s.removals_.push_back({torrent, content});
  } else if (content == RemoveContent::remove) {
    known->content = content;  // asked for again before it was gone, and for more
  }
  s.touch(torrent);
  s.settle(now);
}

void Session::pause(TimePoint now, TorrentKey torrent) {
  if (Torrent* t = impl_->find(torrent)) t->pause(now);
  impl_->touch(torrent);
  impl_->settle(now);
}

void Session::resume(TimePoint now, TorrentKey torrent) {
  if (Torrent* t = impl_->find(torrent)) t->resume(now);
  impl_->touch(torrent);
  impl_->settle(now);
}

void Session::recheck(TimePoint now, TorrentKey torrent) {
  if (Torrent* t = impl_->find(torrent)) t->recheck(now);
  impl_->touch(torrent);
  impl_->settle(now);
}

SessionResult<void> Session::set_file_priorities(TimePoint now, TorrentKey torrent,
                                                 std::vector<std::uint8_t> priorities) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr) return std::unexpected(SessionError{SessionErrc::no_such_torrent, {}});
  auto result = t->set_file_priorities(now, std::move(priorities));
  impl_->touch(torrent);
  impl_->settle(now);
  return result;
}

SessionResult<void> Session::want_files(TimePoint now, TorrentKey torrent,
                                        std::span<const FileIndex> files) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr) return std::unexpected(SessionError{SessionErrc::no_such_torrent, {}});
  auto result = t->want_files(now, files);
  impl_->touch(torrent);
  impl_->settle(now);
  return result;
}

SessionResult<void> Session::want_all(TimePoint now, TorrentKey torrent) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr) return std::unexpected(SessionError{SessionErrc::no_such_torrent, {}});
  auto result = t->want_all(now);
  impl_->touch(torrent);
  impl_->settle(now);
  return result;
}

SessionResult<void> Session::learn(TimePoint now, TorrentKey torrent, TorrentNews news) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr) return std::unexpected(SessionError{SessionErrc::no_such_torrent, {}});
  auto result = t->learn(now, std::move(news));
  impl_->touch(torrent);
  impl_->settle(now);
  return result;
}

void Session::set_sequential(TimePoint now, TorrentKey torrent, PickOrder order) {
  if (Torrent* t = impl_->find(torrent)) t->set_order(order);
  impl_->touch(torrent);
  impl_->settle(now);
}

void Session::add_peer(TimePoint now, TorrentKey torrent, const Endpoint& peer, PeerSource source) {
  if (Torrent* t = impl_->find(torrent)) t->add_peer_address(now, peer, source);
  impl_->touch(torrent);
  impl_->settle(now);
}

void Session::set_global_limits(TimePoint now, RateLimits limits) {
  impl_->config_.limits = limits;
  impl_->down_.set_global(now, limits.down_bytes_per_second);
  impl_->up_.set_global(now, limits.up_bytes_per_second);
}

void Session::set_torrent_limits(TimePoint now, TorrentKey torrent, RateLimits limits) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr) return;
  impl_->down_.set_torrent(now, torrent, limits.down_bytes_per_second);
  impl_->up_.set_torrent(now, torrent, limits.up_bytes_per_second);
  t->swarm().set_upload_limit(static_cast<double>(limits.up_bytes_per_second));
}

void Session::set_listen_port(std::uint16_t port) { impl_->listen_port_ = port; }

SessionResult<std::uint32_t> Session::scrape(TimePoint now, TorrentKey torrent) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr) return std::unexpected(SessionError{SessionErrc::no_such_torrent, {}});
  if (t->stopping()) return std::unexpected(SessionError{SessionErrc::stopping, {}});
  const std::uint32_t requests = t->scrape(now);
  impl_->touch(torrent);
  impl_->settle(now);
  return requests;
}

SessionResult<ReadId> Session::read(TimePoint now, TorrentKey torrent, FileIndex file,
                                    std::uint64_t offset, std::uint32_t length) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr) return std::unexpected(SessionError{SessionErrc::no_such_torrent, {}});
  const auto id = static_cast<ReadId>(impl_->next_read_++);
  if (auto begun = t->read(now, id, file, offset, length); !begun) {
    return std::unexpected(std::move(begun).error());
  }
  impl_->reads_.emplace(id, torrent);
  impl_->touch(torrent);
  impl_->settle(now);
  return id;
}

std::optional<StoredRange> Session::stored(TorrentKey torrent, FileIndex file, std::uint64_t offset,
                                           std::uint32_t length) const {
  const Torrent* t = impl_->find(torrent);
  return t == nullptr ? std::nullopt : t->stored(file, offset, length);
}

void Session::cancel_read(ReadId id) {
  const auto it = impl_->reads_.find(id);
  if (it == impl_->reads_.end()) return;
  if (Torrent* t = impl_->find(it->second)) t->cancel_read(id);
  impl_->reads_.erase(it);
}

void Session::stop(TimePoint now) {
  Impl& s = *impl_;
  if (std::exchange(s.stopping_, true)) return;
  for (const TorrentKey key : torrents()) {
    s.find(key)->stop(now);
    s.touch(key);
  }
  std::vector<ConnId> left;
  for (const auto& [id, conn] : s.conns_) left.push_back(id);
  for (const ConnId id : left) s.close(now, id, CloseReason::torrent_stopped);
  s.settle(now);
}

bool Session::stopped() const {
  const Impl& s = *impl_;
  if (!s.stopping_ || !s.remove_jobs_.empty()) return false;
  return std::all_of(s.torrents_.begin(), s.torrents_.end(),
                     [](const auto& entry) { return entry.second->stopped(); });
}

ConnId Session::new_conn_id() { return static_cast<ConnId>(impl_->next_conn_++); }

void Session::handle_http_reply(TimePoint now, RequestId id, HttpReply reply) {
  impl_->trackers_.handle_http_reply(now, id, reply);
  impl_->settle(now);
}

void Session::handle_resolved(TimePoint now, RequestId id, std::span<const IpAddress> addresses) {
  impl_->trackers_.handle_resolved(now, id, addresses);
  impl_->settle(now);
}

void Session::handle_udp(TimePoint now, const Endpoint& from, Bytes packet) {
  impl_->trackers_.handle_udp(now, from, packet);
  impl_->settle(now);
}

void Session::handle_job(TimePoint now, JobResult result) {
  Impl& s = *impl_;
  if (const auto it = s.remove_jobs_.find(result.id); it != s.remove_jobs_.end()) {
    s.release_names(it->second);
    s.act(Event{it->second, TorrentRemoved{}});
    s.remove_jobs_.erase(it);
    return;
  }
  const TorrentKey key = result.torrent;
  Torrent* torrent = s.find(key);
  if (torrent == nullptr) {
    for (PieceOutcome& outcome : result.pieces) s.pool_.give_back(std::move(outcome.buffer));
    if (auto* read = std::get_if<ReadJob>(&result.work)) {
      s.pool_.give_back(std::move(read->buffer));
    }
    return;
  }
  torrent->handle_job(now, std::move(result));
  s.touch(key);
  s.settle(now);
}

void Session::handle_timer(TimePoint now) {
  Impl& s = *impl_;
  s.time_out_conns(now);
  s.trackers_.handle_timer(now);
  std::vector<TorrentKey> due;
  for (const auto& [at, key] : s.deadlines_) {
    if (at > now) break;
    due.push_back(key);
  }
  for (const TorrentKey key : due) {
    if (Torrent* torrent = s.find(key)) torrent->handle_timer(now);
    s.touch(key);
  }
  s.settle(now);
  std::vector<ConnId> woken;
  s.down_.wake(now, woken);
  for (const ConnId conn : woken) s.act(WakeRead{conn});
  woken.clear();
  s.up_.wake(now, woken);
  for (const ConnId conn : woken) s.act(WakeWrite{conn});
}

TimePoint Session::next_deadline() const {
  const Impl& s = *impl_;
  TimePoint at = std::min({s.down_.next_wake(), s.up_.next_wake(), s.trackers_.next_deadline(),
                           s.budget_.next_deadline()});
  if (!s.deadlines_.empty()) at = std::min(at, s.deadlines_.begin()->first);
  if (!s.handshakes_.empty()) at = std::min(at, s.handshakes_.begin()->first);
  return at;
}

std::optional<SessionAction> Session::next() {
  auto& actions = impl_->actions_;
  if (actions.empty()) return std::nullopt;
  SessionAction action = std::move(actions.front());
  actions.pop_front();
  return action;
}

std::vector<TorrentKey> Session::torrents() const {
  std::vector<TorrentKey> keys;
  keys.reserve(impl_->torrents_.size());
  for (const auto& [key, torrent] : impl_->torrents_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::optional<TorrentKey> Session::find(const InfoHashes& hashes) const {
  for (const Sha1Digest& hash : hashes.wire_hashes()) {
    const auto it = impl_->by_hash_.find(hash);
    if (it != impl_->by_hash_.end()) return it->second;
  }
  return std::nullopt;
}

std::optional<TorrentStatus> Session::status(TimePoint now, TorrentKey torrent) const {
  const Torrent* t = impl_->find(torrent);
  return t == nullptr ? std::nullopt : std::optional(t->status(now));
}

std::vector<PeerStatus> Session::peers(TimePoint now, TorrentKey torrent) const {
  const Torrent* t = impl_->find(torrent);
  return t == nullptr ? std::vector<PeerStatus>{} : t->swarm().peers(now);
}

std::vector<TrackerStatus> Session::trackers(TimePoint now, TorrentKey torrent) const {
  std::vector<TrackerStatus> out;
  const Torrent* t = impl_->find(torrent);
  if (t == nullptr) return out;
  for (const AnnouncerTracker& tracker : t->announcer().trackers()) {
    TrackerStatus status;
    status.url = tracker.url;
    status.tier = tracker.tier;
    status.state = state_name(tracker.state);
    status.last_error = tracker.last_error;
    if (tracker.next_announce) status.next_announce_in = *tracker.next_announce - now;
    status.seeders = tracker.seeders;
    status.leechers = tracker.leechers;
    status.downloads = tracker.downloads;
    status.peers_received = tracker.peers_received;
    status.failures = tracker.failures;
    const auto index = static_cast<std::uint32_t>(out.size());
    if (const auto at = t->scraper().last_answer(index)) status.last_scrape_ago = now - *at;
    status.external_ip = tracker.external_ip;
    out.push_back(std::move(status));
  }
  return out;
}

std::vector<IpAddress> Session::external_addresses() const {
  std::vector<IpAddress> out;
  for (const auto& [family, address] : impl_->external_) out.push_back(address);
  return out;
}

std::shared_ptr<const TorrentInfo> Session::info(TorrentKey torrent) const {
  const Torrent* t = impl_->find(torrent);
  return t == nullptr ? nullptr : t->info();
}

Buffer Session::torrent_file(TorrentKey torrent) const {
  const Torrent* t = impl_->find(torrent);
  return t == nullptr ? Buffer{} : t->torrent_file();
}

std::size_t Session::buffer_bytes() const { return impl_->pool_.bytes_out(); }

const Bitfield* Session::have(TorrentKey torrent) const {
  const Torrent* t = impl_->find(torrent);
  return t == nullptr ? nullptr : t->have();
}

}  // namespace weir
