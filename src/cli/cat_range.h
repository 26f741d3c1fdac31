// SPDX-License-Identifier: MIT OR Apache-2.0
// The bytes that --range asks for, and the ways in which a file is not found. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cli/exit_code.h"

namespace weir {

struct CatRange {
  std::optional<std::uint64_t> first;  // nothing: the last `last` bytes
  std::optional<std::uint64_t> last;   // included; nothing: to the end

  // As a Range field has it, without the unit.
  [[nodiscard]] std::string text() const;
  // Offset and length in a file; nothing when none of it is in the file.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, std::uint64_t>> within(
      std::uint64_t length) const;
  bool operator==(const CatRange&) const = default;
};

// "A-B" with A at most B, "A-" or "-N" with N at least 1.
[[nodiscard]] std::optional<CatRange> parse_cat_range(std::string_view text);

[[nodiscard]] CliError not_a_file(std::string_view about);
[[nodiscard]] CliError no_such_file(std::string_view about);
// The torrent has more than one.
[[nodiscard]] CliError which_file(std::string_view id);
[[nodiscard]] CliError outside_file(std::string_view about);

}  // namespace weir
