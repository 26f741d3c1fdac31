// SPDX-License-Identifier: MIT OR Apache-2.0
// Which torrent has which info hashes and which paths.
#include <algorithm>
#include <functional>
#include <string_view>

#include "engine/session_impl.h"

namespace weir {
namespace {

std::size_t path_key(std::string_view root, const std::string& path) {
  while (root.ends_with('/')) root.remove_suffix(1);
  return std::hash<std::string>{}(std::string(root) + "/" + path);
}

}  // namespace

std::optional<std::vector<std::size_t>> Session::Impl::free_paths(TorrentKey torrent,
                                                                  const TorrentInfo& info,
                                                                  const StorageOptions& storage,
                                                                  PathUse use) const {
  std::vector<std::size_t> own;
  for (std::uint32_t i = 0; i < info.layout.files().size(); ++i) {
    if (info.layout.file(FileIndex{i}).attributes.pad) continue;
    own.push_back(path_key(storage.root, content_path(info.layout, storage, FileIndex{i})));
    const auto [begin, end] = paths_.equal_range(own.back());
    const bool taken = std::any_of(begin, end, [&](const auto& entry) {
      const PathClaim& other = entry.second;
      return other.torrent != torrent && (use == PathUse::writes || other.use == PathUse::writes);
    });
    if (taken) return std::nullopt;
  }
  return own;
}

bool Session::Impl::claim_paths(TorrentKey torrent, const TorrentInfo& info,
                                const StorageOptions& storage, PathUse use) {
  const auto own = free_paths(torrent, info, storage, use);
  if (!own) return false;
  for (const std::size_t path : *own) paths_.emplace(path, PathClaim{torrent, use});
  return true;
}

std::vector<StoredFile> Session::stored_files(TorrentKey torrent) const {
  const Torrent* t = impl_->find(torrent);
  return t == nullptr ? std::vector<StoredFile>{} : t->stored_files();
}

void Session::content_replaced(TimePoint now, TorrentKey torrent, FileIndex file,
                               const FileStat& now_is) {
  Torrent* t = impl_->find(torrent);
  if (t == nullptr || t->stopping()) return;
  t->content_replaced(now, file, now_is);
  impl_->touch(torrent);
  impl_->settle(now);
}

bool Session::Impl::add_hashes(TimePoint now, TorrentKey torrent, const InfoHashes& hashes) {
  std::vector<TorrentKey> others;
  for (const Sha1Digest& hash : hashes.wire_hashes()) {
    const auto it = by_hash_.find(hash);
    if (it == by_hash_.end() || it->second == torrent) continue;
    if (const Torrent* other = find(it->second); other != nullptr && other->info()) return false;
    others.push_back(it->second);
  }
  for (const TorrentKey key : others) {
    Torrent* other = find(key);
    if (other == nullptr) continue;
    other->give_up(now, error_name(SessionErrc::already_added), hashes.wire_hash().hex());
    touch(key);
  }
  for (const Sha1Digest& hash : hashes.wire_hashes()) by_hash_.insert_or_assign(hash, torrent);
  return true;
}

void Session::Impl::release_names(TorrentKey torrent) {
  std::erase_if(by_hash_, [torrent](const auto& entry) { return entry.second == torrent; });
  std::erase_if(paths_, [torrent](const auto& entry) { return entry.second.torrent == torrent; });
}

}  // namespace weir
