// SPDX-License-Identifier: MIT OR Apache-2.0
// Turns the words of a command line into a command, its options' values and its operands, as the
// table in options.h allows: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, joined letters of
// flags, and -- before operands that begin with a dash. Options and operands may be mixed.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace weir {

struct Arguments {
  const CliCommand* command = nullptr;  // none: --help or --version before any command
  bool help = false;
  bool version = false;
  std::vector<std::string> operands;
  std::map<std::string, std::vector<std::string>, std::less<>> options;  // flags: no values

  [[nodiscard]] bool has(std::string_view option) const { return options.contains(option); }
  // The last one given.
  [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
};

// The error is a sentence for the user. `words` are those after the program's name.
[[nodiscard]] std::expected<Arguments, std::string> parse_arguments(
    std::span<const std::string> words);

// What an option does, with its default.
[[nodiscard]] std::string option_help(const CliOption& option);
// Of the whole program, or of one command.
[[nodiscard]] std::string help_text();
[[nodiscard]] std::string help_text(const CliCommand& command);

}  // namespace weir
