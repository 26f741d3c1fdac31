// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading files to know their contents, and making links of those that are here twice.
#include <algorithm>
#include <tuple>
#include <utility>

#include "hash/merkle.h"
#include "io/posix_disk.h"
#include "node/content_store.h"
#include "node/event_log.h"

namespace weir {
namespace {
constexpr std::size_t kReadBytes = 1u << 20;  // a multiple of the leaves of a tree
}  // namespace

// What the engine says is verified becomes known by its contents. Roots of v2 files are in the
// metadata; a v1 file is read once.
void ContentStore::collect(TorrentKey torrent) {
  const auto info = client_->info(torrent);
  if (!info || stopping_) return;
  const std::string owner = torrent_id(info->hashes);
  std::vector<Copy> saved;
  std::set<ContentId> contents;
  for (const StoredFile& stored : client_->stored_files(torrent)) {
    const TorrentFile& file = info->layout.file(stored.file);
    std::string path = stored.path.root + '/' + stored.path.relative;
    if (file.length == 0 || file.attributes.executable || !own(path)) continue;
    std::optional<ContentId> content;
    std::optional<Copy> known;
    {
      const std::lock_guard lock(mutex_);
      const Copy* copy = index_.find(path);
      if (copy != nullptr && unchanged(copy->seen, stored.seen)) known = *copy;
    }
    if (has_v2(info->layout.kind())) {
      content = ContentId{file.pieces_root, file.length};
    } else {
      content = known ? std::optional(known->content) : hash(path, stored.seen);
    }
    if (!content) continue;
    Copy copy{std::move(path),   *content, stored.seen,
              CopyKind::fetched, owner,    to_int(stored.file)};
    const std::lock_guard lock(mutex_);
    if (gone_.contains(torrent)) return;
    damaged_.erase(copy.path);
    keys_.insert_or_assign(owner, torrent);
    if (!known || *known != copy) index_.put(copy);
    if (!known || known->content != copy.content) saved.push_back(std::move(copy));
    if (index_.copies_of(*content).size() > 1) contents.insert(*content);
  }
  // Should it be removed at this moment, what takes these rows away again comes after this.
  save(saved, {});
  for (const ContentId& content : contents) unify(content);
}

// The root of what lies there, when it is what it was before and after it was read.
std::optional<ContentId> ContentStore::hash(const std::string& path, const FileStat& seen) {
  return own(path) ? root_of(path, seen) : std::nullopt;
}

std::optional<ContentId> ContentStore::root_of(const std::string& path, const FileStat& seen) {
  const DiskPath at = place_of(path);
  if (seen.size == 0) return std::nullopt;
  std::vector<Sha256Digest> leaves;
  Buffer buffer(kReadBytes);
  for (std::uint64_t offset = 0; offset < seen.size; offset += buffer.size()) {
    if (stopping_) return std::nullopt;
    buffer.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(kReadBytes, seen.size - offset)));
    if (!client_->disk().read(at, offset, buffer)) return std::nullopt;
    merkle_leaves(buffer, leaves);
  }
  const auto after = now(path);
  if (!after || !unchanged(seen, *after)) return std::nullopt;
  return ContentId{merkle_root(leaves, merkle_width(leaves.size()), 0), seen.size};
}

// Makes all copies of one content names of one file, where they can be. An upload is kept rather
// than a download: it has several names already.
void ContentStore::unify(const ContentId& content) {
  if (stopping_) return;
  std::vector<Copy> copies;
  auto known = copies_of(content);
  const std::set<std::uint64_t> foreign = foreign_files(known);
  for (Copy& copy : known) {
    if (copy.kind == CopyKind::in_place) continue;
    const auto found = now(copy.path);
    if (!found || !unchanged(copy.seen, *found) || foreign.contains(found->file_id)) continue;
    if (is_damaged(copy.path)) continue;
    copy.seen.file_id = found->file_id;
    copies.push_back(std::move(copy));
  }
  std::sort(copies.begin(), copies.end(), [](const Copy& a, const Copy& b) {
    return std::tie(a.kind, a.path) < std::tie(b.kind, b.path);
  });
  for (std::size_t i = 1; i < copies.size() && !stopping_; ++i) {
    if (copies[i].kind != CopyKind::fetched) continue;
    if (copies[i].seen.file_id != copies[0].seen.file_id) unify_copy(copies[0], copies[i]);
  }
}

// Byte by byte: both were verified once, but only one of them will be left.
bool ContentStore::same_bytes(const Copy& a, const Copy& b) {
  const auto first = own(a.path), second = own(b.path);
  if (!first || !second) return false;
  Buffer left(kReadBytes), right(kReadBytes);
  const std::uint64_t length = a.content.length;
  for (std::uint64_t offset = 0; offset < length; offset += left.size()) {
    if (stopping_) return false;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(kReadBytes, length - offset));
    left.resize(size);
    right.resize(size);
    PosixDisk& disk = client_->disk();
    if (!disk.read(*first, offset, left) || !disk.read(*second, offset, right)) return false;
    if (left != right) {
      warn("two verified copies of one content differ, at least one of them is damaged: " + a.path +
           " and " + b.path);
      return false;
    }
  }
  return true;
}

void ContentStore::unify_copy(const Copy& kept, const Copy& other) {
  const auto from = own(kept.path), to = own(other.path);
  if (!from || !to || !same_bytes(kept, other)) return;
  PosixDisk& disk = client_->disk();
  const DiskPath link = fresh_name();
  // Another file system, or one without links: both stay.
  if (!disk.link(*from, link)) return;
  std::optional<TorrentKey> key;
  bool replaced = false;
  {
    // Nobody begins to remove the torrent meanwhile; its file would come back.
    const std::lock_guard replacing(link_mutex_);
    {
      const std::lock_guard lock(mutex_);
      const auto it = keys_.find(other.owner);
      if (it != keys_.end() && !gone_.contains(it->second)) key = it->second;
    }
    const auto kept_now = disk.stat(link), other_now = disk.stat(*to);
    replaced = key && kept_now && other_now && unchanged(kept.seen, *kept_now) &&
               unchanged(other.seen, *other_now) && disk.replace(link, *to).has_value();
  }
  if (!replaced) {
    (void)disk.remove(link);
    return;
  }
  const auto seen = now(other.path);
  if (!seen) return;
  client_->content_replaced(*key, FileIndex{other.file}, *seen);
  Copy linked = other;
  linked.seen = *seen;
  put(std::move(linked));
}

}  // namespace weir
