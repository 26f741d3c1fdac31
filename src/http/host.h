// SPDX-License-Identifier: MIT OR Apache-2.0
// Which hosts a request may be addressed to (HTT-11).
//
// A page of a stranger can point its own name at our address (DNS rebinding) and is then, to the
// browser, of the same origin as we are. It can't do that with an address literal or with a name it
// does not own, so these are accepted and every other name has to be configured.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "http/errc.h"

namespace weir::http {

struct Authority {
  std::string host;                        // lower-case, without a final dot or brackets
  std::optional<IpAddress> address = {};   // when the host is a literal
  std::optional<std::uint16_t> port = {};  // absent when none was given

  bool operator==(const Authority&) const = default;
};

// "host", "host:80", "1.2.3.4", "[::1]:80". Names have letters, digits, '-', '_' and '.', at most
// 253 bytes. Errors: malformed.
[[nodiscard]] HttpResult<Authority> parse_authority(std::string_view text);
// What parse_authority reads as the same, as it stands in a URL.
[[nodiscard]] std::string format_authority(const Authority& authority);

// A name that is allowed; with a port, only at that port.
struct AllowedHost {
  std::string name;  // lower-case
  std::optional<std::uint16_t> port = {};
};

struct HostPolicy {
  std::vector<AllowedHost> names;  // "localhost" and address literals are always allowed
};

// `fields` are the values of all Host fields; `target_authority` comes from a target in absolute
// form and outranks the field, which must still be there once and well-formed (RFC 9112 section
// 3.2). Gives the authority that the request is for. Errors: malformed, duplicate,
// host_not_allowed.
[[nodiscard]] HttpResult<Authority> check_host(std::span<const std::string_view> fields,
                                               std::string_view target_authority,
                                               const HostPolicy& policy);

}  // namespace weir::http
