// SPDX-License-Identifier: MIT OR Apache-2.0
// What happens to files' contents; names are in posix_disk_names.cc.
#include "io/posix_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <limits>
#include <optional>
#include <utility>

#include "base/result.h"

namespace weir {
namespace {

std::uint64_t available(const struct statvfs& volume) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(std::uint64_t{volume.f_bavail}, std::uint64_t{volume.f_frsize},
                             &bytes)) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  return bytes;
}

// The gather list of one system call, refilled from the parts until all are written.
class GatherList {
 public:
  explicit GatherList(std::span<const Bytes> parts) : parts_(parts) {}

  // The next run of buffers, at most IOV_MAX of them; empty when nothing is left.
  [[nodiscard]] std::span<const iovec> next() {
    std::size_t count = 0;
    std::size_t skip = skip_;
    for (std::size_t i = 0; i < parts_.size() && count < list_.size(); ++i) {
      const Bytes part = parts_[i].subspan(skip);
      skip = 0;
      if (part.empty()) continue;
      // iovec serves reading too, hence the mutable pointer; pwritev does not write to it.
      list_[count++] = {const_cast<std::byte*>(part.data()), part.size()};
    }
    return std::span(list_).first(count);
  }
  void written(std::size_t bytes) {
    while (!parts_.empty() && bytes >= parts_.front().size() - skip_) {
      bytes -= parts_.front().size() - skip_;
      skip_ = 0;
      parts_ = parts_.subspan(1);
    }
    skip_ += bytes;
  }

 private:
  std::span<const Bytes> parts_;
  std::size_t skip_ = 0;  // of the first part
  std::array<iovec, IOV_MAX> list_;
};

// Makes the file `size` long when it is shorter; 0 or an errno, and then the size is as before.
int grow(int fd, std::uint64_t size, Preallocation mode) {
  struct stat before{};
  if (::fstat(fd, &before) != 0) return errno;
  const auto length = static_cast<off_t>(size);
  if (mode == Preallocation::full && size > 0) {
    int result = 0;
    do {
      result = ::fallocate(fd, 0, 0, length);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return 0;
    const int error = errno;
    if (error != EOPNOTSUPP && error != ENOSYS) {
      // Gives back what was reserved beyond the old end before the space ran out.
      if (::ftruncate(fd, before.st_size) != 0) return errno;
      return error;
    }
  }
  if (before.st_size < length && ::ftruncate(fd, length) != 0) {
    return errno == EINVAL ? EFBIG : errno;
  }
  return 0;
}

// Whether `size` bytes fit, judged before anything is created, so that asking for far too much
// does not fill the volume first (STO-08).
DiskResult<void> check_room(const DiskPath& path, std::uint64_t size) {
  std::uint64_t allocated = 0;
  struct statvfs volume{};
  int result = 0;
  if (const auto place = find_place(path)) {
    struct stat found{};
    if (::fstatat(place->parent.get(), place->leaf.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(found.st_mode)) {
      allocated = static_cast<std::uint64_t>(found.st_blocks) * 512;
    }
    result = ::fstatvfs(place->parent.get(), &volume);
  } else if (place.error().code == DiskErrc::not_found) {
    result = ::statvfs(path.root.c_str(), &volume);
  } else {
    return std::unexpected(place.error());
  }
  if (result != 0) return errno_failure(errno, path);
  if (size > allocated && size - allocated > available(volume)) {
    return disk_failure(DiskErrc::no_space, path);
  }
  return {};
}

}  // namespace

DiskResult<void> PosixDisk::read(const DiskPath& path, std::uint64_t offset, MutableBytes out) {
  WEIR_TRY(file, files_.open_read(path));
  if (offset > kFileSizeMax || out.size() > kFileSizeMax - offset) {
    return disk_failure(DiskErrc::short_read, path);
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(file->fd(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_failure(errno, path);
    if (got == 0) return disk_failure(DiskErrc::short_read, path);
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

void PosixDisk::will_read(const DiskPath& path, std::uint64_t offset, std::uint64_t length) {
  const auto file = files_.open_read(path);
  if (!file || offset > kFileSizeMax || length > kFileSizeMax - offset) return;
  // What can't be helped is not helped: the read that follows says why.
  (void)::posix_fadvise((*file)->fd(), static_cast<off_t>(offset), static_cast<off_t>(length),
                        POSIX_FADV_WILLNEED);
}

DiskResult<PosixDisk::Opened> PosixDisk::open_or_create(const DiskPath& path) {
  auto file = files_.open_write(path);
  if (file) return Opened{*std::move(file), false};
  if (file.error().code != DiskErrc::not_found) return std::unexpected(std::move(file).error());
  file = files_.create(path);
  names_changed(path);  // even when it failed: directories may have been made
  if (!file) return std::unexpected(std::move(file).error());
  return Opened{*std::move(file), true};
}

DiskResult<void> PosixDisk::write(const DiskPath& path, std::uint64_t offset,
                                  std::span<const Bytes> parts) {
  std::uint64_t total = 0;
  for (const Bytes part : parts) total += part.size();
  if (total > kFileSizeMax || offset > kFileSizeMax - total) {
    return disk_failure(DiskErrc::too_large, path);
  }
  WEIR_TRY(opened, open_or_create(path));
  GatherList gather(parts);
  while (true) {
    const auto list = gather.next();
    if (list.empty()) return {};
    const ssize_t put = ::pwritev(opened.file->fd(), list.data(), static_cast<int>(list.size()),
                                  static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno_failure(errno == EINVAL ? EFBIG : errno, path);
    if (put == 0) return disk_failure(DiskErrc::io_error, path);
    gather.written(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
}

DiskResult<void> PosixDisk::allocate(const DiskPath& path, std::uint64_t size, Preallocation mode) {
  if (size > kFileSizeMax) return disk_failure(DiskErrc::too_large, path);
  if (mode == Preallocation::full) WEIR_CHECK(check_room(path, size));
  WEIR_TRY(opened, open_or_create(path));
  const int error = grow(opened.file->fd(), size, mode);
  if (error == 0) return {};
  // Nothing is to have changed. Directories stay: one that was there before cannot be told from one
  // just made.
  if (opened.created) (void)remove(path);
  return errno_failure(error, path);
}

DiskResult<void> PosixDisk::sync(const DiskPath& path) {
  FileRef file = files_.find_writable(path);
  if (!file) {
    WEIR_TRY(opened, files_.open_read(path));
    file = std::move(opened);
  }
  struct stat found{};
  if (::fstat(file->fd(), &found) != 0) return errno_failure(errno, path);
  if (found.st_nlink == 0) {
    files_.forget(path);
    return disk_failure(DiskErrc::not_found, path);
  }
  if (::fdatasync(file->fd()) != 0) return errno_failure(errno, path);
  return sync_names(path);
}

DiskResult<void> PosixDisk::set_executable(const DiskPath& path) {
  WEIR_TRY(file, files_.open_read(path));
  struct stat found{};
  if (::fstat(file->fd(), &found) != 0) return errno_failure(errno, path);
  // The read bits already carry the umask the file was created with; asking for the umask itself
  // means changing it for all threads.
  const mode_t executable = (found.st_mode & 07777) | ((found.st_mode & 0444) >> 2);
  if (executable == (found.st_mode & 07777)) return {};
  if (::fchmod(file->fd(), executable) != 0) return errno_failure(errno, path);
  return {};
}

DiskResult<std::uint64_t> PosixDisk::free_space(const std::string& root) {
  struct statvfs volume{};
  if (::statvfs(root.c_str(), &volume) != 0) {
    return std::unexpected(DiskError{disk_errc(errno), root});
  }
  return available(volume);
}

}  // namespace weir
