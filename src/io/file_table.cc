// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/file_table.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include "base/result.h"

namespace weir {
namespace {

std::size_t descriptors_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return FileTable::kOpenFilesMax;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

// The path names another file by now, or none: this one was replaced or removed, by us elsewhere or
// behind our back.
bool has_no_name(const FileHandle& file) {
  struct stat status{};
  return ::fstat(file.fd(), &status) == 0 && status.st_nlink == 0;
}

}  // namespace

FileTable::FileTable(std::size_t limit)
    : limit_(std::max<std::size_t>(1, std::min(limit, descriptors_max() / 2))) {}

std::size_t FileTable::PathHash::operator()(const DiskPath& path) const {
  const std::hash<std::string> hash;
  return hash(path.relative) * 31 + hash(path.root);
}

DiskResult<FileRef> FileTable::open_read(const DiskPath& path) { return get(path, Mode::read); }
DiskResult<FileRef> FileTable::open_write(const DiskPath& path) { return get(path, Mode::write); }
DiskResult<FileRef> FileTable::create(const DiskPath& path) { return get(path, Mode::create); }

FileRef FileTable::find_writable(const DiskPath& path) {
  const std::lock_guard lock(mutex_);
  return find(path, true);
}

void FileTable::forget(const DiskPath& path) {
  FileRef last;  // closed after the lock is gone
  const std::lock_guard lock(mutex_);
  ++epoch_;
  last = drop(path);
}

FileRef FileTable::drop(const DiskPath& path) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return nullptr;
  FileRef file = std::move(found->second->file);
  entries_.erase(found->second);
  by_path_.erase(found);
  return file;
}

void FileTable::clear() {
  std::list<Entry> closed;
  const std::lock_guard lock(mutex_);
  ++epoch_;
  by_path_.clear();
  closed.swap(entries_);
}

std::size_t FileTable::open_count() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

// Opening happens without the lock: a disk that spins up holds up only who needs it.
DiskResult<FileRef> FileTable::get(const DiskPath& path, Mode mode) {
  const bool writable = mode != Mode::read;
  std::uint64_t epoch = 0;
  {
    FileRef gone;  // closed after the lock is gone
    const std::lock_guard lock(mutex_);
    if (FileRef file = find(path, writable)) {
      if (mode != Mode::read || !has_no_name(*file)) return file;
      gone = drop(path);
    }
    epoch = epoch_;
  }
  const auto missing = mode == Mode::create ? MissingDirectories::create : MissingDirectories::fail;
  const int flags = (writable ? O_RDWR : O_RDONLY) | (mode == Mode::create ? O_CREAT : 0);
  WEIR_TRY(place, find_place(path, missing));
  WEIR_TRY(descriptor, open_regular(place, flags, path));
  auto file = std::make_shared<const FileHandle>(std::move(descriptor), writable);
  keep(path, file, epoch);
  return file;
}

FileRef FileTable::find(const DiskPath& path, bool writable) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end() || (writable && !found->second->file->writable())) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->file;
}

void FileTable::keep(const DiskPath& path, const FileRef& file, std::uint64_t epoch) {
  FileRef replaced;  // closed after the lock is gone
  const std::lock_guard lock(mutex_);
  if (epoch != epoch_) return;
  if (const auto found = by_path_.find(path); found != by_path_.end()) {
    // Someone else opened it meanwhile, or could only read before.
    if (found->second->file->writable()) return;
    replaced = std::exchange(found->second->file, file);
    entries_.splice(entries_.begin(), entries_, found->second);
    return;
  }
  if (entries_.size() >= limit_) {
    replaced = std::move(entries_.back().file);
    by_path_.erase(entries_.back().path);
    entries_.pop_back();
  }
  entries_.push_front({path, file});
  by_path_.emplace(path, entries_.begin());
}

}  // namespace weir
