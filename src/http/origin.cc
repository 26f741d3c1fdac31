// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/origin.h"

#include <algorithm>
#include <array>

#include "http/field.h"

namespace weir::http {
namespace {

// What a page may send beyond what any form can, and what it may read beyond the basics.
constexpr std::array kRequestHeaders = std::to_array<std::string_view>(
    {"accept", "authorization", "content-disposition", "content-type", "if-match", "if-none-match",
     "if-range", "last-event-id", "range"});
constexpr std::string_view kExposedHeaders =
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Location";

bool is_listed(std::string_view origin, const OriginPolicy& policy) {
  return std::find(policy.allowed.begin(), policy.allowed.end(), origin) != policy.allowed.end();
}

// Whether the page came from this server: same host, and same port once defaults are filled in.
// The scheme is not compared, since a proxy in front may speak TLS for us.
bool is_own(std::string_view origin, const Authority& host) {
  const std::size_t colon = origin.find("://");
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, colon);
  if (scheme != "http" && scheme != "https") return false;
  const std::uint16_t default_port = scheme == "http" ? 80 : 443;
  const auto page = parse_authority(origin.substr(colon + 3));
  if (!page || page->address != host.address) return false;
  // One address has several spellings.
  return (page->address || page->host == host.host) &&
         page->port.value_or(default_port) == host.port.value_or(default_port);
}

bool has_cors(const OriginPolicy& policy) { return policy.any || !policy.allowed.empty(); }

bool are_headers_allowed(std::string_view list) {
  if (list.size() > kFieldBytesMax) return false;
  for (std::size_t count = 0; !list.empty(); ++count) {
    if (count == kPreflightHeadersMax) return false;
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string name = ascii_lowered(trimmed(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (name.empty()) continue;
    if (std::find(kRequestHeaders.begin(), kRequestHeaders.end(), name) == kRequestHeaders.end()) {
      return false;
    }
  }
  return true;
}

template <class Items, class TextOf>
std::string joined(const Items& items, TextOf text_of_item) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += ", ";
    out += text_of_item(item);
  }
  return out;
}

}  // namespace

HttpResult<void> check_origin(const OriginFields& fields, Method method, const Authority& host,
                              const OriginPolicy& policy) {
  const bool any = policy.any && is_safe(method);
  if (fields.origin) {
    const std::string_view origin = trimmed(*fields.origin);
    if (any || is_listed(origin, policy) || is_own(origin, host)) return {};
    return std::unexpected(HttpErrc::foreign_origin);
  }
  // No Origin: a link or an image. `none` is what the user typed or opened from a bookmark.
  if (!fields.fetch_site || any) return {};
  const std::string_view site = trimmed(*fields.fetch_site);
  if (site == "same-origin" || site == "none") return {};
  return std::unexpected(HttpErrc::foreign_origin);
}

CorsFields cors_fields(std::optional<std::string_view> origin, const OriginPolicy& policy) {
  CorsFields out;
  if (!has_cors(policy)) return out;
  const std::string_view asking = origin ? trimmed(*origin) : std::string_view();
  const bool listed = origin && is_listed(asking, policy);
  // A cache must not give one origin's answer to another.
  out.emplace_back("Vary", "Origin");
  if (!listed && !(origin && policy.any)) return out;
  out.emplace_back("Access-Control-Allow-Origin", listed ? std::string(asking) : "*");
  out.emplace_back("Access-Control-Expose-Headers", kExposedHeaders);
  return out;
}

CorsFields preflight_fields(std::string_view origin, const PreflightFields& asked,
                            std::span<const Method> methods, const OriginPolicy& policy) {
  const std::string_view asking = trimmed(origin);
  const bool listed = is_listed(asking, policy);
  if (!listed && !policy.any) return {};
  const auto method = parse_method(trimmed(asked.method));
  if (!method || (!listed && !is_safe(*method))) return {};
  if (std::find(methods.begin(), methods.end(), *method) == methods.end()) return {};
  if (!are_headers_allowed(asked.headers)) return {};
  // A page on the internet that reaches into this network has to be named, one by one.
  if (asked.private_network && !listed) return {};
  CorsFields out;
  out.emplace_back("Vary",
                   "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
                   "Access-Control-Request-Private-Network");
  out.emplace_back("Access-Control-Allow-Origin", listed ? std::string(asking) : "*");
  out.emplace_back("Access-Control-Allow-Methods",
                   joined(methods, [](Method item) { return text_of(item); }));
  out.emplace_back("Access-Control-Allow-Headers",
                   joined(kRequestHeaders, [](std::string_view item) { return item; }));
  out.emplace_back("Access-Control-Max-Age", "600");
  if (asked.private_network) out.emplace_back("Access-Control-Allow-Private-Network", "true");
  return out;
}

}  // namespace weir::http
