// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/multibase.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "multiformats/uvarint.h"

namespace weir {
namespace {

constexpr auto kLastBase = static_cast<int>(Multibase::base64url_pad);

Buffer random_bytes(Random& random, std::size_t size) {
  Buffer out(size);
  random.fill(out);
  return out;
}

MultiformatErrc error_of(Multibase base, std::string_view text) {
  return base_decode(base, text).error().code;
}

TEST(Uvarint, EveryLengthRoundTripsAndItsEndsAreWhereTheSpecificationPutsThem) {
  Buffer out;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
                                    std::uint64_t{16383}, std::uint64_t{16384}, kUvarintMax}) {
    out.clear();
    append_uvarint(out, value);
    std::size_t offset = 0;
    EXPECT_EQ(read_uvarint(out, offset), value);
    EXPECT_EQ(offset, out.size());
  }
  EXPECT_EQ(out.size(), kUvarintBytesMax);
  out.clear();
  append_uvarint(out, 0xcd02);
  EXPECT_EQ(to_hex(out), "829a03");
}

TEST(Uvarint, RandomNumbersRoundTripAndNoPrefixOfThemIsANumber) {
  Random random(3);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t value = random.next() >> (1 + random.below(63));
    Buffer out;
    append_uvarint(out, value);
    std::size_t offset = 0;
    ASSERT_EQ(read_uvarint(out, offset), value);
    for (std::size_t size = 0; size < out.size(); ++size) {
      offset = 0;
      const auto cut = read_uvarint(Bytes(out).first(size), offset);
      ASSERT_EQ(cut.error(), (MultiformatError{MultiformatErrc::unexpected_end, size}));
      ASSERT_EQ(offset, 0U);
    }
  }
}

TEST(Uvarint, TheLongerSpellingOfANumberIsRefused) {
  for (const char* hex : {"8000", "ff00", "80808000"}) {
    std::size_t offset = 0;
    const Buffer bytes = *from_hex(hex);
    EXPECT_EQ(read_uvarint(bytes, offset).error(),
              (MultiformatError{MultiformatErrc::varint_not_minimal, bytes.size() - 1}));
  }
}

TEST(Uvarint, TheTenthByteIsRefusedBeforeItIsRead) {
  std::size_t offset = 0;
  EXPECT_EQ(read_uvarint(*from_hex("ffffffffffffffff7f"), offset), kUvarintMax);
  offset = 0;
  EXPECT_EQ(read_uvarint(*from_hex("ffffffffffffffffff01"), offset).error(),
            (MultiformatError{MultiformatErrc::varint_too_large, 8}));
  EXPECT_EQ(read_uvarint(*from_hex("ffffffffffffffffff"), offset).error().code,
            MultiformatErrc::varint_too_large);
}

// The texts of the multibase specification's test file for "yes mani !".
TEST(Multibase, TheSpecificationsExampleInEveryBase) {
  const Bytes bytes = as_bytes("yes mani !");
  for (const std::string_view text :
       {"f796573206d616e692021", "F796573206D616E692021", "bpfsxgidnmfxgsibb", "BPFSXGIDNMFXGSIBB",
        "cpfsxgidnmfxgsibb", "CPFSXGIDNMFXGSIBB", "vf5in683dc5n6i811", "VF5IN683DC5N6I811",
        "tf5in683dc5n6i811", "TF5IN683DC5N6I811", "k2lcpzo5yikidynfl", "K2LCPZO5YIKIDYNFL",
        "z7paNL19xttacUY", "Z7Pznk19XTTzBtx", "meWVzIG1hbmkgIQ",
        "MeWVzIG1hbmkgIQ==", "ueWVzIG1hbmkgIQ", "UeWVzIG1hbmkgIQ=="}) {
    const auto decoded = multibase_decode(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(decoded->bytes, to_buffer(bytes)) << text;
    EXPECT_EQ(multibase_encode(decoded->base, bytes), text);
  }
}

TEST(Multibase, ZeroBytesInFrontAreKeptInEveryBase) {
  const Buffer bytes = *from_hex("0000796573206d616e692021");
  EXPECT_EQ(multibase_encode(Multibase::base58btc, bytes), "z117paNL19xttacUY");
  EXPECT_EQ(multibase_encode(Multibase::base36, bytes), "k002lcpzo5yikidynfl");
  for (int base = 0; base <= kLastBase; ++base) {
    const auto text = multibase_encode(static_cast<Multibase>(base), bytes);
    EXPECT_EQ(multibase_decode(text)->bytes, bytes) << text;
  }
}

TEST(Multibase, RandomBytesRoundTripInEveryBase) {
  Random random(5);
  for (int base = 0; base <= kLastBase; ++base) {
    for (std::size_t size = 0; size < 80; ++size) {
      const Buffer bytes = random_bytes(random, size);
      const auto text = multibase_encode(static_cast<Multibase>(base), bytes);
      const auto decoded = multibase_decode(text);
      ASSERT_TRUE(decoded) << text;
      EXPECT_EQ(decoded->bytes, bytes);
      EXPECT_EQ(static_cast<int>(decoded->base), base);
    }
  }
}

// What strictness is for: a text that decodes is what its bytes encode to.
TEST(Multibase, ATextThatDecodesIsTheOnlyTextOfItsBytes) {
  Random random(7);
  constexpr std::string_view kCharacters = "0123456789ABCVZabcvz+/-_=";
  std::size_t accepted = 0;
  for (int i = 0; i < 40000; ++i) {
    std::string text;
    for (std::uint64_t n = 1 + random.below(9); n > 0; --n) {
      text += kCharacters[random.below(kCharacters.size())];
    }
    const auto decoded = multibase_decode(text);
    if (!decoded) {
      ASSERT_LE(decoded.error().offset, text.size());
      continue;
    }
    ++accepted;
    ASSERT_EQ(multibase_encode(decoded->base, decoded->bytes), text);
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(Multibase, ForeignCharactersAndTheOtherCaseAreRefusedWhereTheyStand) {
  EXPECT_EQ(base_decode(Multibase::base16, "00gg").error(),
            (MultiformatError{MultiformatErrc::bad_character, 2}));
  EXPECT_EQ(multibase_decode("f00gg").error().offset, 3U);
  EXPECT_EQ(error_of(Multibase::base16, "AA"), MultiformatErrc::bad_character);
  EXPECT_EQ(error_of(Multibase::base58btc, "0OIl"), MultiformatErrc::bad_character);
  EXPECT_EQ(error_of(Multibase::base64, "-_"), MultiformatErrc::bad_character);
}

TEST(Multibase, ImpossibleLengthsPaddingAndSpareBitsAreRefused) {
  EXPECT_EQ(error_of(Multibase::base16, "000"), MultiformatErrc::bad_text_length);
  EXPECT_EQ(error_of(Multibase::base32, "aaa"), MultiformatErrc::bad_text_length);
  EXPECT_EQ(error_of(Multibase::base64, "AAAAA"), MultiformatErrc::bad_text_length);
  EXPECT_EQ(error_of(Multibase::base64_pad, "AA"), MultiformatErrc::bad_text_length);
  EXPECT_EQ(error_of(Multibase::base64_pad, "AA==="), MultiformatErrc::bad_text_length);
  EXPECT_EQ(error_of(Multibase::base64_pad, "===="), MultiformatErrc::bad_text_length);
  EXPECT_EQ(error_of(Multibase::base64, "AA=="), MultiformatErrc::bad_character);
  EXPECT_EQ(error_of(Multibase::base64, "AB"), MultiformatErrc::spare_bits_set);
  EXPECT_EQ(error_of(Multibase::base32, "ab"), MultiformatErrc::spare_bits_set);
}

TEST(Multibase, TheLengthLimitHoldsAtAndPastIt) {
  const std::string longest(kMultibaseTextMax, '1');
  EXPECT_TRUE(base_decode(Multibase::base58btc, longest));
  EXPECT_EQ(error_of(Multibase::base58btc, longest + "1"), MultiformatErrc::input_too_large);
}

TEST(Multibase, AnUnknownLetterAndAnEmptyTextAreRefused) {
  EXPECT_EQ(multibase_decode("").error().code, MultiformatErrc::empty_input);
  EXPECT_EQ(multibase_decode("!abc").error().code, MultiformatErrc::unknown_multibase);
  EXPECT_EQ(multibase_decode("z")->bytes, Buffer());
}

}  // namespace
}  // namespace weir
