// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/result.h"

namespace weir {
namespace {

constexpr int kDirectoryFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

// Whether the path is one the face allows. Not left to the kernel, which would take ".." in the
// component-wise walk.
bool plain(const DiskPath& path) {
  if (path.root.empty() || path.root.front() != '/') return false;
  if (path.root.find('\0') != std::string::npos) return false;
  std::string_view rest = path.relative;
  if (rest.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    if (slash == std::string_view::npos) return true;
    rest.remove_prefix(slash + 1);
  }
}

DiskResult<Descriptor> open_root(const DiskPath& path) {
  const int fd = ::open(path.root.c_str(), kDirectoryFlags);
  if (fd < 0) return std::unexpected(DiskError{disk_errc(errno), path.root});
  return Descriptor(fd);
}

int open_beneath(int root, const std::string& directory) {
  open_how how{};
  how.flags = kDirectoryFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, directory.c_str(), &how, sizeof(how)));
}

bool is_symlink(int directory, const std::string& name) {
  struct stat found{};
  return ::fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(found.st_mode);
}

}  // namespace

DiskErrc disk_errc(int error) {
  switch (error) {
    case ENOENT:
      return DiskErrc::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return DiskErrc::already_exists;
    case ENOSPC:
    case EDQUOT:
      return DiskErrc::no_space;
    case EACCES:
    case EPERM:
    case ETXTBSY:
      return DiskErrc::permission;
    case EROFS:
      return DiskErrc::read_only;
    case ENOTDIR:
    case EISDIR:
    case ENXIO:
    case ENODEV:
      return DiskErrc::not_regular;
    case ELOOP:
      return DiskErrc::not_contained;
    case ENAMETOOLONG:
      return DiskErrc::name_too_long;
    case EFBIG:
    case EOVERFLOW:
      return DiskErrc::too_large;
    default:
      return DiskErrc::io_error;
  }
}

std::string full_name(const DiskPath& path) { return path.root + '/' + path.relative; }

std::unexpected<DiskError> disk_failure(DiskErrc code, const DiskPath& path) {
  return std::unexpected(DiskError{code, full_name(path)});
}

std::unexpected<DiskError> errno_failure(int error, const DiskPath& path) {
  return disk_failure(disk_errc(error), path);
}

std::unexpected<DiskError> path_failure(int error, const std::string& path) {
  return std::unexpected(DiskError{disk_errc(error), path});
}

DiskResult<void> sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return path_failure(errno, path);
  if (::fsync(directory.get()) != 0 && errno != EINVAL) return path_failure(errno, path);
  return {};
}

std::string_view parent_of(std::string_view relative) {
  const std::size_t slash = relative.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : relative.substr(0, slash);
}

std::string_view leaf_of(std::string_view relative) {
  return relative.substr(relative.rfind('/') + 1);  // npos + 1 is 0
}

DiskResult<Descriptor> open_directory(const DiskPath& path, std::string_view directory,
                                      MissingDirectories missing) {
  if (!plain(path)) return disk_failure(DiskErrc::not_contained, path);
  WEIR_TRY(root, open_root(path));
  if (directory.empty()) return root;
  const int fd = open_beneath(root.get(), std::string(directory));
  if (fd >= 0) return Descriptor(fd);
  switch (errno) {
    case ENOSYS:
    case EPERM:         // what container sandboxes answer to system calls they do not know
    case ENAMETOOLONG:  // a path longer than the kernel takes at once may still be walked
      return walk_to_directory(path, directory, missing);
    case ENOENT:
      if (missing == MissingDirectories::create) return walk_to_directory(path, directory, missing);
      return errno_failure(ENOENT, path);
    default:
      return errno_failure(errno, path);
  }
}

DiskResult<Descriptor> walk_to_directory(const DiskPath& path, std::string_view directory,
                                         MissingDirectories missing) {
  if (!plain(path)) return disk_failure(DiskErrc::not_contained, path);
  WEIR_TRY(at, open_root(path));
  while (!directory.empty()) {
    const std::size_t length = std::min(directory.find('/'), directory.size());
    const std::string name(directory.substr(0, length));
    directory.remove_prefix(std::min(length + 1, directory.size()));
    int fd = ::openat(at.get(), name.c_str(), kDirectoryFlags | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && missing == MissingDirectories::create) {
      if (::mkdirat(at.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
        return errno_failure(errno, path);
      }
      fd = ::openat(at.get(), name.c_str(), kDirectoryFlags | O_NOFOLLOW);
    }
    if (fd < 0) {
      // O_PATH with O_NOFOLLOW reports a symlink as something that is no directory.
      const int error = errno;
      const bool link = error == ENOTDIR && is_symlink(at.get(), name);
      return errno_failure(link ? ELOOP : error, path);
    }
    at = Descriptor(fd);
  }
  return at;
}

DiskResult<Place> find_place(const DiskPath& path, MissingDirectories missing) {
  WEIR_TRY(parent, open_directory(path, parent_of(path.relative), missing));
  return Place{std::move(parent), std::string(leaf_of(path.relative))};
}

DiskResult<Descriptor> open_regular(const Place& place, int flags, const DiskPath& path) {
  // Looked at first, because merely opening a device or a FIFO can have effects.
  struct stat found{};
  if (::fstatat(place.parent.get(), place.leaf.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISREG(found.st_mode)) return disk_failure(DiskErrc::not_regular, path);
  } else if (errno != ENOENT || (flags & O_CREAT) == 0) {
    return errno_failure(errno, path);
  }
  int fd = -1;
  do {
    fd = ::openat(place.parent.get(), place.leaf.c_str(),
                  flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    if (errno == ELOOP) return disk_failure(DiskErrc::not_regular, path);
    return errno_failure(errno, path);
  }
  Descriptor opened(fd);
  if (::fstat(fd, &found) != 0) return errno_failure(errno, path);
  if (!S_ISREG(found.st_mode)) return disk_failure(DiskErrc::not_regular, path);
  return opened;
}

}  // namespace weir
