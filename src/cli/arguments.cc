// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/render.h"

namespace weir {
namespace {

using Failure = std::unexpected<std::string>;

bool is_choice(std::string_view choices, std::string_view word) {
  return fmt::format(" {} ", choices).find(fmt::format(" {} ", word)) != std::string::npos &&
         word.find(' ') == word.npos && !word.empty();
}

// Walks the words after the command's name.
class WordReader {
 public:
  WordReader(Arguments& out, std::span<const std::string> words) : out_(out), words_(words) {}

  std::expected<void, std::string> read() {
    while (at_ < words_.size()) {
      const std::string_view word = words_[at_++];
      std::expected<void, std::string> step;
      if (only_operands_ || word.size() < 2 || word[0] != '-') {
        out_.operands.emplace_back(word);
      } else if (word == "--") {
        only_operands_ = true;
      } else if (word[1] == '-') {
        step = read_long(word);
      } else {
        step = read_letters(word.substr(1));
      }
      if (!step) return step;
    }
    return {};
  }

 private:
  std::expected<void, std::string> read_long(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const CliOption* option = find_option(*out_.command, name);
    if (option == nullptr) return Failure(unknown(name));
    if (equals == word.npos) return take(*option, std::nullopt);
    if (!option->takes_value()) return Failure(fmt::format("{} takes no value", name));
    return take(*option, std::string(word.substr(equals + 1)));
  }

  std::expected<void, std::string> read_letters(std::string_view letters) {
    while (!letters.empty()) {
      const CliOption* option = find_option(*out_.command, letters[0]);
      if (option == nullptr) return Failure(unknown(fmt::format("-{}", letters[0])));
      letters.remove_prefix(1);
      if (option->takes_value()) {
        if (letters.empty()) return take(*option, std::nullopt);
        return take(*option, std::string(letters));
      }
      if (auto taken = take(*option, std::nullopt); !taken) return taken;
    }
    return {};
  }

  std::expected<void, std::string> take(const CliOption& option, std::optional<std::string> value) {
    auto& values = out_.options[std::string(option.name)];
    if (!option.takes_value()) return {};
    if (!value) {
      if (at_ == words_.size()) {
        return Failure(fmt::format("{} needs a value: {}", option.name, option.value));
      }
      value = words_[at_++];
    }
    if (!values.empty() && !option.repeats) {
      return Failure(fmt::format("{} is given twice", option.name));
    }
    if (option.words == CliWords::choices && !is_choice(option.choices, *value)) {
      return Failure(fmt::format("{} is one of: {}", option.name, option.choices));
    }
    values.push_back(std::move(*value));
    return {};
  }

  [[nodiscard]] std::string unknown(std::string_view name) const {
    return fmt::format("weir {} has no option {}", out_.command->name, printable(name));
  }

  Arguments& out_;
  std::span<const std::string> words_;
  std::size_t at_ = 0;
  bool only_operands_ = false;
};

std::expected<void, std::string> check_operands(const Arguments& arguments) {
  const CliCommand& command = *arguments.command;
  const std::size_t count = arguments.operands.size();
  if (count < command.operands_min) {
    return Failure(fmt::format("weir {} needs {}", command.name, command.operands));
  }
  if (count > command.operands_max) {
    return Failure(fmt::format("weir {} does not take {}", command.name,
                               printable(arguments.operands[command.operands_max])));
  }
  if (command.operand_words == CliWords::choices &&
      !is_choice(command.operand_choices, arguments.operands[0])) {
    return Failure(fmt::format("{} is one of: {}", command.operands, command.operand_choices));
  }
  return {};
}

std::string option_spelling(const CliOption& option) {
  std::string text = option.letter != 0 ? fmt::format("-{}, ", option.letter) : "    ";
  text += option.name;
  if (option.takes_value()) text += fmt::format(" {}", option.value);
  return text;
}

void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  constexpr std::size_t kWidth = 80;
  std::size_t column = indent;
  bool first = true;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (!first && column + 1 + space > kWidth) {
      out += fmt::format("\n{:{}}", "", indent);
      column = indent;
      first = true;
    }
    if (!first) out += ' ';
    column += space + (first ? 0 : 1);
    out += text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    first = false;
  }
  out += '\n';
}

}  // namespace

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found = options.find(option);
  if (found == options.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = options.find(option);
  return found == options.end() ? std::vector<std::string>{} : found->second;
}

std::expected<Arguments, std::string> parse_arguments(std::span<const std::string> words) {
  Arguments arguments;
  if (words.empty()) return Failure("a command is needed");
  const std::string& first = words[0];
  if (first == "--version" || first == "-V") {
    arguments.version = true;
    return arguments;
  }
  if (first == "--help" || first == "-h" || first == "help") {
    arguments.help = true;
    if (words.size() > 1) arguments.command = find_command(words[1]);
    return arguments;
  }
  arguments.command = find_command(first);
  if (arguments.command == nullptr) {
    return Failure(fmt::format("there is no command {}", printable(first)));
  }
  WordReader reader(arguments, words.subspan(1));
  // A plea for help is heard in spite of what else is wrong with the line.
  const auto read = reader.read();
  arguments.help = arguments.has("--help");
  if (arguments.help) return arguments;
  if (!read) return Failure(read.error());
  if (auto checked = check_operands(arguments); !checked) return Failure(checked.error());
  return arguments;
}

std::string option_help(const CliOption& option) {
  if (option.fallback.empty()) return std::string(option.help);
  return fmt::format("{} (default: {})", option.help, option.fallback);
}

std::string help_text() {
  std::string out =
      "weir downloads, seeds, makes and verifies BitTorrent torrents, and runs a node.\n\nUsage:\n";
  for (const CliCommand& command : cli_commands()) {
    out += fmt::format("  weir {:<34}", fmt::format("{} {}", command.name, command.operands));
    append_wrapped(out, command.summary, 41);
  }
  out += "  weir COMMAND --help                    ";
  append_wrapped(out, "print a command's options", 41);
  out += "  weir --version                         ";
  append_wrapped(out, "print the version", 41);
  return out;
}

std::string help_text(const CliCommand& command) {
  std::string out =
      fmt::format("Usage: weir {} [OPTION]... {}\n\n", command.name, command.operands);
  append_wrapped(out, command.description, 0);
  out += '\n';
  for (const auto options : {command.options, cli_common_options()}) {
    for (const CliOption& option : options) {
      const std::string spelling = option_spelling(option);
      out += fmt::format("  {:<26}", spelling);
      if (spelling.size() > 25) out += fmt::format("\n{:28}", "");
      append_wrapped(out, option_help(option), 28);
    }
  }
  return out;
}

}  // namespace weir
