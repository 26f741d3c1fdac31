// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/exit_code.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "cli/render.h"

namespace weir {
namespace {

constexpr std::array<std::pair<std::string_view, ExitCode>, 32> kCodes{{
    // Disk.
    {"not_found", ExitCode::not_found},
    {"already_exists", ExitCode::conflict},
    {"no_space", ExitCode::disk_full},
    {"permission", ExitCode::permission},
    {"read_only", ExitCode::permission},
    {"not_regular", ExitCode::bad_input},
    {"not_contained", ExitCode::bad_input},
    {"name_too_long", ExitCode::bad_input},
    {"too_large", ExitCode::bad_input},
    {"short_read", ExitCode::verification_failed},
    // Session.
    {"already_added", ExitCode::conflict},
    {"path_conflict", ExitCode::conflict},
    {"no_such_torrent", ExitCode::not_found},
    {"no_such_file", ExitCode::not_found},
    {"bad_metadata", ExitCode::bad_input},
    {"timed_out", ExitCode::timed_out},
    // Metainfo, magnet.
    {"not_a_magnet", ExitCode::bad_input},
    {"bad_bencode", ExitCode::bad_input},
    {"info_hash_mismatch", ExitCode::bad_input},
    {"web_address", ExitCode::bad_input},
    {"needs_torrent_file", ExitCode::bad_input},
    {"not_bencoded", ExitCode::bad_input},
    // Network.
    {"address_in_use", ExitCode::network},
    {"listen_failed", ExitCode::network},
    {"network", ExitCode::network},
    {"unresolved", ExitCode::network},
    {"interrupted", ExitCode::unfinished},
    {"path_too_long", ExitCode::bad_input},
    // A node's, of what it could not publish.
    {"bad_path", ExitCode::bad_input},
    {"empty_content", ExitCode::bad_input},
    {"already_here", ExitCode::conflict},
    {"cancelled", ExitCode::unfinished},
}};

}  // namespace

ExitCode exit_code_of(std::string_view error_code) {
  for (const auto& [name, exit] : kCodes) {
    if (name == error_code) return exit;
  }
  return ExitCode::failure;
}

CliError errno_error(int error, std::string_view path) {
  std::string code = "io_error";
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      code = "not_found";
      break;
    case EACCES:
    case EPERM:
      code = "permission";
      break;
    case EROFS:
      code = "read_only";
      break;
    case ENOSPC:
    case EDQUOT:
      code = "no_space";
      break;
    case EEXIST:
      code = "already_exists";
      break;
    case ENAMETOOLONG:
      code = "name_too_long";
      break;
    case EISDIR:
    case ELOOP:
      code = "not_regular";
      break;
    default:
      break;
  }
  const ExitCode exit = exit_code_of(code);
  return {.exit = exit,
          .code = std::move(code),
          .text = fmt::format("{}: {}", printable(path), std::generic_category().message(error)),
          .offset = {},
          .field = {}};
}

}  // namespace weir
