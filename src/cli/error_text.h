// SPDX-License-Identifier: MIT OR Apache-2.0
// What stable error codes mean, in words for people: one table for every component's codes. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// Part of a sentence, without a capital or a full stop; empty for a code that is not in the table.
[[nodiscard]] std::string_view error_sentence(std::string_view code);

// The sentence, with `detail` (fit to print, may be empty) behind it. A code that is not in the
// table stands for itself.
[[nodiscard]] std::string explain(std::string_view code, std::string_view detail = {});

// `text [code]`: what people can search for, and tell from texts that may change. Wrong usage has
// no code worth telling.
[[nodiscard]] std::string with_code(std::string_view text, std::string_view code);

}  // namespace weir
