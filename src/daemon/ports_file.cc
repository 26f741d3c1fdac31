// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/ports_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace weir {
namespace {

std::string list_of(const std::vector<Endpoint>& endpoints) {
  std::string out;
  for (const Endpoint& endpoint : endpoints) {
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", endpoint.text());
  }
  return fmt::format("[{}]", out);
}

}  // namespace

std::expected<PortsFile, int> PortsFile::write(std::string path, const Ports& ports) {
  const std::string text = fmt::format("{{\"pid\": {}, \"http\": {}, \"peer\": {}}}\n", getpid(),
                                       list_of(ports.http), list_of(ports.peer));
  const std::string beside = fmt::format("{}.{}", path, getpid());
  unlink(beside.c_str());
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return std::unexpected(errno);
  int error = 0;
  const ssize_t written = ::write(fd, text.data(), text.size());
  if (written < 0) error = errno;
  if (written >= 0 && written != static_cast<ssize_t>(text.size())) error = ENOSPC;
  struct stat status{};
  if (fstat(fd, &status) != 0 && error == 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    unlink(beside.c_str());
    return std::unexpected(error);
  }
  return PortsFile(std::move(path), status.st_dev, status.st_ino);
}

PortsFile::~PortsFile() {
  struct stat status{};
  if (path_.empty() || lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) unlink(path_.c_str());
}

PortsFile::PortsFile(PortsFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

}  // namespace weir
