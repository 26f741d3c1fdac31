// SPDX-License-Identifier: MIT OR Apache-2.0
// The socket calls, on non-blocking close-on-exec descriptors. IPv6 sockets never carry IPv4, so
// each family is listened to, and dialled, on its own.
#pragma once

#include <sys/socket.h>
#include <optional>

#include "base/endpoint.h"
#include "io/internal/descriptor.h"
#include "io/net_error.h"

namespace weir {

inline constexpr int kListenBacklog = 512;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
[[nodiscard]] SocketAddress to_socket_address(const Endpoint& endpoint);
// Nothing for other families than IPv4 and IPv6.
[[nodiscard]] std::optional<Endpoint> to_endpoint(const sockaddr* address, socklen_t length);

// Listening, with SO_REUSEADDR. Port 0: the system chooses.
[[nodiscard]] NetResult<Descriptor> open_listener(const Endpoint& at);
// Bound, without SO_REUSEADDR: on UDP that would let another process take our packets.
[[nodiscard]] NetResult<Descriptor> open_udp(const Endpoint& at);
// Connecting: wait until it is writable, then ask connect_error().
[[nodiscard]] NetResult<Descriptor> begin_connect(const Endpoint& to);
// 0 when connected, else errno.
[[nodiscard]] int connect_error(int fd);

struct AcceptedSocket {
  Descriptor fd;
  Endpoint remote;  // of a Unix socket: kUnixRemote
};
inline const Endpoint kUnixRemote{IpAddress::v4(0x7f000001), 0};
// os_error EAGAIN: no more are waiting.
[[nodiscard]] NetResult<AcceptedSocket> accept_one(int listener);

[[nodiscard]] NetResult<Endpoint> local_endpoint(int fd);
// What every peer connection has: no waiting for more bytes to fill a packet.
void set_peer_options(int fd);

}  // namespace weir
