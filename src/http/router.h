// SPDX-License-Identifier: MIT OR Apache-2.0
// Which handler a method and a path belong to.
//
// Patterns are paths whose segments are literal, a capture "{name}" with an optional literal suffix
// ("{hash}.torrent"), or, at the end, "{name...}" for the rest, which may be empty. Where several
// patterns fit, the one that is more literal from the left wins. A pattern that ends in '/' or in a
// rest accepts a trailing slash; others do not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/target.h"

namespace weir::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };

// Nothing for any other method: the answer to it is 501. Names are case-sensitive.
[[nodiscard]] std::optional<Method> parse_method(std::string_view text);
[[nodiscard]] std::string_view text_of(Method method);
// Whether a request with it must not change anything (RFC 9110 section 9.2.1).
[[nodiscard]] bool is_safe(Method method);

struct RouteMatch {
  std::uint32_t handler = 0;
  // What the captures stand for, in the pattern's order; a rest is its segments, one by one. Views
  // into the path that was matched.
  std::vector<std::string_view> captures = {};
};
struct RouteMiss {
  int status = 404;        // 404, 405, or 204 for OPTIONS that no handler answers
  std::string allow = {};  // the Allow field; empty at 404
};
using RouteResult = std::variant<RouteMatch, RouteMiss>;

class Router {
 public:
  // Adds a route; the handler's number is the caller's own. HEAD goes to the handler of GET unless
  // it has a route itself. REQUIRES: the pattern is well-formed, and new for this method.
  void add(Method method, std::string_view pattern, std::uint32_t handler);
  [[nodiscard]] RouteResult match(Method method, const DecodedPath& path) const;

 private:
  enum class SegmentKind : std::uint8_t { literal, suffixed, capture, rest };
  struct Segment {
    SegmentKind kind;
    std::string text;  // the literal, or the suffix
    bool operator==(const Segment&) const = default;
  };
  struct Route {
    Method method;
    std::vector<Segment> segments;
    bool takes_trailing_slash;
    std::uint32_t handler;
  };
  static Segment parse_segment(std::string_view text);
  static bool fits(const Route& route, const DecodedPath& path);
  static RouteMatch captured(const Route& route, const DecodedPath& path);
  static bool is_more_literal(const Route& a, const Route& b);

  std::vector<Route> routes_;  // more literal ones first
};

}  // namespace weir::http
