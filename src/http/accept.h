// SPDX-License-Identifier: MIT OR Apache-2.0
// Proactive negotiation of a media type (RFC 9110 section 12.5.1).
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace weir::http {

inline constexpr std::size_t kAcceptRangesMax = 64;

// The index of the offer ("type/subtype", lower-case) that an Accept field likes best; of equals,
// the first. Nothing when it accepts none of them. An absent or empty field, one beyond
// kFieldBytesMax, and one that is not understood accept everything: negotiation is a courtesy, and
// an answer in our favourite form is more use than an error. After kAcceptRangesMax elements the
// rest is not read. REQUIRES: at least one offer.
[[nodiscard]] std::optional<std::size_t> negotiate(std::optional<std::string_view> accept,
                                                   std::span<const std::string_view> offers);

}  // namespace weir::http
