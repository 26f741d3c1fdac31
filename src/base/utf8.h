// SPDX-License-Identifier: MIT OR Apache-2.0
// UTF-8 checks and repair for text that came from elsewhere (BEN-11: what reaches the user is
// always valid UTF-8, while raw bytes stay as they are for hashing).
#pragma once

#include <string>
#include <string_view>

namespace weir {

// Well-formed per Unicode table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);
// Each maximal ill-formed part becomes U+FFFD; valid text comes back unchanged.
[[nodiscard]] std::string repair_utf8(std::string_view text);
// The longest prefix of at most `size_max` bytes that does not cut a character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t size_max);

}  // namespace weir
