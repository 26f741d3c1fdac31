// SPDX-License-Identifier: MIT OR Apache-2.0
// Text put where markup or JSON is read.
#pragma once

#include <string>
#include <string_view>

namespace weir::http {

// For text between tags and inside quoted attributes. Ill-formed UTF-8 becomes U+FFFD, control
// characters other than tab and line end too, since some readers end text at NUL.
[[nodiscard]] std::string html_escaped(std::string_view text);

// A JSON string with its quotes. '<', '>' and '&' are escaped too, and the two line separators that
// scripts read as line ends, so the result is safe inside a page.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace weir::http
