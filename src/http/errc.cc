// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/errc.h"

#include <utility>

namespace weir::http {

int status_of(HttpErrc error) {
  switch (error) {
    case HttpErrc::malformed:
    case HttpErrc::duplicate:
    case HttpErrc::bad_escape:
    case HttpErrc::bad_character:
    case HttpErrc::not_utf8:
    case HttpErrc::encoded_separator:
    case HttpErrc::dot_segment:
    case HttpErrc::empty_segment:
      return 400;
    case HttpErrc::token_missing:
    case HttpErrc::token_wrong:
      return 401;
    case HttpErrc::foreign_origin:
    case HttpErrc::scope_missing:
      return 403;
    case HttpErrc::target_too_long:
      return 414;
    case HttpErrc::host_not_allowed:
      return 421;
    case HttpErrc::too_long:
    case HttpErrc::too_many:
      return 431;
  }
  std::unreachable();
}

std::string_view text_of(HttpErrc error) {
  switch (error) {
    case HttpErrc::malformed:
      return "A part of the request is malformed.";
    case HttpErrc::duplicate:
      return "A part of the request that may appear once appears again.";
    case HttpErrc::too_long:
      return "A header field is too long.";
    case HttpErrc::too_many:
      return "A header field has too many elements.";
    case HttpErrc::target_too_long:
      return "The address is too long.";
    case HttpErrc::bad_escape:
      return "The address has a '%' without two hexadecimal digits.";
    case HttpErrc::bad_character:
      return "The address has a character that is not allowed.";
    case HttpErrc::not_utf8:
      return "The address is not valid UTF-8.";
    case HttpErrc::encoded_separator:
      return "The address has a separator where a name is expected.";
    case HttpErrc::dot_segment:
      return "The address has a '.' or '..' segment.";
    case HttpErrc::empty_segment:
      return "The address has an empty segment.";
    case HttpErrc::host_not_allowed:
      return "This host name is not allowed here.";
    case HttpErrc::foreign_origin:
      return "Requests from pages of another origin are not allowed.";
    case HttpErrc::token_missing:
      return "A token is needed.";
    case HttpErrc::token_wrong:
      return "The token is not valid.";
    case HttpErrc::scope_missing:
      return "The token does not allow this.";
  }
  std::unreachable();
}

}  // namespace weir::http
