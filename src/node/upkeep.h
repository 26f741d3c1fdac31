// SPDX-License-Identifier: MIT OR Apache-2.0
// What keeps the store in order: what has expired goes, what a killed process left goes, and what
// nobody knows is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/node_types.h"

namespace weir {

struct GcOptions {
  bool dry_run = false;
  bool remove_unknown =
      false;  // directories that no torrent and no upload knows, with what is in them
};

struct GcReport {
  struct Torrent {
    std::string id;  // torrent_id()
    std::string name;
    std::uint64_t frees = 0;
  };
  struct Left {
    std::string path;  // below the node's directory
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
    bool removed = false;  // or would be
  };
  std::vector<Torrent> expired;
  std::vector<Left> leftovers;  // in incoming/
  std::vector<Left> unknown;    // directories; empty ones are removed always
  std::uint64_t freed = 0;      // or would be
};

struct StoreStat {
  NodeSpace space;
  std::size_t contents = 0;
  std::size_t copies = 0;
  std::uint64_t shared_bytes = 0;
  std::size_t pinned = 0;
  std::size_t expired = 0;
  std::size_t damaged = 0;  // files that a check found so
};

}  // namespace weir
