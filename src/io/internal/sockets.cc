// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <cerrno>
#include <cstring>

namespace weir {
namespace {

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

NetResult<Descriptor> open_socket(const Endpoint& endpoint, int type, const char* what) {
  const int family = endpoint.address.is_v4() ? AF_INET : AF_INET6;
  Descriptor fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(net_error(errno, what + (" " + endpoint.text())));
  if (family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return fd;
}

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  const Bytes bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&out.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(endpoint.port);
    std::memcpy(&in->sin_addr, bytes.data(), bytes.size());
    out.length = sizeof(sockaddr_in);
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&out.storage);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(endpoint.port);
    std::memcpy(&in->sin6_addr, bytes.data(), bytes.size());
    out.length = sizeof(sockaddr_in6);
  }
  return out;
}

std::optional<Endpoint> to_endpoint(const sockaddr* address, socklen_t length) {
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof(in));
    return Endpoint{IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof(in));
    std::byte raw[16];
    std::memcpy(raw, &in.sin6_addr, sizeof(raw));
    return Endpoint{IpAddress::v6(raw), ntohs(in.sin6_port)};
  }
  return std::nullopt;
}

NetResult<Descriptor> open_listener(const Endpoint& at) {
  auto fd = open_socket(at, SOCK_STREAM, "listen on");
  if (!fd) return fd;
  set_option(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
  const SocketAddress address = to_socket_address(at);
  if (::bind(fd->get(), address.get(), address.length) != 0 ||
      ::listen(fd->get(), kListenBacklog) != 0) {
    return std::unexpected(net_error(errno, "listen on " + at.text()));
  }
  return fd;
}

NetResult<Descriptor> open_udp(const Endpoint& at) {
  auto fd = open_socket(at, SOCK_DGRAM, "bind UDP");
  if (!fd) return fd;
  const SocketAddress address = to_socket_address(at);
  if (::bind(fd->get(), address.get(), address.length) != 0) {
    return std::unexpected(net_error(errno, "bind UDP " + at.text()));
  }
  return fd;
}

NetResult<Descriptor> begin_connect(const Endpoint& to) {
  auto fd = open_socket(to, SOCK_STREAM, "connect to");
  if (!fd) return fd;
  const SocketAddress address = to_socket_address(to);
  if (::connect(fd->get(), address.get(), address.length) != 0 && errno != EINPROGRESS) {
    return std::unexpected(net_error(errno, "connect to " + to.text()));
  }
  return fd;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

NetResult<AcceptedSocket> accept_one(int listener) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  Descriptor fd(::accept4(listener, reinterpret_cast<sockaddr*>(&address.storage), &address.length,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return std::unexpected(net_error(errno, "accept a connection"));
  if (address.get()->sa_family == AF_UNIX) return AcceptedSocket{std::move(fd), kUnixRemote};
  const auto remote = to_endpoint(address.get(), address.length);
  if (!remote) return std::unexpected(net_error(ECONNABORTED, "accept a connection"));
  return AcceptedSocket{std::move(fd), *remote};
}

NetResult<Endpoint> local_endpoint(int fd) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length) == 0) {
    if (const auto local = to_endpoint(address.get(), address.length)) return *local;
  }
  return std::unexpected(net_error(errno, "ask for a socket's address"));
}

void set_peer_options(int fd) { set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

}  // namespace weir
