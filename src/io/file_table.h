// SPDX-License-Identifier: MIT OR Apache-2.0
// The regular files kept open: one descriptor a path, the least recently used ones closed when
// there are too many. Thread-safe.
//
// Files are found below their root as internal/beneath.h says: no symlink is followed, nothing but
// a regular file is opened, nothing blocks, nothing is ever truncated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "io/internal/beneath.h"
#include "store/disk.h"

namespace weir {

// An open file. Use positional calls only (pread, pwritev, sendfile with an offset): many share it.
class FileHandle {
 public:
  FileHandle(Descriptor descriptor, bool writable)
      : descriptor_(std::move(descriptor)), writable_(writable) {}
  [[nodiscard]] int fd() const { return descriptor_.get(); }
  [[nodiscard]] bool writable() const { return writable_; }

 private:
  Descriptor descriptor_;
  bool writable_;
};

// Keeps the descriptor open while a call or a transfer uses it, though the table dropped it.
using FileRef = std::shared_ptr<const FileHandle>;

class FileTable {
 public:
  static constexpr std::size_t kOpenFilesMax = 256;

  // Keeps at most `limit` files open, and at most half of what the process may open.
  explicit FileTable(std::size_t limit = kOpenFilesMax);

  // For reading; may give a handle that can write too. A file that was kept open and has been
  // replaced or removed since is opened anew: a read sees what the path names.
  DiskResult<FileRef> open_read(const DiskPath& path);
  // For reading and writing. Does not create. `permission` or `read_only` when it may not be.
  DiskResult<FileRef> open_write(const DiskPath& path);
  // As open_write, after creating the file and its directories where they are missing. The caller
  // has to see to it that the new names become durable.
  DiskResult<FileRef> create(const DiskPath& path);
  // An open handle that can write, if there is one. Opens nothing.
  [[nodiscard]] FileRef find_writable(const DiskPath& path);
  // After a rename or removal: the next call opens what the path names then.
  void forget(const DiskPath& path);
  // Closes all that nobody uses at the moment, so that volumes can be unmounted.
  void clear();

  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t open_count() const;

 private:
  enum class Mode : std::uint8_t { read, write, create };
  struct Entry {
    DiskPath path;
    FileRef file;
  };
  struct PathHash {
    std::size_t operator()(const DiskPath& path) const;
  };

  DiskResult<FileRef> get(const DiskPath& path, Mode mode);
  FileRef find(const DiskPath& path, bool writable);
  FileRef drop(const DiskPath& path);  // what was kept
  void keep(const DiskPath& path, const FileRef& file, std::uint64_t epoch);

  std::size_t limit_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<DiskPath, std::list<Entry>::iterator, PathHash> by_path_;
  // Counts forget() and clear(): a file that was being opened meanwhile may be the wrong one by
  // now, so it is handed out but not kept.
  std::uint64_t epoch_ = 0;
};

}  // namespace weir
