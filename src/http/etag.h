// SPDX-License-Identifier: MIT OR Apache-2.0
// Entity tags (RFC 9110 section 8.8.3): names of one exact content, in quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/errc.h"

namespace weir::http {

inline constexpr std::size_t kEntityTagsMax = 64;  // in one If-Match or If-None-Match

struct EntityTag {
  std::string opaque;  // without its quotes; etagc characters only
  bool weak = false;

  bool operator==(const EntityTag&) const = default;
};

// "abc" or W/"abc". The grammar has no escapes: a backslash is a character like others.
[[nodiscard]] std::optional<EntityTag> parse_etag(std::string_view text);
// REQUIRES: `opaque` has only characters that an entity tag may have, as hashes in hexadecimal do.
[[nodiscard]] std::string format_etag(const EntityTag& tag);

// Equal and both strong: byte for byte the same content (If-Match, If-Range).
[[nodiscard]] bool strong_match(const EntityTag& a, const EntityTag& b);
// Equal but for weakness (If-None-Match).
[[nodiscard]] bool weak_match(const EntityTag& a, const EntityTag& b);

struct EntityTagList {
  bool any = false;  // the field was "*"
  std::vector<EntityTag> tags;
};

// Errors: malformed, too_long (kFieldBytesMax), too_many.
[[nodiscard]] HttpResult<EntityTagList> parse_etag_list(std::string_view text);

}  // namespace weir::http
