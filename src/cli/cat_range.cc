// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/cat_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/render.h"

namespace weir {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  // Beyond what a file can have; sums of two stay within the type.
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  if (text.empty() || error != std::errc{} || at != end || value > kMost) return std::nullopt;
  return value;
}

CliError made(ExitCode exit, const char* code, std::string text) {
  return {.exit = exit, .code = code, .text = std::move(text), .offset = {}, .field = {}};
}

}  // namespace

std::string CatRange::text() const {
  return fmt::format("{}-{}", first ? std::to_string(*first) : "",
                     last ? std::to_string(*last) : "");
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> CatRange::within(
    std::uint64_t length) const {
  if (!first) {
    const std::uint64_t count = std::min(*last, length);
    if (count == 0) return std::nullopt;
    return std::pair{length - count, count};
  }
  if (*first >= length) return std::nullopt;
  const std::uint64_t end = last ? std::min(*last + 1, length) : length;
  return std::pair{*first, end - *first};
}

std::optional<CatRange> parse_cat_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const std::string_view before = text.substr(0, dash), after = text.substr(dash + 1);
  CatRange out;
  if (!before.empty() && !(out.first = number(before))) return std::nullopt;
  if (!after.empty() && !(out.last = number(after))) return std::nullopt;
  if (!out.first && out.last.value_or(0) == 0) return std::nullopt;
  if (out.first && out.last && *out.first > *out.last) return std::nullopt;
  return out;
}

CliError not_a_file(std::string_view about) {
  return made(ExitCode::not_found, "no_such_file",
              fmt::format("{}: a directory", printable(about)));
}

CliError no_such_file(std::string_view about) {
  return made(ExitCode::not_found, "no_such_file",
              fmt::format("{}: the torrent has no such file", printable(about)));
}

CliError which_file(std::string_view id) {
  return made(ExitCode::usage, "which_file",
              fmt::format("{}: the torrent has more than one file: weir cat ID/PATH, or --file "
                          "PATH",
                          printable(id)));
}

CliError outside_file(std::string_view about) {
  return made(ExitCode::usage, "bad_range",
              fmt::format("{}: the range is not in the file", printable(about)));
}

}  // namespace weir
