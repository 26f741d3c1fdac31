// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/endpoint.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace weir {
namespace {

template <class Integer>
std::optional<Integer> parse_number(std::string_view text, int base, std::size_t digits_max) {
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = part < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto piece = text.substr(0, dot);
    // A leading zero means octal to some parsers: refuse rather than guess.
    if (piece.size() > 1 && piece.front() == '0') return std::nullopt;
    const auto value = parse_number<std::uint8_t>(piece, 10, 3);
    if (!value) return std::nullopt;
    address = address << 8 | *value;
    text.remove_prefix(std::min(text.size(), dot + 1));
  }
  return address;
}

// Groups of one side of "::"; the last may be a dotted quad.
bool parse_groups(std::string_view text, std::vector<std::uint16_t>& groups) {
  if (text.empty()) return true;
  while (groups.size() <= 8) {
    const std::size_t colon = text.find(':');
    const auto part = text.substr(0, colon);
    if (colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      const auto quad = parse_v4(part);
      if (!quad) return false;
      groups.push_back(static_cast<std::uint16_t>(*quad >> 16));
      groups.push_back(static_cast<std::uint16_t>(*quad & 0xffff));
      return true;
    }
    const auto group = parse_number<std::uint16_t>(part, 16, 4);
    if (!group) return false;
    groups.push_back(*group);
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
  }
  return false;
}

std::optional<std::array<std::byte, 16>> parse_v6(std::string_view text) {
  std::vector<std::uint16_t> head;
  std::vector<std::uint16_t> tail;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (text.empty() || !parse_groups(text, head) || head.size() != 8) return std::nullopt;
  } else {
    if (!parse_groups(text.substr(0, gap), head)) return std::nullopt;
    if (!parse_groups(text.substr(gap + 2), tail)) return std::nullopt;
    if (head.size() + tail.size() > 7) return std::nullopt;
    head.resize(8 - tail.size());
    head.insert(head.end(), tail.begin(), tail.end());
  }
  std::array<std::byte, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i)
    store_be16(std::span(bytes).subspan(i * 2).first<2>(), head[i]);
  return bytes;
}

AddressScope scope_v4(std::uint32_t a) {
  const auto in = [a](std::uint32_t net, int bits) { return (a ^ net) >> (32 - bits) == 0; };
  if (in(0x7f000000, 8)) return AddressScope::loopback;
  if (in(0xa9fe0000, 16)) return AddressScope::link_local;
  if (in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16) || in(0x64400000, 10)) {
    return AddressScope::site;
  }
  // "This network", multicast and reserved space, and the three documentation networks.
  if (in(0, 8) || a >= 0xe0000000 || in(0xc0000200, 24) || in(0xc6336400, 24) ||
      in(0xcb007100, 24) || in(0xc0000000, 24)) {
    return AddressScope::unusable;
  }
  return AddressScope::global;
}

AddressScope scope_v6(Bytes b) {
  const auto byte = [b](std::size_t i) { return std::to_integer<unsigned>(b[i]); };
  const bool high_zero =
      std::all_of(b.begin(), b.begin() + 15, [](std::byte x) { return x == std::byte{0}; });
  if (high_zero && byte(15) == 1) return AddressScope::loopback;
  if (high_zero || byte(0) == 0xff) return AddressScope::unusable;
  if (byte(0) == 0xfe && (byte(1) & 0xc0) == 0x80) return AddressScope::link_local;
  if ((byte(0) & 0xfe) == 0xfc) return AddressScope::site;
  if (byte(0) == 0x20 && byte(1) == 0x01 && byte(2) == 0x0d && byte(3) == 0xb8) {
    return AddressScope::unusable;  // documentation
  }
  // NAT64 (64:ff9b::/96) and 6to4 (2002::/16) carry an IPv4 address: judge that one.
  if (byte(0) == 0 && byte(1) == 0x64 && byte(2) == 0xff && byte(3) == 0x9b) {
    return scope_v4(load_be32(b.subspan(12).first<4>()));
  }
  if (byte(0) == 0x20 && byte(1) == 0x02) return scope_v4(load_be32(b.subspan(2).first<4>()));
  return (byte(0) & 0xe0) == 0x20 ? AddressScope::global : AddressScope::unusable;
}

std::string text_v6(Bytes b) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = load_be16(b.subspan(i * 2).first<2>());
  // RFC 5952: the longest run of at least two zero groups is shortened, the first of equals.
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best_length) best = i, best_length = end - i;
  }
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char digits[4];
    const auto end = std::to_chars(digits, digits + 4, groups[i], 16).ptr;
    text.append(digits, end);
  }
  return text;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  store_be32(std::span(address.bytes_).first<4>(), host_order);
  return address;
}

IpAddress IpAddress::v6(std::span<const std::byte, 16> bytes) {
  constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0) {
    return v4(load_be32(bytes.last<4>()));
  }
  IpAddress address;
  address.family_ = AddressFamily::v6;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto quad = parse_v4(text);
    return quad ? std::optional(v4(*quad)) : std::nullopt;
  }
  const auto bytes = parse_v6(text);
  return bytes ? std::optional(v6(*bytes)) : std::nullopt;
}

std::optional<IpAddress> IpAddress::from_bytes(Bytes bytes) {
  if (bytes.size() == 4) return v4(load_be32(bytes.first<4>()));
  if (bytes.size() == 16) return v6(bytes.first<16>());
  return std::nullopt;
}

AddressScope IpAddress::scope() const {
  return is_v4() ? scope_v4(load_be32(bytes().first<4>())) : scope_v6(bytes());
}

std::string IpAddress::text() const {
  if (!is_v4()) return text_v6(bytes());
  std::string text;
  for (std::byte b : bytes()) {
    if (!text.empty()) text += '.';
    text += std::to_string(std::to_integer<unsigned>(b));
  }
  return text;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 10, 5);
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!port || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  const auto address = IpAddress::parse(host);
  if (!address) return std::nullopt;
  return Endpoint{*address, *port};
}

std::optional<Endpoint> Endpoint::from_compact(Bytes bytes) {
  if (bytes.size() != 6 && bytes.size() != 18) return std::nullopt;
  const auto address = IpAddress::from_bytes(bytes.first(bytes.size() - 2));
  return Endpoint{*address, load_be16(bytes.last<2>())};
}

void Endpoint::append_compact(Buffer& out) const {
  append(out, address.bytes());
  append_be(out, port);
}

std::string Endpoint::text() const {
  return (address.is_v4() ? address.text() : "[" + address.text() + "]") + ":" +
         std::to_string(port);
}

std::size_t EndpointHash::operator()(const IpAddress& address) const {
  return std::hash<std::string_view>{}(as_text(address.bytes()));
}

std::size_t EndpointHash::operator()(const Endpoint& endpoint) const {
  return (*this)(endpoint.address) * 31 + endpoint.port;
}

}  // namespace weir
