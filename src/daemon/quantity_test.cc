// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/quantity.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(ParseSize, ReadsPlainNumbersAndPowersOf1024) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("1500"), 1500u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("64k"), 65536u);
  EXPECT_EQ(parse_size("1.5M"), 1572864u);
  EXPECT_EQ(parse_size("2GiB"), 2147483648u);
  EXPECT_EQ(parse_size("2GB"), 2147483648u);
  EXPECT_EQ(parse_size("1T"), 1099511627776u);
  EXPECT_EQ(parse_size("7B"), 7u);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text : {"", "K", "-1", "+1", "1 K", "1X", "1KK", "1iB", "1Ki", "0x10", "1e3",
                           "nan", "1.2.3", ".", "10000000T"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(ParseTime, ReadsSecondsAndUnits) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_time("90"), milliseconds(90'000));
  EXPECT_EQ(parse_time("0.5s"), milliseconds(500));
  EXPECT_EQ(parse_time("10m"), milliseconds(600'000));
  EXPECT_EQ(parse_time("2h"), milliseconds(7'200'000));
  for (const char* text : {"", "0", "-1", "soon", "1d", "1000000h"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(ParseListen, AcceptsAddressesAndBarePorts) {
  const auto one = parse_listen("127.0.0.1:7000");
  ASSERT_TRUE(one);
  ASSERT_EQ(one->size(), 1u);
  EXPECT_EQ((*one)[0].text(), "127.0.0.1:7000");
  for (const char* text : {"7000", ":7000"}) {
    const auto both = parse_listen(text);
    ASSERT_TRUE(both) << text;
    ASSERT_EQ(both->size(), 2u);
    EXPECT_TRUE((*both)[0].address.is_v4());
    EXPECT_FALSE((*both)[1].address.is_v4());
  }
  EXPECT_EQ(parse_listen("65535")->front().port, 65535);
  for (const char* text : {"", ":", "65536", "host:1", "::1:7000", "1.2.3.4"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

}  // namespace
}  // namespace weir
