// SPDX-License-Identifier: MIT OR Apache-2.0
// Self-describing network addresses (multiaddr): "/ip4/192.0.2.10/tcp/8070" as text or as bytes,
// one protocol after another. Known are those a Codex node uses: ip4, ip6, tcp, udp, dns, dns4,
// dns6 and p2p.
//
// A value always holds a valid address. The bytes of an address are unique and text() is its one
// normal form; parse() also takes other spellings of an IPv6 address. IPv4-mapped IPv6 addresses
// are refused, because the same host would then have two names.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "multiformats/libp2p_peer_id.h"
#include "multiformats/multiformat_error.h"

namespace weir {

enum class Transport : std::uint8_t { tcp, udp };

class Multiaddr {
 public:
  // CDX-13: peers send records with addresses of ten kilobytes.
  static constexpr std::size_t kBytesMax = 512;
  static constexpr std::size_t kTextMax = 1024;
  static constexpr std::size_t kProtocolsMax = 8;
  static constexpr std::size_t kDnsNameMax = 253;

  // "/ip4/<address>/tcp/<port>" and the like.
  static Multiaddr of(const Endpoint& endpoint, Transport transport);
  // All of the input.
  static MultiformatResult<Multiaddr> decode(Bytes bytes);
  static MultiformatResult<Multiaddr> parse(std::string_view text);

  // Borrowed from this value.
  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] std::string text() const;
  // What can be dialled without a look-up: the address begins with ip4 or ip6, then tcp or udp.
  [[nodiscard]] std::optional<std::pair<Endpoint, Transport>> endpoint() const;
  // The peer id at the end, when there is one.
  [[nodiscard]] std::optional<Libp2pPeerId> peer() const;

  auto operator<=>(const Multiaddr&) const = default;

 private:
  explicit Multiaddr(Buffer bytes) : bytes_(std::move(bytes)) {}
  Buffer bytes_;
};

}  // namespace weir
