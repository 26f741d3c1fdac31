// SPDX-License-Identifier: MIT OR Apache-2.0
// Request targets (RFC 9112 section 3.2): split once, decoded once, and free of every trick that
// makes two readers see two paths.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/errc.h"

namespace weir::http {

inline constexpr std::size_t kTargetBytesMax = 8192;
inline constexpr std::size_t kPathSegmentsMax = 128;
inline constexpr std::size_t kQueryPairsMax = 64;

enum class TargetForm : std::uint8_t {
  origin,    // "/path?query"
  absolute,  // "http://host/path?query"
  asterisk,  // "*", for OPTIONS alone
};

// Still encoded, and borrowed from the text it was split from.
struct RequestTarget {
  TargetForm form = TargetForm::origin;
  std::string_view scheme = {};     // of the absolute form
  std::string_view authority = {};  // of the absolute form; it outranks the Host field
  std::string_view path = {};       // begins with '/', or is "*"
  std::string_view query = {};      // without '?'
};

// Bytes of UTF-8 that should have been escaped are accepted, as browsers' peers send them. The
// authority form of CONNECT is malformed here.
// Errors: target_too_long, malformed, bad_character (spaces, controls, '\', '#').
[[nodiscard]] HttpResult<RequestTarget> parse_target(std::string_view text);

struct DecodedPath {
  std::vector<std::string> segments;  // valid UTF-8, no separator, no control character, not empty
  bool trailing_slash = false;        // "/a/" but not "/"
};

// Decodes each segment exactly once: "%252e" is the name "%2e". Refused rather than repaired are
// "." and "..", encoded or not, empty segments, and '/' or '\' inside a name (HTT-10).
// REQUIRES: `path` begins with '/'.
// Errors: too_many, bad_escape, bad_character, not_utf8, encoded_separator, dot_segment,
// empty_segment.
[[nodiscard]] HttpResult<DecodedPath> decode_path(std::string_view path);

// The names as a path that decode_path reads as the same names. Begins with '/'.
[[nodiscard]] std::string encode_path(std::span<const std::string> segments);
// One name; '/' in it is escaped too.
[[nodiscard]] std::string encode_segment(std::string_view name);

// Pairs in their order, names may repeat.
class Query {
 public:
  // application/x-www-form-urlencoded: '+' is a space. Empty pairs are skipped.
  // Errors: too_many, bad_escape, bad_character, not_utf8.
  [[nodiscard]] static HttpResult<Query> parse(std::string_view text);

  // The value of the only pair with this name; nothing when there is none. Views live as long as
  // this object. Errors: duplicate.
  [[nodiscard]] HttpResult<std::optional<std::string_view>> only(std::string_view name) const;
  [[nodiscard]] std::span<const std::pair<std::string, std::string>> pairs() const {
    return pairs_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace weir::http
