// SPDX-License-Identifier: MIT OR Apache-2.0
// From what a user types (a .torrent file, a magnet, an info hash) to a request to add a torrent,
// and what an earlier run saved of it. Private to the client.
#pragma once

#include <string>

#include "client/weir.h"
#include "store/resume.h"

namespace weir {

[[nodiscard]] ClientResult<AddTorrent> read_source(const std::string& source, AddTorrent options);

// Fills in the saved progress when the state store has some for the same torrent in the same
// download directory, and the metadata when a magnet's was fetched in an earlier run.
void restore(AddTorrent& request, StateStore& state);

// The request that adds a saved torrent again.
[[nodiscard]] ClientResult<AddTorrent> from_record(StateStore::Entry entry);

}  // namespace weir
