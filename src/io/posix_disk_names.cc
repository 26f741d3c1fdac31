// SPDX-License-Identifier: MIT OR Apache-2.0
// Files' names: looking them up, changing them, making the changes durable.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/result.h"
#include "io/posix_disk.h"

namespace weir {
namespace {

// device and inode mixed; only equality means anything.
std::uint64_t file_id(const struct stat& found) {
  const auto device = static_cast<std::uint64_t>(found.st_dev);
  return static_cast<std::uint64_t>(found.st_ino) ^ (device * 0x9e3779b97f4a7c15U);
}

FileStat to_file_stat(const struct stat& found) {
  return {.size = static_cast<std::uint64_t>(found.st_size),
          .mtime_ns = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec,
          .file_id = file_id(found)};
}

DiskResult<struct stat> look(const Place& place, const DiskPath& path) {
  struct stat found{};
  if (::fstatat(place.parent.get(), place.leaf.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno_failure(errno, path);
  }
  return found;
}

DiskResult<struct stat> look_for_regular(const Place& place, const DiskPath& path) {
  WEIR_TRY(found, look(place, path));
  if (!S_ISREG(found.st_mode)) return disk_failure(DiskErrc::not_regular, path);
  return found;
}

// rename(2) that does not replace; 0 or an errno.
int rename_to_free_name(const Place& from, const Place& to) {
  const int from_fd = from.parent.get();
  const int to_fd = to.parent.get();
  if (::renameat2(from_fd, from.leaf.c_str(), to_fd, to.leaf.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without that flag. A second name is made, which fails when it is taken, and the
  // first one removed; a crash in between leaves both names of the one file.
  if (::linkat(from_fd, from.leaf.c_str(), to_fd, to.leaf.c_str(), 0) == 0) {
    return ::unlinkat(from_fd, from.leaf.c_str(), 0) == 0 ? 0 : errno;
  }
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
  // Not even second names, as on FAT: looking first is the best that can be done.
  struct stat taken{};
  if (::fstatat(to_fd, to.leaf.c_str(), &taken, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
  if (errno != ENOENT) return errno;
  return ::renameat(from_fd, from.leaf.c_str(), to_fd, to.leaf.c_str()) == 0 ? 0 : errno;
}

// 0 or an errno. What may not be read or cannot be synced by its file system is passed over: the
// sync of the file itself has made its name durable on all that journal names.
int sync_directory(const Descriptor& directory) {
  const Descriptor readable(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return errno == EACCES ? 0 : errno;
  if (::fsync(readable.get()) == 0) return 0;
  return errno == EINVAL || errno == EROFS ? 0 : errno;
}

// Calls `visit` with every directory from the path's parent up to the root (empty).
template <class Visit>
void for_each_parent(const DiskPath& path, Visit visit) {
  std::string_view directory = path.relative;
  do {
    directory = parent_of(directory);
    visit(directory);
  } while (!directory.empty());
}

// Of access(2): what keeps one from writing, and nothing else.
DiskResult<void> refusal(int error, const DiskPath& at) {
  const DiskErrc code = disk_errc(error);
  if (code != DiskErrc::permission && code != DiskErrc::read_only) return {};
  const std::string name = at.relative.empty() ? at.root : full_name(at);
  return std::unexpected(DiskError{code, name});
}

std::string directory_name(const DiskPath& path, std::string_view directory) {
  return path.root + '/' + std::string(directory);
}

}  // namespace

DiskResult<void> create_root(const std::string& directory) {
  for (std::size_t at = 0; at != std::string::npos;) {
    at = directory.find('/', at + 1);
    const std::string name = directory.substr(0, at);
    if (::mkdir(name.c_str(), 0777) == 0) continue;
    // Read-only and forbidden places are fine as long as the directory is there.
    const int error = errno;
    struct stat found{};
    if (::stat(name.c_str(), &found) != 0) {
      return std::unexpected(DiskError{disk_errc(error), name});
    }
    if (!S_ISDIR(found.st_mode)) return std::unexpected(DiskError{DiskErrc::not_regular, name});
  }
  return {};
}

std::optional<FileStat> file_stat(int fd) {
  struct stat found{};
  if (::fstat(fd, &found) != 0) return std::nullopt;
  return to_file_stat(found);
}

DiskResult<FileStat> PosixDisk::stat(const DiskPath& path) {
  WEIR_TRY(place, find_place(path));
  WEIR_TRY(found, look_for_regular(place, path));
  return to_file_stat(found);
}

DiskResult<void> PosixDisk::rename(const DiskPath& from, const DiskPath& to) {
  WEIR_TRY(source, find_place(from));
  WEIR_CHECK(look_for_regular(source, from));
  auto target = find_place(to, MissingDirectories::create);
  if (!target) {
    names_changed(to);
    return std::unexpected(std::move(target).error());
  }
  const int error = rename_to_free_name(source, *target);
  files_.forget(from);
  files_.forget(to);
  names_changed(from);
  names_changed(to);
  if (error != 0) return errno_failure(error, error == EEXIST ? to : from);
  return {};
}

DiskResult<std::uint64_t> PosixDisk::name_count(const DiskPath& path) {
  WEIR_TRY(place, find_place(path));
  WEIR_TRY(found, look_for_regular(place, path));
  return static_cast<std::uint64_t>(found.st_nlink);
}

DiskResult<void> PosixDisk::link(const DiskPath& from, const DiskPath& to) {
  WEIR_TRY(source, find_place(from));
  WEIR_CHECK(look_for_regular(source, from));
  const auto target = find_place(to, MissingDirectories::create);
  names_changed(to);
  if (!target) return std::unexpected(target.error());
  const int error = ::linkat(source.parent.get(), source.leaf.c_str(), target->parent.get(),
                             target->leaf.c_str(), 0) == 0
                        ? 0
                        : errno;
  files_.forget(to);
  if (error != 0) return errno_failure(error, to);
  return {};
}

DiskResult<void> PosixDisk::replace(const DiskPath& from, const DiskPath& to) {
  WEIR_TRY(source, find_place(from));
  WEIR_CHECK(look_for_regular(source, from));
  WEIR_TRY(target, find_place(to));
  WEIR_CHECK(look_for_regular(target, to));
  const int error = ::renameat(source.parent.get(), source.leaf.c_str(), target.parent.get(),
                               target.leaf.c_str()) == 0
                        ? 0
                        : errno;
  // Whoever had the old one open opens the new one.
  files_.forget(from);
  files_.forget(to);
  names_changed(from);
  names_changed(to);
  if (error != 0) return errno_failure(error, to);
  return {};
}

DiskResult<void> PosixDisk::remove(const DiskPath& path) {
  WEIR_TRY(place, find_place(path));
  WEIR_CHECK(look_for_regular(place, path));
  const int error = ::unlinkat(place.parent.get(), place.leaf.c_str(), 0) == 0 ? 0 : errno;
  files_.forget(path);
  names_changed(path);
  if (error != 0) return errno_failure(error, path);
  return {};
}

DiskResult<void> PosixDisk::check_writable(const DiskPath& path) {
  DiskPath at = path;
  while (!at.relative.empty()) {
    const auto place = find_place(at);
    const auto found = place ? look(*place, at) : std::unexpected(place.error());
    if (found) {
      // A file or directory; the calls that open it say what else is wrong with it.
      if (!S_ISREG(found->st_mode) && !S_ISDIR(found->st_mode)) return {};
      const int mode = S_ISDIR(found->st_mode) ? W_OK | X_OK : W_OK;
      if (::faccessat(place->parent.get(), place->leaf.c_str(), mode, AT_EACCESS) == 0) return {};
      return refusal(errno, at);
    }
    if (found.error().code == DiskErrc::permission) return std::unexpected(found.error());
    if (found.error().code != DiskErrc::not_found) return {};
    at.relative = std::string(parent_of(at.relative));
  }
  if (::faccessat(AT_FDCWD, path.root.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return refusal(errno, {path.root, ""});
}

void PosixDisk::remove_empty_parents(const DiskPath& path) {
  names_changed(path);
  for (std::string_view directory = parent_of(path.relative); !directory.empty();
       directory = parent_of(directory)) {
    const DiskPath name{path.root, std::string(directory)};
    const auto place = find_place(name);
    if (!place) {
      if (place.error().code == DiskErrc::not_found) continue;
      return;
    }
    // Refused by the kernel for anything but an empty directory: files, symlinks, mount points.
    if (::unlinkat(place->parent.get(), place->leaf.c_str(), AT_REMOVEDIR) != 0 &&
        errno != ENOENT) {
      return;
    }
  }
}

DiskResult<void> PosixDisk::make_symlink(const DiskPath& path, const std::string& target) {
  auto place = find_place(path, MissingDirectories::create);
  names_changed(path);
  if (!place) return std::unexpected(std::move(place).error());
  if (::symlinkat(target.c_str(), place->parent.get(), place->leaf.c_str()) != 0) {
    return errno_failure(errno, path);
  }
  return {};
}

void PosixDisk::names_changed(const DiskPath& path) {
  const std::lock_guard lock(names_mutex_);
  ++name_changes_;
  for_each_parent(path, [&](std::string_view directory) {
    synced_directories_.erase(directory_name(path, directory));
  });
}

DiskResult<void> PosixDisk::sync_names(const DiskPath& path) {
  std::vector<std::string_view> due;
  std::uint64_t changes = 0;
  {
    const std::lock_guard lock(names_mutex_);
    changes = name_changes_;
    for_each_parent(path, [&](std::string_view directory) {
      if (!synced_directories_.contains(directory_name(path, directory))) due.push_back(directory);
    });
  }
  for (const std::string_view directory : due) {
    WEIR_TRY(opened, open_directory(path, directory));
    if (const int error = sync_directory(opened); error != 0) return errno_failure(error, path);
  }
  const std::lock_guard lock(names_mutex_);
  // A name that changed meanwhile may have missed the sync.
  if (changes != name_changes_) return {};
  if (synced_directories_.size() + due.size() > kSyncedDirectoriesMax) synced_directories_.clear();
  for (const std::string_view directory : due) {
    synced_directories_.insert(directory_name(path, directory));
  }
  return {};
}

}  // namespace weir
