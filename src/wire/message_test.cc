// SPDX-License-Identifier: MIT OR Apache-2.0
// The messages themselves: bytes on the wire, exact lengths, limits, negotiation.
#include "wire/message.h"

#include "base/bitfield.h"
#include "wire/decoder_test_support.h"

namespace weir {
namespace {

constexpr auto kPiece = static_cast<PieceIndex>(5);
constexpr BlockRequest kBlock{kPiece, 0x4000, 0x4000};

// What a fresh decoder says of a stream: its events, or the error.
Decoded decode(Bytes stream, const WireDecoderOptions& options = everything_negotiated()) {
  TestSink sink;
  WireDecoder decoder(options);
  Decoded out;
  decoder.feed(stream);
  drain(decoder, sink, out);
  return out;
}

Decoded decode_hex(std::string_view hex,
                   const WireDecoderOptions& options = everything_negotiated()) {
  return decode(*from_hex(hex), options);
}

std::optional<WireErrc> error_of(const Decoded& out) {
  return out.error ? std::optional(out.error->code) : std::nullopt;
}

std::string frame(std::uint32_t length, std::uint8_t id, std::size_t body) {
  Buffer out;
  append_be(out, length);
  out.push_back(std::byte{id});
  out.resize(out.size() + body);
  return to_hex(out);
}

std::vector<WireMessage> one_of_each(Bytes bytes, std::span<const Sha256Digest> hashes) {
  const HashRequest request{hashes[0], 1, 4, 2, 3};
  return {KeepAliveMessage{},
          ChokeMessage{},
          UnchokeMessage{},
          InterestedMessage{},
          NotInterestedMessage{},
          HaveMessage{kPiece},
          BitfieldMessage{bytes},
          RequestMessage{kBlock},
          CancelMessage{kBlock},
          PortMessage{6881},
          SuggestMessage{kPiece},
          HaveAllMessage{},
          HaveNoneMessage{},
          RejectMessage{kBlock},
          AllowedFastMessage{kPiece},
          ExtendedMessage{7, bytes},
          HashRequestMessage{request},
          HashesMessage{request, hashes},
          HashRejectMessage{request}};
}

TEST(WireMessage, EncodingThenDecodingIsIdentity) {
  Random random(9);
  Buffer bytes(33);
  random.fill(bytes);
  std::vector<Sha256Digest> hashes(4);
  for (Sha256Digest& hash : hashes) random.fill(hash.bytes);
  const auto messages = one_of_each(bytes, hashes);
  ASSERT_EQ(messages.size(), std::variant_size_v<WireMessage>);
  for (const WireMessage& message : messages) {
    Buffer stream;
    append_message(stream, message);
    TestSink sink;
    WireDecoder decoder(everything_negotiated());
    decoder.feed(stream);
    const auto event = decoder.next(sink);
    ASSERT_TRUE(event && *event) << describe(message);
    EXPECT_TRUE(std::get<WireMessage>(**event) == message) << describe(message);
    EXPECT_FALSE(decoder.next(sink)->has_value());
  }
}

TEST(WireMessage, LooksOnTheWireAsSpecified) {
  const auto encoded = [](const WireMessage& message) {
    Buffer out;
    append_message(out, message);
    return to_hex(out);
  };
  EXPECT_EQ(encoded(KeepAliveMessage{}), "00000000");
  EXPECT_EQ(encoded(NotInterestedMessage{}), "0000000103");
  EXPECT_EQ(encoded(HaveMessage{kPiece}), "000000050400000005");
  EXPECT_EQ(encoded(RequestMessage{kBlock}), "0000000d06000000050000400000004000");
  EXPECT_EQ(encoded(PortMessage{0x1ae1}), "00000003091ae1");
  EXPECT_EQ(encoded(AllowedFastMessage{kPiece}), "000000051100000005");
  EXPECT_EQ(encoded(HashRejectMessage{}).substr(0, 10), "0000003117");
  Buffer header;
  append_block_header(header, {kPiece, 0x4000, 0x4000});
  EXPECT_EQ(to_hex(header), "00004009070000000500004000");
}

TEST(WireMessage, WIR_03_LengthPrefixAboveTheLimitIsRefusedOnThePrefix) {
  for (const char* prefix : {"ffffffff", "7fffffff", "00100001"}) {
    EXPECT_EQ(error_of(decode_hex(prefix)), WireErrc::message_too_long) << prefix;
  }
  const Decoded at_limit = decode_hex("0010000014");
  EXPECT_FALSE(at_limit.error.has_value());
}

TEST(WireMessage, WIR_03_MemoryGrowsOnlyWithBytesThatArrive) {
  Buffer stream = *from_hex("001000001409");
  TestSink sink;
  WireDecoder decoder(everything_negotiated());
  Decoded out;
  EXPECT_EQ(turn(decoder, sink, stream, stream.size(), out), stream.size());
  EXPECT_LE(decoder.memory_bytes(), 64U * 1024);
  stream.assign((1 << 20) - 2, std::byte{});
  std::size_t arrived = 0;
  while (arrived < stream.size()) {
    arrived += turn(decoder, sink, Bytes(stream).subspan(arrived), 1400, out);
    EXPECT_LE(decoder.memory_bytes(), 64 * 1024 + 2 * arrived);
  }
  EXPECT_EQ(out.events.size(), 1U);
  EXPECT_LE(decoder.memory_bytes(), 64U * 1024) << "given back after the message";
}

TEST(WireMessage, WIR_04_FixedSizesAreExact) {
  struct Fixed {
    std::uint8_t id;
    std::uint32_t length;
  };
  constexpr Fixed kFixed[] = {{0, 1},  {1, 1},   {2, 1},  {3, 1},   {4, 5},
                              {6, 13}, {8, 13},  {9, 3},  {13, 5},  {14, 1},
                              {15, 1}, {16, 13}, {17, 5}, {21, 49}, {23, 49}};
  for (const auto& [id, length] : kFixed) {
    EXPECT_EQ(decode_hex(frame(length, id, length - 1)).events.size(), 1U) << int{id};
    EXPECT_EQ(error_of(decode_hex(frame(length + 1, id, 0))), WireErrc::bad_length) << int{id};
    if (length == 1) continue;  // one byte less is a keep-alive
    EXPECT_EQ(error_of(decode_hex(frame(length - 1, id, 0))), WireErrc::bad_length) << int{id};
  }
}

TEST(WireMessage, WIR_04_VariableSizesHaveTheirBounds) {
  EXPECT_EQ(error_of(decode_hex(frame(9, 7, 8))), WireErrc::bad_length) << "a block of no bytes";
  EXPECT_EQ(decode_hex(frame(10, 7, 9)).events.size(), 1U);
  EXPECT_EQ(decode_hex(frame(9 + 16384, 7, 8 + 16384)).events.size(), 1U);
  EXPECT_EQ(error_of(decode_hex(frame(9 + 16385, 7, 0))), WireErrc::block_too_long);
  EXPECT_EQ(error_of(decode_hex(frame(49, 22, 0))), WireErrc::bad_length) << "no hashes";
  EXPECT_EQ(error_of(decode_hex(frame(49 + 33, 22, 0))), WireErrc::bad_length);
  EXPECT_EQ(decode_hex(frame(49 + 64, 22, 48 + 64)).events.size(), 1U);
}

TEST(WireMessage, WIR_05_UnknownAndUnnegotiatedIdsAreRefused) {
  for (unsigned id = 0; id < 256; ++id) {
    const bool unknown = (id >= 10 && id <= 12) || id == 18 || id == 19 || id >= 24;
    const Decoded out = decode_hex(frame(1, static_cast<std::uint8_t>(id), 0));
    EXPECT_EQ(error_of(out) == WireErrc::unknown_message, unknown) << id;
  }
  const WireDecoderOptions nothing;
  for (const unsigned id : {13U, 14U, 15U, 16U, 17U, 20U, 21U, 22U, 23U}) {
    EXPECT_EQ(error_of(decode_hex(frame(1, static_cast<std::uint8_t>(id), 0), nothing)),
              WireErrc::not_negotiated)
        << id;
  }
}

TEST(WireMessage, WIR_06_BitfieldFitsTheTorrentExactly) {
  const auto options = everything_negotiated(12);
  EXPECT_EQ(decode_hex("0000000305fff0", options).events.size(), 1U);
  EXPECT_EQ(error_of(decode_hex("0000000205", options)), WireErrc::bad_bitfield);
  EXPECT_EQ(error_of(decode_hex("0000000405", options)), WireErrc::bad_bitfield);
  EXPECT_EQ(error_of(decode_hex("0000000305fff8", options)), WireErrc::bad_bitfield)
      << "a spare bit is set";
}

TEST(WireMessage, WIR_06_BitfieldBeforeMetadataIsBounded) {
  constexpr std::uint32_t kMax = 256 * 1024;
  EXPECT_EQ(decode_hex(frame(1 + kMax, 5, kMax)).events.size(), 1U);
  EXPECT_EQ(error_of(decode_hex(frame(2 + kMax, 5, 0))), WireErrc::message_too_long);
}

TEST(WireMessage, WIR_23_PiecesOutOfRangeAreRefused) {
  const auto options = everything_negotiated(5);
  for (const unsigned id : {4U, 13U, 17U}) {
    Buffer last = *from_hex(frame(5, static_cast<std::uint8_t>(id), 4));
    last.back() = std::byte{4};
    EXPECT_EQ(decode(last, options).events.size(), 1U) << id;
    last.back() = std::byte{5};
    EXPECT_EQ(error_of(decode(last, options)), WireErrc::piece_out_of_range) << id;
    EXPECT_EQ(decode(last).events.size(), 1U) << "the swarm checks when metadata comes later";
  }
}

TEST(WireMessage, WIR_08_HostileRequestsAreValuesForTheSwarmToJudge) {
  for (const char* hex :
       {"0000000d0600000000ffffc00000004000", "0000000d06000000000000000000000000",
        "0000000d06ffffffff0000000080000000"}) {
    EXPECT_EQ(decode_hex(hex).events.size(), 1U) << hex;
  }
}

TEST(WireMessage, WIR_12_A500KilobyteBlockIsRefusedOnItsStart) {
  const Decoded out = decode_hex("0007a12907");
  EXPECT_EQ(error_of(out), WireErrc::block_too_long);
}

TEST(WireMessage, WIR_24_HashMessagesWithoutV2AreRefused) {
  WireDecoderOptions options = everything_negotiated();
  options.negotiated.v2 = false;
  for (const unsigned id : {21U, 22U, 23U}) {
    EXPECT_EQ(error_of(decode_hex(frame(49, static_cast<std::uint8_t>(id), 48), options)),
              WireErrc::not_negotiated);
  }
}

TEST(WireMessage, EXT_01_ExtensionMessagesHaveTheLimitOfTheirId) {
  struct Limit {
    std::uint8_t id;
    std::uint32_t bytes;
  };
  for (const auto& [id, bytes] :
       {Limit{0, 128 * 1024}, Limit{1, 500 * 1024}, Limit{2, 17 * 1024}}) {
    Buffer stream;
    append_message(stream, ExtendedMessage{id, Buffer(bytes)});
    EXPECT_EQ(decode(stream).events.size(), 1U) << int{id};
    Buffer longer;
    append_message(longer, ExtendedMessage{id, Buffer(bytes + 1)});
    EXPECT_EQ(error_of(decode(Bytes(longer).first(6))), WireErrc::extension_too_long) << int{id};
  }
}

TEST(WireMessage, EXT_05_AnEmptyExtendedMessageIsRefused) {
  EXPECT_EQ(error_of(decode_hex("0000000114")), WireErrc::bad_length);
  EXPECT_EQ(decode_hex("00000002142a").events.size(), 1U) << "an id without payload is one";
}

TEST(WireMessage, AnErrorIsFinalAndNamesWhereTheMessageStarts) {
  const Buffer stream = *from_hex("0000000000000001010000000163");
  TestSink sink;
  WireDecoder decoder(everything_negotiated());
  decoder.feed(stream);
  Decoded out;
  drain(decoder, sink, out);
  EXPECT_EQ(out.events.size(), 2U);
  EXPECT_EQ(out.error, (WireError{WireErrc::unknown_message, 68 + 9}));
  decoder.feed(*from_hex("00000000"));
  EXPECT_EQ(decoder.next(sink).error(), *out.error);
  std::array<MutableBytes, kWireScatterMax> spans;
  EXPECT_EQ(decoder.prepare(sink, spans), 0U);
  EXPECT_EQ(blame(out.error->code), WireBlame::peer);
}

}  // namespace
}  // namespace weir
