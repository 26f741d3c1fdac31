// SPDX-License-Identifier: MIT OR Apache-2.0
// Tracker URLs from torrents, magnets and redirects: split, checked, and judged before anything is
// sent to them (TRH-05, TRH-07, TRU-05). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "tracker/tracker_types.h"

namespace weir {

inline constexpr std::size_t kTrackerUrlMax = 4096;  // bytes
inline constexpr unsigned kTrackerRedirectsMax = 5;

enum class TrackerScheme : std::uint8_t { http, https, udp };

struct TrackerUrl {
  TrackerScheme scheme{};
  std::string host;                  // lower case, without brackets
  std::optional<IpAddress> literal;  // when the host is an address
  std::uint16_t port = 0;            // the scheme's own when the URL has none; never 0
  // From the first '/' on, without fragment; visible ASCII only, everything else is
  // percent-encoded. Always begins with '/'.
  std::string target;

  // The whole URL, port only when it is not the scheme's own.
  [[nodiscard]] std::string text() const;
  // The part of `target` before '?'.
  [[nodiscard]] std::string_view path() const;
  // Whether the last path component begins with "announce" (BEP 48).
  [[nodiscard]] bool is_announce() const;
  bool operator==(const TrackerUrl&) const = default;
};

struct TrackerUrlPolicy {
  // Accepts hosts with an "xn--" label. Non-ASCII hosts are refused either way: such names can look
  // like others, and nobody writes trackers that way.
  bool international_hosts = false;
  // Accepts info_hash= and the like in the query. Only for redirects, which carry our own.
  bool preset_parameters = false;
};

// Errors: unsupported_scheme, bad_url, url_too_long, bad_host, user_info, preset_parameter.
// A udp: URL without port is bad_url. Surrounding spaces are ignored.
[[nodiscard]] TrackerResult<TrackerUrl> parse_tracker_url(std::string_view text,
                                                          TrackerUrlPolicy policy = {});

// Where a redirect (status 301, 302, 303, 307, 308 with `location`) leads. `hops` are those
// already followed. redirect_refused: a sixth hop, https to http, another scheme than these two.
// The address is judged separately, once known: redirect_address_allowed().
[[nodiscard]] TrackerResult<TrackerUrl> redirect_allowed(const TrackerUrl& from,
                                                         std::string_view location, unsigned hops,
                                                         TrackerUrlPolicy policy = {});

// Whether a redirect from a tracker at `from` may be followed to `to`: never to a narrower scope,
// so a public tracker can't reach into the local network or cloud metadata services.
[[nodiscard]] bool redirect_address_allowed(const IpAddress& from, const IpAddress& to);

struct TrackerAddressPolicy {
  bool allow_local = false;  // loopback and link-local: the user named this tracker so
};

// Whether an announce may go to this address (after name resolution). Never: port 0, unusable
// addresses, and for udp: outside the global scope ports below 1024 (a DNS or NTP server at home
// must not be reached by a torrent's choice). Loopback and link-local only when allowed.
[[nodiscard]] bool tracker_address_allowed(TrackerScheme scheme, const Endpoint& tracker,
                                           TrackerAddressPolicy policy);
// For people: why an address is not asked.
[[nodiscard]] std::string address_refusal_text(TrackerScheme scheme, const Endpoint& tracker);

// Whether a peer may be dialled that a tracker at `tracker` named: loopback and link-local peers
// only from a tracker of that same scope or narrower.
[[nodiscard]] bool tracker_peer_allowed(const IpAddress& tracker, const IpAddress& peer);

}  // namespace weir
