// SPDX-License-Identifier: MIT OR Apache-2.0
// Removing torrents on purpose, limits, and watching all of them.
#include <utility>

#include "base/result.h"
#include "node/node.h"

namespace weir {

void Node::remove(TorrentKey torrent, RemoveContent content) {
  const auto status = client_->status(torrent);
  if (!status) return;
  if (in_place_->path_of(status->hashes)) {
    content = RemoveContent::keep;
    if (const auto forgotten = in_place_->forget(status->hashes); !forgotten) {
      if (config_.client.warn) config_.client.warn("may come back: " + forgotten.error().detail);
    }
  }
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

std::uint64_t Node::frees(const TorrentStatus& status) {
  if (in_place_->path_of(status.hashes)) return 0;
  const auto uploaded = publication(status.hashes);
  if (!uploaded) return status.done_bytes;
  const std::lock_guard lock(mutex_);
  // Under another name the same bytes are another torrent, which goes on using them.
  for (const auto& [cid, other] : names_.by_cid) {
    if (other->root == uploaded->root && other->path != uploaded->path) return 0;
  }
  return uploaded->manifest.dataset_size;
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
