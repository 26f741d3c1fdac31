// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/media_type.h"

#include <algorithm>

namespace weir::http {

std::optional<std::string_view> MediaType::parameter(std::string_view name) const {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

HttpResult<MediaType> parse_media_type(std::string_view field) {
  if (field.size() > kMediaTypeBytesMax) return std::unexpected(HttpErrc::too_long);
  Scanner in(field);
  in.skip_space();
  const std::string_view type = in.take_token();
  if (type.empty() || !in.take('/')) return std::unexpected(HttpErrc::malformed);
  const std::string_view subtype = in.take_token();
  if (subtype.empty()) return std::unexpected(HttpErrc::malformed);
  const auto parameters = take_parameters(in);
  if (!parameters) return std::unexpected(parameters.error());
  if (!in.at_end()) return std::unexpected(HttpErrc::malformed);
  MediaType out{.type = ascii_lowered(type), .subtype = ascii_lowered(subtype)};
  for (const Parameter& parameter : *parameters) {
    if (!out.parameter(parameter.name)) out.parameters.push_back(parameter);
  }
  return out;
}

std::string format_media_type(const MediaType& media) {
  std::string out = media.essence();
  for (const Parameter& parameter : media.parameters) {
    out += "; " + parameter.name + '=';
    out += is_token(parameter.value) ? parameter.value : quoted(parameter.value);
  }
  return out;
}

}  // namespace weir::http
