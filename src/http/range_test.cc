// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/range.h"

#include <gtest/gtest.h>

#include "http/field.h"
#include "http/multipart.h"

namespace weir::http {
namespace {

using Ranges = std::vector<ByteRange>;

constexpr std::uint64_t kLength = 10000;  // as in the examples of RFC 9110 section 14.1.2

Ranges ranges_of(std::string_view field, std::uint64_t length = kLength) {
  const RangePlan plan = plan_ranges(field, length);
  EXPECT_EQ(plan.kind == RangeKind::partial, !plan.ranges.empty()) << field;
  return plan.ranges;
}

RangeKind kind_of(std::string_view field, std::uint64_t length = kLength) {
  return plan_ranges(field, length).kind;
}

TEST(HttpRange, UnderstandsTheExamplesOfRfc9110) {
  EXPECT_EQ(ranges_of("bytes=0-499"), (Ranges{{0, 500}}));
  EXPECT_EQ(ranges_of("bytes=500-999"), (Ranges{{500, 500}}));
  EXPECT_EQ(ranges_of("bytes=-500"), (Ranges{{9500, 500}}));
  EXPECT_EQ(ranges_of("bytes=9500-"), (Ranges{{9500, 500}}));
  EXPECT_EQ(ranges_of("bytes=0-0,-1"), (Ranges{{0, 1}, {9999, 1}}));
  EXPECT_EQ(ranges_of("bytes= 0-999, 4500-5499, -1000"),
            (Ranges{{0, 1000}, {4500, 1000}, {9000, 1000}}));
  EXPECT_EQ(ranges_of("bytes=500-600,601-999"), (Ranges{{500, 500}}));
  EXPECT_EQ(ranges_of("bytes=500-700,601-999"), (Ranges{{500, 500}}));
}

TEST(HttpRange, EndsBeyondTheContentAreCut) {
  EXPECT_EQ(ranges_of("bytes=9999-20000"), (Ranges{{9999, 1}}));
  EXPECT_EQ(ranges_of("bytes=-20000"), (Ranges{{0, kLength}}));
  EXPECT_EQ(ranges_of("bytes=0-"), (Ranges{{0, kLength}}));
  EXPECT_EQ(ranges_of("bytes=0-18446744073709551615"), (Ranges{{0, kLength}}));
  EXPECT_EQ(ranges_of("bytes=-99999999999999999999999"), (Ranges{{0, kLength}}));
}

TEST(HttpRange, HTT_08_RangesThatCannotBeServedAre416) {
  for (const std::string_view field :
       {"bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=18446744073709551615-",
        "bytes=99999999999999999999999999-", "bytes=10000-,-0"}) {
    EXPECT_EQ(kind_of(field), RangeKind::unsatisfiable) << field;
  }
  EXPECT_EQ(content_range_unsatisfied(kLength), "bytes */10000");
  // One that can be served is enough.
  EXPECT_EQ(ranges_of("bytes=10000-,5-5"), (Ranges{{5, 1}}));
}

TEST(HttpRange, HTT_08_WhatFollowsNoGrammarIsIgnored) {
  for (const std::string_view field :
       {"", "bytes", "bytes=", "bytes=,", "bytes=5-2", "bytes=a-b", "bytes=-", "bytes=--1",
        "bytes=1", "bytes=0-1,5-2", "bytes=0x0-0x5", "bytes=+1-2", "bytes=0 -1", "bytes =0-1",
        "items=0-1", "=0-1", "bytes=0-1;2-3", "bytes=1-2-3", "bytes=0-\t1"}) {
    EXPECT_EQ(kind_of(field), RangeKind::whole) << field;
  }
}

TEST(HttpRange, UnitIsCaseInsensitiveAndEmptyElementsAreSkipped) {
  EXPECT_EQ(ranges_of("Bytes=,0-0 ,, \t9000-9000,"), (Ranges{{0, 1}, {9000, 1}}));
}

TEST(HttpRange, AnEmptyContentIsAlwaysSentWhole) {
  for (const std::string_view field : {"bytes=0-", "bytes=0-0", "bytes=-5", "bytes=5-"}) {
    EXPECT_EQ(kind_of(field, 0), RangeKind::whole) << field;
  }
}

TEST(HttpRange, OrderIsKeptAndMergedRangesStandAtTheFirst) {
  EXPECT_EQ(ranges_of("bytes=9000-9009,0-9"), (Ranges{{9000, 10}, {0, 10}}));
  EXPECT_EQ(ranges_of("bytes=9000-9009,0-9,9005-9014"), (Ranges{{9000, 15}, {0, 10}}));
  // The last joins the two before it into one.
  EXPECT_EQ(ranges_of("bytes=5000-5009,0-9,1000-1009,5-1000"), (Ranges{{5000, 10}, {0, 1010}}));
}

TEST(HttpRange, GapsAreMergedUpToTheCostOfAPart) {
  const auto with_gap = [](std::uint64_t gap) {
    return ranges_of("bytes=0-9," + std::to_string(10 + gap) + "-" + std::to_string(19 + gap));
  };
  EXPECT_EQ(with_gap(kRangeGapMerged - 1).size(), 1U);
  EXPECT_EQ(with_gap(kRangeGapMerged).size(), 2U);
}

TEST(HttpRange, LIM_13_SixteenRangesAreServedAndSeventeenIgnored) {
  std::string field = "bytes=0-0";
  for (std::size_t i = 1; i < kRangesMax; ++i) {
    field += "," + std::to_string(i * 500) + "-" + std::to_string(i * 500);
  }
  EXPECT_EQ(ranges_of(field).size(), kRangesMax);
  EXPECT_EQ(kind_of(field + ",9000-9000"), RangeKind::whole);
}

TEST(HttpRange, HTT_08_ThousandsOfOverlappingRangesNeverMultiplyTheBody) {
  std::string field = "bytes=0-";
  for (int i = 0; i < 1299; ++i) field += ",0-";
  EXPECT_EQ(kind_of(field, 64 << 20), RangeKind::whole);
  EXPECT_EQ(ranges_of("bytes=0-,0-,5-,-9999,0-0", 64 << 20), (Ranges{{0, 64 << 20}}));
}

TEST(HttpRange, AFieldAtItsLimitIsReadAndOnePastItIgnored) {
  const std::string field = "bytes=0-0";
  EXPECT_EQ(kind_of(field + std::string(kFieldBytesMax - field.size(), ',')), RangeKind::partial);
  EXPECT_EQ(kind_of(field + std::string(kFieldBytesMax + 1 - field.size(), ',')), RangeKind::whole);
  EXPECT_EQ(kind_of("bytes=" + std::string(65536, '0') + "-"), RangeKind::whole);
}

TEST(HttpRange, LengthsUpToTwoToThe63Work) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 63;
  EXPECT_EQ(ranges_of("bytes=0-", kHuge), (Ranges{{0, kHuge}}));
  EXPECT_EQ(ranges_of("bytes=0-0,-1", kHuge), (Ranges{{0, 1}, {kHuge - 1, 1}}));
  EXPECT_EQ(content_range({kHuge - 1, 1}, kHuge),
            "bytes 9223372036854775807-9223372036854775807/9223372036854775808");
}

TEST(HttpRange, ContentRangeIsInclusive) {
  EXPECT_EQ(content_range({42, 1192}, 1234), "bytes 42-1233/1234");
}

TEST(HttpMultipart, LengthIsExactlyThatOfTheBody) {
  const std::string content(8000, 'x');
  std::array<std::byte, 16> nonce{};
  nonce[0] = std::byte{0xab};
  const RangePlan ranges = plan_ranges("bytes=500-999,7000-7999", content.size());
  const MultipartPlan plan =
      plan_multipart(ranges.ranges, content.size(), "application/pdf", nonce);
  std::string body;
  for (const MultipartPart& part : plan.parts) {
    body += part.before + content.substr(part.range.offset, part.range.length);
  }
  body += plan.end;
  EXPECT_EQ(body.size(), plan.content_length);
  const std::string boundary = "weir-ab000000000000000000000000000000";
  EXPECT_EQ(plan.content_type, "multipart/byteranges; boundary=" + boundary);
  EXPECT_EQ(body, "--" + boundary +
                      "\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-999/8000"
                      "\r\n\r\n" +
                      std::string(500, 'x') + "\r\n--" + boundary +
                      "\r\nContent-Type: application/pdf\r\nContent-Range: bytes 7000-7999/8000"
                      "\r\n\r\n" +
                      std::string(1000, 'x') + "\r\n--" + boundary + "--\r\n");
}

}  // namespace
}  // namespace weir::http
