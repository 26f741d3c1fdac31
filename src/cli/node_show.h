// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/remote.h"

namespace weir {

// weir show of a torrent that the node has: how it is doing, with its files and trackers.
[[nodiscard]] CliResult<std::string> node_page(NodeLink& node, const boost::json::object& torrent,
                                               bool json);

}  // namespace weir
