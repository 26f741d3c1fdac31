// SPDX-License-Identifier: MIT OR Apache-2.0
// The text in front of an answer's body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/http_server.h"

namespace weir {

// "Not Found"; empty for codes that have no name here.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

// Whether answers with this status have no body, whatever they are told.
[[nodiscard]] bool is_bodiless(unsigned status);

// Whether the answer can be written as it is: a final status, names that are tokens, values without
// control characters. What a client sent must not become a field of its own in an answer.
[[nodiscard]] bool is_writable(const HttpAnswer& answer);

enum class HttpFraming : std::uint8_t {
  none,    // neither body nor length
  length,  // Content-Length
  chunked,
  close,  // the end of the connection ends the body (HTTP/1.0)
};
struct HttpHeadFacts {
  HttpFraming framing = HttpFraming::none;
  std::uint64_t length = 0;
  bool close = false;
  bool http11 = true;
  std::string_view date;
};
// Status line and fields, the empty line too. REQUIRES: is_writable(answer).
[[nodiscard]] std::string format_answer_head(const HttpAnswer& answer, const HttpHeadFacts& facts);

// A short page for what is refused here.
[[nodiscard]] HttpAnswer plain_answer(unsigned status);

}  // namespace weir
