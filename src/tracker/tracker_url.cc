// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/tracker_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "base/result.h"

namespace weir {
namespace {

template <class T = TrackerUrl>
TrackerResult<T> refuse(TrackerErrc code, std::string text) {
  return std::unexpected(TrackerError{code, std::move(text), std::nullopt});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

std::optional<TrackerScheme> known_scheme(std::string_view name) {
  if (name == "http") return TrackerScheme::http;
  if (name == "https") return TrackerScheme::https;
  if (name == "udp") return TrackerScheme::udp;
  return std::nullopt;
}

std::string_view scheme_name(TrackerScheme scheme) {
  switch (scheme) {
    case TrackerScheme::http:
      return "http";
    case TrackerScheme::https:
      return "https";
    case TrackerScheme::udp:
      return "udp";
  }
  std::unreachable();
}

// 0: the scheme has no port of its own.
std::uint16_t default_port(TrackerScheme scheme) {
  switch (scheme) {
    case TrackerScheme::http:
      return 80;
    case TrackerScheme::https:
      return 443;
    case TrackerScheme::udp:
      return 0;
  }
  std::unreachable();
}

std::string_view take_label(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const auto label = rest.substr(0, dot);
  rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  return label;
}

// Resolvers read "127.1", "0x7f000001" and "2130706433" as addresses; nobody writes a tracker so.
bool is_disguised_address(std::string_view last_label) {
  return std::ranges::all_of(last_label, is_digit) || last_label.starts_with("0x");
}

bool is_host_name(std::string_view host, bool international) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > 253 || host.ends_with('.')) return false;
  std::string_view label;
  while (!host.empty()) {
    label = take_label(host);
    if (label.empty() || label.size() > 63) return false;
    const bool fine = std::ranges::all_of(
        label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; });
    if (!fine || (label.starts_with("xn--") && !international)) return false;
  }
  return !is_disguised_address(label);
}

// Sets host, literal and port.
TrackerResult<void> parse_authority(std::string_view text, TrackerUrlPolicy policy,
                                    TrackerUrl& url) {
  if (text.find('@') != std::string_view::npos) {
    return refuse<void>(TrackerErrc::user_info, "a name or password in the URL is not accepted");
  }
  std::string_view host = text;
  std::string_view after;
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return refuse<void>(TrackerErrc::bad_host, "no ']'");
    host = text.substr(1, close - 1);
    after = text.substr(close + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    after = text.substr(colon);
  }
  url.host = lower(host);
  url.literal = IpAddress::parse(url.host);
  const bool v6_text = url.host.find(':') != std::string::npos;
  const bool good_host =
      bracketed ? url.literal && v6_text
                : (url.literal && !v6_text) || is_host_name(url.host, policy.international_hosts);
  if (!good_host) return refuse<void>(TrackerErrc::bad_host, "this host name is not acceptable");

  url.port = default_port(url.scheme);
  if (!after.empty() && after.front() != ':') return refuse<void>(TrackerErrc::bad_host, "host");
  if (after.size() > 1) {
    const auto digits = after.substr(1);
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, url.port);
    if (error != std::errc{} || stop != end || digits.size() > 5) {
      return refuse<void>(TrackerErrc::bad_url, "the port is no number below 65536");
    }
  }
  if (url.port == 0) return refuse<void>(TrackerErrc::bad_url, "the URL needs a port");
  return {};
}

// Percent-encodes what may not stand in a request line.
std::string encode_target(std::string_view raw) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kUnsafe = " \"<>\\^`{|}";
  std::string out;
  if (!raw.starts_with('/')) out = "/";
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && kUnsafe.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string decode_name(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                         hex_digit(text[i + 2]) >= 0;
    if (escaped) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return lower(out);
}

// A query that already says who we are or what we have would speak with our voice (TRH-07).
bool has_preset_parameter(std::string_view target) {
  constexpr std::array<std::string_view, 11> kOurs{"info_hash",  "peer_id", "port",     "uploaded",
                                                   "downloaded", "left",    "event",    "ip",
                                                   "ipv4",       "ipv6",    "trackerid"};
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return false;
  auto query = target.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = query.find_first_of("&;");
    const auto parameter = query.substr(0, end);
    const std::string name = decode_name(parameter.substr(0, parameter.find('=')));
    if (std::ranges::find(kOurs, name) != kOurs.end()) return true;
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return false;
}

std::string_view trim_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// RFC 3986 "reference resolution", without removing dot segments: the server does that.
std::string resolve_reference(const TrackerUrl& base, std::string_view reference) {
  const std::size_t mark = reference.find_first_of(":/?#");
  if (mark != std::string_view::npos && reference[mark] == ':') return std::string(reference);
  const std::string scheme(scheme_name(base.scheme));
  if (reference.starts_with("//")) return scheme + ":" + std::string(reference);
  const std::string whole = base.text();
  const std::string origin = whole.substr(0, whole.size() - base.target.size());
  if (reference.starts_with('/')) return origin + std::string(reference);
  const std::string_view path = base.path();
  if (reference.starts_with('?')) return origin + std::string(path) + std::string(reference);
  return origin + std::string(path.substr(0, path.rfind('/') + 1)) + std::string(reference);
}

// Below it, a service on UDP may act on what a stranger has it sent.
constexpr std::uint16_t kPrivilegedPorts = 1024;

}  // namespace

std::string TrackerUrl::text() const {
  std::string out(scheme_name(scheme));
  const bool brackets = host.find(':') != std::string::npos;
  out += "://";
  out += brackets ? "[" + host + "]" : host;
  if (port != default_port(scheme)) out += ":" + std::to_string(port);
  // A udp tracker's bare "/" carries nothing and is seldom written.
  if (scheme != TrackerScheme::udp || target != "/") out += target;
  return out;
}

std::string_view TrackerUrl::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

bool TrackerUrl::is_announce() const {
  const auto whole = path();
  return whole.substr(whole.rfind('/') + 1).starts_with("announce");
}

TrackerResult<TrackerUrl> parse_tracker_url(std::string_view text, TrackerUrlPolicy policy) {
  text = trim_spaces(text);
  if (text.size() > kTrackerUrlMax) {
    return refuse(TrackerErrc::url_too_long, "the URL is longer than 4096 bytes");
  }
  if (has_control(text)) return refuse(TrackerErrc::bad_url, "a control character in the URL");
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) {
    return refuse(TrackerErrc::bad_url, "this is no URL");
  }
  const std::string name = lower(text.substr(0, colon));
  const auto scheme = known_scheme(name);
  if (!scheme) {
    return refuse(TrackerErrc::unsupported_scheme,
                  "trackers of type '" + tracker_text(name) + "' are not supported");
  }
  TrackerUrl url;
  url.scheme = *scheme;
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  WEIR_CHECK(parse_authority(text.substr(0, end), policy, url));
  url.target = encode_target(text.substr(end));
  if (url.target.size() > kTrackerUrlMax) {
    return refuse(TrackerErrc::url_too_long, "the URL is longer than 4096 bytes");
  }
  if (!policy.preset_parameters && has_preset_parameter(url.target)) {
    return refuse(TrackerErrc::preset_parameter, "the URL brings its own announce parameters");
  }
  return url;
}

TrackerResult<TrackerUrl> redirect_allowed(const TrackerUrl& from, std::string_view location,
                                           unsigned hops, TrackerUrlPolicy policy) {
  const auto refused = [](std::string why) {
    return refuse(TrackerErrc::redirect_refused, "redirect refused: " + std::move(why));
  };
  if (hops >= kTrackerRedirectsMax) return refused("too many of them");
  if (location.empty() || location.size() > kTrackerUrlMax) return refused("no usable target");
  policy.preset_parameters = true;
  auto to = parse_tracker_url(resolve_reference(from, trim_spaces(location)), policy);
  if (!to) return refused(to.error().text);
  if (to->scheme == TrackerScheme::udp) return refused("it leads away from HTTP");
  if (from.scheme == TrackerScheme::https && to->scheme != TrackerScheme::https) {
    return refused("it leads from https to http");
  }
  return to;
}

bool redirect_address_allowed(const IpAddress& from, const IpAddress& to) {
  switch (to.scope()) {
    case AddressScope::unusable:
      return false;
    case AddressScope::global:
      return true;
    case AddressScope::site:
      return from.scope() != AddressScope::global && from.scope() != AddressScope::unusable;
    case AddressScope::loopback:
    case AddressScope::link_local:
      return from.scope() == to.scope();
  }
  std::unreachable();
}

bool tracker_address_allowed(TrackerScheme scheme, const Endpoint& tracker,
                             TrackerAddressPolicy policy) {
  const AddressScope scope = tracker.address.scope();
  if (tracker.port == 0 || scope == AddressScope::unusable) return false;
  if (scope == AddressScope::global) return true;
  if (scheme == TrackerScheme::udp && tracker.port < kPrivilegedPorts) return false;
  return scope == AddressScope::site || policy.allow_local;
}

std::string address_refusal_text(TrackerScheme scheme, const Endpoint& tracker) {
  const AddressScope scope = tracker.address.scope();
  if (tracker.port == 0 || scope == AddressScope::unusable) {
    return tracker.text() + " is no address that a server can have";
  }
  if (scheme == TrackerScheme::udp && tracker.port < kPrivilegedPorts) {
    return tracker.text() + " is a port below 1024 in the local network, which is never asked";
  }
  return tracker.text() +
         " is on this machine or in the local network, where a torrent may not send the program";
}

bool tracker_peer_allowed(const IpAddress& tracker, const IpAddress& peer) {
  switch (peer.scope()) {
    case AddressScope::unusable:
      return false;
    case AddressScope::global:
    case AddressScope::site:
      return true;
    case AddressScope::link_local:
      return tracker.scope() == AddressScope::link_local ||
             tracker.scope() == AddressScope::loopback;
    case AddressScope::loopback:
      return tracker.scope() == AddressScope::loopback;
  }
  std::unreachable();
}

}  // namespace weir
