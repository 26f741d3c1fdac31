// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/date.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

constexpr UnixSeconds kExample = 784111777;  // the instant RFC 9110 section 5.6.7 uses
constexpr UnixSeconds kNow = 1700000000;     // 2023

TEST(HttpDate, ReadsTheThreeFormsOfRfc9110) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", kNow), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994", kNow), kExample + 10 * 86400);
}

TEST(HttpDate, WritesTheFixedForm) {
  EXPECT_EQ(format_http_date(kExample), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(format_http_date(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_http_date(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(HttpDate, WhatIsWrittenIsReadAgain) {
  for (UnixSeconds time = -62167219200; time < 253402300799; time += 86399 * 1009) {
    ASSERT_EQ(parse_http_date(format_http_date(time), kNow), time);
  }
}

TEST(HttpDate, TwoDigitYearsAreAtMostFiftyYearsAhead) {
  const auto year_of = [](std::string_view two) {
    const auto time = parse_http_date("Monday, 01-Jan-" + std::string(two) + " 00:00:00 GMT", kNow);
    return time ? format_http_date(*time).substr(12, 4) : "";
  };
  EXPECT_EQ(year_of("73"), "2073");
  EXPECT_EQ(year_of("74"), "1974");
  EXPECT_EQ(year_of("00"), "2000");
}

TEST(HttpDate, AcceptsALeapSecondAndALeapDay) {
  EXPECT_TRUE(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", kNow));
  EXPECT_TRUE(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT", kNow));
}

TEST(HttpDate, RefusesWhatIsNoDate) {
  for (const std::string_view bad :
       {"", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 00:60:00 GMT",
        "Sun, 06 Nov 1994 00:00:61 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Xyz, 06 Nov 1994 08:49:37 GMT", "Wed, 29 Feb 2023 00:00:00 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994"}) {
    EXPECT_FALSE(parse_http_date(bad, kNow)) << bad;
  }
}

}  // namespace
}  // namespace weir::http
