// SPDX-License-Identifier: MIT OR Apache-2.0
// Byte ranges (RFC 9110 section 14): from the Range field to what is sent.
//
// The answer never has more bytes than the content, whatever was asked (HTT-08): ranges that
// overlap, touch or lie closer than a part's header become one, so what remains is disjoint.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

inline constexpr std::size_t kRangesMax = 16;  // LIM-13; a field with more is ignored
// Ranges with a smaller gap between them are sent as one: a part of multipart/byteranges begins
// with about this many bytes of header.
inline constexpr std::uint64_t kRangeGapMerged = 128;

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // never 0

  [[nodiscard]] std::uint64_t end() const { return offset + length; }
  bool operator==(const ByteRange&) const = default;
};

enum class RangeKind : std::uint8_t {
  whole,          // 200: no Range, or one that is ignored
  partial,        // 206: one range is sent as it is, several as multipart/byteranges
  unsatisfiable,  // 416 with Content-Range: bytes */N
};

struct RangePlan {
  RangeKind kind = RangeKind::whole;
  // In the order asked for; disjoint, inside the content. Filled when partial, else empty.
  std::vector<ByteRange> ranges;
};

// What a Range field asks of a content of `length` bytes. Ignored (the whole is sent, as section
// 14.2 allows) are a malformed field, an unknown unit, a last position before the first, more than
// kRangesMax ranges, a field longer than kFieldBytesMax, and any range of an empty content.
// REQUIRES: length <= 2^63; the field was sent with GET and its If-Range, if any, holds.
[[nodiscard]] RangePlan plan_ranges(std::string_view field, std::uint64_t length);

// "bytes 0-4/10". REQUIRES: range inside the length.
[[nodiscard]] std::string content_range(const ByteRange& range, std::uint64_t length);
// "bytes */10", for 416.
[[nodiscard]] std::string content_range_unsatisfied(std::uint64_t length);

}  // namespace weir::http
