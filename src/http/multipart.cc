// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/multipart.h"

#include "base/assert.h"

namespace weir::http {

MultipartPlan plan_multipart(std::span<const ByteRange> ranges, std::uint64_t length,
                             std::string_view media_type, std::span<const std::byte, 16> nonce) {
  WEIR_ASSERT(media_type.find_first_of("\r\n") == std::string_view::npos);
  const std::string boundary = "weir-" + to_hex(nonce);
  MultipartPlan plan;
  plan.content_type = "multipart/byteranges; boundary=" + boundary;
  plan.parts.reserve(ranges.size());
  for (const ByteRange& range : ranges) {
    MultipartPart part{.before = {}, .range = range};
    // The line end before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1).
    if (!plan.parts.empty()) part.before += "\r\n";
    part.before += "--" + boundary + "\r\nContent-Type: ";
    part.before += media_type;
    part.before += "\r\nContent-Range: " + content_range(range, length) + "\r\n\r\n";
    plan.content_length += part.before.size() + range.length;
    plan.parts.push_back(std::move(part));
  }
  plan.end = "\r\n--" + boundary + "--\r\n";
  plan.content_length += plan.end.size();
  return plan;
}

}  // namespace weir::http
