// SPDX-License-Identifier: MIT OR Apache-2.0
// Which pages may talk to us (HTT-13, HTT-14), and what CORS answers them (Fetch standard,
// "CORS protocol").
//
// Programs that are no browsers send neither Origin nor Sec-Fetch-Site and are let through: they
// can't be made to ask by a page. What browsers send can't be forged by a page.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/errc.h"
#include "http/host.h"
#include "http/router.h"

namespace weir::http {

struct OriginPolicy {
  // Serialized origins such as "https://app.example", lower-case, compared exactly.
  std::vector<std::string> allowed = {};
  // Every origin may read, and only read: changing anything stays for listed origins. "null" stays
  // refused without this.
  bool any = false;
};

struct OriginFields {
  std::optional<std::string_view> origin = {};
  std::optional<std::string_view> fetch_site = {};  // Sec-Fetch-Site
};

// `host` is what check_host gave. A foreign page is refused safe methods too: what is in the store
// is nobody else's business. Errors: foreign_origin.
[[nodiscard]] HttpResult<void> check_origin(const OriginFields& fields, Method method,
                                            const Authority& host, const OriginPolicy& policy);

struct PreflightFields {
  std::string_view method;        // Access-Control-Request-Method
  std::string_view headers = {};  // Access-Control-Request-Headers
  bool private_network = false;   // Access-Control-Request-Private-Network: true
};

using CorsFields = std::vector<std::pair<std::string, std::string>>;

// What to add to any answer for a request with this Origin. Nothing but `Vary` for an origin that
// is not allowed, and not even that without any CORS configured. Credentials (cookies) are never
// allowed: tokens travel in Authorization, which a page sets itself.
[[nodiscard]] CorsFields cors_fields(std::optional<std::string_view> origin,
                                     const OriginPolicy& policy);

// The answer to a preflight (OPTIONS with Origin and Access-Control-Request-Method); empty when it
// is refused. `methods` are those the route has. At most kPreflightHeadersMax names are looked at.
inline constexpr std::size_t kPreflightHeadersMax = 32;
[[nodiscard]] CorsFields preflight_fields(std::string_view origin, const PreflightFields& asked,
                                          std::span<const Method> methods,
                                          const OriginPolicy& policy);

}  // namespace weir::http
