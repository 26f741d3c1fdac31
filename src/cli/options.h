// SPDX-License-Identifier: MIT OR Apache-2.0
// The table of commands and options: what the parser accepts, what --help, the manual page and the
// shell completions say. Constant; nothing else in the program knows an option's spelling but the
// command that asks for its value.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

namespace weir {

enum class CliWords : unsigned char { none, torrent_file, any_path, directory, choices };

struct CliOption {
  std::string_view name;        // with its dashes: "--select"
  char letter = 0;              // 'o' for -o
  std::string_view value = {};  // what the value is called; empty for a flag
  bool repeats = false;
  CliWords words = CliWords::none;  // what a shell completes the value with
  std::string_view choices = {};    // separated by spaces
  std::string_view help = {};
  std::string_view fallback = {};  // what holds without it, where `help` does not say so

  [[nodiscard]] bool takes_value() const { return !value.empty(); }
};

struct CliCommand {
  std::string_view name;
  std::string_view operands;  // as in the usage line: "ID..."
  std::size_t operands_min = 0;
  std::size_t operands_max = 0;
  CliWords operand_words = CliWords::none;
  std::string_view operand_choices = {};
  std::string_view summary;
  std::string_view description;  // a paragraph for the manual page and --help
  std::span<const CliOption> options;
};

inline constexpr std::size_t kOperandsMax = std::numeric_limits<std::size_t>::max();

[[nodiscard]] std::span<const CliCommand> cli_commands();
// --help and what else every command takes.
[[nodiscard]] std::span<const CliOption> cli_common_options();
// Nothing when there is no such command.
[[nodiscard]] const CliCommand* find_command(std::string_view name);
// Of the command or common to all; nothing when there is no such option.
[[nodiscard]] const CliOption* find_option(const CliCommand& command, std::string_view name);
[[nodiscard]] const CliOption* find_option(const CliCommand& command, char letter);

struct CliExitRow {
  int code;
  std::string_view meaning;
};
[[nodiscard]] std::span<const CliExitRow> cli_exit_rows();

struct CliVariable {
  std::string_view name;
  std::string_view meaning;
};
[[nodiscard]] std::span<const CliVariable> cli_variables();

[[nodiscard]] std::string_view cli_version();

}  // namespace weir
