// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/listen_sockets.h"

#include <utility>

#include "io/internal/sockets.h"

namespace weir {
namespace {

constexpr int kPortTries = 16;

bool no_ipv6(const Endpoint& endpoint, NetErrc code) {
  return !endpoint.address.is_v4() && (code == NetErrc::family_unsupported ||
                                       (code == NetErrc::address_unavailable &&
                                        endpoint.address.scope() == AddressScope::unusable));
}

NetResult<void> open_listeners(std::span<const Endpoint> wanted, ListenSockets& out) {
  std::uint16_t chosen = 0;
  NetError passed_over;
  for (Endpoint endpoint : wanted) {
    if (endpoint.port == 0) endpoint.port = chosen;
    auto fd = open_listener(endpoint);
    if (!fd && no_ipv6(endpoint, fd.error().code)) {
      passed_over = fd.error();
      out.warnings.push_back("no IPv6 here: not listening on " + endpoint.text());
      continue;
    }
    if (!fd) return std::unexpected(fd.error());
    auto local = local_endpoint(fd->get());
    if (!local) return std::unexpected(local.error());
    if (chosen == 0) chosen = local->port;
    out.listeners.push_back(std::move(*fd));
    out.endpoints.push_back(*local);
  }
  if (!wanted.empty() && out.listeners.empty()) return std::unexpected(passed_over);
  return {};
}

std::optional<Descriptor> open_udp_near(IpAddress address, std::uint16_t port) {
  for (const std::uint16_t candidate : {port, std::uint16_t{0}}) {
    if (auto fd = open_udp({address, candidate})) return std::move(*fd);
  }
  return std::nullopt;
}

}  // namespace

NetResult<ListenSockets> open_listen_sockets(std::span<const Endpoint> wanted) {
  for (int attempt = 1;; ++attempt) {
    ListenSockets out;
    const auto opened = open_listeners(wanted, out);
    if (!opened) {
      // The port one address was given may be taken on another: ask for a different one.
      const bool chosen_by_system = !wanted.empty() && wanted[0].port == 0;
      const bool in_use = opened.error().code == NetErrc::address_in_use;
      if (chosen_by_system && in_use && attempt < kPortTries) continue;
      return std::unexpected(opened.error());
    }
    constexpr std::byte kAny[16] = {};
    out.udp_v4 = open_udp_near(IpAddress(), out.port());
    out.udp_v6 = open_udp_near(IpAddress::v6(kAny), out.port());
    return out;
  }
}

}  // namespace weir
