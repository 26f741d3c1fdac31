// SPDX-License-Identifier: MIT OR Apache-2.0
// multipart/byteranges (RFC 9110 section 14.6): the text around the parts, and its exact length
// before the first byte is sent, so that Content-Length can be declared.
//
// The body is, for each part, `before` and the bytes of its range, and then `end`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "http/range.h"

namespace weir::http {

struct MultipartPart {
  std::string before;  // delimiter and header of the part
  ByteRange range;
};

struct MultipartPlan {
  std::string content_type;  // of the whole answer, with the boundary
  std::vector<MultipartPart> parts;
  std::string end;
  std::uint64_t content_length = 0;
};

// `nonce` becomes the boundary. It must not be guessable by whoever made the content, who could
// otherwise put an end of the parts into it. `media_type` is the content's own, without line ends.
// REQUIRES: ranges from plan_ranges for this length.
[[nodiscard]] MultipartPlan plan_multipart(std::span<const ByteRange> ranges, std::uint64_t length,
                                           std::string_view media_type,
                                           std::span<const std::byte, 16> nonce);

}  // namespace weir::http
