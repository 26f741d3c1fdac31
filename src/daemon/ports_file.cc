// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/ports_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/utf8.h"

namespace weir {
namespace {

std::string list_of(const std::vector<Endpoint>& endpoints) {
  std::string out;
  for (const Endpoint& endpoint : endpoints) {
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", endpoint.text());
  }
  return fmt::format("[{}]", out);
}

// A JSON string, or null. A path may have any byte but zero.
std::string text_of(const std::string& path) {
  if (path.empty()) return "null";
  std::string out = "\"";
  for (const char c : repair_utf8(path)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::expected<PortsFile, int> PortsFile::write(std::string path, const Ports& ports) {
  const std::string text =
      fmt::format("{{\"pid\": {}, \"http\": {}, \"peer\": {}, \"socket\": {}}}\n", getpid(),
                  list_of(ports.http), list_of(ports.peer), text_of(ports.socket));
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
