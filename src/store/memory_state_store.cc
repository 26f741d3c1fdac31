// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/memory_state_store.h"

namespace weir {

void MemoryStateStore::crash(Random& random) {
  halted_ = false;
  const std::uint64_t kept = random.below(unsynced_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(synced_, unsynced_[i]);
  unsynced_.clear();
  entries_ = synced_;
}

DiskResult<std::vector<StateStore::Entry>> MemoryStateStore::load_all() {
  if (const auto error = enter(DiskOperation::load, {})) {
    return std::unexpected(DiskError{*error, {}});
  }
  std::vector<Entry> all;
  for (const auto& [id, entry] : entries_) all.push_back(entry);
  return all;
}

DiskResult<std::optional<StateStore::Entry>> MemoryStateStore::load(const std::string& id) {
  if (const auto error = enter(DiskOperation::load, id)) {
    return std::unexpected(DiskError{*error, id});
  }
  const auto found = entries_.find(id);
  return found == entries_.end() ? std::nullopt : std::optional<Entry>(found->second);
}

DiskResult<void> MemoryStateStore::save_record(const std::string& id, Bytes record) {
  if (const auto error = enter(DiskOperation::save_record, id)) {
    return std::unexpected(DiskError{*error, id});
  }
  const auto found = entries_.find(id);
  Entry entry{id, to_buffer(record), {}};
  if (found != entries_.end()) entry.progress = found->second.progress;
  change(id, std::move(entry));
  return {};
}

DiskResult<void> MemoryStateStore::save_progress(const std::string& id, Bytes progress) {
  if (const auto error = enter(DiskOperation::save_progress, id)) {
    return std::unexpected(DiskError{*error, id});
  }
  const auto found = entries_.find(id);
  Entry entry{id, {}, to_buffer(progress)};
  if (found != entries_.end()) entry.record = found->second.record;
  change(id, std::move(entry));
  return {};
}

DiskResult<void> MemoryStateStore::remove(const std::string& id) {
  if (const auto error = enter(DiskOperation::remove_record, id)) {
    return std::unexpected(DiskError{*error, id});
  }
  change(id, std::nullopt);
  return {};
}

std::optional<DiskErrc> MemoryStateStore::enter(DiskOperation kind, const std::string& id) {
  if (halted_) return DiskErrc::io_error;
  return hook_ ? hook_(kind, id) : std::nullopt;
}

void MemoryStateStore::change(std::string id, std::optional<Entry> entry) {
  unsynced_.emplace_back(std::move(id), std::move(entry));
  apply(entries_, unsynced_.back());
  const std::size_t keep = durable_ ? 0 : kUnsyncedMax;
  while (unsynced_.size() > keep) {
    apply(synced_, unsynced_.front());
    unsynced_.pop_front();
  }
}

void MemoryStateStore::apply(Entries& entries, const Change& change) {
  if (change.second) {
    entries[change.first] = *change.second;
  } else {
    entries.erase(change.first);
  }
}

}  // namespace weir
