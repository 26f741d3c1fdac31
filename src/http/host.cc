// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/host.h"

#include <algorithm>

#include "http/field.h"

namespace weir::http {
namespace {

constexpr std::size_t kNameBytesMax = 253;  // RFC 1035 section 2.3.4, as text

bool is_name_char(char c) {
  const char low = ascii_lower(c);
  return (c >= '0' && c <= '9') || (low >= 'a' && low <= 'z') || c == '-' || c == '_' || c == '.';
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && text.front() != '.' &&
         text.back() != '.' && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), is_name_char);
}

// An empty port means none (RFC 3986 section 3.2.3).
bool parse_port(std::string_view text, std::optional<std::uint16_t>& out) {
  if (text.empty()) return true;
  const auto number = text.size() <= 5 ? parse_number(text) : std::nullopt;
  if (!number || *number == 0 || *number > 65535) return false;
  out = static_cast<std::uint16_t>(*number);
  return true;
}

bool is_allowed(const Authority& authority, const HostPolicy& policy) {
  if (authority.address || authority.host == "localhost") return true;
  return std::any_of(policy.names.begin(), policy.names.end(), [&](const AllowedHost& allowed) {
    return allowed.name == authority.host && (!allowed.port || allowed.port == authority.port);
  });
}

}  // namespace

HttpResult<Authority> parse_authority(std::string_view text) {
  Authority out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::unexpected(HttpErrc::malformed);
    const std::string_view literal = text.substr(1, close - 1);
    out.address = IpAddress::parse(literal);
    if (!out.address || literal.find(':') == std::string_view::npos) {
      return std::unexpected(HttpErrc::malformed);
    }
    out.host = ascii_lowered(literal);
    rest = text.substr(close + 1);
  } else {
    std::string_view name = text.substr(0, std::min(text.find(':'), text.size()));
    rest = text.substr(name.size());
    // A final dot names the same host from the root.
    if (name.ends_with('.')) name.remove_suffix(1);
    if (!is_name(name)) return std::unexpected(HttpErrc::malformed);
    out.host = ascii_lowered(name);
    out.address = IpAddress::parse(name);
  }
  if (!rest.empty() && !rest.starts_with(':')) return std::unexpected(HttpErrc::malformed);
  if (!rest.empty() && !parse_port(rest.substr(1), out.port)) {
    return std::unexpected(HttpErrc::malformed);
  }
  return out;
}

std::string format_authority(const Authority& authority) {
  const bool v6 = authority.address && authority.address->family() == AddressFamily::v6;
  std::string out = v6 ? '[' + authority.host + ']' : authority.host;
  if (authority.port) out += ':' + std::to_string(*authority.port);
  return out;
}

HttpResult<Authority> check_host(std::span<const std::string_view> fields,
                                 std::string_view target_authority, const HostPolicy& policy) {
  if (fields.empty()) return std::unexpected(HttpErrc::malformed);
  if (fields.size() > 1) return std::unexpected(HttpErrc::duplicate);
  auto authority = parse_authority(trimmed(fields[0]));
  if (authority && !target_authority.empty()) authority = parse_authority(target_authority);
  if (!authority) return authority;
  if (!is_allowed(*authority, policy)) return std::unexpected(HttpErrc::host_not_allowed);
  return authority;
}

}  // namespace weir::http
