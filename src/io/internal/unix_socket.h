// SPDX-License-Identifier: MIT OR Apache-2.0
// A listening Unix socket with its file: for its owner alone, put in the place of one that nobody
// listens on any more, and removed with this object.
#pragma once

#include <sys/types.h>
#include <string>

#include "io/internal/descriptor.h"
#include "io/net_error.h"

namespace weir {

class UnixSocketFile {
 public:
  // The socket listens already. Parents that are missing are made, private to their owner. A file
  // at `path` that is no socket stays, and so does a socket that somebody listens on: both are
  // address_in_use. A path that sockaddr_un has no room for is path_too_long.
  //
  // Two processes that open one path at the same moment are the caller's to keep apart.
  [[nodiscard]] static NetResult<UnixSocketFile> open(std::string path);
  // Removes the file, unless another one has taken its place.
  ~UnixSocketFile();
  UnixSocketFile(UnixSocketFile&& other) noexcept;
  UnixSocketFile& operator=(UnixSocketFile&&) = delete;

  [[nodiscard]] Descriptor take_listener() { return std::move(listener_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  UnixSocketFile(std::string path, Descriptor listener, dev_t device, ino_t inode)
      : path_(std::move(path)), listener_(std::move(listener)), device_(device), inode_(inode) {}

  std::string path_;
  Descriptor listener_;
  dev_t device_;
  ino_t inode_;
};

}  // namespace weir
