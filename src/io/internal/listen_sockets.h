// SPDX-License-Identifier: MIT OR Apache-2.0
// Opens all sockets of a shard on one port number.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "io/internal/descriptor.h"
#include "io/net_error.h"

namespace weir {

struct ListenSockets {
  std::vector<Descriptor> listeners;
  std::vector<Endpoint> endpoints;  // of the listeners, with their ports
  std::optional<Descriptor> udp_v4;
  std::optional<Descriptor> udp_v6;
  std::vector<std::string> warnings;

  // 0 when there are no listeners.
  [[nodiscard]] std::uint16_t port() const { return endpoints.empty() ? 0 : endpoints[0].port; }
};

// Endpoints with port 0 get the same free one. UDP sockets take the listeners' port on all
// addresses, or any port when that is taken. Missing IPv6 is a warning unless nothing else is left.
[[nodiscard]] NetResult<ListenSockets> open_listen_sockets(std::span<const Endpoint> wanted);

}  // namespace weir
