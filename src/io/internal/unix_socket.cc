// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <utility>

#include "io/http_server.h"
#include "io/internal/sockets.h"

namespace weir {
namespace {

static_assert(kUnixPathBytesMax == sizeof(sockaddr_un::sun_path) - 1);

std::unexpected<NetError> failure(int os_error, const std::string& path) {
  return std::unexpected(net_error(os_error, "listen on " + path));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  std::memcpy(out.sun_path, path.data(), path.size());
  return out;
}

NetResult<Descriptor> open_socket(const std::string& path) {
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failure(errno, path);
  return fd;
}

void make_parents(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1)) {
    (void)::mkdir(path.substr(0, at).c_str(), 0700);
  }
}

// Whether `path` is free now. What is there is only removed when it is a socket that refuses: one
// that answers belongs to somebody, and so does one whose backlog is full.
NetResult<void> make_free(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return failure(errno, path);
  }
  if (!S_ISSOCK(status.st_mode)) return failure(EADDRINUSE, path);
  const auto fd = open_socket(path);
  if (!fd) return std::unexpected(fd.error());
  const sockaddr_un address = address_of(path);
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd->get(), plain, sizeof(address)) == 0 || errno == EAGAIN) {
    return failure(EADDRINUSE, path);
  }
  if (errno == EACCES) return failure(EACCES, path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure(errno, path);
  return {};
}

}  // namespace

NetResult<UnixSocketFile> UnixSocketFile::open(std::string path) {
  if (path.size() > kUnixPathBytesMax) {
    return std::unexpected(NetError{NetErrc::path_too_long, ENAMETOOLONG, "listen on " + path});
  }
  make_parents(path);
  if (auto free = make_free(path); !free) return std::unexpected(free.error());
  auto fd = open_socket(path);
  if (!fd) return std::unexpected(fd.error());
  // The file takes over the socket's mode, so there is no moment in which others may connect.
  if (::fchmod(fd->get(), 0600) != 0) return failure(errno, path);
  const sockaddr_un address = address_of(path);
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return failure(errno, path);
  }
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return failure(errno, path);
  UnixSocketFile out(std::move(path), std::move(*fd), status.st_dev, status.st_ino);
  if (::listen(out.listener_.get(), kListenBacklog) != 0) return failure(errno, out.path_);
  return out;
}

UnixSocketFile::~UnixSocketFile() {
  struct stat status{};
  if (path_.empty() || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

UnixSocketFile::UnixSocketFile(UnixSocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      listener_(std::move(other.listener_)),
      device_(other.device_),
      inode_(other.inode_) {}

}  // namespace weir
