// SPDX-License-Identifier: MIT OR Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/stop_signal.h"

namespace weir {
namespace {

OutputFormat format_of(const Arguments& arguments) {
  if (arguments.has("--jsonl")) return OutputFormat::jsonl;
  return arguments.has("--json") ? OutputFormat::json : OutputFormat::human;
}

ExitCode run_command(const Arguments& arguments, Output& output) {
  const std::string_view name = arguments.command->name;
  if (name == "get") return run_get(arguments, output);
  if (name == "seed") return run_seed(arguments, output);
  if (name == "create") return run_create(arguments, output);
  if (name == "show") return run_show(arguments, output);
  if (name == "verify") return run_verify(arguments, output);
  if (name == "serve") return run_serve(arguments, output);
  if (name == "add") return run_add(arguments, output);
  if (name == "ls") return run_ls(arguments, output);
  if (name == "rm") return run_rm(arguments, output);
  if (name == "start") return run_start(arguments, output);
  if (name == "pin") return run_pin(arguments, output);
  if (name == "unpin") return run_unpin(arguments, output);
  if (name == "store") return run_store(arguments, output);
  if (name == "stop") return run_stop(arguments, output);
  if (name == "link") return run_link(arguments, output);
  if (name == "cat") return run_cat(arguments, output);
  if (name == "status") return run_status(arguments, output);
  if (name == "config") return run_config(arguments, output);
  if (name == "completion") return run_completion(arguments, output);
  return run_manual(output);
}

// A run whose data did not arrive is no success.
ExitCode check_data(Output& output, ExitCode exit) {
  if (!output.data_failed()) return exit;
  const CliError error = output.data_error();
  output.warning(error.text);
  return exit == ExitCode::done ? error.exit : exit;
}

}  // namespace

ExitCode usage_error(Output& output, std::string text) {
  return fail(output, {.exit = ExitCode::usage,
                       .code = "usage",
                       .text = std::move(text),
                       .offset = {},
                       .field = {}});
}

ExitCode fail(Output& output, const CliError& error) {
  output.error(error);
  return error.exit;
}

ExitCode run_completion(const Arguments& arguments, Output& output) {
  output.data(completion_script(arguments.operands[0]));
  return ExitCode::done;
}

ExitCode run_manual(Output& output) {
  output.data(manual_page());
  return ExitCode::done;
}

ExitCode run_program(const std::vector<std::string>& words) {
  catch_stop_signals();
  const auto arguments = parse_arguments(words);
  if (!arguments) {
    Output output(OutputFormat::human, false);
    // Who types the bare name wants to know what there is; a script made a mistake.
    if (words.empty() && isatty(STDOUT_FILENO) == 1) {
      output.data(help_text());
      return check_data(output, ExitCode::usage);
    }
    const bool command = !words.empty() && find_command(words[0]) != nullptr;
    return usage_error(output, fmt::format("{} (see weir {}--help)", arguments.error(),
                                           command ? words[0] + " " : ""));
  }
  Output output(format_of(*arguments), arguments->has("--quiet"));
  if (arguments->version) {
    output.data(fmt::format("weir {}\n", cli_version()));
    return check_data(output, ExitCode::done);
  }
  if (arguments->help) {
    output.data(arguments->command != nullptr ? help_text(*arguments->command) : help_text());
    return check_data(output, ExitCode::done);
  }
  return check_data(output, run_command(*arguments, output));
}

}  // namespace weir
