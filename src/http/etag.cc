// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/etag.h"

#include <algorithm>

#include "base/assert.h"
#include "http/field.h"

namespace weir::http {
namespace {

bool is_etag_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// Takes one tag from the front of `rest`.
std::optional<EntityTag> take_etag(std::string_view& rest) {
  EntityTag tag;
  if (rest.starts_with("W/")) {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  const std::size_t close = rest.find('"', 1);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view opaque = rest.substr(1, close - 1);
  if (!std::all_of(opaque.begin(), opaque.end(), is_etag_char)) return std::nullopt;
  tag.opaque = opaque;
  rest.remove_prefix(close + 1);
  return tag;
}

}  // namespace

std::optional<EntityTag> parse_etag(std::string_view text) {
  if (text.size() > kFieldBytesMax) return std::nullopt;
  text = trimmed(text);
  std::optional<EntityTag> tag = take_etag(text);
  return text.empty() ? tag : std::nullopt;
}

std::string format_etag(const EntityTag& tag) {
  WEIR_ASSERT(std::all_of(tag.opaque.begin(), tag.opaque.end(), is_etag_char));
  return (tag.weak ? "W/\"" : "\"") + tag.opaque + '"';
}

bool strong_match(const EntityTag& a, const EntityTag& b) {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}

bool weak_match(const EntityTag& a, const EntityTag& b) { return a.opaque == b.opaque; }

HttpResult<EntityTagList> parse_etag_list(std::string_view text) {
  if (text.size() > kFieldBytesMax) return std::unexpected(HttpErrc::too_long);
  text = trimmed(text);
  EntityTagList out;
  if (text == "*") {
    out.any = true;
    return out;
  }
  while (!text.empty()) {
    // A recipient has to accept empty elements of a list (RFC 9110 section 5.6.1.2).
    if (!text.starts_with(',')) {
      std::optional<EntityTag> tag = take_etag(text);
      text = trimmed(text);
      if (!tag || (!text.empty() && !text.starts_with(','))) {
        return std::unexpected(HttpErrc::malformed);
      }
      if (out.tags.size() == kEntityTagsMax) return std::unexpected(HttpErrc::too_many);
      out.tags.push_back(*std::move(tag));
    }
    if (text.starts_with(',')) text = trimmed(text.substr(1));
  }
  if (out.tags.empty()) return std::unexpected(HttpErrc::malformed);
  return out;
}

}  // namespace weir::http
