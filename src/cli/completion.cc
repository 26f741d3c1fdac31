// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/completion.h"

#include <fmt/format.h>

#include <vector>

#include "cli/options.h"

namespace weir {
namespace {

constexpr std::string_view kLicence = "# SPDX-License-Identifier: MIT OR Apache-2.0\n";

std::vector<CliOption> all_options(const CliCommand& command) {
  std::vector<CliOption> options(command.options.begin(), command.options.end());
  options.insert(options.end(), cli_common_options().begin(), cli_common_options().end());
  return options;
}

std::string command_names() {
  std::string names;
  for (const CliCommand& command : cli_commands()) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", command.name);
  }
  return names;
}

// --- bash.
std::string bash_words(CliWords words, std::string_view choices) {
  switch (words) {
    case CliWords::none:
      return ":";
    case CliWords::torrent_file:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -X '!*.torrent' -- "
             "\"$cur\"; compgen -d -- \"$cur\")";
    case CliWords::any_path:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
    case CliWords::directory:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")";
    case CliWords::choices:
      return fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")", choices);
  }
  return ":";
}

std::string bash_command(const CliCommand& command) {
  std::string out = fmt::format("    {})\n      case $prev in\n", command.name);
  std::string names;
  for (const CliOption& option : all_options(command)) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", option.name);
    if (!option.takes_value()) continue;
    const std::string letter = option.letter != 0 ? fmt::format("-{} | ", option.letter) : "";
    out += fmt::format("        {}{}) {}; return ;;\n", letter, option.name,
                       bash_words(option.words, option.choices));
  }
  out += "      esac\n";
  out += fmt::format(
      "      if [[ $cur == -* ]]; then\n"
      "        mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")\n"
      "      else\n        {}\n      fi\n      ;;\n",
      names, bash_words(command.operand_words, command.operand_choices));
  return out;
}

std::string bash_script() {
  std::string out(kLicence);
  out += fmt::format(
      "# Completion of weir's commands and options for bash, printed by: weir completion bash\n"
      "_weir() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '{} --help --version' -- \"$cur\")\n"
      "    return\n"
      "  fi\n"
      "  case ${{COMP_WORDS[1]}} in\n",
      command_names());
  for (const CliCommand& command : cli_commands()) out += bash_command(command);
  out += "  esac\n}\ncomplete -F _weir weir\n";
  return out;
}

// --- zsh. Text inside single quotes inside brackets.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string_view zsh_action(CliWords words) {
  switch (words) {
    case CliWords::none:
    case CliWords::choices:
      return "";
    case CliWords::torrent_file:
      return "_files -g \"*.torrent\"";
    case CliWords::any_path:
      return "_files";
    case CliWords::directory:
      return "_files -/";
  }
  return "";
}

std::string zsh_values(CliWords words, std::string_view choices) {
  if (words == CliWords::choices) return fmt::format("({})", choices);
  return std::string(zsh_action(words));
}

std::string zsh_command(const CliCommand& command) {
  std::string out = fmt::format("    {})\n      _arguments -s -S \\\n", command.name);
  for (const CliOption& option : all_options(command)) {
    const std::string repeat = option.repeats ? "*" : "";
    const std::string value = option.takes_value()
                                  ? fmt::format(":{}:{}", zsh_text(option.value),
                                                zsh_values(option.words, option.choices))
                                  : "";
    out +=
        fmt::format("        '{}{}[{}]{}' \\\n", repeat, option.name, zsh_text(option.help), value);
    if (option.letter != 0) {
      out += fmt::format("        '{}-{}[{}]{}' \\\n", repeat, option.letter, zsh_text(option.help),
                         value);
    }
  }
  if (command.operands_max > 0) {
    out += fmt::format("        '{}:{}:{}'\n", command.operands_max > 1 ? "*" : "1",
                       zsh_text(command.operands),
                       zsh_values(command.operand_words, command.operand_choices));
  } else {
    out += "        ''\n";
  }
  return out + "      ;;\n";
}

std::string zsh_script() {
  std::string out = fmt::format(
      "#compdef weir\n{}"
      "# Completion of weir's commands and options for zsh, printed by: weir completion zsh\n"
      "_weir() {{\n"
      "  if ((CURRENT == 2)); then\n"
      "    local -a commands=(\n",
      kLicence);
  for (const CliCommand& command : cli_commands()) {
    out += fmt::format("      '{}:{}'\n", command.name, zsh_text(command.summary));
  }
  out +=
      "    )\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n";
  for (const CliCommand& command : cli_commands()) out += zsh_command(command);
  out += "  esac\n}\n";
  // Sourced by hand, the file has to register itself; found in $fpath, it is the function's body.
  out += "if [[ $funcstack[1] == _weir ]]; then\n  _weir \"$@\"\nelse\n  compdef _weir weir\nfi\n";
  return out;
}

// --- fish.
std::string fish_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish_values(CliWords words, std::string_view choices) {
  switch (words) {
    case CliWords::none:
      return " -x";
    case CliWords::torrent_file:
      return " -a '(__fish_complete_suffix .torrent)'";
    case CliWords::any_path:
      return " -r -F";
    case CliWords::directory:
      return " -x -a '(__fish_complete_directories)'";
    case CliWords::choices:
      return fmt::format(" -x -a '{}'", choices);
  }
  return "";
}

std::string fish_script() {
  std::string out(kLicence);
  out +=
      "# Completion of weir's commands and options for fish, printed by: weir completion fish\n"
      "complete -c weir -f\n"
      "complete -c weir -n __fish_use_subcommand -l help -d 'print help'\n"
      "complete -c weir -n __fish_use_subcommand -l version -d 'print the version'\n";
  for (const CliCommand& command : cli_commands()) {
    out += fmt::format("complete -c weir -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                       fish_text(command.summary));
    const std::string when =
        fmt::format("complete -c weir -n '__fish_seen_subcommand_from {}'", command.name);
    for (const CliOption& option : all_options(command)) {
      out += fmt::format("{} -l {}", when, option.name.substr(2));
      if (option.letter != 0) out += fmt::format(" -s {}", option.letter);
      if (option.takes_value()) out += fish_values(option.words, option.choices);
      out += fmt::format(" -d '{}'\n", fish_text(option.help));
    }
    if (command.operand_words == CliWords::none) continue;
    const bool path = command.operand_words == CliWords::any_path;
    out += when;
    out += path ? std::string(" -F") : fish_values(command.operand_words, command.operand_choices);
    out += '\n';
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  return shell == "zsh" ? zsh_script() : fish_script();
}

}  // namespace weir
