// SPDX-License-Identifier: MIT OR Apache-2.0
// HTTP-date (RFC 9110 section 5.6.7) as seconds since 1970-01-01 00:00:00 UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

// Wall-clock time, an argument wherever it is needed.
using UnixSeconds = std::int64_t;

// "Sun, 06 Nov 1994 08:49:37 GMT". Times outside of the years 0 to 9999 are moved to the nearest
// one inside.
[[nodiscard]] std::string format_http_date(UnixSeconds time);

// All three forms that a recipient has to accept; nothing for anything else. The day of the week
// must be one but is not compared with the date. A two-digit year that would lie more than 50 years
// after `now` is one of the past century.
[[nodiscard]] std::optional<UnixSeconds> parse_http_date(std::string_view text, UnixSeconds now);

}  // namespace weir::http
