// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

#include "bencode/decoder.h"
#include "bencode/encoder.h"

namespace weir {
namespace {

BencodeErrc refusal(std::string_view text, const BencodeLimits& limits = {}) {
  // An exact-size copy on the heap lets the address sanitizer see a read past the end.
  const std::vector<std::byte> exact = to_buffer(as_bytes(text));
  const auto result = decode_bencode(exact, limits);
  EXPECT_FALSE(result) << text.substr(0, 80);
  return result ? BencodeErrc::input_too_large : result.error().code;
}

std::size_t refusal_offset(std::string_view text, const BencodeLimits& limits = {}) {
  const auto result = decode_bencode(as_bytes(text), limits);
  EXPECT_FALSE(result);
  return result ? 0 : result.error().offset;
}

std::string repeat(std::string_view unit, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += unit;
  return out;
}

TEST(BencodeDecoder, ReadsEveryTypeWithoutCopying) {
  const std::string text = "d1:ai-7e1:bl3:onei2ee1:cd1:x0:ee";
  const auto document = decode_bencode(as_bytes(text));
  ASSERT_TRUE(document);
  const BencodeNode root = document->root();
  EXPECT_EQ(root.find("a").as_integer(), -7);
  const auto list = root.find("b").as_list();
  EXPECT_EQ(list.count(), 2U);
  EXPECT_EQ((*list.begin()).as_string(), "one");
  EXPECT_EQ(root.find("c").find("x").as_string(), "");
  EXPECT_FALSE(root.find("d"));
  EXPECT_FALSE(root.find("a").find("a"));
  EXPECT_EQ(as_text(root.find("b").raw()), "l3:onei2ee");
  EXPECT_EQ(as_text(root.find("a").raw()), "i-7e");
  EXPECT_EQ(as_text(root.find("c").find("x").raw()), "0:");
  EXPECT_EQ(root.raw().data(), as_bytes(text).data());
  EXPECT_EQ(root.raw().size(), text.size());
}

TEST(BencodeDecoder, NodesSurviveAMoveOfTheDocument) {
  const std::string text = "l4:spame";
  auto document = decode_bencode(as_bytes(text));
  ASSERT_TRUE(document);
  const BencodeNode root = document->root();
  const BencodeDocument moved = std::move(*document);
  EXPECT_EQ((*root.as_list().begin()).as_string(), "spam");
}

TEST(BencodeDecoder, WrongTypeGivesNothing) {
  const auto document = decode_bencode(as_bytes("i1e"));
  ASSERT_TRUE(document);
  EXPECT_FALSE(document->root().as_string());
  EXPECT_TRUE(document->root().as_list().empty());
  EXPECT_TRUE(document->root().as_dict().empty());
  EXPECT_EQ(BencodeNode().type(), BencodeType::none);
  EXPECT_FALSE(BencodeNode().as_integer());
}

TEST(BencodeDecoder, BEN_01_DepthBombIsRefused) {
  for (const std::size_t depth : {20'000U, 200'000U}) {
    const std::string bomb = repeat("l", depth) + repeat("e", depth);
    EXPECT_EQ(refusal(bomb), BencodeErrc::too_deep);
    EXPECT_EQ(refusal(repeat("l", depth)), BencodeErrc::too_deep);
    EXPECT_EQ(refusal("d4:infode1:z" + bomb + "e"), BencodeErrc::too_deep);
    EXPECT_EQ(refusal(repeat("d1:a", depth)), BencodeErrc::too_deep);
  }
}

TEST(BencodeDecoder, LIM_02_DepthIsAcceptedAtTheLimitAndRefusedPastIt) {
  EXPECT_TRUE(decode_bencode(as_bytes(repeat("l", 100) + repeat("e", 100))));
  EXPECT_EQ(refusal(repeat("l", 101) + repeat("e", 101)), BencodeErrc::too_deep);
  const auto krpc = BencodeLimits::krpc();
  EXPECT_TRUE(decode_bencode(as_bytes(repeat("l", 10) + repeat("e", 10)), krpc));
  EXPECT_EQ(refusal(repeat("l", 11) + repeat("e", 11), krpc), BencodeErrc::too_deep);
}

TEST(BencodeDecoder, BEN_03_LyingStringLengthsAreRefused) {
  EXPECT_EQ(refusal("4294967295:"), BencodeErrc::string_too_long);
  EXPECT_EQ(refusal("9223372036854775808:"), BencodeErrc::string_too_long);
  EXPECT_EQ(refusal("18446744073709551616:x"), BencodeErrc::string_too_long);
  EXPECT_EQ(refusal("-1:x"), BencodeErrc::expected_value);
  EXPECT_EQ(refusal("00:"), BencodeErrc::leading_zero);
  EXPECT_EQ(refusal("01:a"), BencodeErrc::leading_zero);
  EXPECT_EQ(refusal("0"), BencodeErrc::unexpected_end);
  EXPECT_EQ(refusal("5"), BencodeErrc::string_too_long);
  EXPECT_EQ(refusal("1"), BencodeErrc::unexpected_end);
  EXPECT_EQ(refusal("5:abc"), BencodeErrc::string_too_long);
  EXPECT_EQ(refusal("1x"), BencodeErrc::expected_colon);
  EXPECT_EQ(refusal("d4294967295"), BencodeErrc::string_too_long);
  EXPECT_EQ(refusal(repeat("9", 10'000) + ":"), BencodeErrc::string_too_long);
}

TEST(BencodeDecoder, BEN_04_MalformedIntegersAreRefused) {
  EXPECT_EQ(refusal("ie"), BencodeErrc::expected_digit);
  EXPECT_EQ(refusal("i-e"), BencodeErrc::expected_digit);
  EXPECT_EQ(refusal("i-0e"), BencodeErrc::negative_zero);
  EXPECT_EQ(refusal("i00e"), BencodeErrc::leading_zero);
  EXPECT_EQ(refusal("i-01e"), BencodeErrc::leading_zero);
  EXPECT_EQ(refusal("i+1e"), BencodeErrc::expected_digit);
  EXPECT_EQ(refusal("i 1e"), BencodeErrc::expected_digit);
  EXPECT_EQ(refusal("i1.5e"), BencodeErrc::expected_digit);
  EXPECT_EQ(refusal("i--1e"), BencodeErrc::expected_digit);
  EXPECT_EQ(refusal("i9223372036854775808e"), BencodeErrc::integer_out_of_range);
  EXPECT_EQ(refusal("i-9223372036854775809e"), BencodeErrc::integer_out_of_range);
  EXPECT_EQ(refusal("i" + repeat("9", 10'000) + "e"), BencodeErrc::integer_out_of_range);
  EXPECT_EQ(refusal("i1"), BencodeErrc::unexpected_end);
  EXPECT_EQ(refusal("i"), BencodeErrc::unexpected_end);
}

TEST(BencodeDecoder, BEN_04_ExtremeIntegersAreAccepted) {
  const std::string low = "i-9223372036854775808e", high = "i9223372036854775807e";
  EXPECT_EQ(decode_bencode(as_bytes(low))->root().as_integer(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(decode_bencode(as_bytes(high))->root().as_integer(),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(decode_bencode(as_bytes("i0e"))->root().as_integer(), 0);
}

TEST(BencodeDecoder, BEN_06_TokenBombsAreRefusedQuickly) {
  const auto start = std::chrono::steady_clock::now();
  const std::string pairs = "l" + repeat("le", 9'000'000) + "e";
  EXPECT_EQ(refusal(pairs), BencodeErrc::too_many_tokens);
  EXPECT_EQ(refusal("l" + repeat("0:", 9'000'000) + "e"), BencodeErrc::too_many_tokens);
  const std::string recipe = "l" + repeat("le", 1'499'999) + "e";
  EXPECT_EQ(refusal(recipe, BencodeLimits::peer_metadata()), BencodeErrc::too_many_tokens);
  // Generous: sanitizer builds on a busy machine run this too.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(BencodeDecoder, LIM_02_TokensAreAcceptedAtTheLimitAndRefusedPastIt) {
  BencodeLimits limits;
  limits.tokens_max = 500;
  EXPECT_TRUE(decode_bencode(as_bytes("l" + repeat("0:", 498) + "e"), limits));
  EXPECT_EQ(refusal("l" + repeat("0:", 499) + "e", limits), BencodeErrc::too_many_tokens);
  EXPECT_EQ(refusal("l" + repeat("0:", 499) + "e", BencodeLimits::krpc()),
            BencodeErrc::too_many_tokens);
  EXPECT_TRUE(decode_bencode(as_bytes("l" + repeat("0:", 2'499'998) + "e"),
                             BencodeLimits::peer_metadata()));
  EXPECT_EQ(refusal("l" + repeat("0:", 2'499'999) + "e", BencodeLimits::peer_metadata()),
            BencodeErrc::too_many_tokens);
  EXPECT_TRUE(decode_bencode(as_bytes("l" + repeat("0:", 7'999'998) + "e")));
  EXPECT_EQ(refusal("l" + repeat("0:", 7'999'999) + "e"), BencodeErrc::too_many_tokens);
}

TEST(BencodeDecoder, BEN_08_EveryTruncationIsRefused) {
  const std::string text =
      "d8:announce9:udp://t:14:infod5:filesld6:lengthi12e4:pathl1:a1:beee4:name1:n"
      "12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
  ASSERT_TRUE(decode_bencode(as_bytes(text)));
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const std::vector<std::byte> exact = to_buffer(as_bytes(text.substr(0, cut)));
    const auto result = decode_bencode(exact);
    ASSERT_FALSE(result) << cut;
    EXPECT_LE(result.error().offset, cut);
  }
}

TEST(BencodeDecoder, BEN_11_AnyBytesAreCarriedInStringsAndKeys) {
  const std::string text{
      "d2:\xc0\x80"
      "3:\xed\xa0\x80"
      "3:\xff\x00z1:ae",
      19};
  const auto document = decode_bencode(as_bytes(text));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().find("\xc0\x80").as_string(), "\xed\xa0\x80");
  EXPECT_EQ(as_text(document->root().raw()), text);
}

TEST(BencodeDecoder, DictionariesAreChecked) {
  EXPECT_EQ(refusal("di1ei2ee"), BencodeErrc::expected_key);
  EXPECT_EQ(refusal("dlee"), BencodeErrc::expected_key);
  EXPECT_EQ(refusal("d1:ae"), BencodeErrc::missing_value);
  EXPECT_EQ(refusal("d1:b0:1:a0:e"), BencodeErrc::unsorted_key);
  EXPECT_EQ(refusal("d1:a0:1:a0:e"), BencodeErrc::duplicate_key);
  EXPECT_EQ(refusal_offset("d1:b0:1:a0:e"), 6U);
  EXPECT_EQ(refusal("x"), BencodeErrc::expected_value);
  EXPECT_EQ(refusal("e"), BencodeErrc::expected_value);
  EXPECT_EQ(refusal(""), BencodeErrc::unexpected_end);
}

TEST(BencodeDecoder, UnsortedKeysAreReadWhereAllowedButNeverDuplicates) {
  const BencodeLimits any = BencodeLimits::message();
  const std::string text = "d1:bd1:ai1ee1:ad1:zi1e1:yi2eee";
  const auto document = decode_bencode(as_bytes(text), any);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().find("a").find("y").as_integer(), 2);
  EXPECT_FALSE(document->root().is_sorted());
  EXPECT_TRUE(document->root().find("b").is_sorted());
  EXPECT_FALSE(document->root().find("a").is_sorted());
  EXPECT_EQ(refusal("d1:b0:1:a0:1:b0:e", any), BencodeErrc::duplicate_key);
}

TEST(BencodeDecoder, UnsortedDictionariesAreBounded) {
  const auto dict_of = [](std::size_t keys) {
    std::string text = "d";
    for (std::size_t i = keys; i-- > 0;) text += "4:" + std::to_string(1000 + i) + "0:";
    return text + "e";
  };
  EXPECT_TRUE(decode_bencode(as_bytes(dict_of(1024)), BencodeLimits::message()));
  EXPECT_EQ(refusal(dict_of(1025), BencodeLimits::message()), BencodeErrc::unsorted_key);
}

TEST(BencodeDecoder, TrailingDataIsRefusedAndLeftToThePrefixVariant) {
  EXPECT_EQ(refusal("i1ei2e"), BencodeErrc::trailing_data);
  EXPECT_EQ(refusal_offset("0:x"), 2U);
  const auto document = decode_bencode_prefix(as_bytes("d5:piecei0eeBLOCK"));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->size(), 12U);
  EXPECT_EQ(document->root().find("piece").as_integer(), 0);
}

TEST(BencodeWriter, WritesWhatTheDecoderReads) {
  BencodeWriter writer;
  writer.begin_dict();
  writer.entry("a", -1);
  writer.key("b");
  writer.begin_list();
  writer.string("x");
  writer.raw(as_bytes("de"));
  writer.end();
  writer.entry("c", "text");
  writer.end();
  const Buffer bytes = writer.take();
  EXPECT_EQ(as_text(bytes), "d1:ai-1e1:bl1:xdee1:c4:texte");
  EXPECT_TRUE(decode_bencode(bytes));
}

TEST(BencodeWriterDeathTest, UnsortedKeysAreOurOwnBug) {
  BencodeWriter writer;
  writer.begin_dict();
  writer.entry("b", 1);
  EXPECT_DEATH(writer.key("a"), "");
  EXPECT_DEATH(writer.key("b"), "");
}

}  // namespace
}  // namespace weir
