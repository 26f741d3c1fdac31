// SPDX-License-Identifier: MIT OR Apache-2.0
// A node's configuration as the commands that need it get it and complain about it.
#pragma once

#include <expected>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "daemon/config.h"

namespace weir {

// From the flags that were given, the environment and the file.
[[nodiscard]] std::expected<LoadedConfig, ConfigErrors> configuration(const Arguments& arguments);

// Says every error, with its place. The exit code is `usage` when all are in flags.
[[nodiscard]] ExitCode fail_configuration(Output& output, const ConfigErrors& errors);

}  // namespace weir
