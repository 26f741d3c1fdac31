// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/manual.h"

#include <fmt/format.h>

#include <string_view>

#include "cli/arguments.h"
#include "cli/options.h"

namespace weir {
namespace {

// Text as roff takes it literally; a dash that belongs to an option must not become a hyphen.
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string option_entry(const CliOption& option) {
  std::string out = ".TP\n";
  if (option.letter != 0) out += fmt::format("\\fB\\-{}\\fR, ", option.letter);
  out += fmt::format("\\fB{}\\fR", roff(option.name));
  if (option.takes_value()) out += fmt::format(" \\fI{}\\fR", roff(option.value));
  out += fmt::format("\n{}", roff(option_help(option)));
  if (option.repeats) out += "; may be given several times";
  return out + ".\n";
}

std::string command_section(const CliCommand& command) {
  std::string out =
      fmt::format(".SS \"weir {}{}{}\"\n{}\n", command.name, command.operands.empty() ? "" : " ",
                  roff(command.operands), roff(command.description));
  for (const CliOption& option : command.options) out += option_entry(option);
  return out;
}

}  // namespace

std::string manual_page() {
  std::string out = fmt::format(
      ".\\\" SPDX-License-Identifier: MIT OR Apache-2.0\n"
      ".\\\" Printed by: weir manual\n"
      ".TH WEIR 1 \"\" \"weir {}\" \"User Commands\"\n"
      ".SH NAME\nweir \\- download, seed, make and verify BitTorrent torrents, run a node\n"
      ".SH SYNOPSIS\n",
      cli_version());
  for (const CliCommand& command : cli_commands()) {
    out += fmt::format(".B weir {}\n[\\fIOPTION\\fR]... {}\n.br\n", command.name,
                       roff(command.operands));
  }
  out +=
      ".SH DESCRIPTION\n"
      "Content is verified before it is counted or given to others. Data goes to stdout, progress\n"
      "and messages go to stderr. The first Ctrl\\-C or SIGTERM ends a run in good order "
      "(progress\n"
      "is saved, trackers are told, at most two seconds, five for a node), the second at once.\n"
      ".SH COMMANDS\n";
  for (const CliCommand& command : cli_commands()) out += command_section(command);
  out += ".SS \"Every command\"\n";
  for (const CliOption& option : cli_common_options()) out += option_entry(option);
  out += ".SH EXIT STATUS\n";
  for (const CliExitRow& row : cli_exit_rows()) {
    out += fmt::format(".TP\n.B {}\n{}\n", row.code, roff(row.meaning));
  }
  out += ".SH ENVIRONMENT\n";
  for (const CliVariable& variable : cli_variables()) {
    out += fmt::format(".TP\n.B {}\n{}\n", variable.name, roff(variable.meaning));
  }
  return out;
}

}  // namespace weir
