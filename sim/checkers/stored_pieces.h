// SPDX-License-Identifier: MIT OR Apache-2.0
// Whether a node's disk really holds what the node says it has, compared with the true content.
//
// A piece's bytes may be in files at their final names, under their names for incomplete files or
// in the side file: all of these are looked at, so the checker depends on no state of the engine.
#pragma once

#include <map>
#include <set>
#include <string>

#include "sim/content.h"
#include "store/memory_disk.h"

namespace weir::sim {

class StoredPieces {
 public:
  StoredPieces(MemoryDisk& disk, std::string root, std::string side_root)
      : disk_(disk), root_(std::move(root)), side_root_(std::move(side_root)) {}

  // Reads the disk each time. REQUIRES: the disk's fault hook lets reads pass.
  [[nodiscard]] bool true_now(const Content& content, PieceIndex piece) const;
  // The same, remembered once it was true: for what is asked again and again.
  [[nodiscard]] bool seen_true(const Content& content, PieceIndex piece);
  // What was seen is no longer proof (a power cut, damage done on purpose).
  void forget() { seen_.clear(); }

 private:
  MemoryDisk& disk_;
  std::string root_;
  std::string side_root_;
  std::map<const Content*, std::set<PieceIndex>> seen_;
};

}  // namespace weir::sim
