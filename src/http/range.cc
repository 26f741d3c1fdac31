// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/assert.h"
#include "http/field.h"

namespace weir::http {
namespace {

struct RangeSpec {
  std::optional<std::uint64_t> first;  // absent in a suffix range
  std::uint64_t last = 0;              // inclusive; the suffix's length in a suffix range
};

std::optional<RangeSpec> parse_spec(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, dash);
  const std::string_view after = text.substr(dash + 1);
  RangeSpec spec;
  if (before.empty()) {
    const auto suffix = parse_number(after);
    if (!suffix) return std::nullopt;
    spec.last = *suffix;
    return spec;
  }
  spec.first = parse_number(before);
  if (!spec.first) return std::nullopt;
  spec.last = std::numeric_limits<std::uint64_t>::max();
  if (after.empty()) return spec;
  const auto last = parse_number(after);
  if (!last || *last < *spec.first) return std::nullopt;
  spec.last = *last;
  return spec;
}

// Nothing when the field is to be ignored.
std::optional<std::vector<RangeSpec>> parse_specs(std::string_view field) {
  if (field.size() > kFieldBytesMax) return std::nullopt;
  field = trimmed(field);
  const std::size_t equals = field.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  if (!equals_ignoring_case(field.substr(0, equals), "bytes")) return std::nullopt;
  std::string_view rest = field.substr(equals + 1);
  std::vector<RangeSpec> specs;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view element = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (element.empty()) continue;
    const auto spec = parse_spec(element);
    if (!spec || specs.size() == kRangesMax) return std::nullopt;
    specs.push_back(*spec);
  }
  if (specs.empty()) return std::nullopt;
  return specs;
}

std::optional<ByteRange> resolve(const RangeSpec& spec, std::uint64_t length) {
  if (!spec.first) {
    const std::uint64_t size = std::min(spec.last, length);
    if (size == 0) return std::nullopt;
    return ByteRange{length - size, size};
  }
  if (*spec.first >= length) return std::nullopt;
  const std::uint64_t last = std::min(spec.last, length - 1);
  return ByteRange{*spec.first, last - *spec.first + 1};
}

bool are_near(const ByteRange& a, const ByteRange& b) {
  const ByteRange& left = a.offset <= b.offset ? a : b;
  const ByteRange& right = a.offset <= b.offset ? b : a;
  return right.offset <= left.end() || right.offset - left.end() < kRangeGapMerged;
}

ByteRange united(const ByteRange& a, const ByteRange& b) {
  const std::uint64_t offset = std::min(a.offset, b.offset);
  return {offset, std::max(a.end(), b.end()) - offset};
}

// Puts `range` where the first of those it merges with stands. A merged range may reach others, so
// it is taken out and put in again until it reaches none.
void insert_merged(std::vector<ByteRange>& ranges, ByteRange range) {
  std::size_t place = ranges.size();
  for (std::size_t i = 0; i < ranges.size();) {
    if (!are_near(ranges[i], range)) {
      ++i;
      continue;
    }
    range = united(ranges[i], range);
    place = std::min(place, i);
    ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(i));
    i = 0;
  }
  place = std::min(place, ranges.size());
  ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(place), range);
}

}  // namespace

RangePlan plan_ranges(std::string_view field, std::uint64_t length) {
  WEIR_ASSERT(length <= std::uint64_t{1} << 63);
  RangePlan plan;
  const auto specs = parse_specs(field);
  if (!specs || length == 0) return plan;
  for (const RangeSpec& spec : *specs) {
    if (const auto range = resolve(spec, length)) insert_merged(plan.ranges, *range);
  }
  plan.kind = plan.ranges.empty() ? RangeKind::unsatisfiable : RangeKind::partial;
  return plan;
}

std::string content_range(const ByteRange& range, std::uint64_t length) {
  WEIR_ASSERT(range.length > 0 && range.offset < length && range.length <= length - range.offset);
  return "bytes " + std::to_string(range.offset) + '-' + std::to_string(range.end() - 1) + '/' +
         std::to_string(length);
}

std::string content_range_unsatisfied(std::uint64_t length) {
  return "bytes */" + std::to_string(length);
}

}  // namespace weir::http
