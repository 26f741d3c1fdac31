// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/keeps.h"

#include <algorithm>
#include <utility>

#include "base/result.h"

namespace weir {
namespace {
// A row that says nothing is none.
bool says_nothing(const KeepRow& row) { return !row.pinned && !row.expires && !row.on_behalf; }
}  // namespace

DiskResult<void> Keeps::load() {
  WEIR_TRY(rows, catalogue_.load_keeps());
  const std::lock_guard lock(mutex_);
  for (KeepRow& row : rows) {
    std::string owner = row.owner;
    rows_.insert_or_assign(std::move(owner), std::move(row));
  }
  return {};
}

void Keeps::keep_only(const std::set<std::string>& owners) {
  const std::lock_guard lock(mutex_);
  for (auto it = rows_.begin(); it != rows_.end();) {
    if (owners.contains(it->first)) {
      ++it;
      continue;
    }
    (void)catalogue_.remove_keep(it->first);
    it = rows_.erase(it);
  }
}

std::optional<std::int64_t> Keeps::expiry(const KeepRow& row) const {
  if (row.pinned) return std::nullopt;
  if (row.expires) return row.expires;
  if (row.on_behalf && ttl_seconds_ > 0) return row.used + ttl_seconds_;
  return std::nullopt;
}

DiskResult<void> Keeps::save(const std::string& owner) {
  const auto it = rows_.find(owner);
  if (it == rows_.end()) return {};
  if (!says_nothing(it->second)) return catalogue_.save_keeps({it->second});
  rows_.erase(it);
  used_lately_.erase(owner);
  return catalogue_.remove_keep(owner);
}

Keep Keeps::of(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  const auto it = rows_.find(owner);
  if (it == rows_.end()) return {};
  const KeepRow& row = it->second;
  Keep out{row.pinned, expiry(row), row.on_behalf, std::nullopt};
  if (row.on_behalf) out.used = row.used;
  return out;
}

DiskResult<void> Keeps::change(const std::string& owner, const KeepChange& change) {
  const std::lock_guard lock(mutex_);
  KeepRow& row = rows_[owner];
  row.owner = owner;
  const KeepRow before = row;
  if (change.pinned) row.pinned = *change.pinned;
  if (change.expires) row.expires = *change.expires;
  auto saved = save(owner);
  if (!saved && !says_nothing(before)) rows_[owner] = before;
  return saved;
}

DiskResult<void> Keeps::fetched(const std::string& owner, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  KeepRow& row = rows_[owner];
  row.owner = owner;
  row.on_behalf = true;
  row.used = now;
  return save(owner);
}

DiskResult<void> Keeps::wanted(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  const auto it = rows_.find(owner);
  if (it == rows_.end() || !it->second.on_behalf) return {};
  it->second.on_behalf = false;
  return save(owner);
}

void Keeps::used(const std::string& owner, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto it = rows_.find(owner);
  if (it == rows_.end() || !it->second.on_behalf || it->second.used >= now) return;
  it->second.used = now;
  used_lately_.insert(owner);
}

void Keeps::forget(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  used_lately_.erase(owner);
  if (rows_.erase(owner) > 0) (void)catalogue_.remove_keep(owner);
}

DiskResult<void> Keeps::flush() {
  const std::lock_guard lock(mutex_);
  std::vector<KeepRow> rows;
  for (const std::string& owner : used_lately_) rows.push_back(rows_.at(owner));
  if (rows.empty()) return {};
  WEIR_CHECK(catalogue_.save_keeps(rows));
  used_lately_.clear();
  return {};
}

std::vector<std::string> Keeps::expired(std::int64_t now) {
  std::vector<std::pair<std::int64_t, std::string>> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [owner, row] : rows_) {
      const auto at = expiry(row);
      if (at && *at <= now) found.emplace_back(*at, owner);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (auto& [at, owner] : found) out.push_back(std::move(owner));
  return out;
}

std::optional<std::int64_t> Keeps::next_expiry() {
  std::optional<std::int64_t> next;
  const std::lock_guard lock(mutex_);
  for (const auto& [owner, row] : rows_) {
    const auto at = expiry(row);
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

std::size_t Keeps::pinned_count() {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(rows_.begin(), rows_.end(), [](const auto& e) { return e.second.pinned; }));
}

}  // namespace weir
