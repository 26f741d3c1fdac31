// SPDX-License-Identifier: MIT OR Apache-2.0
// Laying out where bytes land, and sorting out where they landed. decoder_events.cc turns them into
// events.
#include "wire/decoder.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/assert.h"
#include "wire/internal/message_rules.h"

namespace weir {
namespace {

// Room for what no prediction covers. Small messages fit many times, so a connection that moves no
// blocks holds little memory.
constexpr std::size_t kTailSize = 4 * 1024;
// Added while a long message or an unwanted block arrives.
constexpr std::size_t kLongSize = 16 * 1024;
// The read-ahead shrinks to this much while reads are short: laying out costs time, too.
constexpr std::size_t kReadAheadMin = 2 * kBlockSize;
// Capacity of the gathering buffer that is kept when it is empty.
constexpr std::size_t kKeptSize = 16 * 1024;

bool overlap(MutableBytes a, MutableBytes b) {
  const std::less<const std::byte*> before;
  return before(a.data(), b.data() + b.size()) && before(b.data(), a.data() + a.size());
}

void write_header(MutableBytes out, const BlockHeader& block) {
  store_be32(out.first<4>(), block.length + static_cast<std::uint32_t>(kBlockHeaderSize - 4));
  out[4] = static_cast<std::byte>(MessageId::piece);
  store_be32(out.subspan<5, 4>(), to_int(block.piece));
  store_be32(out.subspan<9, 4>(), block.begin);
}

}  // namespace

WireDecoder::WireDecoder(WireDecoderOptions options)
    : options_(options), stream_offset_(options.stream_offset) {}

std::optional<BlockHeader> WireDecoder::current() const {
  return current_ ? std::optional(current_->block) : std::nullopt;
}

std::uint32_t WireDecoder::current_received() const { return current_ ? current_->received : 0; }

void WireDecoder::abandon_current() {
  if (!current_) return;
  current_->destination = {};
  current_->landing = BlockLanding::discarded;
}

std::size_t WireDecoder::memory_bytes() const {
  return gathered_.capacity() + scratch_size_ + (heads_ ? sizeof(*heads_) : 0) +
         laid_out_.capacity() * sizeof(LaidOut) + finished_.capacity() * sizeof(Finished);
}

std::size_t WireDecoder::prepare(BlockSink& sink, std::span<MutableBytes> out) {
  WEIR_ASSERT(finished_begin_ == finished_.size());
  laid_out_.clear();
  if (error_) return 0;
  compact();
  // With as many guesses as fit, a tail would only take the start of a block that has its own
  // place.
  if (lay_out_start() && !lay_out_predictions(sink)) {
    laid_out_.push_back({SpanUse::tail, scratch(kTailSize).first(kTailSize), {}});
  }
  if (laid_out_.size() > out.size()) laid_out_.resize(out.size());
  for (std::size_t i = 0; i < laid_out_.size(); ++i) out[i] = laid_out_[i].span;
  return laid_out_.size();
}

// Drops decoded bytes. Every byte is moved at most once on average, however small the steps.
void WireDecoder::compact() {
  finished_.clear();
  finished_begin_ = 0;
  if (begin_ == 0 || (current_ && begin_ < current_->position)) return;
  const std::size_t rest = gathered_.size() - begin_;
  if (rest > begin_) return;
  if (gathered_.capacity() > std::max(kKeptSize, 4 * rest)) {
    gathered_ = Buffer(gathered_.end() - static_cast<std::ptrdiff_t>(rest), gathered_.end());
  } else {
    gathered_.erase(gathered_.begin(), gathered_.begin() + static_cast<std::ptrdiff_t>(begin_));
  }
  begin_ = 0;
  if (current_) current_->position = 0;
}

// An idle connection holds no memory for what it sent earlier.
void WireDecoder::release_drained() {
  if (begin_ < gathered_.size() || gathered_.capacity() <= kKeptSize) return;
  gathered_ = Buffer();
  begin_ = 0;
  if (current_) current_->position = 0;
}

// Memory for bytes that pass through, of the size now needed and no more.
MutableBytes WireDecoder::scratch(std::size_t bytes) {
  if (scratch_size_ != bytes) {
    scratch_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
    scratch_size_ = bytes;
  }
  return {scratch_.get(), scratch_size_};
}

// What completes the block or message that has begun. False: nothing can be laid out behind it.
bool WireDecoder::lay_out_start() {
  if (current_) {
    const std::size_t rest = current_->block.length - current_->received;
    if (!current_->destination.empty()) {
      laid_out_.push_back(
          {SpanUse::block_rest, current_->destination.subspan(current_->received), {}});
      return true;
    }
    const MutableBytes all = scratch(kTailSize + kLongSize);
    const std::size_t dropped = std::min(rest, all.size());
    laid_out_.push_back({SpanUse::block_rest, all.first(dropped), {}});
    if (dropped < all.size()) laid_out_.push_back({SpanUse::tail, all.subspan(dropped), {}});
    return false;
  }
  const auto prefix = peek_message(pending());
  if (!prefix || !prefix->id || prefix->id == MessageId::piece) return true;
  const std::size_t rest = 4 + std::size_t{prefix->length} - pending().size();
  if (rest > kBlockHeaderSize) {
    laid_out_.push_back({SpanUse::tail, scratch(kTailSize + kLongSize), {}});
    return false;
  }
  if (!heads_) return true;  // nothing was ever predicted, and the tail serves as well
  laid_out_.push_back({SpanUse::message_rest, head(0).first(rest), {}});
  return true;
}

bool WireDecoder::usable(const BlockPrediction& prediction) const {
  const MutableBytes memory = prediction.destination;
  if (memory.empty() || memory.size() != prediction.block.length) return false;
  if (memory.size() > options_.limits.max_block) return false;
  if (current_ && !current_->destination.empty() && overlap(memory, current_->destination)) {
    return false;
  }
  return std::ranges::none_of(laid_out_, [&](const LaidOut& laid) {
    return laid.use == SpanUse::payload && overlap(memory, laid.span);
  });
}

// True: the read is full, and nothing should be laid out behind.
bool WireDecoder::lay_out_predictions(BlockSink& sink) {
  std::array<BlockPrediction, kPredictionsMax + 1> memory;
  // One more than fits, because it may be the current block.
  const auto predictions = std::span(memory).first(read_ahead_ / kBlockSize + 1);
  const std::size_t count = sink.predict(predictions);
  WEIR_ASSERT(count <= predictions.size());
  if (count == 0) return false;
  if (!heads_) heads_ = std::make_unique<std::array<Head, 1 + kPredictionsMax>>();
  // The start of the first header may be here already, unless these bytes begin another message.
  std::size_t here = laid_out_.empty() ? pending().size() : 0;
  if (here >= kBlockHeaderSize) return false;
  std::size_t bytes = 0;
  std::size_t used = 0;
  for (const BlockPrediction& prediction : predictions.first(count)) {
    if (current_ && prediction.block == current_->block) continue;
    if (!usable(prediction)) return false;
    bytes += prediction.destination.size();
    if (used == kPredictionsMax || bytes > read_ahead_) return true;
    MutableBytes span = head(1 + used++);
    std::ranges::copy(pending().first(here), span.begin());
    span = span.subspan(here);
    here = 0;
    laid_out_.push_back({SpanUse::head, span, prediction.block});
    laid_out_.push_back({SpanUse::payload, prediction.destination, {}});
  }
  return count == predictions.size();
}

void WireDecoder::adapt_read_ahead(std::size_t bytes) {
  std::size_t room = 0;
  for (const LaidOut& laid : laid_out_) room += laid.span.size();
  if (bytes == room) {
    read_ahead_ = std::min(2 * read_ahead_, kWireReadAhead);
  } else if (bytes < room / 4) {
    read_ahead_ = std::max(read_ahead_ / 2, kReadAheadMin);
  }
}

void WireDecoder::commit(BlockSink& sink, std::size_t bytes) {
  if (bytes > 0) adapt_read_ahead(bytes);
  for (std::size_t i = 0; i < laid_out_.size() && bytes > 0; ++i) {
    const LaidOut& laid = laid_out_[i];
    const std::size_t arrived = std::min(bytes, laid.span.size());
    switch (laid.use) {
      case SpanUse::block_rest:
      case SpanUse::payload:
        advance_current(arrived);
        break;
      case SpanUse::message_rest:
      case SpanUse::tail:
        append(gathered_, Bytes(laid.span.first(arrived)));
        break;
      case SpanUse::head:
        if (!commit_head(sink, i, bytes)) bytes = arrived;
        break;
    }
    bytes -= arrived;
  }
  WEIR_ASSERT(bytes == 0);
  laid_out_.clear();
}

// False: the bytes from here on were not laid out right, and have all been gathered.
bool WireDecoder::commit_head(BlockSink& sink, std::size_t index, std::size_t bytes) {
  const LaidOut& laid = laid_out_[index];
  const std::size_t head_rest = laid.span.size();
  Head expected;
  write_header(expected, laid.predicted);
  const std::byte* whole = laid.span.data() + head_rest - kBlockHeaderSize;
  if (bytes < head_rest || std::memcmp(whole, expected.data(), expected.size()) != 0) {
    gather_from(index, bytes);
    return false;
  }
  gathered_.resize(gathered_.size() - (kBlockHeaderSize - head_rest));
  begin_block(sink, laid.predicted);
  if (bytes == head_rest) return true;
  const MutableBytes predicted = laid_out_[index + 1].span;
  if (current_->destination.data() == predicted.data()) return true;
  // The sink changed its mind. Its answer may overlap memory that holds bytes of later blocks.
  gather_from(index + 1, bytes - head_rest);
  return false;
}

void WireDecoder::gather_from(std::size_t index, std::size_t bytes) {
  for (; bytes > 0; ++index) {
    const std::size_t arrived = std::min(bytes, laid_out_[index].span.size());
    append(gathered_, Bytes(laid_out_[index].span.first(arrived)));
    bytes -= arrived;
  }
}

void WireDecoder::begin_block(BlockSink& sink, const BlockHeader& block) {
  const MutableBytes destination = sink.destination(block);
  WEIR_ASSERT(destination.empty() || destination.size() == block.length);
  current_ = Current{
      .block = block,
      .destination = destination,
      .received = 0,
      .landing = destination.empty() ? BlockLanding::discarded : BlockLanding::in_place,
      .position = gathered_.size(),
  };
}

void WireDecoder::advance_current(std::size_t bytes) {
  current_->received += static_cast<std::uint32_t>(bytes);
  if (current_->received < current_->block.length) return;
  finished_.push_back({{current_->block, current_->landing}, gathered_.size()});
  current_.reset();
}

void WireDecoder::feed(Bytes bytes) {
  if (error_) return;
  if (finished_begin_ == finished_.size()) compact();
  append(gathered_, bytes);
}

}  // namespace weir
