// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/handshake.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace weir {
namespace {

Handshake sample(std::uint64_t seed) {
  Random random(seed);
  Handshake handshake;
  random.fill(handshake.reserved.bytes);
  random.fill(handshake.info_hash.bytes);
  random.fill(handshake.peer_id.bytes);
  return handshake;
}

TEST(ReservedBits, EachCapabilityIsItsBit) {
  ReservedBits bits;
  bits.set_extension(true);
  EXPECT_EQ(to_hex(bits.bytes), "0000000000100000");
  bits.set_fast(true);
  bits.set_dht(true);
  bits.set_v2(true);
  EXPECT_EQ(to_hex(bits.bytes), "0000000000100015");
  EXPECT_TRUE(bits.extension() && bits.fast() && bits.dht() && bits.v2());
  bits.set_v2(false);
  EXPECT_FALSE(bits.v2());
  EXPECT_EQ(to_hex(bits.bytes), "0000000000100005");
}

TEST(HandshakeDecoder, AnyTwoCutsGiveTheHandshakeAndKeepWhatFollows) {
  const Handshake sent = sample(1);
  const auto encoded = encode_handshake(sent);
  Buffer wire = to_buffer(encoded);
  append(wire, "following");
  for (std::size_t i = 0; i <= wire.size(); ++i) {
    for (std::size_t j = i; j <= wire.size(); ++j) {
      HandshakeDecoder decoder;
      std::size_t taken = 0;
      for (const auto& [from, to] : {std::pair{std::size_t{0}, i}, {i, j}, {j, wire.size()}}) {
        const auto result = decoder.feed(Bytes(wire).subspan(from, to - from));
        ASSERT_TRUE(result.has_value());
        taken += *result;
      }
      ASSERT_EQ(taken, kHandshakeSize);
      ASSERT_TRUE(decoder.handshake().has_value());
      ASSERT_EQ(*decoder.handshake(), sent);
    }
  }
}

TEST(HandshakeDecoder, TheInfoHashIsKnownAfter48Bytes) {
  const Handshake sent = sample(2);
  const auto wire = encode_handshake(sent);
  HandshakeDecoder decoder;
  ASSERT_TRUE(decoder.feed(Bytes(wire).first(47)).has_value());
  EXPECT_FALSE(decoder.info_hash().has_value());
  ASSERT_TRUE(decoder.feed(Bytes(wire).subspan(47, 1)).has_value());
  EXPECT_EQ(decoder.info_hash(), sent.info_hash);
  EXPECT_EQ(decoder.reserved(), sent.reserved);
  EXPECT_FALSE(decoder.handshake().has_value());
}

TEST(HandshakeDecoder, WIR_01_WrongProtocolIsRefusedAtTheFirstWrongByte) {
  const auto good = encode_handshake(sample(3));
  for (std::size_t at = 0; at < 20; ++at) {
    auto wire = good;
    wire[at] ^= std::byte{1};
    HandshakeDecoder decoder;
    ASSERT_TRUE(decoder.feed(Bytes(wire).first(at)).has_value());
    const auto result = decoder.feed(Bytes(wire).subspan(at, 1));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), (WireError{WireErrc::bad_protocol_name, at}));
    EXPECT_FALSE(decoder.feed(Bytes(wire).subspan(at + 1)).has_value()) << "an error is final";
    EXPECT_FALSE(decoder.info_hash().has_value());
  }
}

TEST(HandshakeDecoder, WIR_01_OtherProtocolLengthsAreRefused) {
  for (const unsigned length : {0U, 18U, 20U, 255U}) {
    auto wire = encode_handshake(sample(4));
    wire[0] = static_cast<std::byte>(length);
    HandshakeDecoder decoder;
    EXPECT_FALSE(decoder.feed(wire).has_value()) << length;
  }
}

TEST(HandshakeDecoder, WIR_01_OneByteShortIsNoHandshake) {
  const auto wire = encode_handshake(sample(5));
  HandshakeDecoder decoder;
  ASSERT_TRUE(decoder.feed(Bytes(wire).first(67)).has_value());
  EXPECT_FALSE(decoder.done());
  EXPECT_FALSE(decoder.handshake().has_value());
  EXPECT_TRUE(decoder.info_hash().has_value());
}

}  // namespace
}  // namespace weir
