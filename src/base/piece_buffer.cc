// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/piece_buffer.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/assert.h"

namespace weir {
namespace {
constexpr std::size_t kPage = 4096;
}

void PieceBuffer::Free::operator()(std::byte* p) const {
  ::operator delete[](p, std::align_val_t{kPage});
}

PieceBuffer BufferPool::take(std::size_t size) {
  const std::size_t capacity = std::max<std::size_t>(1, (size + kPage - 1) / kPage) * kPage;
  bytes_out_ += capacity;
  const auto fits = [capacity](const PieceBuffer& b) { return b.capacity_ == capacity; };
  // Most torrents in a session share a few piece sizes, and the last one freed is still in cache.
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), fits);
  PieceBuffer buffer;
  if (found != idle_.rend()) {
    buffer = std::move(*found);
    idle_.erase(std::next(found).base());
    idle_bytes_ -= capacity;
  } else {
    buffer.data_.reset(
        static_cast<std::byte*>(::operator new[](capacity, std::align_val_t{kPage})));
    buffer.capacity_ = capacity;
  }
  buffer.size_ = size;
  return buffer;
}

void BufferPool::give_back(PieceBuffer buffer) {
  if (!buffer) return;
  WEIR_ASSERT(bytes_out_ >= buffer.capacity_);
  bytes_out_ -= buffer.capacity_;
  if (idle_bytes_ + buffer.capacity_ > idle_max_) return;
  idle_bytes_ += buffer.capacity_;
  idle_.push_back(std::move(buffer));
}

}  // namespace weir
