// SPDX-License-Identifier: MIT OR Apache-2.0
// Removing torrents on purpose, limits, and watching all of them.
#include <algorithm>
#include <utility>

#include "base/result.h"
#include "io/clock.h"
#include "io/posix_disk.h"
#include "node/event_log.h"
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

void Node::used(const std::string& torrent_id) { keeps_->used(torrent_id, unix_now()); }

void Node::set_limits(RateLimits limits) {
  {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
  }
  client_->set_limits(limits);
}

// A file with more names than the torrent gives up stays: another torrent's, or somebody's own
// link.
Node::Removal Node::removal(const TorrentStatus& status) {
  if (in_place_->path_of(status.hashes)) return {};
  if (const auto uploaded = publication(status.hashes)) {
    return removal_of_upload(status, *uploaded);
  }
  struct File {
    std::uint64_t names = 0;  // that go
    std::uint64_t names_now = 0;
    std::uint64_t bytes = 0;  // counted in status.done_bytes
  };
  std::map<std::uint64_t, File> files;
  std::set<std::string> owners;
  for (const StoredFile& stored : client_->stored_files(status.key)) {
    const auto found = client_->disk().stat(stored.path);
    const auto names = client_->disk().name_count(stored.path);
    if (!found || !names) continue;
    File& file = files[found->file_id];
    ++file.names;
    file.names_now = *names;
    file.bytes += found->size;
    if (*names > 1) owners.merge(contents_->sharers(stored.path.root + '/' + stored.path.relative));
  }
  std::uint64_t stays = 0;
  for (const auto& [id, file] : files) {
    // Of several names that all go, the bytes come back once.
    stays += file.names_now > file.names ? file.bytes : file.bytes - file.bytes / file.names;
  }
  return {status.done_bytes - std::min(status.done_bytes, stays), torrents_of(owners, status)};
}

Node::Removal Node::removal_of_upload(const TorrentStatus& status, const Publication& uploaded) {
  const std::string directory = content_->published(uploaded.root);
  std::set<std::string> names;  // of all uploads of these bytes
  bool other_name = false;      // which is another torrent, and goes on using them
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [cid, other] : names_.by_cid) {
      if (other->root != uploaded.root) continue;
      names.insert(other->path);
      other_name = other_name || other->path != uploaded.path;
    }
  }
  const std::string path = directory + '/' + uploaded.path;
  std::set<std::string> owners = contents_->sharers(path);
  if (other_name) owners.insert(uploaded.root);
  const auto links = client_->disk().name_count({directory, uploaded.path});
  const bool shared = other_name || (links && *links > names.size());
  return {shared ? 0 : uploaded.manifest.dataset_size, torrents_of(owners, status)};
}

// Owners of copies as the torrents that they are; an upload is two for each of its names.
std::vector<std::string> Node::torrents_of(const std::set<std::string>& owners,
                                           const TorrentStatus& except) {
  std::set<std::string> out;
  const auto leaving = publication(except.hashes);
  const std::lock_guard lock(mutex_);
  for (const std::string& owner : owners) {
    bool upload = false;
    for (const auto& [cid, other] : names_.by_cid) {
      if (other->root != owner) continue;
      upload = true;
      if (leaving && leaving->info_hash() == other->info_hash()) continue;
      out.insert(torrent_id(other->hybrid->info->hashes));
      out.insert(torrent_id(other->reference->info->hashes));
    }
    if (!upload) out.insert(owner);
  }
  return {out.begin(), out.end()};
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
