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

// The next of a range: bytes, or where they can be sent from, or neither at its end.
struct ReadPart {
  std::shared_ptr<const Buffer> bytes;
  std::optional<StoredContent> stored;

  [[nodiscard]] std::uint64_t size() const {
    return bytes ? bytes->size() : stored ? stored->length : 0;
  }
};

class Reader {
 public:
  static constexpr std::uint32_t kChunkBytes = 128 * 1024;
  static constexpr std::size_t kChunksAhead = 8;
  static constexpr std::uint32_t kStoredBytes = 16u << 20;  // a stretch that is sent from the disk

  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Calls `done` once, now or later, from any thread, with 1 to `bytes_max` bytes, or null at the
  // end of the range. One call at a time. An error is final: timed_out when the bytes did not come
  // in the node's read_timeout, else engine or stopping.
  void next(std::size_t bytes_max,
            std::function<void(NodeResult<std::shared_ptr<const Buffer>>)> done);
  // The same for who can send from the disk: what is stored there as it is, and was verified in
  // this run, is not read. Of a stored stretch all is given, whatever `bytes_max` is. A reader is
  // asked by one of the two only.
  void next_part(std::size_t bytes_max, std::function<void(NodeResult<ReadPart>)> done);

 private:
  friend class Node;
  struct State;
  explicit Reader(std::shared_ptr<State> state);
  void ask(std::size_t bytes_max, bool stored, std::function<void(NodeResult<ReadPart>)> done);
  // Kept alive by the reads under way too.
  std::shared_ptr<State> state_;
};

}  // namespace weir
