// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/content_index.h"

#include <utility>

namespace weir {

bool unchanged(const FileStat& seen, const FileStat& now) {
  return seen.size == now.size && seen.mtime_ns == now.mtime_ns;
}

// Adds what one content takes to the totals, or takes it away again. Uploads under several names
// are one copy: they come and go together.
void ContentIndex::count(const ContentId& content, int sign) {
  const auto it = by_content_.find(content);
  if (it == by_content_.end()) return;
  std::set<std::uint64_t> files;
  std::set<std::string> uploads;
  std::size_t own = 0;
  for (const std::string& path : it->second) {
    const Copy& copy = copies_.at(path);
    if (copy.kind == CopyKind::in_place) continue;
    files.insert(copy.seen.file_id);
    if (copy.kind == CopyKind::fetched || uploads.insert(copy.owner).second) ++own;
  }
  const auto add = [sign](auto& total, auto value) {
    if (sign > 0) {
      total += value;
    } else {
      total -= value;
    }
  };
  add(totals_.contents, std::size_t{1});
  add(totals_.copies, it->second.size());
  add(totals_.bytes, files.size() * content.length);
  add(totals_.shared_bytes, (own > files.size() ? own - files.size() : 0) * content.length);
}

void ContentIndex::put(Copy copy) {
  remove(copy.path);
  const ContentId content = copy.content;
  count(content, -1);
  by_content_[content].insert(copy.path);
  by_length_[content.length].insert(content.root);
  by_owner_[copy.owner].insert(copy.path);
  std::string path = copy.path;
  copies_.insert_or_assign(std::move(path), std::move(copy));
  count(content, 1);
}

void ContentIndex::remove(const std::string& path) {
  const auto it = copies_.find(path);
  if (it == copies_.end()) return;
  const Copy copy = it->second;
  count(copy.content, -1);
  copies_.erase(it);
  const auto places = by_content_.find(copy.content);
  places->second.erase(copy.path);
  if (places->second.empty()) {
    by_content_.erase(places);
    const auto length = by_length_.find(copy.content.length);
    length->second.erase(copy.content.root);
    if (length->second.empty()) by_length_.erase(length);
  }
  count(copy.content, 1);
  const auto owned = by_owner_.find(copy.owner);
  owned->second.erase(copy.path);
  if (owned->second.empty()) by_owner_.erase(owned);
}

std::vector<std::string> ContentIndex::remove_owner(const std::string& owner) {
  const auto it = by_owner_.find(owner);
  if (it == by_owner_.end()) return {};
  const std::vector<std::string> paths(it->second.begin(), it->second.end());
  for (const std::string& path : paths) remove(path);
  return paths;
}

const Copy* ContentIndex::find(const std::string& path) const {
  const auto it = copies_.find(path);
  return it == copies_.end() ? nullptr : &it->second;
}

std::vector<Copy> ContentIndex::copies_of(const ContentId& content) const {
  std::vector<Copy> out;
  const auto it = by_content_.find(content);
  if (it == by_content_.end()) return out;
  for (const std::string& path : it->second) out.push_back(copies_.at(path));
  return out;
}

std::vector<Copy> ContentIndex::owned_by(const std::string& owner) const {
  std::vector<Copy> out;
  const auto it = by_owner_.find(owner);
  if (it == by_owner_.end()) return out;
  for (const std::string& path : it->second) out.push_back(copies_.at(path));
  return out;
}

std::vector<ContentId> ContentIndex::of_length(std::uint64_t length) const {
  std::vector<ContentId> out;
  const auto it = by_length_.find(length);
  if (it == by_length_.end()) return out;
  for (const Sha256Digest& root : it->second) out.push_back({root, length});
  return out;
}

std::vector<ContentId> ContentIndex::contents() const {
  std::vector<ContentId> out;
  out.reserve(by_content_.size());
  for (const auto& [content, places] : by_content_) out.push_back(content);
  return out;
}

std::vector<std::string> ContentIndex::owners() const {
  std::vector<std::string> out;
  for (const auto& [owner, paths] : by_owner_) out.push_back(owner);
  return out;
}

}  // namespace weir
