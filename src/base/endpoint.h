// SPDX-License-Identifier: MIT OR Apache-2.0
// Internet addresses and endpoints as plain values: text, the compact wire form (BEP 23, BEP 7) and
// the question which addresses may be contacted on whose word.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace weir {

enum class AddressFamily : std::uint8_t { v4, v6 };

enum class AddressScope : std::uint8_t {
  unusable,    // unspecified, multicast, broadcast, reserved, documentation
  loopback,    // 127/8, ::1
  link_local,  // 169.254/16 (where cloud metadata services live), fe80::/10
  site,        // RFC 1918, unique local fc00::/7, shared 100.64/10
  global,
};

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::uint32_t host_order);
  // An IPv4-mapped IPv6 address becomes the IPv4 address, so each host has one spelling.
  static IpAddress v6(std::span<const std::byte, 16> bytes);
  // Dotted quad or RFC 4291 text, without brackets or zone.
  static std::optional<IpAddress> parse(std::string_view text);
  // 4 or 16 bytes, network order.
  static std::optional<IpAddress> from_bytes(Bytes bytes);

  [[nodiscard]] AddressFamily family() const { return family_; }
  [[nodiscard]] bool is_v4() const { return family_ == AddressFamily::v4; }
  // 4 or 16 bytes, network order; borrowed from this value.
  [[nodiscard]] Bytes bytes() const { return Bytes(bytes_).first(is_v4() ? 4 : 16); }
  [[nodiscard]] AddressScope scope() const;
  [[nodiscard]] std::string text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  AddressFamily family_ = AddressFamily::v4;
  std::array<std::byte, 16> bytes_{};
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  // "1.2.3.4:80" or "[::1]:80".
  static std::optional<Endpoint> parse(std::string_view text);
  // 6 or 18 bytes: address, then port, network order.
  static std::optional<Endpoint> from_compact(Bytes bytes);
  void append_compact(Buffer& out) const;
  [[nodiscard]] std::string text() const;

  auto operator<=>(const Endpoint&) const = default;
};

struct EndpointHash {
  std::size_t operator()(const IpAddress& address) const;
  std::size_t operator()(const Endpoint& endpoint) const;
};

}  // namespace weir
