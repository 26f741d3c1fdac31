// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/create_files.h"

#include <fmt/format.h>

#include "cli/render.h"

namespace weir {
namespace {

CliError not_regular(const std::string& path, const char* what) {
  return {.exit = ExitCode::bad_input,
          .code = "not_regular",
          .text = fmt::format("{}: {}, which a torrent can't hold", printable(path), what),
          .offset = {},
          .field = {}};
}

}  // namespace

CliError local_content_failure(const LocalContentError& error) {
  switch (error.code) {
    case LocalContentErrc::os:
      return errno_error(error.os_error, error.path);
    case LocalContentErrc::symbolic_link:
      return not_regular(error.path, "a symbolic link");
    case LocalContentErrc::special_file:
      return not_regular(error.path, "a special file");
    case LocalContentErrc::changed:
      break;
  }
  return {.exit = ExitCode::failure,
          .code = "changed",
          .text = fmt::format("{}: changed while it was read", printable(error.path)),
          .offset = {},
          .field = {}};
}

}  // namespace weir
