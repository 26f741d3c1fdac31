// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrents that somebody adds and removes on purpose, and watching all of them.
#include <utility>

#include "base/result.h"
#include "node/node.h"

namespace weir {

NodeResult<AddedTorrent> Node::add(FetchSource source, AddOptions options) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return std::unexpected(NodeError{NodeErrc::stopping, "the node is stopping"});
  }
  source.options = options;
  const InfoHashes hashes = source.hashes;
  AddedTorrent out;
  const auto here = client_->find(hashes);
  if (here && !being_removed(*here)) {
    // One that is only being looked for learns what is new, and stays from now on.
    if (!client_->info(*here)) join(*here, source, [](const NodeResult<Found>&) {});
    const auto now = client_->find(hashes);
    if (!now) return std::unexpected(NodeError{NodeErrc::not_found, "the torrent was removed"});
    out = {*now, false};
  } else {
    std::string directory;
    WEIR_TRY(key, add_for_fetch(source, directory));
    out = {key, !directory.empty()};
  }
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = pending_.find(out.key); it != pending_.end()) it->second.directory.clear();
    if (out.is_new) unsized_.insert(out.key);
  }
  if (out.is_new && client_->info(out.key)) metadata_known(out.key);
  return out;
}

void Node::remove(TorrentKey torrent, RemoveContent content) {
  const auto status = client_->status(torrent);
  if (!status) return;
  remove_torrent(torrent, content);
  await_removal(torrent);
  if (content == RemoveContent::keep) return;
  // Its name is one of both: which one was known when it was added.
  if (status->hashes.v1) content_->remove_fetched(status->hashes.v1->hex());
  if (status->hashes.v2) content_->remove_fetched(status->hashes.v2->hex());
}

void Node::set_limits(RateLimits limits) {
  {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
  }
  client_->set_limits(limits);
}

RateLimits Node::limits() {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void Node::set_observer(std::function<void(const Event&)> observer) {
  const std::lock_guard lock(observer_mutex_);
  observer_ = std::move(observer);
}

// On the engine's thread.
void Node::observe(const Event& event) {
  const std::lock_guard lock(observer_mutex_);
  if (observer_) observer_(event);
}

}  // namespace weir
