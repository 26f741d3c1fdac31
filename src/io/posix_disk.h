// SPDX-License-Identifier: MIT OR Apache-2.0
// The Disk of the machine it runs on (Linux). Blocking and thread-safe; see store/disk.h for what
// each call promises and internal/beneath.h for how paths are found.
//
// Beyond the face: a root must exist (create_root), because a missing one is more likely a volume
// that is not mounted than a wish. A failed sync means that bytes may be lost although a later sync
// succeeds: the pieces concerned are to be hashed again. The process has to ignore SIGXFSZ if its
// file sizes are limited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "io/file_table.h"
#include "store/disk.h"

namespace weir {

// Creates a directory the user named and those around it, mode 0777 less the umask. Symlinks are
// followed; one that is there already is fine.
[[nodiscard]] DiskResult<void> create_root(const std::string& directory);

// Of an open file; nothing when the system does not say.
[[nodiscard]] std::optional<FileStat> file_stat(int fd);

class PosixDisk : public Disk {
 public:
  static constexpr std::uint64_t kFileSizeMax = (std::uint64_t{1} << 63) - 1;
  // Directories remembered as durable; beyond that all are synced again when their turn comes.
  static constexpr std::size_t kSyncedDirectoriesMax = 16 * 1024;

  explicit PosixDisk(std::size_t open_files_max = FileTable::kOpenFilesMax)
      : files_(open_files_max) {}

  // The open files, for sending from them without a copy.
  [[nodiscard]] FileTable& files() { return files_; }

  DiskResult<FileStat> stat(const DiskPath& path) override;
  DiskResult<void> read(const DiskPath& path, std::uint64_t offset, MutableBytes out) override;
  void will_read(const DiskPath& path, std::uint64_t offset, std::uint64_t length) override;
  DiskResult<void> write(const DiskPath& path, std::uint64_t offset,
                         std::span<const Bytes> parts) override;
  DiskResult<void> allocate(const DiskPath& path, std::uint64_t size, Preallocation mode) override;
  DiskResult<void> check_writable(const DiskPath& path) override;
  // not_found when the file was removed by someone else while open here.
  DiskResult<void> sync(const DiskPath& path) override;
  DiskResult<void> rename(const DiskPath& from, const DiskPath& to) override;
  DiskResult<void> link(const DiskPath& from, const DiskPath& to) override;
  // Atomically, in place of a regular file at `to`. Both on one file system.
  DiskResult<void> replace(const DiskPath& from, const DiskPath& to);
  // How many names its file has.
  DiskResult<std::uint64_t> name_count(const DiskPath& path);
  DiskResult<void> remove(const DiskPath& path) override;
  void remove_empty_parents(const DiskPath& path) override;
  DiskResult<void> make_symlink(const DiskPath& path, const std::string& target) override;
  // For those who may read the file.
  DiskResult<void> set_executable(const DiskPath& path) override;
  DiskResult<std::uint64_t> free_space(const std::string& root) override;

 private:
  struct Opened {
    FileRef file;
    bool created = false;
  };
  DiskResult<Opened> open_or_create(const DiskPath& path);
  void names_changed(const DiskPath& path);
  DiskResult<void> sync_names(const DiskPath& path);

  FileTable files_;
  // Directories whose entries are known to be on stable storage. Starting from none, the first sync
  // in each makes up for a process that was killed before its own.
  std::mutex names_mutex_;
  std::unordered_set<std::string> synced_directories_;
  std::uint64_t name_changes_ = 0;
};

}  // namespace weir
