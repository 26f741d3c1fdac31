// SPDX-License-Identifier: MIT OR Apache-2.0
// What can be wrong with a request, and which status says so.
//
// This component is the meaning of HTTP (RFC 9110) without its transport: functions of borrowed
// text that give values. A server in front of it reads sockets and splits messages into a method, a
// target, fields and a body; handlers ask here what these mean and what to answer. All string_view
// parameters are borrowed for the call unless a comment says otherwise.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace weir::http {

enum class HttpErrc : std::uint8_t {
  malformed,          // a field does not follow its grammar
  duplicate,          // a field or parameter that may appear once appears again
  too_long,           // a field is longer than its limit
  too_many,           // a field has more elements than its limit
  target_too_long,    // the request target is longer than kTargetBytesMax
  bad_escape,         // '%' without two hexadecimal digits
  bad_character,      // NUL, a control character, or one that no target may contain
  not_utf8,           // ill-formed UTF-8, overlong forms among them
  encoded_separator,  // a '/' or '\' that does not separate segments
  dot_segment,        // "." or ".." in a path
  empty_segment,      // "//" in a path
  host_not_allowed,   // a Host that is not ours (a rebound name)
  foreign_origin,     // a page of another origin asks
  token_missing,      // no credentials where some are needed
  token_wrong,        // credentials that nobody was given
  scope_missing,      // credentials that do not reach this far
};

template <class T>
using HttpResult = std::expected<T, HttpErrc>;

// 400, 401, 403, 414, 421 or 431.
[[nodiscard]] int status_of(HttpErrc error);
// A sentence for the answer's body; it never repeats what the client sent.
[[nodiscard]] std::string_view text_of(HttpErrc error);

}  // namespace weir::http
