// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/accept.h"

#include <string>
#include <vector>

#include "base/assert.h"
#include "http/field.h"

namespace weir::http {
namespace {

struct MediaRange {
  std::string type;
  std::string subtype;
  unsigned quality = 1000;   // thousandths
  unsigned specificity = 0;  // "*/*" 0, "text/*" 1, "text/html" 2, one more with parameters
};

// 0, 0.5, 0.123, 1, 1.000
std::optional<unsigned> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  unsigned value = text[0] == '1' ? 1000 : 0;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  unsigned unit = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    value += static_cast<unsigned>(c - '0') * unit;
    unit /= 10;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

std::optional<MediaRange> take_range(Scanner& in) {
  MediaRange out;
  out.type = ascii_lowered(in.take_token());
  if (out.type.empty() || !in.take('/')) return std::nullopt;
  out.subtype = ascii_lowered(in.take_token());
  if (out.subtype.empty()) return std::nullopt;
  const auto parameters = take_parameters(in);
  if (!parameters) return std::nullopt;
  out.specificity = out.type == "*" ? 0 : out.subtype == "*" ? 1 : 2;
  for (const Parameter& parameter : *parameters) {
    if (parameter.name != "q") {
      out.specificity = 3;
      continue;
    }
    const auto quality = parse_quality(parameter.value);
    if (!quality) return std::nullopt;
    out.quality = *quality;
  }
  return out;
}

// Nothing when the field is malformed.
std::optional<std::vector<MediaRange>> parse_accept(std::string_view field) {
  std::vector<MediaRange> out;
  Scanner in(field);
  while (out.size() < kAcceptRangesMax) {
    in.skip_space();
    if (in.at_end()) break;
    if (in.take(',')) continue;
    auto range = take_range(in);
    if (!range) return std::nullopt;
    out.push_back(*std::move(range));
  }
  return out;
}

// Our offers have no parameters, so a range with some names a variant that we don't have; it is
// read as its plain type, which is what clients that send `text/html;level=1` can use too.
bool covers(const MediaRange& range, std::string_view offer) {
  if (range.type == "*") return range.subtype == "*";
  const std::size_t slash = offer.find('/');
  if (offer.substr(0, slash) != range.type) return false;
  return range.subtype == "*" || offer.substr(slash + 1) == range.subtype;
}

// The quality by the most specific range that covers the offer; 0 when none does.
unsigned quality_of(const std::vector<MediaRange>& ranges, std::string_view offer) {
  const MediaRange* best = nullptr;
  for (const MediaRange& range : ranges) {
    if (!covers(range, offer)) continue;
    if (best == nullptr || range.specificity > best->specificity) best = &range;
  }
  return best == nullptr ? 0 : best->quality;
}

}  // namespace

std::optional<std::size_t> negotiate(std::optional<std::string_view> accept,
                                     std::span<const std::string_view> offers) {
  WEIR_ASSERT(!offers.empty());
  if (!accept || accept->size() > kFieldBytesMax) return 0;
  const auto ranges = parse_accept(*accept);
  if (!ranges || ranges->empty()) return 0;
  std::optional<std::size_t> best;
  unsigned best_quality = 0;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const unsigned quality = quality_of(*ranges, offers[i]);
    if (quality <= best_quality) continue;
    best = i;
    best_quality = quality;
  }
  return best;
}

}  // namespace weir::http
