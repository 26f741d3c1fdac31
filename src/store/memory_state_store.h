// SPDX-License-Identifier: MIT OR Apache-2.0
// A StateStore in memory, for tests and the simulator.
//
// Fault model: a save is atomic. The hook may fail any operation, which then changes nothing;
// halt() fails all until restart() (kill -9: every save that succeeded is there) or crash() (power
// cut: the last saves, at most kUnsyncedMax of them, may be lost, always a suffix, unless
// set_durable(true) was called). Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "store/memory_disk.h"
#include "store/resume.h"

namespace weir {

class MemoryStateStore : public StateStore {
 public:
  static constexpr std::size_t kUnsyncedMax = 16;

  void set_hook(DiskFaultHook hook) { hook_ = std::move(hook); }
  // Every save is on stable storage when it returns.
  void set_durable(bool durable) { durable_ = durable; }
  void halt() { halted_ = true; }
  void restart() { halted_ = false; }
  void crash(Random& random);

  DiskResult<std::vector<Entry>> load_all() override;
  DiskResult<std::optional<Entry>> load(const std::string& id) override;
  DiskResult<void> save_record(const std::string& id, Bytes record) override;
  DiskResult<void> save_progress(const std::string& id, Bytes progress) override;
  DiskResult<void> remove(const std::string& id) override;

 private:
  using Entries = std::map<std::string, Entry>;
  // An entry's new value, or its removal.
  using Change = std::pair<std::string, std::optional<Entry>>;

  [[nodiscard]] std::optional<DiskErrc> enter(DiskOperation kind, const std::string& id);
  void change(std::string id, std::optional<Entry> entry);
  static void apply(Entries& entries, const Change& change);

  DiskFaultHook hook_;
  bool durable_ = false;
  bool halted_ = false;
  Entries entries_;
  Entries synced_;
  std::deque<Change> unsynced_;
};

}  // namespace weir
