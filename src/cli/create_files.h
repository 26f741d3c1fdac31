// SPDX-License-Identifier: MIT OR Apache-2.0
// What the user is told when files can't become a torrent.
#pragma once

#include "cli/exit_code.h"
#include "io/local_content.h"

namespace weir {

[[nodiscard]] CliError local_content_failure(const LocalContentError& error);

}  // namespace weir
