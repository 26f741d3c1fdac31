// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace weir {
namespace {

std::optional<long> parse_whole(const std::string& text) {
  long value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || at != end || value < 0) return std::nullopt;
  return value;
}

// The address a listening TCP socket has; nothing when it is something else.
std::optional<Endpoint> listening_address(int fd) {
  const auto option = [fd](int name) {
    int value = 0;
    socklen_t size = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
  };
  if (option(SO_TYPE) != SOCK_STREAM || option(SO_ACCEPTCONN) != 1) return std::nullopt;
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof(address));
    return Endpoint{IpAddress::v4(ntohl(address.sin_addr.s_addr)), ntohs(address.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof(address));
    const std::span<const std::byte, 16> bytes(
        reinterpret_cast<const std::byte*>(&address.sin6_addr), 16);
    return Endpoint{IpAddress::v6(bytes), ntohs(address.sin6_port)};
  }
  return std::nullopt;
}

}  // namespace

bool ServiceNotifier::send(std::string_view state) const {
  sockaddr_un to{};
  // The name's end is told by the length: one in the abstract namespace has no final zero byte.
  if (address_.size() < 2 || address_.size() >= sizeof(to.sun_path)) return false;
  if (address_[0] != '/' && address_[0] != '@') return false;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (address_[0] == '@') to.sun_path[0] = 0;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const ssize_t sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&to), size);
  close(fd);
  return sent == static_cast<ssize_t>(state.size());
}

std::expected<std::vector<ActivatedSocket>, std::string> activated_sockets(
    const std::optional<std::string>& listen_pid, const std::optional<std::string>& listen_fds) {
  std::vector<ActivatedSocket> sockets;
  // Variables meant for another process are inherited now and then.
  if (!listen_pid || !listen_fds || parse_whole(*listen_pid) != getpid()) return sockets;
  const auto count = parse_whole(*listen_fds);
  if (!count || *count > kActivationFdsMax) {
    return std::unexpected(fmt::format("LISTEN_FDS is a number up to {}", kActivationFdsMax));
  }
  for (int fd = kActivationFdFirst; fd < kActivationFdFirst + *count; ++fd) {
    const auto local = listening_address(fd);
    if (!local) {
      return std::unexpected(
          fmt::format("descriptor {} from the service manager is no TCP socket that listens", fd));
    }
    if (const int flags = fcntl(fd, F_GETFD); flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    sockets.push_back({fd, *local});
  }
  return sockets;
}

}  // namespace weir
