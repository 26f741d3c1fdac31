// SPDX-License-Identifier: MIT OR Apache-2.0
// Range, the conditions and the dates beside it. Input: lines of a length, a Range, an If-Range, an
// If-None-Match and an If-Match. What is sent never has more bytes than the content.
#include <array>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "http/accept.h"
#include "http/conditional.h"
#include "http/field.h"
#include "http/multipart.h"

namespace {

using namespace weir;
using namespace weir::http;

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void check_plan(std::string_view field, std::uint64_t length) {
  const RangePlan plan = plan_ranges(field, length);
  WEIR_ASSERT((plan.kind == RangeKind::partial) == !plan.ranges.empty());
  WEIR_ASSERT(plan.ranges.size() <= kRangesMax);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < plan.ranges.size(); ++i) {
    const ByteRange& range = plan.ranges[i];
    WEIR_ASSERT(range.length > 0 && range.offset < length);
    WEIR_ASSERT(range.length <= length - range.offset);
    total += range.length;
    for (std::size_t j = 0; j < i; ++j) {
      const ByteRange& other = plan.ranges[j];
      WEIR_ASSERT(range.end() < other.offset || other.end() < range.offset);
    }
  }
  WEIR_ASSERT(total <= length);
  if (plan.ranges.empty()) return;
  const std::array<std::byte, 16> nonce{};
  const MultipartPlan parts = plan_multipart(plan.ranges, length, "text/plain", nonce);
  std::uint64_t size = parts.end.size();
  for (const MultipartPart& part : parts.parts) size += part.before.size() + part.range.length;
  WEIR_ASSERT(size == parts.content_length);
}

void check_date(std::string_view text) {
  const auto time = parse_http_date(text, 1700000000);
  if (time) WEIR_ASSERT(parse_http_date(format_http_date(*time), 0) == time);
  if (const auto tag = parse_etag(text)) WEIR_ASSERT(parse_etag(format_etag(*tag)) == tag);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::uint64_t length = parse_number(take_line(rest)).value_or(10000) >> 1;
  const std::string_view range = take_line(rest);
  check_plan(range, length);
  ConditionalFields fields;
  fields.range = range;
  fields.if_range = take_line(rest);
  check_date(*fields.if_range);
  fields.if_none_match = take_line(rest);
  fields.if_match = take_line(rest);
  const std::array<std::string_view, 2> offers = {"text/html", "application/json"};
  const auto offer = negotiate(rest, offers);
  WEIR_ASSERT(!offer || *offer < offers.size());
  const Representation content{length, EntityTag{"a", false}, 784111777};
  for (const bool with_match : {true, false}) {
    if (!with_match) fields.if_match.reset();
    const Selection selection = select(RetrievalMethod::get, fields, content, 1700000000);
    WEIR_ASSERT((selection.status == 206) == !selection.ranges.empty());
  }
  return 0;
}
