// SPDX-License-Identifier: MIT OR Apache-2.0
// For the decoder's tests: a sink with memory of its own, and drivers that hand a stream to a
// decoder in chosen pieces.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "wire/decoder.h"

namespace weir {

// One event as text, payload included: comparable, readable, and free of borrowed memory.
inline std::string describe(const WireMessage& message) {
  Buffer out;
  append_message(out, message);
  return "message " + to_hex(out);
}

// Gives every wanted block memory of its own; checks that the decoder keeps its promises.
class TestSink : public BlockSink {
 public:
  std::deque<BlockHeader> expected;   // what predict() says, whether true or not
  std::vector<BlockHeader> unwanted;  // destination() refuses these
  bool moves_destinations = false;    // destination() answers with other memory than predicted
  std::size_t destination_calls = 0;

  std::size_t predict(std::span<BlockPrediction> out) override {
    const std::size_t count = std::min(out.size(), expected.size());
    for (std::size_t i = 0; i < count; ++i) out[i] = {expected[i], memory(expected[i])};
    return count;
  }
  MutableBytes destination(const BlockHeader& block) override {
    ++destination_calls;
    if (std::ranges::find(unwanted, block) != unwanted.end()) return {};
    if (moves_destinations) {
      lent_.push_back(std::move(blocks_[block]));  // lent until commit() returns
      blocks_[block] = Buffer(block.length);
    }
    return memory(block);
  }
  // The payload as it lies in memory, once the block was received.
  std::string received(const BlockReceived& event) {
    std::erase(expected, event.block);
    std::string text = "block " + std::to_string(to_int(event.block.piece)) + "+" +
                       std::to_string(event.block.begin) + ":" +
                       std::to_string(event.block.length) + " ";
    if (event.landing == BlockLanding::discarded) return text + "discarded";
    return text + to_hex(memory(event.block));
  }
  MutableBytes memory(const BlockHeader& block) {
    Buffer& buffer = blocks_[block];
    buffer.resize(block.length);
    return buffer;
  }

 private:
  std::map<BlockHeader, Buffer> blocks_;
  std::vector<Buffer> lent_;
};

// Everything a decoder made of a stream.
struct Decoded {
  std::vector<std::string> events;
  std::vector<BlockLanding> landings;
  std::optional<WireError> error;
};

inline void drain(WireDecoder& decoder, TestSink& sink, Decoded& out) {
  while (true) {
    const auto event = decoder.next(sink);
    if (!event) {
      out.error = event.error();
      return;
    }
    if (!*event) return;
    if (const auto* block = std::get_if<BlockReceived>(&**event)) {
      out.events.push_back(sink.received(*block));
      out.landings.push_back(block->landing);
    } else {
      out.events.push_back(describe(std::get<WireMessage>(**event)));
    }
  }
}

// One turn: prepares, copies up to `bytes` of the stream in, commits and drains. Returns the bytes
// taken, 0 when the decoder takes none.
inline std::size_t turn(WireDecoder& decoder, TestSink& sink, Bytes stream, std::size_t bytes,
                        Decoded& out, std::size_t spans_max = kWireScatterMax) {
  std::array<MutableBytes, kWireScatterMax> spans;
  const std::size_t count = decoder.prepare(sink, std::span(spans).first(spans_max));
  std::size_t taken = 0;
  bytes = std::min(bytes, stream.size());
  for (std::size_t i = 0; i < count && taken < bytes; ++i) {
    const std::size_t part = std::min(bytes - taken, spans[i].size());
    std::ranges::copy(stream.subspan(taken, part), spans[i].begin());
    taken += part;
  }
  if (count > 0) decoder.commit(sink, taken);
  drain(decoder, sink, out);
  return taken;
}

// The whole stream in turns of at most `step` bytes.
inline Decoded decode_in_steps(WireDecoder& decoder, TestSink& sink, Bytes stream,
                               std::size_t step) {
  Decoded out;
  while (!stream.empty()) {
    const std::size_t taken = turn(decoder, sink, stream, step, out);
    if (taken == 0) break;
    stream = stream.subspan(taken);
  }
  return out;
}

inline BlockHeader block_at(std::uint32_t piece, std::uint32_t block,
                            std::uint32_t length = kBlockSize) {
  return {static_cast<PieceIndex>(piece), block * kBlockSize, length};
}

inline void append_block(Buffer& out, const BlockHeader& block, Random& random) {
  append_block_header(out, block);
  Buffer payload(block.length);
  random.fill(payload);
  append(out, payload);
}

inline WireDecoderOptions everything_negotiated(std::optional<std::uint32_t> piece_count = {}) {
  return {.limits = {},
          .negotiated = {.fast = true, .extended = true, .v2 = true, .piece_count = piece_count},
          .stream_offset = 68};
}

}  // namespace weir
