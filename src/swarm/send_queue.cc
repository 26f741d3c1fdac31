// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/send_queue.h"

#include <algorithm>

#include "base/assert.h"

namespace weir {
namespace {
constexpr std::size_t kPieceHeaderSize = 13;
constexpr std::byte kPieceMessageId{7};
}  // namespace

bool SendQueue::holds(PieceIndex begin, PieceIndex end) const {
  for (std::size_t i = first_; i < segments_.size(); ++i) {
    if (segments_[i].is_text) continue;
    if (segments_[i].content.piece >= begin && segments_[i].content.piece < end) return true;
  }
  return false;
}

void SendQueue::add_text(std::size_t bytes) {
  if (first_ < segments_.size() && segments_.back().is_text) {
    segments_.back().length += static_cast<std::uint32_t>(bytes);
  } else {
    segments_.push_back({true, static_cast<std::uint32_t>(bytes), {}});
  }
  fixed_bytes_ += bytes;
}

void SendQueue::fix_control() {
  if (pending_.empty()) return;
  if (text_begin_ == text_.size()) {
    text_.clear();
    text_begin_ = 0;
    std::swap(text_, pending_);
    add_text(text_.size());
    return;
  }
  append(text_, pending_);
  add_text(pending_.size());
  pending_.clear();
}

void SendQueue::add_block(const ContentRef& block) {
  fix_control();
  std::byte header[kPieceHeaderSize];
  const std::span<std::byte, kPieceHeaderSize> out(header);
  store_be32(out.subspan<0, 4>(), block.length + 9);
  out[4] = kPieceMessageId;
  store_be32(out.subspan<5, 4>(), to_int(block.piece));
  store_be32(out.subspan<9, 4>(), block.offset);
  append(text_, Bytes(header));
  add_text(kPieceHeaderSize);
  segments_.push_back({false, block.length, block});
  fixed_bytes_ += block.length;
}

std::size_t SendQueue::list(std::size_t bytes_max, std::vector<SendItem>& out) const {
  std::size_t listed = 0;
  std::size_t text = text_begin_;
  for (std::size_t i = first_; i < segments_.size() && listed < bytes_max; ++i) {
    const Segment& segment = segments_[i];
    if (segment.is_text) {
      out.emplace_back(Bytes(text_).subspan(text, segment.length));
      text += segment.length;
    } else {
      out.emplace_back(segment.content);
    }
    listed += segment.length;
  }
  return listed;
}

SendQueue::Sent SendQueue::sent(std::size_t bytes) {
  WEIR_ASSERT(bytes <= fixed_bytes_);
  fixed_bytes_ -= bytes;
  Sent result;
  while (bytes > 0) {
    Segment& segment = segments_[first_];
    const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, segment.length));
    bytes -= n;
    segment.length -= n;
    if (segment.is_text) {
      text_begin_ += n;
    } else {
      result.content_bytes += n;
      segment.content.offset += n;
      segment.content.length -= n;
      if (segment.length == 0) ++result.blocks;
    }
    if (segment.length == 0) ++first_;
  }
  if (first_ == segments_.size()) {
    segments_.clear();
    first_ = 0;
    text_.clear();
    text_begin_ = 0;
  } else if (first_ > 256) {
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
    text_.erase(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(text_begin_));
    text_begin_ = 0;
  }
  return result;
}

}  // namespace weir
