// SPDX-License-Identifier: MIT OR Apache-2.0
// How a run ends: the documented exit codes, and which stable error code leads to which.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

enum class ExitCode : int {
  done = 0,
  failure = 1,
  usage = 2,
  not_found = 3,
  timed_out = 4,
  verification_failed = 5,
  network = 6,
  unfinished = 7,
  disk_full = 8,
  permission = 9,
  no_node = 10,
  conflict = 11,
  bad_input = 12,
};

// Of the stable names that the disk, the state store, the session and the parsers give their
// errors ("no_space"). Names not in the table are failures.
[[nodiscard]] ExitCode exit_code_of(std::string_view error_code);

// An error on its way to the user.
struct CliError {
  ExitCode exit = ExitCode::failure;
  std::string code;                   // stable
  std::string text;                   // a sentence without the program's name
  std::optional<std::size_t> offset;  // in the input
  std::string field;                  // of the input
};

// Of an errno, with the path it happened to.
[[nodiscard]] CliError errno_error(int error, std::string_view path);

}  // namespace weir
