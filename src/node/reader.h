// SPDX-License-Identifier: MIT OR Apache-2.0
// Verified bytes of a range of a file, in order. Pieces that are not here yet are waited for and
// fetched first; several reads are under way at once, so that a reader of a torrent that is still
// being downloaded does not wait for each piece in turn. What was read ahead is bounded, so a slow
// reader holds no more than that.
//
// Destroying a reader ends its reads: no callback runs for them once the node's threads are
// through, and the pieces it waited for lose their haste.
#pragma once

#include <functional>
#include <memory>

#include "node/node_types.h"

namespace weir {

class Reader {
 public:
  static constexpr std::uint32_t kChunkBytes = 128 * 1024;
  static constexpr std::size_t kChunksAhead = 8;

  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Calls `done` once, now or later, from any thread, with 1 to `bytes_max` bytes, or null at the
  // end of the range. One call at a time. An error is final: timed_out when the bytes did not come
  // in the node's read_timeout, else engine or stopping.
  void next(std::size_t bytes_max,
            std::function<void(NodeResult<std::shared_ptr<const Buffer>>)> done);

 private:
  friend class Node;
  struct State;
  explicit Reader(std::shared_ptr<State> state);
  // Kept alive by the reads under way too.
  std::shared_ptr<State> state_;
};

}  // namespace weir
