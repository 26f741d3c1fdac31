// SPDX-License-Identifier: MIT OR Apache-2.0
// Conditional and range requests together: the order of RFC 9110 section 13.2.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/date.h"
#include "http/etag.h"
#include "http/range.h"

namespace weir::http {

// The fields of a request that decide; absent ones are nothing, not empty. Borrowed for the call.
struct ConditionalFields {
  std::optional<std::string_view> if_match = {};
  std::optional<std::string_view> if_unmodified_since = {};
  std::optional<std::string_view> if_none_match = {};
  std::optional<std::string_view> if_modified_since = {};
  std::optional<std::string_view> if_range = {};
  std::optional<std::string_view> range = {};
};

// What is there to be sent.
struct Representation {
  std::uint64_t length = 0;
  std::optional<EntityTag> etag;
  std::optional<UnixSeconds> last_modified;
};

enum class RetrievalMethod : std::uint8_t { get, head };

struct Selection {
  int status = 200;  // 200, 206, 304, 412, 416 or 400
  // Filled at 206. HEAD has no ranges: section 14.2 defines Range for GET alone.
  std::vector<ByteRange> ranges = {};
};

// Decides what a GET or HEAD of this representation is answered with. `now` tells whether a
// Last-Modified is old enough to be strong, and the century of two-digit years. A malformed
// If-Match is 400, since it asks for something to be prevented; other malformed fields are ignored.
[[nodiscard]] Selection select(RetrievalMethod method, const ConditionalFields& fields,
                               const Representation& content, UnixSeconds now);

// If-Match and If-Unmodified-Since alone, for methods that change something: whether to go on.
// `content` is nothing when there is none at this address. Errors: malformed.
[[nodiscard]] HttpResult<bool> may_change(const ConditionalFields& fields,
                                          const std::optional<Representation>& content,
                                          UnixSeconds now);

}  // namespace weir::http
