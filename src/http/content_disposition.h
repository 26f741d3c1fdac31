// SPDX-License-Identifier: MIT OR Apache-2.0
// Content-Disposition (RFC 6266 with RFC 8187): the file name of an upload, and the name that a
// download gets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/errc.h"

namespace weir::http {

struct ContentDisposition {
  std::string type;  // lower-case, such as "attachment" or "form-data"
  // As sent, valid UTF-8, not safe to create on disk: pass it to safe_file_name. `filename*` is
  // preferred over `filename` when it can be read.
  std::optional<std::string> file_name = {};
  std::optional<std::string> field_name = {};  // `name`, of form-data

  bool operator==(const ContentDisposition&) const = default;
};

// A plain `filename` that is not UTF-8 is taken for ISO-8859-1, as RFC 9110 section 5.5 reads old
// fields; its '%' escapes are part of the name. `filename*` may be in UTF-8 or ISO-8859-1; one that
// is broken is left out when there is a `filename` too, or else an error.
// Errors: malformed, duplicate, too_long (kFieldBytesMax), too_many.
[[nodiscard]] HttpResult<ContentDisposition> parse_content_disposition(std::string_view field);

// The name without any folder before it ('/' or '\'), made safe by the rule for names in torrents;
// nothing when no name is left.
[[nodiscard]] std::optional<std::string> safe_file_name(std::string_view name);

enum class Disposition : std::uint8_t { attachment, show };

// `attachment; filename="x.txt"; filename*=UTF-8''...`. The second form is there when the name has
// characters that the first can't carry safely; they are '_' in the first. No name, no parameters.
// Whatever the name is, the result is one line of visible ASCII.
[[nodiscard]] std::string format_content_disposition(Disposition disposition,
                                                     std::string_view name);

}  // namespace weir::http
