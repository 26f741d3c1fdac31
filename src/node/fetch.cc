// SPDX-License-Identifier: MIT OR Apache-2.0
// Finding torrents by name, with a deadline.
#include <algorithm>
#include <utility>

#include "base/result.h"
#include "io/clock.h"
#include "node/event_log.h"
#include "node/node.h"

namespace weir {
namespace {

// The engine's own limit of stopping is shorter.
constexpr std::chrono::seconds kRemovalMax{5};

std::string directory_of(const InfoHashes& hashes) {
  return hashes.v1 ? hashes.v1->hex() : hashes.v2->hex();
}

NodeError stopping() { return {NodeErrc::stopping, "the node is stopping"}; }

// Addresses in a magnet link; names are for the engine to look up when it is added with one.
std::vector<Endpoint> peers_of(const Magnet& magnet) {
  std::vector<Endpoint> peers;
  for (const TorrentMetadata::Node& peer : magnet.peers) {
    const bool v6 = peer.host.find(':') != std::string::npos;
    const std::string text =
        (v6 ? "[" + peer.host + "]" : peer.host) + ":" + std::to_string(peer.port);
    if (const auto endpoint = Endpoint::parse(text)) peers.push_back(*endpoint);
  }
  return peers;
}

TorrentNews news_of(const FetchSource& source) {
  TorrentNews news;
  news.metadata = source.metadata;
  if (source.metadata) news.torrent_file = source.torrent_file;
  if (source.magnet) {
    news.trackers = source.magnet->trackers;
    news.peers = peers_of(*source.magnet);
  }
  return news;
}

}  // namespace

void Node::fetch(FetchSource source, FetchDone done) {
  auto shared = std::make_shared<FetchSource>(std::move(source));
  auto tell = std::make_shared<FetchDone>(std::move(done));
  const bool posted = work_.post([this, shared, tell] {
    if (const auto known = find(shared->hashes); known && known->info) {
      used(keeper_of(known->info->hashes));
      return (*tell)(*known);
    }
    const auto added = add_or_tell(*shared, *tell);
    if (!added) return (*tell)(std::unexpected(added.error()));
    // It may have become known before we waited for it.
    if (client_->info(added->key)) metadata_known(added->key);
  });
  if (!posted) (*tell)(std::unexpected(stopping()));
}

NodeResult<AddedTorrent> Node::add(FetchSource source, AddOptions options) {
  source.options = options;
  auto added = add_or_tell(source, {});
  if (added && added->is_new) {
    if (client_->info(added->key)) metadata_known(added->key);
  } else if (added) {
    const auto status = client_->status(added->key);
    if (status) (void)keeps_->wanted(keeper_of(status->hashes));
    // Whoever only looked into it had less of it fetched.
    (void)client_->want_all(added->key);
  }
  return added;
}

// Several may ask for one torrent at once, and each may know something else about it: the first
// adds it, the others tell it what they know.
NodeResult<AddedTorrent> Node::add_or_tell(const FetchSource& source, const FetchDone& done) {
  auto added = try_add_or_tell(source, done);
  const std::lock_guard lock(mutex_);
  // Whatever it was: what a node that stops refuses, it refuses for that.
  if (!added && stopping_) return std::unexpected(stopping());
  return added;
}

NodeResult<AddedTorrent> Node::try_add_or_tell(const FetchSource& source, const FetchDone& done) {
  if (source.metadata && !client_->find(source.hashes)) {
    (void)make_room(source.metadata->info->layout.content_size());
  }
  constexpr int kAttemptsMax = 8;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::optional<TorrentKey> leaving;
    {
      const std::lock_guard one(add_mutex_);
      const auto here = client_->find(source.hashes);
      if (!here) {
        auto added = add_torrent(source, done);
        // An upload of the same content may have been quicker.
        if (added || !client_->find(source.hashes)) return added;
      } else if (!being_removed(*here)) {
        const auto told = client_->learn(*here, news_of(source));
        if (told) {
          WEIR_CHECK(expect(*here, {}, done));
          return AddedTorrent{*here, false};
        }
        const std::string& code = told.error().code;
        if (code != error_name(SessionErrc::no_such_torrent) &&
            code != error_name(SessionErrc::stopping)) {
          return std::unexpected(
              NodeError{NodeErrc::bad_torrent, code + ": " + told.error().detail});
        }
      }
      leaving = here;
    }
    // It holds its name until it is gone.
    if (leaving) await_removal(*leaving);
  }
  return std::unexpected(NodeError{NodeErrc::engine, "the torrent is being removed"});
}

// REQUIRES: add_mutex_ is held.
NodeResult<AddedTorrent> Node::add_torrent(const FetchSource& source, const FetchDone& done) {
  if (source.metadata) {
    const std::lock_guard lock(mutex_);
    if (!fits(source.metadata->info->layout.content_size())) {
      return std::unexpected(NodeError{NodeErrc::quota_exceeded,
                                       "the node's quota does not have room for this torrent"});
    }
  }
  if (done && fetches_full()) {
    return std::unexpected(NodeError{NodeErrc::too_many, "too many torrents are being looked for"});
  }
  const std::string directory = directory_of(source.hashes);
  AddTorrent request;
  request.paused = source.options.paused;
  request.sequential = source.options.sequential;
  request.storage.root = content_->fetched(directory);
  request.select_files = source.select;
  if (source.metadata) {
    request.metadata = source.metadata;
    request.torrent_file = source.torrent_file;
  } else {
    request.magnet = source.magnet.value_or(Magnet{});
    request.magnet->hashes = source.hashes;
    request.peers = peers_of(*request.magnet);
  }
  const auto added = client_->add(std::move(request));
  if (!added) {
    return std::unexpected(
        NodeError{NodeErrc::engine, added.error().code + ": " + added.error().detail});
  }
  if (const auto expected = expect(*added, directory, done); !expected) {
    remove_torrent(*added, RemoveContent::remove);
    return std::unexpected(expected.error());
  }
  return AddedTorrent{*added, true};
}

bool Node::fetches_full() {
  const std::lock_guard lock(mutex_);
  return pending_.size() >= config_.fetches_max;
}

// Notes what a torrent is here for: until its metadata is known (`done`), or to stay.
// REQUIRES: add_mutex_ is held, so that nobody gives it up in between.
NodeResult<void> Node::expect(TorrentKey key, const std::string& directory, FetchDone done) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return std::unexpected(stopping());
  if (!done) {
    if (const auto it = pending_.find(key); it != pending_.end()) it->second.directory.clear();
    return {};
  }
  Pending& pending = pending_[key];
  if (!directory.empty()) pending.directory = directory;
  const std::uint64_t number = ++last_waiter_;
  const TimerId timer =
      work_.after(config_.fetch_timeout, [this, key, number] { timed_out(key, number); });
  pending.waiters.push_back({number, timer, std::move(done)});
  return {};
}

void Node::remove_torrent(TorrentKey key, RemoveContent content) {
  if (const auto status = client_->status(key)) {
    contents_->forget(key, torrent_id(status->hashes));
    keeps_->forget(torrent_id(status->hashes));
  }
  {
    const std::lock_guard lock(mutex_);
    removing_.insert(key);
  }
  client_->remove(key, content);
}

bool Node::being_removed(TorrentKey key) {
  const std::lock_guard lock(mutex_);
  return removing_.contains(key);
}

void Node::await_removal(TorrentKey key) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kRemovalMax, [&] { return stopping_ || !removing_.contains(key); });
}

// On the engine's thread.
void Node::on_event(const Event& event) {
  observe(event);
  if (std::holds_alternative<TorrentDone>(event.body)) {
    contents_->torrent_done(event.torrent);
    if (unsettled_count_ > 0) work_.post([this, key = event.torrent] { settle_folder(key); });
  } else if (std::holds_alternative<MetadataReady>(event.body)) {
    work_.post([this, key = event.torrent] { metadata_known(key); });
  } else if (const auto* failed = std::get_if<TorrentFailed>(&event.body)) {
    if (failed->recovers) return;
    work_.post([this, key = event.torrent,
                error = NodeError{NodeErrc::bad_torrent, failed->code + ": " + failed->detail}] {
      fetch_failed(key, error);
    });
  } else if (std::holds_alternative<TorrentRemoved>(event.body)) {
    {
      const std::lock_guard lock(mutex_);
      removing_.erase(event.torrent);
      restored_.erase(event.torrent);
      const auto it = fetched_sizes_.find(event.torrent);
      if (it != fetched_sizes_.end()) {
        used_ -= it->second;
        fetched_sizes_.erase(it);
      }
    }
    changed_.notify_all();
    contents_->torrent_removed(event.torrent);
    work_.post([this, key = event.torrent] {
      fetch_failed(key, {NodeErrc::not_found, "the torrent was removed"});
    });
  }
}

bool Node::sized(TorrentKey key) {
  const std::lock_guard lock(mutex_);
  return fetched_sizes_.contains(key);
}

bool Node::admit_fetched(TorrentKey key, const TorrentInfo& info) {
  const std::uint64_t size = info.layout.content_size();
  const std::lock_guard lock(mutex_);
  if (fetched_sizes_.contains(key)) return true;
  // What was here when the node started stays, whatever the quota has become.
  if (!fits(size) && !restored_.contains(key)) return false;
  fetched_sizes_.emplace(key, size);
  used_ += size;
  return true;
}

void Node::metadata_known(TorrentKey key) {
  const auto info = client_->info(key);
  if (!info) return;
  if (!publication(info->hashes) && !sized(key)) (void)make_room(info->layout.content_size());
  bool fits = false;
  {
    // Who has just added it has said by now what for; who comes now finds it leaving.
    const std::lock_guard one(add_mutex_);
    fits = publication(info->hashes) != nullptr || admit_fetched(key, *info);
    if (!fits) remove_torrent(key, RemoveContent::remove);
  }
  if (!fits) {
    return fetch_failed(
        key, {NodeErrc::quota_exceeded, "the node's quota does not have room for this torrent"});
  }
  std::vector<Waiter> waiters;
  bool on_behalf = false;
  {
    const std::lock_guard lock(mutex_);
    const auto it = pending_.find(key);
    if (it == pending_.end()) return;
    waiters = std::move(it->second.waiters);
    on_behalf = !it->second.directory.empty();
    pending_.erase(it);
  }
  if (on_behalf) {
    (void)keeps_->fetched(torrent_id(info->hashes), unix_now());
    plan_upkeep();
  }
  for (Waiter& waiter : waiters) {
    work_.cancel(waiter.timer);
    waiter.done(Found{key, info, nullptr});
  }
}

void Node::fetch_failed(TorrentKey key, NodeError error) {
  Pending pending;
  {
    const std::lock_guard one(add_mutex_);  // as above
    const std::lock_guard lock(mutex_);
    const auto it = pending_.find(key);
    if (it == pending_.end()) return;
    pending = std::move(it->second);
    pending_.erase(it);
  }
  if (!pending.directory.empty() && error.code == NodeErrc::bad_torrent) {
    remove_torrent(key, RemoveContent::remove);
  }
  if (!pending.directory.empty()) content_->remove_fetched(pending.directory);
  for (Waiter& waiter : pending.waiters) {
    work_.cancel(waiter.timer);
    waiter.done(std::unexpected(error));
  }
}

void Node::timed_out(TorrentKey key, std::uint64_t waiter) {
  FetchDone done;
  std::string directory;
  bool last = false;
  // Whoever comes now finds it leaving, and adds it anew.
  std::unique_lock one(add_mutex_);
  {
    const std::lock_guard lock(mutex_);
    const auto it = pending_.find(key);
    if (it == pending_.end()) return;
    auto& waiters = it->second.waiters;
    const auto at = std::find_if(waiters.begin(), waiters.end(),
                                 [waiter](const Waiter& w) { return w.number == waiter; });
    if (at == waiters.end()) return;
    done = std::move(at->done);
    waiters.erase(at);
    last = waiters.empty();
    if (last) {
      directory = it->second.directory;
      pending_.erase(it);
    }
  }
  if (last && !directory.empty()) {
    remove_torrent(key, RemoveContent::remove);
    content_->remove_fetched(directory);
  }
  one.unlock();
  done(std::unexpected(NodeError{NodeErrc::timed_out, "nobody gave the torrent's metadata"}));
}

}  // namespace weir
