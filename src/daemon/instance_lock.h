// SPDX-License-Identifier: MIT OR Apache-2.0
// One node at a time on a directory: a lock file that the kernel frees with the process, however it
// ends. The file names the holder's process for people; only the lock on it counts.
#pragma once

#include <expected>
#include <string>

namespace weir {

struct LockError {
  bool held = false;  // by another process; otherwise the file could not be made or locked
  long holder = 0;    // its process id, 0 when it can't be told
  int error = 0;      // errno, unless held
  std::string path;   // the lock file
};

class InstanceLock {
 public:
  // Makes the directory when it is missing, private to its owner; its lock file is node.lock.
  [[nodiscard]] static std::expected<InstanceLock, LockError> acquire(const std::string& directory);
  ~InstanceLock();  // frees it; the file stays
  InstanceLock(InstanceLock&& other) noexcept;
  InstanceLock& operator=(InstanceLock&&) = delete;

 private:
  explicit InstanceLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace weir
