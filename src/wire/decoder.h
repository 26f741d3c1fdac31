// SPDX-License-Identifier: MIT OR Apache-2.0
// Decodes what a peer sends after the handshake, so that a block's payload is received straight
// into the memory it will be hashed in.
//
// Owner: the peer's connection in the swarm. One turn:
//
//   1. n = prepare(sink, spans)   where the next bytes shall land, in stream order
//   2. the caller reads into spans[0..n), filling each before the next (non-blocking readv)
//   3. commit(sink, bytes)        how many bytes arrived, possibly none
//   4. next(sink) until it yields nothing: messages and finished blocks, in stream order
//
// Peers nearly always answer requests in order, so prepare() guesses: it lays out the rest of the
// current block, then header, payload, header, payload... for the blocks that the sink expects
// next. A header that arrives as guessed has its payload in place already. One that does not ends
// the guessing: the bytes behind it are gathered, in order, and decoded by copying.
//
// Borrowed memory:
// - A prediction's memory is lent from prepare() until commit() returns. Nothing else may happen in
//   between, for this or any other decoder with the same memory. It may then contain garbage,
//   unless a block was received into it. So a sink never predicts memory that holds a received
//   block or that another connection receives into.
// - destination()'s memory is lent from that call until the block's BlockReceived is yielded, or
//   abandon_current(), or the decoder's end.
// - Spans in messages are borrowed from the decoder until its next() yields nothing.
//
// Limits: a length prefix above the limit of its message is refused on the prefix (LIM-06); memory
// grows only with bytes that arrived, and is given back after a long message. An unwanted block is
// not kept: it passes through a scratch of 16 KiB.
// An error is final, because framing is lost: every later next() repeats it and prepare() yields 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "wire/encoder.h"
#include "wire/message.h"
#include "wire/wire_error.h"

namespace weir {

// A block that a peer is expected to send, and the memory for its payload.
struct BlockPrediction {
  BlockHeader block;
  MutableBytes destination;  // of block.length bytes, or empty: the guessing stops there
};

// Where blocks go. Implemented by the swarm, for one peer at a time.
class BlockSink {
 public:
  virtual ~BlockSink() = default;

  // Fills `out` with the blocks this peer is expected to send next, in that order; returns how
  // many. The block it is sending (current()) may be among them. Called by prepare() only; may
  // return 0.
  virtual std::size_t predict(std::span<BlockPrediction> out) = 0;

  // A block of this peer has begun: where does its payload go? `block.length` bytes, or empty when
  // it is not wanted, and then its bytes are dropped. Called once for each block, by commit() or
  // next(), in stream order. In place means: the answer is the memory predicted for that block.
  virtual MutableBytes destination(const BlockHeader& block) = 0;
};

enum class BlockLanding : std::uint8_t {
  in_place,   // received into its destination
  copied,     // all or part of it went through the decoder's memory
  discarded,  // had no destination, or it was abandoned
};

// A block has arrived whole.
struct BlockReceived {
  BlockHeader block;
  BlockLanding landing{};
  bool operator==(const BlockReceived&) const = default;
};

using WireEvent = std::variant<WireMessage, BlockReceived>;

// Extension ids with a limit of their own: those below this one.
inline constexpr std::size_t kLimitedExtensionIds = 16;

struct WireLimits {
  std::uint32_t max_message = 1u << 20;  // LIM-06, the length prefix's value
  std::uint32_t max_block = kBlockSize;
  std::uint32_t max_early_bitfield = 256 * 1024;  // while the piece count is unknown (WIR-06)
  // Payload bytes of an extension message, by the local id it comes under. The ids are those of
  // extension.h: handshake 128 KiB, ut_pex 500 KiB, ut_metadata 17 KiB; max_message otherwise.
  std::array<std::uint32_t, kLimitedExtensionIds> max_extended = default_max_extended();

  [[nodiscard]] static constexpr std::array<std::uint32_t, kLimitedExtensionIds>
  default_max_extended() {
    std::array<std::uint32_t, kLimitedExtensionIds> limits{};
    limits.fill(1u << 20);
    limits[0] = 128 * 1024;
    limits[1] = 500 * 1024;
    limits[2] = 17 * 1024;
    return limits;
  }
};

// What both handshakes agreed on, and what is known of the torrent. Messages outside it are errors.
struct WireNegotiated {
  bool fast = false;      // both set the fast bit: ids 13 to 17
  bool extended = false;  // both set the extension bit: id 20
  bool v2 = false;        // the torrent has a v2 side and the peer knows it: ids 21 to 23
  // Known with the metadata. Then the size of a bitfield and the index of have, suggest and allowed
  // fast are checked; before that, only the swarm can do so later.
  std::optional<std::uint32_t> piece_count{};
};

struct WireDecoderOptions {
  WireLimits limits{};
  WireNegotiated negotiated{};
  std::uint64_t stream_offset = 68;  // of the first byte fed; the handshake is before it
};

// prepare() uses up to so many spans; fewer are fine.
inline constexpr std::size_t kWireScatterMax = 34;
// And lays out about this many bytes at most; less while reads are short.
inline constexpr std::size_t kWireReadAhead = 256 * 1024;

class WireDecoder {
 public:
  explicit WireDecoder(WireDecoderOptions options = {});
  WireDecoder(const WireDecoder&) = delete;
  WireDecoder& operator=(const WireDecoder&) = delete;
  WireDecoder(WireDecoder&&) = default;
  WireDecoder& operator=(WireDecoder&&) = default;

  // Returns how many spans of `out` it filled; 0 only after an error or when `out` is empty.
  // May be called again without commit(), which makes the earlier spans void.
  // REQUIRES: next() yielded nothing or an error since the last commit() or feed().
  [[nodiscard]] std::size_t prepare(BlockSink& sink, std::span<MutableBytes> out);

  // `bytes` of what prepare() laid out have arrived; its spans may have been cut at the end.
  // REQUIRES: prepare() before it, and at most the bytes it laid out.
  void commit(BlockSink& sink, std::size_t bytes);

  // Bytes that are in memory already, such as those read together with the handshake: copied.
  // REQUIRES: not between prepare() and commit().
  void feed(Bytes bytes);

  // The next event in stream order, or nothing when more bytes are needed.
  [[nodiscard]] WireResult<std::optional<WireEvent>> next(BlockSink& sink);

  // The block being received, and how much of it is here.
  [[nodiscard]] std::optional<BlockHeader> current() const;
  [[nodiscard]] std::uint32_t current_received() const;
  // Takes the current block's memory back: the rest of it is dropped, and its event will say
  // discarded. No effect without a current block. REQUIRES: not between prepare() and commit().
  void abandon_current();

  // Applies to every message that next() has not yielded yet.
  void set_negotiated(const WireNegotiated& negotiated) { options_.negotiated = negotiated; }
  [[nodiscard]] const WireNegotiated& negotiated() const { return options_.negotiated; }
  [[nodiscard]] const std::optional<WireError>& error() const { return error_; }

  // Heap memory held, for accounting and tests.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  // What a laid-out span is for.
  enum class SpanUse : std::uint8_t { block_rest, message_rest, head, payload, tail };
  struct LaidOut {
    SpanUse use{};
    MutableBytes span;
    BlockHeader predicted;  // head only
  };
  // The block whose payload is arriving.
  struct Current {
    BlockHeader block;
    MutableBytes destination;  // empty: dropped
    std::uint32_t received = 0;
    BlockLanding landing = BlockLanding::in_place;
    std::size_t position = 0;  // gathered bytes before it are messages that came first
  };
  // A finished block, due when the gathered bytes before `position` are decoded.
  struct Finished {
    BlockReceived event;
    std::size_t position = 0;
  };
  using Head = std::array<std::byte, kBlockHeaderSize>;
  static constexpr std::size_t kPredictionsMax = 16;

  [[nodiscard]] Bytes pending() const { return Bytes(gathered_).subspan(begin_); }
  void compact();
  void release_drained();
  MutableBytes scratch(std::size_t bytes);
  MutableBytes head(std::size_t index) { return (*heads_)[index]; }
  bool lay_out_start();
  [[nodiscard]] bool lay_out_predictions(BlockSink& sink);
  [[nodiscard]] bool usable(const BlockPrediction& prediction) const;

  void adapt_read_ahead(std::size_t bytes);
  void gather_from(std::size_t index, std::size_t bytes);
  [[nodiscard]] bool commit_head(BlockSink& sink, std::size_t index, std::size_t bytes);
  void advance_current(std::size_t bytes);
  void begin_block(BlockSink& sink, const BlockHeader& block);
  [[nodiscard]] std::optional<WireEvent> finish_due();
  [[nodiscard]] std::optional<WireEvent> copy_into_current();
  WireResult<std::optional<WireEvent>> decode_message(BlockSink& sink);
  WireResult<std::optional<WireEvent>> fail(WireErrc code);

  WireDecoderOptions options_;
  std::optional<WireError> error_;
  std::optional<Current> current_;
  // Bytes in stream order that were not decoded yet begin at begin_.
  Buffer gathered_;
  std::size_t begin_ = 0;
  std::uint64_t stream_offset_;  // of the next event's first byte
  std::vector<Finished> finished_;
  std::size_t finished_begin_ = 0;

  std::vector<LaidOut> laid_out_;
  std::size_t read_ahead_ = kWireReadAhead;
  // One for a message rest or per prediction; allocated with the first prediction.
  std::unique_ptr<std::array<Head, 1 + kPredictionsMax>> heads_;
  std::unique_ptr<std::byte[]> scratch_;
  std::size_t scratch_size_ = 0;
};

}  // namespace weir
