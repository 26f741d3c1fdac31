// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/multiaddr.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/assert.h"
#include "base/result.h"
#include "multiformats/uvarint.h"

namespace weir {
namespace {

enum class Value : std::uint8_t { ip4, ip6, port, name, peer };

struct Protocol {
  std::uint64_t code;
  std::string_view name;
  Value value;
};

constexpr std::array kProtocols = std::to_array<Protocol>({
    {0x04, "ip4", Value::ip4},
    {0x29, "ip6", Value::ip6},
    {0x06, "tcp", Value::port},
    {0x0111, "udp", Value::port},
    {0x35, "dns", Value::name},
    {0x36, "dns4", Value::name},
    {0x37, "dns6", Value::name},
    {0x01a5, "p2p", Value::peer},
});

struct Part {
  const Protocol* protocol;
  Bytes value;  // borrowed from the encoded address
};

std::unexpected<MultiformatError> refuse(MultiformatErrc code, std::size_t offset) {
  return std::unexpected(MultiformatError{code, offset});
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= Multiaddr::kDnsNameMax &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c < 127 && c != '/'; });
}

// Whether `value` may stand behind the protocol. Its length is right already for fixed ones.
bool is_valid(const Protocol& protocol, Bytes value) {
  switch (protocol.value) {
    case Value::ip4:
    case Value::port:
      return true;
    case Value::ip6:
      return !IpAddress::from_bytes(value)->is_v4();
    case Value::name:
      return is_name(as_text(value));
    case Value::peer:
      return Libp2pPeerId::decode(value).has_value();
  }
  std::unreachable();
}

MultiformatResult<Bytes> read_value(const Protocol& protocol, Bytes bytes, std::size_t& offset) {
  std::uint64_t size = 0;
  switch (protocol.value) {
    case Value::ip4:
      size = 4;
      break;
    case Value::ip6:
      size = 16;
      break;
    case Value::port:
      size = 2;
      break;
    case Value::name:
    case Value::peer: {
      WEIR_TRY(length, read_uvarint(bytes, offset));
      size = length;
      break;
    }
  }
  if (size > bytes.size() - offset) return refuse(MultiformatErrc::unexpected_end, bytes.size());
  const Bytes value = bytes.subspan(offset, size);
  if (!is_valid(protocol, value)) return refuse(MultiformatErrc::bad_protocol_value, offset);
  offset += size;
  return value;
}

MultiformatResult<std::vector<Part>> read_parts(Bytes bytes) {
  std::vector<Part> out;
  for (std::size_t offset = 0; offset < bytes.size();) {
    const std::size_t begin = offset;
    WEIR_TRY(code, read_uvarint(bytes, offset));
    const auto protocol = std::find_if(kProtocols.begin(), kProtocols.end(),
                                       [&](const Protocol& p) { return p.code == code; });
    if (protocol == kProtocols.end()) return refuse(MultiformatErrc::unknown_protocol, begin);
    if (out.size() == Multiaddr::kProtocolsMax) {
      return refuse(MultiformatErrc::too_many_protocols, begin);
    }
    WEIR_TRY(value, read_value(*protocol, bytes, offset));
    out.push_back({&*protocol, value});
  }
  return out;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool plain = error == std::errc() && end == text.data() + text.size();
  // "08070" would be a second spelling.
  return plain && (text.size() == 1 || text[0] != '0') ? std::optional(port) : std::nullopt;
}

std::optional<Buffer> value_from_text(const Protocol& protocol, std::string_view text) {
  switch (protocol.value) {
    case Value::ip4:
    case Value::ip6: {
      const auto address = IpAddress::parse(text);
      if (!address || address->is_v4() != (protocol.value == Value::ip4)) return std::nullopt;
      return to_buffer(address->bytes());
    }
    case Value::port: {
      const auto port = parse_port(text);
      if (!port) return std::nullopt;
      Buffer out;
      append_be<std::uint16_t>(out, *port);
      return out;
    }
    case Value::name:
      return is_name(text) ? std::optional(to_buffer(as_bytes(text))) : std::nullopt;
    case Value::peer: {
      const auto peer = Libp2pPeerId::parse(text);
      return peer ? std::optional(peer->bytes()) : std::nullopt;
    }
  }
  std::unreachable();
}

std::string value_to_text(const Part& part) {
  switch (part.protocol->value) {
    case Value::ip4:
    case Value::ip6:
      return IpAddress::from_bytes(part.value)->text();
    case Value::port:
      return std::to_string(load_be16(part.value.first<2>()));
    case Value::name:
      return std::string(as_text(part.value));
    case Value::peer:
      return Libp2pPeerId::decode(part.value)->text();
  }
  std::unreachable();
}

void append_part(Buffer& out, const Protocol& protocol, Bytes value) {
  append_uvarint(out, protocol.code);
  if (protocol.value == Value::name || protocol.value == Value::peer) {
    append_uvarint(out, value.size());
  }
  append(out, value);
}

// The parts of an address that is known to be valid.
std::vector<Part> parts_of(Bytes bytes) {
  auto parts = read_parts(bytes);
  WEIR_ASSERT(parts);
  return std::move(*parts);
}

}  // namespace

Multiaddr Multiaddr::of(const Endpoint& endpoint, Transport transport) {
  Buffer out;
  append_part(out, kProtocols[endpoint.address.is_v4() ? 0 : 1], endpoint.address.bytes());
  Buffer port;
  append_be<std::uint16_t>(port, endpoint.port);
  append_part(out, kProtocols[transport == Transport::tcp ? 2 : 3], port);
  return Multiaddr(std::move(out));
}

MultiformatResult<Multiaddr> Multiaddr::decode(Bytes bytes) {
  if (bytes.empty()) return refuse(MultiformatErrc::empty_input, 0);
  if (bytes.size() > kBytesMax) return refuse(MultiformatErrc::input_too_large, 0);
  WEIR_CHECK(read_parts(bytes));
  return Multiaddr(to_buffer(bytes));
}

MultiformatResult<Multiaddr> Multiaddr::parse(std::string_view text) {
  if (text.empty()) return refuse(MultiformatErrc::empty_input, 0);
  if (text.size() > kTextMax) return refuse(MultiformatErrc::input_too_large, 0);
  Buffer out;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '/') return refuse(MultiformatErrc::bad_multiaddr, at);
    const auto word = [&text](std::size_t from) {
      return text.substr(from, std::min(text.find('/', from), text.size()) - from);
    };
    const std::string_view name = word(at + 1);
    const auto protocol = std::find_if(kProtocols.begin(), kProtocols.end(),
                                       [&](const Protocol& p) { return p.name == name; });
    if (name.empty()) return refuse(MultiformatErrc::bad_multiaddr, at);
    if (protocol == kProtocols.end()) return refuse(MultiformatErrc::unknown_protocol, at + 1);
    if (count++ == kProtocolsMax) return refuse(MultiformatErrc::too_many_protocols, at + 1);
    const std::size_t value_at = at + 1 + name.size() + 1;
    if (value_at >= text.size()) return refuse(MultiformatErrc::bad_protocol_value, text.size());
    const auto value = value_from_text(*protocol, word(value_at));
    if (!value) return refuse(MultiformatErrc::bad_protocol_value, value_at);
    append_part(out, *protocol, *value);
    at = value_at + word(value_at).size();
  }
  if (out.size() > kBytesMax) return refuse(MultiformatErrc::input_too_large, 0);
  return Multiaddr(std::move(out));
}

std::string Multiaddr::text() const {
  std::string out;
  for (const Part& part : parts_of(bytes_)) {
    out += '/';
    out += part.protocol->name;
    out += '/';
    out += value_to_text(part);
  }
  return out;
}

std::optional<std::pair<Endpoint, Transport>> Multiaddr::endpoint() const {
  const std::vector<Part> parts = parts_of(bytes_);
  if (parts.size() < 2 || parts[1].protocol->value != Value::port) return std::nullopt;
  const Value first = parts[0].protocol->value;
  if (first != Value::ip4 && first != Value::ip6) return std::nullopt;
  const Endpoint endpoint{*IpAddress::from_bytes(parts[0].value),
                          load_be16(parts[1].value.first<2>())};
  const bool tcp = parts[1].protocol->name == "tcp";
  return std::pair(endpoint, tcp ? Transport::tcp : Transport::udp);
}

std::optional<Libp2pPeerId> Multiaddr::peer() const {
  const std::vector<Part> parts = parts_of(bytes_);
  if (parts.empty() || parts.back().protocol->value != Value::peer) return std::nullopt;
  return *Libp2pPeerId::decode(parts.back().value);
}

}  // namespace weir
