// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "base/bitfield.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/endpoint.h"
#include "base/random.h"
#include "base/rate.h"
#include "base/utf8.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Bytes, BigEndianLoadsAreTheInverseOfStores) {
  std::array<std::byte, 8> raw{};
  store_be64(raw, 0x0123456789abcdef);
  EXPECT_EQ(to_hex(raw), "0123456789abcdef");
  EXPECT_EQ(load_be64(raw), 0x0123456789abcdefU);
  EXPECT_EQ(load_be32(std::span(raw).first<4>()), 0x01234567U);
  EXPECT_EQ(load_be16(std::span(raw).first<2>()), 0x0123U);
}

TEST(Bytes, HexRefusesOddLengthAndForeignCharacters) {
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_EQ(to_hex(*from_hex("00fFa5")), "00ffa5");
}

TEST(Bytes, Base32RoundTripsEveryLength) {
  Random random(7);
  for (std::size_t size = 0; size < 40; ++size) {
    Buffer data(size);
    random.fill(data);
    EXPECT_EQ(from_base32(to_base32(data)), data) << size;
  }
  EXPECT_FALSE(from_base32("a1"));
  EXPECT_FALSE(from_base32("b"));  // five bits can't hold a byte
}

TEST(Bitfield, WireFormRefusesWrongSizeAndSpareBits) {
  EXPECT_FALSE(Bitfield::from_wire(*from_hex("ff"), 9));
  EXPECT_FALSE(Bitfield::from_wire(*from_hex("ffff"), 9));
  const auto field = Bitfield::from_wire(*from_hex("ff80"), 9);
  ASSERT_TRUE(field);
  EXPECT_TRUE(field->all());
  EXPECT_EQ(field->wire().size(), 2U);
}

TEST(Bitfield, FindsAgreeWithTestingEachBit) {
  Random random(3);
  Bitfield field(131);
  for (std::size_t i = 0; i < field.size(); ++i) field.set(i, random.chance(0.2));
  for (std::size_t from = 0; from <= field.size(); ++from) {
    std::size_t set = from;
    while (set < field.size() && !field.test(set)) ++set;
    EXPECT_EQ(field.find_set(from), set);
    std::size_t clear = from;
    while (clear < field.size() && field.test(clear)) ++clear;
    EXPECT_EQ(field.find_clear(from), clear);
  }
}

TEST(Bitfield, CountFollowsSetAndFill) {
  Bitfield field(12, true);
  EXPECT_EQ(field.count(), 12U);
  field.set(3, false);
  field.set(3, false);
  EXPECT_EQ(field.count(), 11U);
  EXPECT_TRUE(Bitfield(12, true).has_any_not_in(field));
  EXPECT_FALSE(field.has_any_not_in(Bitfield(12, true)));
}

TEST(Endpoint, TextRoundTrips) {
  for (const char* text : {"1.2.3.4:80", "[::1]:6881", "[2001:db8::2:1]:1", "[fe80::]:65535",
                           "[1:2:3:4:5:6:7:8]:9", "[::]:0", "[1:0:0:2::3]:4"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->text(), text);
    Buffer compact;
    endpoint->append_compact(compact);
    EXPECT_EQ(Endpoint::from_compact(compact), endpoint);
  }
}

TEST(Endpoint, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "1.2.3:1", "1.2.3.4", "1.2.3.256:1", "01.2.3.4:1", "1.2.3.4:65536", "::1:80",
        "[::1::]:80", "[1.2.3.4]:80", "[12345::]:1", "[1:2:3:4:5:6:7]:1",
        "[::1]:", "[1:2:3:4:5:6:7:8:9]:1", "[:1:2:3:4:5:6:7]:1"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

TEST(Endpoint, MappedAddressesAreTheIpv4Address) {
  EXPECT_EQ(IpAddress::parse("::ffff:1.2.3.4"), IpAddress::parse("1.2.3.4"));
}

TEST(Endpoint, ScopeSeparatesWhatMayBeContacted) {
  const auto scope = [](const char* text) { return IpAddress::parse(text)->scope(); };
  EXPECT_EQ(scope("127.1.2.3"), AddressScope::loopback);
  EXPECT_EQ(scope("::1"), AddressScope::loopback);
  EXPECT_EQ(scope("169.254.169.254"), AddressScope::link_local);
  EXPECT_EQ(scope("fe80::1"), AddressScope::link_local);
  EXPECT_EQ(scope("10.0.0.1"), AddressScope::site);
  EXPECT_EQ(scope("172.31.0.1"), AddressScope::site);
  EXPECT_EQ(scope("192.168.0.1"), AddressScope::site);
  EXPECT_EQ(scope("fd00::1"), AddressScope::site);
  EXPECT_EQ(scope("0.0.0.0"), AddressScope::unusable);
  EXPECT_EQ(scope("224.0.0.1"), AddressScope::unusable);
  EXPECT_EQ(scope("255.255.255.255"), AddressScope::unusable);
  EXPECT_EQ(scope("::"), AddressScope::unusable);
  EXPECT_EQ(scope("ff02::1"), AddressScope::unusable);
  EXPECT_EQ(scope("8.8.8.8"), AddressScope::global);
  EXPECT_EQ(scope("2600::1"), AddressScope::global);
  EXPECT_EQ(scope("64:ff9b::7f00:1"), AddressScope::loopback);
  EXPECT_EQ(scope("2002:a00:1::"), AddressScope::site);
}

TEST(Random, SameSeedSameSequence) {
  Random a(42), b(42), c(43);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(a.below(7));
  EXPECT_EQ(seen.size(), 7U);
}

TEST(TokenBucket, NeverGivesMoreThanRateTimesTimePlusBurst) {
  TokenBucket bucket(1'000'000);
  TimePoint now{};
  std::uint64_t taken = 0;
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds(10);
    const auto bytes = bucket.available(now);
    bucket.consume(now, bytes);
    taken += bytes;
  }
  EXPECT_LE(taken, 10'000'000U + 250'000U);
  EXPECT_GE(taken, 9'900'000U);
}

TEST(TokenBucket, ReadyAtIsTheMomentTheBytesAreThere) {
  TokenBucket bucket(100'000);
  TimePoint now{};
  bucket.consume(now, bucket.available(now));
  const TimePoint ready = bucket.ready_at(now, 16384);
  EXPECT_GT(ready, now);
  EXPECT_GE(bucket.available(ready), 16384U);
  TokenBucket unlimited;
  EXPECT_EQ(unlimited.ready_at(now, 1 << 30), now);
}

TEST(RateMeter, ApproachesTheTrueRateAndDecaysInSilence) {
  RateMeter meter;
  TimePoint now{};
  for (int i = 0; i < 200; ++i) {
    now += milliseconds(100);
    meter.add(now, 10'000);
  }
  EXPECT_NEAR(meter.bytes_per_second(now), 100'000, 6'000);
  EXPECT_LT(meter.bytes_per_second(now + seconds(60)), 1'000);
}

TEST(Utf8, RepairsWhatIsIllFormedAndKeepsTheRest) {
  EXPECT_TRUE(is_utf8("aäß€😀"));
  for (std::string_view bad :
       {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_TRUE(is_utf8(repair_utf8(bad)));
  }
  EXPECT_EQ(repair_utf8("a\xe2\x82z"), "a\xef\xbf\xbdz");
  EXPECT_EQ(utf8_prefix("aä", 2), "a");
  EXPECT_EQ(utf8_prefix("aä", 3), "aä");
}

}  // namespace
}  // namespace weir
