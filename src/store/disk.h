// SPDX-License-Identifier: MIT OR Apache-2.0
// The face of a disk: the only way anything below `io` reaches files.
//
// `io` implements it over POSIX, the simulator over a virtual disk that can be slow, full, torn or
// crash between any two calls. Calls block and are made from background jobs only (see jobs.h),
// from several threads at once: implementations are thread-safe.
//
// Containment: a path is a root directory, which the user named, and a relative path, which a
// torrent named. The root may be reached through symlinks; below it no symlink is ever followed,
// when reading or writing (MET-15), and only regular files are opened, without blocking (STO-03).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace weir {

enum class DiskErrc : std::uint8_t {
  not_found,
  already_exists,
  no_space,  // full, or over quota: the torrent pauses and continues when there is room
  permission,
  read_only,
  not_regular,    // a directory, device, FIFO, socket or symlink where a file should be
  not_contained,  // the relative path would leave its root
  name_too_long,
  too_large,   // beyond what the file system can hold (STO-08)
  short_read,  // the file ends before the range does
  io_error,
};

// Stable names, part of the interface ("no_space").
[[nodiscard]] const char* error_name(DiskErrc code);

struct DiskError {
  DiskErrc code = DiskErrc::io_error;
  std::string path;  // what it happened to, for the user
  bool operator==(const DiskError&) const = default;
};
template <class T>
using DiskResult = std::expected<T, DiskError>;

struct DiskPath {
  std::string root;      // absolute
  std::string relative;  // '/'-separated, no "." or "..", not empty
  auto operator<=>(const DiskPath&) const = default;
};

struct FileStat {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;  // since 1970
  std::uint64_t file_id = 0;  // device and inode mixed: equal for two names of one file
  bool operator==(const FileStat&) const = default;
};

enum class Preallocation : std::uint8_t { sparse, full };

class Disk {
 public:
  virtual ~Disk() = default;

  // Regular files only; anything else is not_regular.
  virtual DiskResult<FileStat> stat(const DiskPath& path) = 0;
  // Fills `out` completely or fails (short_read at end of file).
  virtual DiskResult<void> read(const DiskPath& path, std::uint64_t offset, MutableBytes out) = 0;
  // A hint that the range is read soon, in this order. Does not wait and can't fail.
  virtual void will_read(const DiskPath&, std::uint64_t, std::uint64_t) {}
  // Writes all parts one after another from `offset`; creates the file and missing directories.
  virtual DiskResult<void> write(const DiskPath& path, std::uint64_t offset,
                                 std::span<const Bytes> parts) = 0;
  // Creates the file when missing and makes it exactly `size` long when it is shorter. Never
  // truncates. With `full` the space is reserved or no_space is reported and nothing changed.
  virtual DiskResult<void> allocate(const DiskPath& path, std::uint64_t size,
                                    Preallocation mode) = 0;
  // Whether write() would be let: the file may be written, or where it is missing the nearest
  // directory above it that is there. Nothing is changed, and nothing is promised for later. Only
  // permission and read_only are errors; their path names what refuses.
  virtual DiskResult<void> check_writable(const DiskPath&) { return {}; }
  // Data (and size) of the file, and the directory entry that names it, are on stable storage.
  virtual DiskResult<void> sync(const DiskPath& path) = 0;
  // Atomically; refuses (already_exists) to replace a file at `to`.
  virtual DiskResult<void> rename(const DiskPath& from, const DiskPath& to) = 0;
  // A second name for the same bytes: what is written through one is read through the other.
  // Refuses (already_exists) a name that is taken. An error on file systems without such names, and
  // across file systems.
  virtual DiskResult<void> link(const DiskPath& from, const DiskPath& to) = 0;
  virtual DiskResult<void> remove(const DiskPath& path) = 0;
  // Removes `path`'s parent directories below the root as long as they are empty.
  virtual void remove_empty_parents(const DiskPath& path) = 0;
  virtual DiskResult<void> make_symlink(const DiskPath& path, const std::string& target) = 0;
  virtual DiskResult<void> set_executable(const DiskPath& path) = 0;
  // Bytes available below `root` to this user.
  virtual DiskResult<std::uint64_t> free_space(const std::string& root) = 0;
};

}  // namespace weir
