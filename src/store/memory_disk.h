// SPDX-License-Identifier: MIT OR Apache-2.0
// A disk in memory, for tests and the simulator: sparse, of a given capacity, with injected faults
// and power cuts.
//
// Fault model
// - Every operation first asks the hook, when one is set. An error it returns is the operation's
//   result and nothing happens, with one exception: a failed write leaves a random prefix of its
//   bytes behind, as a real short write does.
// - halt() is the death of the process: every later operation fails with io_error and changes
//   nothing, until restart() (kill -9: nothing that was written is lost) or crash() (power cut).
// - crash() keeps what was synced and decides the rest by the Random: each page written since the
//   last sync of its file is as it was then, as it is now, or mixed of both in 512-byte sectors;
//   size and mtime are each the old or the new ones (bytes that were lost inside the size read as
//   zeros).
// - Names (created, renamed, removed files, symlinks) change in an ordered journal, as on ext4, XFS
//   or Btrfs: a crash loses a suffix of the changes since the last one that a sync made durable; a
//   rename is never half done. sync() makes all changes up to the last that concerns its file
//   durable. Directories are created durably.
// - Not modelled: bit rot of synced data, disks that lie about a sync, slowness (the simulator
//   schedules operations itself).
//
// Unlike other disks it is NOT thread-safe: jobs run inline.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "store/disk.h"

namespace weir {

enum class DiskOperation : std::uint8_t {
  stat,
  read,
  write,
  allocate,
  check_writable,
  sync,
  rename,
  link,
  remove,
  remove_empty_parents,
  make_symlink,
  set_executable,
  free_space,
  // Of a MemoryStateStore.
  load,
  save_record,
  save_progress,
  remove_record,
};

// Asked before an operation; `path` is root and relative path joined, or a store entry's id. May
// call halt().
using DiskFaultHook =
    std::function<std::optional<DiskErrc>(DiskOperation kind, const std::string& path)>;

class MemoryDisk : public Disk {
 public:
  static constexpr std::uint64_t kPageSize = 16 * 1024;
  static constexpr std::uint64_t kSectorSize = 512;
  static constexpr std::uint64_t kFileSizeMax = (std::uint64_t{1} << 63) - 1;

  // The seed decides the lengths of torn writes.
  explicit MemoryDisk(std::uint64_t seed = 1) : random_(seed) {}

  void set_hook(DiskFaultHook hook) { hook_ = std::move(hook); }
  // What file pages and reservations may take in all.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  // mtime of the next change; each change moves it on by a microsecond.
  void set_time(std::int64_t time_ns) { time_ns_ = time_ns; }

  void halt() { halted_ = true; }
  void restart() { halted_ = false; }
  void crash(Random& random);

  DiskResult<FileStat> stat(const DiskPath& path) override;
  DiskResult<void> read(const DiskPath& path, std::uint64_t offset, MutableBytes out) override;
  DiskResult<void> write(const DiskPath& path, std::uint64_t offset,
                         std::span<const Bytes> parts) override;
  DiskResult<void> allocate(const DiskPath& path, std::uint64_t size, Preallocation mode) override;
  DiskResult<void> check_writable(const DiskPath& path) override;
  DiskResult<void> sync(const DiskPath& path) override;
  DiskResult<void> rename(const DiskPath& from, const DiskPath& to) override;
  DiskResult<void> link(const DiskPath& from, const DiskPath& to) override;
  DiskResult<void> remove(const DiskPath& path) override;
  void remove_empty_parents(const DiskPath& path) override;
  DiskResult<void> make_symlink(const DiskPath& path, const std::string& target) override;
  DiskResult<void> set_executable(const DiskPath& path) override;
  DiskResult<std::uint64_t> free_space(const std::string& root) override;

  // The other side, for tests and checkers: no hook, no counting, absolute paths.
  [[nodiscard]] std::vector<std::string> names() const;  // of files and symlinks, sorted
  [[nodiscard]] bool exists(const std::string& name) const { return names_.contains(name); }
  [[nodiscard]] bool has_directory(const std::string& name) const;
  [[nodiscard]] std::optional<Buffer> contents(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> symlink_target(const std::string& name) const;
  [[nodiscard]] bool executable(const std::string& name) const;
  [[nodiscard]] std::uint64_t bytes_used() const { return used_; }
  [[nodiscard]] std::uint64_t operation_count() const { return operations_; }
  // Durable at once, as if made by someone else long ago. Replaces a file.
  void put_file(const std::string& name, Bytes contents);
  void put_directory(const std::string& name);
  void put_symlink(const std::string& name, const std::string& target);
  void put_special(const std::string& name);  // a FIFO, socket or device

 private:
  using Page = std::vector<std::byte>;
  struct Node {
    std::map<std::uint64_t, Page> pages;  // by page number; a missing one is a hole
    std::map<std::uint64_t, std::optional<Page>> synced_pages;  // of pages changed since the sync
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t synced_size = 0;
    std::int64_t synced_mtime_ns = 0;
    std::uint64_t reserved = 0;
    std::uint64_t id = 0;
    bool executable = false;

    [[nodiscard]] std::uint64_t charge() const;
    void mark_synced();
    void tear(Random& random);
  };
  struct Entry {
    enum class Kind : std::uint8_t { file, symlink, special };
    Kind kind = Kind::file;
    std::shared_ptr<Node> node;  // shared by the current and the durable names
    std::string target;
  };
  using Names = std::map<std::string, Entry>;
  struct NameChange {
    std::vector<std::pair<std::string, std::optional<Entry>>> assignments;  // done all or none
  };

  [[nodiscard]] std::optional<DiskErrc> enter(DiskOperation kind, const std::string& name);
  [[nodiscard]] std::optional<DiskErrc> judge(const DiskPath& path) const;
  [[nodiscard]] std::optional<DiskError> judge_name(const DiskPath& from, const DiskPath& to) const;
  [[nodiscard]] DiskResult<Node*> find_file(const std::string& name) const;
  [[nodiscard]] DiskResult<Node*> find_or_create(const DiskPath& path, const std::string& name);
  void change_names(NameChange change);
  void add_parents(std::string_view name);
  [[nodiscard]] bool directory_empty(const std::string& name) const;
  [[nodiscard]] std::optional<DiskErrc> write_run(Node& node, std::uint64_t offset, Bytes bytes);
  void touch(Node& node) { node.mtime_ns = time_ns_ += 1000; }
  void count_used();

  Random random_;
  DiskFaultHook hook_;
  std::uint64_t capacity_ = std::uint64_t{1} << 50;
  std::uint64_t used_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t last_id_ = 0;
  std::int64_t time_ns_ = 1'700'000'000'000'000'000;
  bool halted_ = false;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> pending_;
  std::set<std::string> directories_;
};

}  // namespace weir
