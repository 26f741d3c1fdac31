// SPDX-License-Identifier: MIT OR Apache-2.0
// Where payloads land, and that events do not depend on how the bytes came.
#include "wire/decoder.h"

#include "wire/decoder_test_support.h"

namespace weir {
namespace {

struct Recording {
  Buffer stream;
  std::vector<BlockHeader> blocks;  // in stream order
};

// Small blocks and messages of every kind, so that each cut can be tried.
Recording record(std::uint64_t seed, std::size_t messages, std::uint32_t block_length_max) {
  Random random(seed);
  Recording out;
  const Buffer payload(40, std::byte{'x'});
  const std::vector<Sha256Digest> hashes(3);
  for (std::size_t i = 0; i < messages; ++i) {
    const auto n = static_cast<std::uint32_t>(i);
    const auto piece = static_cast<PieceIndex>(n);
    const BlockRequest request{piece, n * kBlockSize, kBlockSize};
    switch (random.below(14)) {
      case 0:
        append_message(out.stream, KeepAliveMessage{});
        break;
      case 1:
        append_message(out.stream, HaveMessage{piece});
        break;
      case 2:
        append_message(out.stream, BitfieldMessage{payload});
        break;
      case 3:
        append_message(out.stream, ExtendedMessage{3, payload});
        break;
      case 4:
        append_message(out.stream, HashesMessage{{.length = 2}, hashes});
        break;
      case 5:
        append_message(out.stream, RejectMessage{request});
        break;
      case 6:
        append_message(out.stream, UnchokeMessage{});
        break;
      default: {
        const auto length = static_cast<std::uint32_t>(1 + random.below(block_length_max));
        out.blocks.push_back({piece, n, length});
        append_block(out.stream, out.blocks.back(), random);
      }
    }
  }
  return out;
}

// How a sink's guesses relate to what comes.
enum class Guess { none, right, reversed, shifted, random };

void guess(TestSink& sink, const Recording& recording, Guess how, std::uint64_t seed) {
  if (how == Guess::none) return;
  std::vector<BlockHeader> list = recording.blocks;
  Random random(seed);
  if (how == Guess::reversed) std::ranges::reverse(list);
  if (how == Guess::random) random.shuffle(std::span(list));
  if (how == Guess::shifted && !list.empty()) list.erase(list.begin());
  sink.expected.assign(list.begin(), list.end());
}

Decoded run(const Recording& recording, Guess how, std::size_t step, std::uint64_t seed = 7) {
  TestSink sink;
  guess(sink, recording, how, seed);
  if (!recording.blocks.empty()) sink.unwanted = {recording.blocks.front()};
  WireDecoder decoder(everything_negotiated());
  return decode_in_steps(decoder, sink, recording.stream, step);
}

TEST(WireDecoder, EveryCutAndEveryGuessGivesTheSameEvents) {
  const Recording recording = record(11, 24, 60);
  TestSink sink;
  sink.unwanted = {recording.blocks.front()};
  WireDecoder whole(everything_negotiated());
  whole.feed(recording.stream);
  Decoded reference;
  drain(whole, sink, reference);
  ASSERT_EQ(reference.events.size(), 24U);
  ASSERT_FALSE(reference.error.has_value());
  for (const Guess how :
       {Guess::none, Guess::right, Guess::reversed, Guess::shifted, Guess::random}) {
    for (std::size_t cut = 0; cut <= recording.stream.size(); ++cut) {
      TestSink again;
      guess(again, recording, how, cut);
      again.unwanted = {recording.blocks.front()};
      WireDecoder decoder(everything_negotiated());
      Decoded out;
      Bytes rest(recording.stream);
      std::size_t first = cut;
      while (!rest.empty()) {
        const std::size_t taken = turn(decoder, again, rest, first > 0 ? first : rest.size(), out);
        ASSERT_GT(taken, 0U);
        first -= std::min(first, taken);
        rest = rest.subspan(taken);
      }
      ASSERT_EQ(out.events, reference.events)
          << "guess " << static_cast<int>(how) << " cut " << cut;
    }
  }
}

TEST(WireDecoder, EveryStepSizeGivesTheSameEvents) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Recording recording = record(seed, 40, 200);
    const Decoded reference = run(recording, Guess::none, recording.stream.size());
    ASSERT_EQ(reference.events.size(), 40U);
    for (const Guess how : {Guess::right, Guess::reversed, Guess::shifted, Guess::random}) {
      for (const std::size_t step :
           {1U, 2U, 3U, 5U, 7U, 12U, 13U, 14U, 17U, 64U, 100U, 300U, 1000U}) {
        const Decoded out = run(recording, how, step, seed);
        ASSERT_EQ(out.events, reference.events)
            << "seed " << seed << " guess " << static_cast<int>(how) << " step " << step;
      }
    }
  }
}

TEST(WireDecoder, FullSizeBlocksWithRandomTurnsGiveTheSameEvents) {
  const Recording recording = record(5, 60, kBlockSize);
  const Decoded reference = run(recording, Guess::none, recording.stream.size());
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Random random(seed);
    TestSink sink;
    guess(sink, recording, seed % 2 == 0 ? Guess::right : Guess::random, seed);
    sink.unwanted = {recording.blocks.front()};
    WireDecoder decoder(everything_negotiated());
    Decoded out;
    Bytes rest(recording.stream);
    while (!rest.empty()) {
      const std::size_t taken = turn(decoder, sink, rest, 1 + random.below(40'000), out,
                                     1 + random.below(kWireScatterMax));
      ASSERT_GT(taken, 0U);
      rest = rest.subspan(taken);
    }
    ASSERT_EQ(out.events, reference.events) << "seed " << seed;
  }
}

TEST(WireDecoder, BlocksInTheExpectedOrderLandInPlace) {
  Random random(1);
  Buffer stream;
  TestSink sink;
  for (std::uint32_t i = 0; i < 40; ++i) {
    append_block(stream, block_at(3, i), random);
    sink.expected.push_back(block_at(3, i));
  }
  WireDecoder decoder(everything_negotiated());
  for (const std::size_t step : {stream.size(), std::size_t{5000}}) {
    TestSink fresh = sink;
    const Decoded out = decode_in_steps(decoder, fresh, stream, step);
    ASSERT_EQ(out.landings.size(), 40U);
    EXPECT_EQ(std::ranges::count(out.landings, BlockLanding::in_place), 40) << step;
    EXPECT_EQ(fresh.destination_calls, 40U);
  }
}

TEST(WireDecoder, ReadsUpTo256KiBAheadInPlace) {
  TestSink sink;
  for (std::uint32_t i = 0; i < 40; ++i) sink.expected.push_back(block_at(0, i));
  WireDecoder decoder;
  std::array<MutableBytes, kWireScatterMax> spans;
  const std::size_t count = decoder.prepare(sink, spans);
  EXPECT_EQ(count, 32U);
  std::size_t payload = 0;
  for (std::size_t i = 1; i < count; i += 2) payload += spans[i].size();
  EXPECT_EQ(payload, kWireReadAhead);
}

TEST(WireDecoder, MemoryIsNeverLaidOutTwice) {
  TestSink sink;
  sink.expected = {block_at(0, 0), block_at(0, 1), block_at(0, 0), block_at(0, 2)};
  WireDecoder decoder;
  std::array<MutableBytes, kWireScatterMax> spans;
  EXPECT_EQ(decoder.prepare(sink, spans), 5U) << "two guesses and the tail";
}

TEST(WireDecoder, ADestinationThatChangedIsHonoured) {
  Random random(2);
  const Recording recording = record(3, 30, 500);
  const Decoded reference = run(recording, Guess::none, recording.stream.size());
  TestSink sink;
  sink.moves_destinations = true;
  guess(sink, recording, Guess::right, 0);
  sink.unwanted = {recording.blocks.front()};
  WireDecoder decoder(everything_negotiated());
  EXPECT_EQ(decode_in_steps(decoder, sink, recording.stream, 3000).events, reference.events);
}

TEST(WireDecoder, AnAbandonedBlockIsDroppedToItsEnd) {
  Random random(3);
  Buffer stream;
  append_block(stream, block_at(1, 0), random);
  append_message(stream, HaveMessage{static_cast<PieceIndex>(9)});
  TestSink sink;
  sink.expected = {block_at(1, 0)};
  WireDecoder decoder;
  Decoded out;
  const std::size_t taken = turn(decoder, sink, stream, 5000, out);
  ASSERT_EQ(decoder.current(), block_at(1, 0));
  EXPECT_EQ(decoder.current_received(), 5000 - kBlockHeaderSize);
  decoder.abandon_current();
  sink.memory(block_at(1, 0)).front() = std::byte{0x5a};
  const Buffer before = to_buffer(sink.memory(block_at(1, 0)));
  Bytes rest = Bytes(stream).subspan(taken);
  while (!rest.empty()) rest = rest.subspan(turn(decoder, sink, rest, 3000, out));
  EXPECT_EQ(to_buffer(sink.memory(block_at(1, 0))), before);
  EXPECT_EQ(out.landings, std::vector{BlockLanding::discarded});
  EXPECT_EQ(out.events.size(), 2U);
}

TEST(WireDecoder, WIR_12_AnUnwantedBlockIsNotBuffered) {
  Random random(4);
  Buffer stream;
  append_block(stream, block_at(1, 0), random);
  TestSink sink;
  sink.unwanted = {block_at(1, 0)};
  WireDecoder decoder;
  std::size_t memory_max = 0;
  Decoded out;
  Bytes rest(stream);
  while (!rest.empty()) {
    rest = rest.subspan(turn(decoder, sink, rest, 700, out));
    memory_max = std::max(memory_max, decoder.memory_bytes());
  }
  EXPECT_EQ(out.landings, std::vector{BlockLanding::discarded});
  EXPECT_LE(memory_max, 32U * 1024);
}

TEST(WireDecoder, SpansInMessagesStayWhileOthersAreYielded) {
  Buffer stream;
  const Buffer first(30, std::byte{1});
  const Buffer second(50, std::byte{2});
  append_message(stream, ExtendedMessage{1, first});
  append_message(stream, ExtendedMessage{2, second});
  TestSink sink;
  WireDecoder decoder(everything_negotiated());
  decoder.feed(stream);
  const auto one = decoder.next(sink);
  const auto two = decoder.next(sink);
  ASSERT_TRUE(one && *one && two && *two);
  EXPECT_EQ(std::get<ExtendedMessage>(std::get<WireMessage>(**one)), (ExtendedMessage{1, first}));
  EXPECT_EQ(std::get<ExtendedMessage>(std::get<WireMessage>(**two)), (ExtendedMessage{2, second}));
}

TEST(WireDecoder, AMillionSmallMessagesBetweenGuessesTakeLinearTime) {
  // Every byte lands where a block was expected and has to be gathered; the bound is on copies, so
  // quadratic work would take minutes here.
  Buffer stream;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    append_message(stream, HaveMessage{static_cast<PieceIndex>(i)});
  }
  TestSink sink;
  for (std::uint32_t i = 0; i < 16; ++i) sink.expected.push_back(block_at(0, i));
  WireDecoder decoder;
  std::size_t events = 0;
  Bytes rest(stream);
  std::array<MutableBytes, kWireScatterMax> spans;
  while (!rest.empty()) {
    const std::size_t count = decoder.prepare(sink, spans);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count && !rest.empty(); ++i) {
      const std::size_t part = std::min(rest.size(), spans[i].size());
      std::ranges::copy(rest.first(part), spans[i].begin());
      rest = rest.subspan(part);
      taken += part;
    }
    decoder.commit(sink, taken);
    for (auto event = decoder.next(sink); event && *event; event = decoder.next(sink)) ++events;
  }
  EXPECT_EQ(events, 1'000'000U);
  EXPECT_LE(decoder.memory_bytes(), 64U * 1024);
}

}  // namespace
}  // namespace weir
