// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory for pieces in flight, recycled and accounted.
//
// A PieceBuffer is owned by exactly one holder at a time: the swarm while blocks arrive, a disk job
// while it is hashed and written, then back to the pool. Its bytes are not cleared between uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace weir {

class PieceBuffer {
 public:
  PieceBuffer() = default;

  [[nodiscard]] explicit operator bool() const { return data_ != nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Borrowed for as long as this object is not moved from or destroyed. The memory itself stays at
  // its address when the object is moved.
  [[nodiscard]] MutableBytes bytes() { return {data_.get(), size_}; }
  [[nodiscard]] Bytes bytes() const { return {data_.get(), size_}; }

 private:
  friend class BufferPool;
  struct Free {
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;      // bytes in use
  std::size_t capacity_ = 0;  // bytes allocated, a multiple of the page size
};

// Not thread-safe: belongs to one shard. Buffers handed to disk jobs come back with their results.
class BufferPool {
 public:
  // `bytes_max`: what may be handed out at once (LIM-09 "queued disk bytes"); `idle_max`: what is
  // kept for reuse.
  BufferPool(std::size_t bytes_max, std::size_t idle_max)
      : bytes_max_(bytes_max), idle_max_(idle_max) {}

  // Page-aligned memory of `size` bytes. Always succeeds; `over_limit()` tells the caller to stop
  // asking peers for more.
  [[nodiscard]] PieceBuffer take(std::size_t size);
  void give_back(PieceBuffer buffer);

  [[nodiscard]] std::size_t bytes_out() const { return bytes_out_; }
  [[nodiscard]] bool over_limit() const { return bytes_out_ >= bytes_max_; }
  [[nodiscard]] bool has_room(std::size_t size) const {
    return bytes_out_ == 0 || bytes_out_ + size <= bytes_max_;
  }

 private:
  std::size_t bytes_max_;
  std::size_t idle_max_;
  std::size_t bytes_out_ = 0;
  std::size_t idle_bytes_ = 0;
  std::vector<PieceBuffer> idle_;
};

}  // namespace weir
