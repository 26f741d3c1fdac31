// SPDX-License-Identifier: MIT OR Apache-2.0
// Media types (RFC 9110 section 8.3): reading Content-Type with its parameters, and guessing a type
// from a file's name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/errc.h"
#include "http/field.h"

namespace weir::http {

inline constexpr std::size_t kMediaTypeBytesMax = 1024;

struct MediaType {
  std::string type;     // lower-case
  std::string subtype;  // lower-case
  std::vector<Parameter> parameters = {};

  // "type/subtype".
  [[nodiscard]] std::string essence() const { return type + '/' + subtype; }
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;

  bool operator==(const MediaType&) const = default;
};

// Of parameters with the same name the first counts and the others are dropped.
// Errors: malformed, too_long (kMediaTypeBytesMax), too_many.
[[nodiscard]] HttpResult<MediaType> parse_media_type(std::string_view field);
// One line; values that are no tokens are quoted.
[[nodiscard]] std::string format_media_type(const MediaType& media);

// The type of a file by the last extension of its name, letter case aside;
// "application/octet-stream" when it has none or an unknown one. The text is static.
[[nodiscard]] std::string_view media_type_by_name(std::string_view file_name);

}  // namespace weir::http
