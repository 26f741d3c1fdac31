// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace weir {
namespace {

// 0, or why not.
int make_directories(const std::string& path) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      // A parent that is there and can't be written to is no failure (EROFS, EACCES).
      const int error = errno;
      struct stat status{};
      if (stat(part.c_str(), &status) != 0) return error;
    }
    if (at == std::string::npos) return 0;
  }
}

long read_holder(int fd) {
  char text[32] = {};
  if (pread(fd, text, sizeof(text) - 1, 0) <= 0) return 0;
  const long holder = std::strtol(text, nullptr, 10);
  return holder > 0 ? holder : 0;
}

void write_holder(int fd) {
  const std::string text = std::to_string(getpid()) + "\n";
  // It is for people; the lock holds without it.
  if (ftruncate(fd, 0) == 0) (void)!pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

std::expected<InstanceLock, LockError> InstanceLock::acquire(const std::string& directory) {
  LockError failed;
  failed.path = directory + "/node.lock";
  if ((failed.error = make_directories(directory)) != 0) {
    failed.path = directory;
    return std::unexpected(failed);
  }
  InstanceLock lock(open(failed.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.fd_ < 0) {
    failed.error = errno;
    return std::unexpected(failed);
  }
  while (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    failed.held = errno == EWOULDBLOCK;
    failed.error = failed.held ? 0 : errno;
    failed.holder = read_holder(lock.fd_);
    return std::unexpected(failed);
  }
  write_holder(lock.fd_);
  return lock;
}

InstanceLock::~InstanceLock() {
  if (fd_ >= 0) close(fd_);
}

InstanceLock::InstanceLock(InstanceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

}  // namespace weir
