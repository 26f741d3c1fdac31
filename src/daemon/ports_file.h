// SPDX-License-Identifier: MIT OR Apache-2.0
// A small file that says where a running node listens, for whoever started it with port 0:
// {"pid": 4711, "http": ["127.0.0.1:40123"], "peer": ["0.0.0.0:6981"],
// "socket": "/var/lib/weir/api.sock"}
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/endpoint.h"

namespace weir {

struct Ports {
  std::vector<Endpoint> http;
  std::vector<Endpoint> peer;
  std::string socket;  // the Unix socket; empty: there is none
};

class PortsFile {
 public:
  // Appears whole or not at all: written beside `path`, then renamed. The error is an errno.
  [[nodiscard]] static std::expected<PortsFile, int> write(std::string path, const Ports& ports);
  ~PortsFile();  // removes it, unless another file has taken its place
  PortsFile(PortsFile&& other) noexcept;
  PortsFile& operator=(PortsFile&&) = delete;

 private:
  PortsFile(std::string path, unsigned long device, unsigned long inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}
  std::string path_;
  unsigned long device_;
  unsigned long inode_;
};

}  // namespace weir
