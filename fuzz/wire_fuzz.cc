// SPDX-License-Identifier: MIT OR Apache-2.0
// The peer wire's decoder, read in random portions under random guesses, must give what it gives
// for the same bytes fed at once.
//
// Input: one byte of flags, one byte n, n control bytes (portion sizes and the sink's guesses),
// then the stream.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/assert.h"
#include "wire/decoder.h"

namespace {

using namespace weir;

// Control bytes, repeated without end; zero when there are none.
class Controls {
 public:
  explicit Controls(Bytes bytes) : bytes_(bytes) {}
  unsigned next() {
    if (bytes_.empty()) return 0;
    return std::to_integer<unsigned>(bytes_[at_++ % bytes_.size()]);
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

// A deterministic answer per block, so that both runs want the same ones.
class Sink : public BlockSink {
 public:
  Sink(Controls* controls, const std::vector<BlockHeader>& truth)
      : controls_(controls), truth_(truth) {}

  std::size_t predict(std::span<BlockPrediction> out) override {
    if (controls_ == nullptr) return 0;
    std::size_t count = controls_->next() % (out.size() + 1);
    const std::size_t skip = controls_->next() % 4;
    for (std::size_t i = 0; i < count; ++i) {
      BlockHeader block{static_cast<PieceIndex>(controls_->next() % 3), 0,
                        1 + controls_->next() % 64};
      const std::size_t at = received_ + i + (skip == 3 ? 1 : 0);
      if (skip != 0 && at < truth_.size()) block = truth_[at];
      out[i] = {block, unwanted(block) ? MutableBytes() : memory(block)};
    }
    return count;
  }
  MutableBytes destination(const BlockHeader& block) override {
    return unwanted(block) ? MutableBytes() : memory(block);
  }
  MutableBytes memory(const BlockHeader& block) {
    Buffer& buffer = blocks_[block];
    buffer.resize(block.length);
    return buffer;
  }
  void count_received() { ++received_; }

 private:
  static bool unwanted(const BlockHeader& block) { return block.begin % 5 == 4; }

  Controls* controls_;
  const std::vector<BlockHeader>& truth_;
  std::size_t received_ = 0;
  std::map<BlockHeader, Buffer> blocks_;
};

struct Run {
  std::vector<Buffer> events;
  std::vector<BlockHeader> blocks;
  std::optional<WireError> error;
};

void drain(WireDecoder& decoder, Sink& sink, Run& run) {
  while (true) {
    const auto event = decoder.next(sink);
    if (!event) {
      run.error = event.error();
      return;
    }
    if (!*event) return;
    Buffer text;
    if (const auto* received = std::get_if<BlockReceived>(&**event)) {
      append_block_header(text, received->block);
      run.blocks.push_back(received->block);
      sink.count_received();
      if (received->landing != BlockLanding::discarded) append(text, sink.memory(received->block));
    } else {
      append_message(text, std::get<WireMessage>(**event));
    }
    run.events.push_back(std::move(text));
  }
}

void read_in_portions(WireDecoder& decoder, Sink& sink, Controls& controls, Bytes stream,
                      Run& run) {
  std::array<MutableBytes, kWireScatterMax> spans;
  while (!stream.empty() && !run.error) {
    const std::size_t spans_max = 1 + controls.next() % kWireScatterMax;
    std::size_t left = std::min<std::size_t>(stream.size(), 1 + controls.next() * 3);
    const std::size_t count = decoder.prepare(sink, std::span(spans).first(spans_max));
    WEIR_ASSERT(count > 0 && count <= spans_max);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      WEIR_ASSERT(!spans[i].empty());
      const std::size_t part = std::min(left, spans[i].size());
      std::ranges::copy(stream.subspan(taken, part), spans[i].begin());
      taken += part;
      left -= part;
    }
    decoder.commit(sink, taken);
    stream = stream.subspan(taken);
    drain(decoder, sink, run);
    WEIR_ASSERT(decoder.memory_bytes() <= (3u << 20));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned flags = data[0];
  const Bytes input(reinterpret_cast<const std::byte*>(data + 2), size - 2);
  const std::size_t control_size = std::min<std::size_t>(data[1], input.size());
  Controls controls(input.first(control_size));
  const Bytes stream = input.subspan(control_size);

  WireDecoderOptions options;
  options.negotiated.fast = (flags & 1) != 0;
  options.negotiated.extended = (flags & 2) != 0;
  options.negotiated.v2 = (flags & 4) != 0;
  if ((flags & 8) != 0) options.negotiated.piece_count = 12;

  const std::vector<BlockHeader> nothing;
  Run whole;
  WireDecoder reference(options);
  Sink plain(nullptr, nothing);
  reference.feed(stream);
  drain(reference, plain, whole);

  Run portions;
  WireDecoder decoder(options);
  Sink guessing(&controls, whole.blocks);
  read_in_portions(decoder, guessing, controls, stream, portions);
  WEIR_ASSERT(whole.events == portions.events);
  WEIR_ASSERT(whole.error == portions.error);
  return 0;
}
