// SPDX-License-Identifier: MIT OR Apache-2.0
// Turning received bytes into events, in stream order.
#include <algorithm>
#include <cstring>

#include "wire/decoder.h"
#include "wire/internal/message_rules.h"

namespace weir {

WireResult<std::optional<WireEvent>> WireDecoder::next(BlockSink& sink) {
  if (error_) return std::unexpected(*error_);
  while (true) {
    if (auto event = finish_due()) return event;
    const bool message_first =
        finished_begin_ < finished_.size() || (current_ && begin_ < current_->position);
    if (current_ && !message_first) {
      auto event = copy_into_current();
      if (!event) release_drained();
      return event;
    }
    auto event = decode_message(sink);
    if (!event || *event) return event;
    // A `piece` header yields no event of its own: its payload is next.
    if (!current_ || begin_ < current_->position) {
      release_drained();
      return event;
    }
  }
}

// The next block that is complete in its place, once all that came before it was yielded.
std::optional<WireEvent> WireDecoder::finish_due() {
  if (finished_begin_ == finished_.size()) return std::nullopt;
  const Finished& first = finished_[finished_begin_];
  if (begin_ < first.position) return std::nullopt;
  ++finished_begin_;
  stream_offset_ += kBlockHeaderSize + first.event.block.length;
  return first.event;
}

std::optional<WireEvent> WireDecoder::copy_into_current() {
  Current& current = *current_;
  const Bytes bytes = pending().first(
      std::min<std::size_t>(pending().size(), current.block.length - current.received));
  if (!current.destination.empty() && !bytes.empty()) {
    std::memcpy(current.destination.data() + current.received, bytes.data(), bytes.size());
    current.landing = BlockLanding::copied;
  }
  begin_ += bytes.size();
  current.received += static_cast<std::uint32_t>(bytes.size());
  if (current.received < current.block.length) return std::nullopt;
  const BlockReceived event{current.block, current.landing};
  current_.reset();
  stream_offset_ += kBlockHeaderSize + event.block.length;
  return event;
}

WireResult<std::optional<WireEvent>> WireDecoder::decode_message(BlockSink& sink) {
  const Bytes bytes = pending();
  const auto prefix = peek_message(bytes);
  if (!prefix) return std::nullopt;
  if (const auto wrong = check_prefix(*prefix, options_)) return fail(*wrong);
  if (prefix->length == 0) {
    begin_ += 4;
    stream_offset_ += 4;
    return KeepAliveMessage{};
  }
  if (prefix->id == MessageId::piece) {
    if (bytes.size() < kBlockHeaderSize) return std::nullopt;
    begin_ += kBlockHeaderSize;
    begin_block(sink, {.piece = static_cast<PieceIndex>(load_be32(bytes.subspan<5, 4>())),
                       .begin = load_be32(bytes.subspan<9, 4>()),
                       .length = prefix->length - std::uint32_t{kBlockHeaderSize - 4}});
    current_->position = begin_;
    return std::nullopt;
  }
  const std::size_t size = 4 + std::size_t{prefix->length};
  if (bytes.size() < size) return std::nullopt;
  auto message = parse_message(*prefix->id, bytes.subspan(5, size - 5), options_.negotiated);
  if (!message) return fail(message.error());
  begin_ += size;
  stream_offset_ += size;
  return WireEvent(std::move(*message));
}

WireResult<std::optional<WireEvent>> WireDecoder::fail(WireErrc code) {
  error_ = WireError{code, stream_offset_};
  finished_.clear();
  finished_begin_ = 0;
  current_.reset();
  return std::unexpected(*error_);
}

}  // namespace weir
