// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/cid.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "hash/sha.h"
#include "multiformats/uvarint.h"

namespace weir {
namespace {

constexpr const char* kHelloCid =
    "01829a0312202cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
constexpr const char* kHelloText = "zDxWB8ED1aT6toYW9R1grC12wesgfBLxovs7KLq5WwfzvwsYTSV9";

Buffer bytes_of(const std::string& hex) { return *from_hex(hex); }

MultiformatErrc decode_error(const std::string& hex) {
  return Cid::decode(bytes_of(hex)).error().code;
}

Multihash any_hash(Random& random) {
  constexpr HashCode kCodes[] = {HashCode::identity, HashCode::sha1, HashCode::sha2_256,
                                 HashCode::sha2_512, HashCode::poseidon2_merkle};
  const HashCode code = kCodes[random.below(5)];
  Buffer digest(digest_length(code).value_or(random.below(Multihash::kDigestMax + 1)));
  random.fill(digest);
  return *Multihash::make(code, digest);
}

TEST(Multihash, RandomOnesRoundTripAndNoPrefixOfThemDecodes) {
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    const Multihash hash = any_hash(random);
    const Buffer bytes = hash.bytes();
    ASSERT_EQ(Multihash::decode(bytes), hash);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_FALSE(Multihash::decode(Bytes(bytes).first(size)));
    }
    Buffer longer = bytes;
    longer.push_back(std::byte{0});
    ASSERT_EQ(Multihash::decode(longer).error(),
              (MultiformatError{MultiformatErrc::trailing_data, bytes.size()}));
  }
}

TEST(Multihash, TheDigestLengthMustBelongToTheHash) {
  EXPECT_EQ(Multihash::decode(bytes_of("1113" + std::string(38, '0'))).error(),
            (MultiformatError{MultiformatErrc::bad_digest_length, 1}));
  EXPECT_EQ(Multihash::decode(bytes_of("1600")).error(),
            (MultiformatError{MultiformatErrc::unknown_hash, 0}));
  EXPECT_EQ(Multihash::make(HashCode::sha1, Buffer(32)).error().code,
            MultiformatErrc::bad_digest_length);
}

TEST(Multihash, BLX_10_AnIdentityHashHoldsNoMoreThanADigest) {
  const Buffer most(Multihash::kDigestMax);
  EXPECT_TRUE(Multihash::make(HashCode::identity, most));
  Buffer claim = bytes_of("00");
  append_uvarint(claim, 100'000);
  claim.resize(claim.size() + 100'000);
  EXPECT_EQ(Multihash::decode(claim).error().code, MultiformatErrc::bad_digest_length);
  EXPECT_EQ(Multihash::make(HashCode::identity, Buffer(Multihash::kDigestMax + 1)).error().code,
            MultiformatErrc::bad_digest_length);
}

TEST(Multihash, KnowsWhatItNamesWhereItCanBeComputed) {
  const Bytes data = as_bytes("hello");
  EXPECT_EQ(Multihash::of(sha1(data)).matches(data), true);
  EXPECT_EQ(Multihash::of(sha256(data)).matches(data), true);
  EXPECT_EQ(Multihash::of(sha256(data)).matches(as_bytes("hellp")), false);
  EXPECT_EQ(Multihash::make(HashCode::identity, data)->matches(data), true);
  EXPECT_EQ(Multihash::make(HashCode::sha2_512, Buffer(64))->matches(data), std::nullopt);
}

TEST(Multihash, RestTextIsUpperCaseHexOfTheWhole) {
  const auto digest = Sha1Digest::from_hex_text("1902d602db8c350f4f6d809ed01eff32f030da95");
  EXPECT_EQ(Multihash::of(*digest).text(), "11141902D602DB8C350F4F6D809ED01EFF32F030DA95");
  EXPECT_EQ(Multihash::of(*digest).as_sha1(), digest);
  EXPECT_FALSE(Multihash::of(*digest).as_sha256());
}

TEST(Cid, TV_1_BlockAndInfoHashCidsAreTheReferences) {
  const Cid block = Cid::v1(Multicodec::codex_block, Multihash::of(sha256(as_bytes("hello"))));
  EXPECT_EQ(to_hex(block.bytes()), kHelloCid);
  EXPECT_EQ(block.text(), kHelloText);
  EXPECT_EQ(Cid::parse(kHelloText), block);
  EXPECT_EQ(Cid::decode(bytes_of(kHelloCid)), block);
  EXPECT_EQ(Cid::v1(Multicodec::codex_block, Multihash::of(sha256({}))).text(),
            "zDxWB8EDDsokSpiTXNRpv1jS2LXjEdLgTiDfxFd7Eo8CSPKVj93r");
  const auto info_hash = Sha1Digest::from_hex_text("1902d602db8c350f4f6d809ed01eff32f030da95");
  const Cid torrent = Cid::v1(Multicodec::torrent_info, Multihash::of(*info_hash));
  EXPECT_EQ(to_hex(torrent.bytes()), "017b11141902d602db8c350f4f6d809ed01eff32f030da95");
  EXPECT_EQ(torrent.text(), "z8q71z28S52VyhNSmcAC9HWy5KrEsYnDr");
  const auto sha512 = Cid::parse(
      "z4rF6XyekLAqDNNCUnAQDksoAwatSjutN9C9JT9x8NjdshgKg1Ku9CjVgrsdjz8y38xRnaL9Lu9omDA3xHSnrhAXGVrf"
      "d4Mj");
  ASSERT_TRUE(sha512);
  EXPECT_EQ(sha512->codec(), Multicodec::codex_block);
  EXPECT_EQ(sha512->hash().code(), HashCode::sha2_512);
}

// An example of the CID specification, whose second form is the first one's content as version 1.
TEST(Cid, Version0HasItsOwnTextAndNoOther) {
  const char* text = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";
  const auto cid = Cid::parse(text);
  ASSERT_TRUE(cid);
  EXPECT_EQ(cid->version(), 0);
  EXPECT_EQ(cid->codec(), Multicodec::dag_pb);
  EXPECT_EQ(cid->text(), text);
  EXPECT_EQ(cid->text(Multibase::base32), text);
  EXPECT_EQ(cid->hash().as_sha256(), sha256({}));
  EXPECT_EQ(Cid::decode(cid->bytes()), cid);
  EXPECT_EQ(Cid::parse("z" + std::string(text)).error().code, MultiformatErrc::version_0_in_base);
  EXPECT_NE(Cid::v1(Multicodec::dag_pb, cid->hash()), *cid);
}

TEST(Cid, RandomOnesRoundTripInBytesAndInEveryBase) {
  Random random(13);
  for (int i = 0; i < 300; ++i) {
    const auto codec = static_cast<Multicodec>(random.next() >> (1 + random.below(63)));
    const Cid cid = Cid::v1(codec, any_hash(random));
    ASSERT_EQ(Cid::decode(cid.bytes()), cid);
    for (int base = 0; base <= static_cast<int>(Multibase::base64url_pad); ++base) {
      ASSERT_EQ(Cid::parse(cid.text(static_cast<Multibase>(base))), cid);
    }
  }
}

TEST(Cid, EveryPrefixAndAnyTrailingByteAreRefused) {
  const Buffer whole = bytes_of(kHelloCid);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Cid::decode(Bytes(whole).first(size))) << size;
  }
  EXPECT_EQ(decode_error(kHelloCid + std::string("00")), MultiformatErrc::trailing_data);
  EXPECT_EQ(decode_error("1220" + std::string(62, '0')), MultiformatErrc::unexpected_end);
  EXPECT_EQ(decode_error("1220" + std::string(66, '0')), MultiformatErrc::trailing_data);
}

TEST(Cid, OtherVersionsHashesAndLongVarintsAreRefusedWhereTheyStand) {
  EXPECT_EQ(decode_error(""), MultiformatErrc::empty_input);
  EXPECT_EQ(decode_error("02551220" + std::string(64, '0')), MultiformatErrc::unsupported_version);
  EXPECT_EQ(decode_error("00551220" + std::string(64, '0')), MultiformatErrc::unsupported_version);
  EXPECT_EQ(Cid::decode(bytes_of("01551600")).error(),
            (MultiformatError{MultiformatErrc::unknown_hash, 2}));
  EXPECT_EQ(Cid::decode(bytes_of("01d5001220" + std::string(64, '0'))).error(),
            (MultiformatError{MultiformatErrc::varint_not_minimal, 2}));
  EXPECT_EQ(decode_error("0155ffffffffff"), MultiformatErrc::unexpected_end);
}

TEST(Cid, TextsOfOtherKindsAreRefused) {
  EXPECT_EQ(Cid::parse("").error().code, MultiformatErrc::empty_input);
  EXPECT_EQ(Cid::parse("z").error().code, MultiformatErrc::empty_input);
  EXPECT_EQ(Cid::parse("hello").error().code, MultiformatErrc::unknown_multibase);
  EXPECT_EQ(Cid::parse(kHelloText + std::string(1, '0')).error(),
            (MultiformatError{MultiformatErrc::bad_character, 52}));
  EXPECT_FALSE(Cid::parse("Qm" + std::string(44, '1')));
  EXPECT_EQ(Cid::parse("z" + std::string(Cid::kTextMax - 1, '1')).error().code,
            MultiformatErrc::unsupported_version);
  EXPECT_EQ(Cid::parse("z" + std::string(Cid::kTextMax, '1')).error().code,
            MultiformatErrc::input_too_large);
}

TEST(Cid, OneChangedCharacterNeverNamesTheSameThing) {
  const auto cid = Cid::parse(kHelloText);
  for (std::size_t i = 0; i < 52; ++i) {
    std::string other = kHelloText;
    other[i] = other[i] == '2' ? '3' : '2';
    const auto parsed = Cid::parse(other);
    EXPECT_TRUE(!parsed || *parsed != *cid) << other;
  }
}

TEST(Multiformats, EveryErrorHasItsOwnName) {
  std::string last;
  for (int code = 0; code <= static_cast<int>(MultiformatErrc::too_many_protocols); ++code) {
    const std::string name = error_name(static_cast<MultiformatErrc>(code));
    EXPECT_FALSE(name.empty());
    EXPECT_NE(name, last);
    last = name;
  }
}

}  // namespace
}  // namespace weir
