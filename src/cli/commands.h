// SPDX-License-Identifier: MIT OR Apache-2.0
// The program's commands. Each gets arguments that fit the option table, says what went wrong
// itself and returns how the process ends.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace weir {

[[nodiscard]] ExitCode run_get(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_seed(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_create(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_show(const Arguments& arguments, Output& output);
// weir show --scrape.
[[nodiscard]] ExitCode run_scrape(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_verify(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_serve(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_add(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_ls(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_rm(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_start(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_stop(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_pin(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_unpin(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_store(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_link(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_cat(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_status(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_config(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_completion(const Arguments& arguments, Output& output);
[[nodiscard]] ExitCode run_manual(Output& output);

// Says a wrong use of an option, with the code usage.
[[nodiscard]] ExitCode usage_error(Output& output, std::string text);
// Says the error and returns its exit code.
[[nodiscard]] ExitCode fail(Output& output, const CliError& error);

// The whole program. `words` are those after its name.
[[nodiscard]] ExitCode run_program(const std::vector<std::string>& words);

}  // namespace weir
