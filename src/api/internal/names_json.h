// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <string>

#include "node/node_types.h"

namespace weir::api {

// Everything an upload goes by: info hashes, magnets, CIDs, links.
[[nodiscard]] std::string names_json(const Publication& publication);

}  // namespace weir::api
