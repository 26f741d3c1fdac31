// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/router.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace weir::http {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

}  // namespace

std::optional<Method> parse_method(std::string_view text) {
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (text == kMethods[i]) return static_cast<Method>(i);
  }
  return std::nullopt;
}

std::string_view text_of(Method method) { return kMethods[static_cast<std::size_t>(method)]; }

bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options;
}

Router::Segment Router::parse_segment(std::string_view text) {
  WEIR_ASSERT(!text.empty());
  if (!text.starts_with('{')) return {SegmentKind::literal, std::string(text)};
  const std::size_t close = text.find('}');
  WEIR_ASSERT(close != std::string_view::npos && close > 1);
  const std::string_view suffix = text.substr(close + 1);
  if (text.substr(0, close).ends_with("...")) {
    WEIR_ASSERT(suffix.empty());
    return {SegmentKind::rest, {}};
  }
  return {suffix.empty() ? SegmentKind::capture : SegmentKind::suffixed, std::string(suffix)};
}

void Router::add(Method method, std::string_view pattern, std::uint32_t handler) {
  WEIR_ASSERT(pattern.starts_with('/'));
  Route route{method, {}, false, handler};
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const std::size_t slash = std::min(pattern.find('/'), pattern.size());
    WEIR_ASSERT(route.segments.empty() || route.segments.back().kind != SegmentKind::rest);
    route.segments.push_back(parse_segment(pattern.substr(0, slash)));
    route.takes_trailing_slash =
        slash + 1 == pattern.size() || route.segments.back().kind == SegmentKind::rest;
    pattern.remove_prefix(std::min(slash + 1, pattern.size()));
  }
  for (const Route& other : routes_) {
    WEIR_ASSERT(other.method != method || other.segments != route.segments);
  }
  const auto place = std::upper_bound(routes_.begin(), routes_.end(), route, is_more_literal);
  routes_.insert(place, std::move(route));
}

bool Router::is_more_literal(const Route& a, const Route& b) {
  return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(),
                                      b.segments.end(), [](const Segment& x, const Segment& y) {
                                        if (x.kind != y.kind) return x.kind < y.kind;
                                        return x.text.size() > y.text.size();
                                      });
}

bool Router::fits(const Route& route, const DecodedPath& path) {
  if (path.trailing_slash && !route.takes_trailing_slash) return false;
  std::size_t at = 0;
  for (const Segment& segment : route.segments) {
    if (segment.kind == SegmentKind::rest) return true;
    if (at == path.segments.size()) return false;
    const std::string_view text = path.segments[at++];
    if (segment.kind == SegmentKind::literal && text != segment.text) return false;
    if (segment.kind == SegmentKind::suffixed &&
        (!text.ends_with(segment.text) || text.size() == segment.text.size())) {
      return false;
    }
  }
  return at == path.segments.size();
}

RouteMatch Router::captured(const Route& route, const DecodedPath& path) {
  RouteMatch out{.handler = route.handler};
  for (std::size_t i = 0; i < path.segments.size(); ++i) {
    const Segment& segment = route.segments[std::min(i, route.segments.size() - 1)];
    if (segment.kind == SegmentKind::literal) continue;
    std::string_view text = path.segments[i];
    text.remove_suffix(segment.text.size());
    out.captures.push_back(text);
  }
  return out;
}

RouteResult Router::match(Method method, const DecodedPath& path) const {
  std::array<bool, kMethods.size()> allowed{};
  const Route* as_get = nullptr;
  for (const Route& route : routes_) {
    if (!fits(route, path)) continue;
    if (route.method == method) return captured(route, path);
    if (route.method == Method::get && as_get == nullptr) as_get = &route;
    allowed[static_cast<std::size_t>(route.method)] = true;
  }
  if (method == Method::head && as_get != nullptr) return captured(*as_get, path);
  if (std::find(allowed.begin(), allowed.end(), true) == allowed.end()) return RouteMiss{};
  if (as_get != nullptr) allowed[static_cast<std::size_t>(Method::head)] = true;
  allowed[static_cast<std::size_t>(Method::options)] = true;
  RouteMiss miss{.status = method == Method::options ? 204 : 405};
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (!allowed[i]) continue;
    if (!miss.allow.empty()) miss.allow += ", ";
    miss.allow += kMethods[i];
  }
  return miss;
}

}  // namespace weir::http
