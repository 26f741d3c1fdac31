// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/cat_range.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Stretch = std::optional<std::pair<std::uint64_t, std::uint64_t>>;

Stretch within(std::string_view text, std::uint64_t length) {
  const auto range = parse_cat_range(text);
  EXPECT_TRUE(range.has_value()) << text;
  return range ? range->within(length) : std::nullopt;
}

TEST(CatRange, IsClosedOpenOrASuffixAndGoesIntoARangeFieldAsItIs) {
  for (const char* text : {"0-0", "5-9", "7-", "-3", "0-4611686018427387904"}) {
    const auto range = parse_cat_range(text);
    ASSERT_TRUE(range.has_value()) << text;
    EXPECT_EQ(range->text(), text);
  }
  for (const char* text : {"", "-", "5", "-0", "9-5", "a-b", "+1-2", "1-2,4-5", "1--2", " 1-2",
                           "4611686018427387905-", "99999999999999999999-"}) {
    EXPECT_FALSE(parse_cat_range(text).has_value()) << text;
  }
}

TEST(CatRange, TakesWhatTheFileHasOfIt) {
  EXPECT_EQ(within("5-9", 100), Stretch(std::pair(5u, 5u)));
  EXPECT_EQ(within("5-999", 100), Stretch(std::pair(5u, 95u)));
  EXPECT_EQ(within("99-", 100), Stretch(std::pair(99u, 1u)));
  EXPECT_EQ(within("-7", 100), Stretch(std::pair(93u, 7u)));
  EXPECT_EQ(within("-200", 100), Stretch(std::pair(0u, 100u)));
  EXPECT_EQ(within("100-", 100), std::nullopt);
  EXPECT_EQ(within("-1", 0), std::nullopt);
  EXPECT_EQ(within("0-4611686018427387904", 1), Stretch(std::pair(0u, 1u)));
}

}  // namespace
}  // namespace weir
