// SPDX-License-Identifier: MIT OR Apache-2.0
// Finding torrents by name, with a deadline.
#include <algorithm>
#include <utility>

#include "base/result.h"
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

}  // namespace

void Node::fetch(FetchSource source, std::function<void(NodeResult<Found>)> done) {
  auto shared = std::make_shared<FetchSource>(std::move(source));
  auto tell = std::make_shared<std::function<void(NodeResult<Found>)>>(std::move(done));
  const bool posted = work_.post([this, shared, tell] {
    const auto known = find(shared->hashes);
    if (known && known->info) return (*tell)(*known);
    if (known) return join(known->key, *shared, std::move(*tell));
    if (!room_for_fetch()) {
      return (*tell)(
          std::unexpected(NodeError{NodeErrc::too_many, "too many torrents are being looked for"}));
    }
    std::string directory;
    const auto added = add_for_fetch(*shared, directory);
    if (added) wait_for_metadata(*added, std::move(directory), std::move(*tell));
    {
      const std::lock_guard lock(mutex_);
      --adding_;
    }
    changed_.notify_all();
    if (!added) (*tell)(std::unexpected(added.error()));
  });
  if (!posted) (*tell)(std::unexpected(stopping()));
}

// A torrent whose metadata is being looked for already. When it was added for a fetch that knew
// less (a bare hash, and now comes the metadata or a tracker), it makes room for one that knows
// more.
void Node::join(TorrentKey key, FetchSource& source, std::function<void(NodeResult<Found>)> done) {
  const bool knows_more = source.metadata || (source.magnet && !source.magnet->trackers.empty());
  Pending before;
  {
    std::unique_lock lock(mutex_);
    if (knows_more) {
      // Who has just added it may not have come to wait for it yet.
      changed_.wait_for(lock, kRemovalMax,
                        [&] { return stopping_ || adding_ == 0 || pending_.contains(key); });
    }
    const auto it = pending_.find(key);
    if (knows_more && it != pending_.end() && !it->second.directory.empty()) {
      before = std::move(it->second);
      pending_.erase(it);
    }
  }
  if (before.directory.empty()) {
    if (source.magnet) {
      for (const Endpoint& peer : peers_of(*source.magnet)) client_->add_peer(key, peer);
    }
    return wait_for_metadata(key, {}, std::move(done));
  }
  remove_torrent(key, RemoveContent::remove);
  await_removal(key);
  std::string directory;
  const auto added = add_for_fetch(source, directory);
  for (Waiter& waiter : before.waiters) {
    work_.cancel(waiter.timer);
    if (added) {
      wait_for_metadata(*added, directory, std::move(waiter.done));
    } else {
      waiter.done(std::unexpected(added.error()));
    }
  }
  if (added) return wait_for_metadata(*added, std::move(directory), std::move(done));
  done(std::unexpected(added.error()));
}

void Node::remove_torrent(TorrentKey key, RemoveContent content) {
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

bool Node::room_for_fetch() {
  const std::lock_guard lock(mutex_);
  if (pending_.size() + adding_ >= config_.fetches_max) return false;
  ++adding_;
  return true;
}

NodeResult<TorrentKey> Node::add_for_fetch(FetchSource& source, std::string& directory) {
  if (source.metadata) {
    const std::uint64_t size = source.metadata->info->layout.content_size();
    const NodeSpace now = space();
    if (now.quota_bytes > 0 && now.used_bytes + now.reserved_bytes + size > now.quota_bytes) {
      return std::unexpected(NodeError{NodeErrc::quota_exceeded,
                                       "the node's quota does not have room for this torrent"});
    }
  }
  // What is on its way out holds its name until it is gone.
  if (const auto leaving = client_->find(source.hashes); leaving && being_removed(*leaving)) {
    await_removal(*leaving);
  }
  AddTorrent request;
  request.paused = source.options.paused;
  request.sequential = source.options.sequential;
  const std::string name = directory_of(source.hashes);
  request.storage.root = content_->fetched(name);
  if (source.metadata) {
    request.metadata = source.metadata;
    request.torrent_file = std::move(source.torrent_file);
  } else {
    request.magnet = source.magnet ? std::move(*source.magnet) : Magnet{};
    request.magnet->hashes = source.hashes;
    request.peers = peers_of(*request.magnet);
  }
  const auto added = client_->add(std::move(request));
  if (added) {
    directory = name;
    return *added;
  }
  // Two asked at once.
  const bool here = added.error().code == "already_added";
  const auto key = here ? client_->find(source.hashes) : std::nullopt;
  if (key && !being_removed(*key)) return *key;
  return std::unexpected(
      NodeError{NodeErrc::engine, added.error().code + ": " + added.error().detail});
}

void Node::wait_for_metadata(TorrentKey key, std::string directory,
                             std::function<void(NodeResult<Found>)> done) {
  bool refused = false;
  {
    const std::lock_guard lock(mutex_);
    refused = stopping_;
    if (!refused) {
      Pending& pending = pending_[key];
      if (!directory.empty()) pending.directory = std::move(directory);
      const std::uint64_t number = ++last_waiter_;
      const TimerId timer =
          work_.after(config_.fetch_timeout, [this, key, number] { timed_out(key, number); });
      pending.waiters.push_back({number, timer, std::move(done)});
    }
  }
  if (refused) {
    // Added while the node began to stop: nobody would ever ask for it again.
    if (!directory.empty()) remove_torrent(key, RemoveContent::remove);
    return done(std::unexpected(stopping()));
  }
  // It may have become known before we waited for it.
  if (client_->info(key)) metadata_known(key);
}

// On the engine's thread.
void Node::on_event(const Event& event) {
  observe(event);
  if (std::holds_alternative<MetadataReady>(event.body)) {
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
      unsized_.erase(event.torrent);
    }
    changed_.notify_all();
    work_.post([this, key = event.torrent] {
      {
        const std::lock_guard lock(mutex_);
        const auto it = fetched_sizes_.find(key);
        if (it != fetched_sizes_.end()) {
          used_ -= it->second;
          fetched_sizes_.erase(it);
        }
      }
      fetch_failed(key, {NodeErrc::not_found, "the torrent was removed"});
    });
  }
}

bool Node::admit_fetched(TorrentKey key, const TorrentInfo& info) {
  const std::uint64_t size = info.layout.content_size();
  const std::lock_guard lock(mutex_);
  if (fetched_sizes_.contains(key)) return true;
  const std::uint64_t quota = config_.quota_bytes;
  // What was here when the node started stays, whatever the quota has become.
  const bool fits = quota == 0 || size <= quota - std::min(quota, used_ + reserved_);
  const bool asked_for = pending_.contains(key) || unsized_.contains(key);
  unsized_.erase(key);
  if (!fits && asked_for) return false;
  fetched_sizes_.emplace(key, size);
  used_ += size;
  return true;
}

void Node::metadata_known(TorrentKey key) {
  const auto info = client_->info(key);
  if (!info) return;
  if (!admit_fetched(key, *info)) {
    remove_torrent(key, RemoveContent::remove);
    return fetch_failed(
        key, {NodeErrc::quota_exceeded, "the node's quota does not have room for this torrent"});
  }
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    const auto it = pending_.find(key);
    if (it == pending_.end()) return;
    waiters = std::move(it->second.waiters);
    pending_.erase(it);
  }
  for (Waiter& waiter : waiters) {
    work_.cancel(waiter.timer);
    waiter.done(Found{key, info, nullptr});
  }
}

void Node::fetch_failed(TorrentKey key, NodeError error) {
  Pending pending;
  {
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
  std::function<void(NodeResult<Found>)> done;
  std::string directory;
  bool last = false;
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
  done(std::unexpected(NodeError{NodeErrc::timed_out, "nobody gave the torrent's metadata"}));
}

}  // namespace weir
