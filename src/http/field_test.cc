// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/field.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(HttpField, NumbersSaturateInsteadOfWrapping) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_EQ(parse_number("18446744073709551616"), ~std::uint64_t{0});
  EXPECT_EQ(parse_number(std::string(2000, '9')), ~std::uint64_t{0});
  for (const std::string_view bad : {"", "+1", "-1", " 1", "0x5", "1.0", "5,"}) {
    EXPECT_FALSE(parse_number(bad)) << bad;
  }
}

TEST(HttpField, QuotedStringsAreUnescapedAndMustBeClosed) {
  EXPECT_EQ(Scanner("\"a\\\"b\\\\c\"").take_quoted(), "a\"b\\c");
  for (const std::string_view bad : {"\"abc", "\"abc\\\"", "\"abc\\", "abc", "\"a\nb\"", ""}) {
    EXPECT_FALSE(Scanner(bad).take_quoted()) << bad;
  }
  for (const std::string_view text : {"", "plain", "a\"b\\c", "\t \xc3\xa9"}) {
    EXPECT_EQ(Scanner(quoted(text)).take_quoted(), text);
  }
}

TEST(HttpField, ParametersKeepOrderAndLowerTheirNames) {
  Scanner in(" ;; A=b ; c=\"d;e\" ;");
  const auto parameters = take_parameters(in);
  ASSERT_TRUE(parameters);
  EXPECT_EQ(*parameters, (std::vector<Parameter>{{"a", "b"}, {"c", "d;e"}}));
}

TEST(HttpField, ParametersAreBounded) {
  for (const std::size_t count : {kParametersMax, kParametersMax + 1}) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += ";a=b";
    Scanner in(text);
    const auto parameters = take_parameters(in);
    EXPECT_EQ(parameters.has_value(), count == kParametersMax);
    if (!parameters) {
      EXPECT_EQ(parameters.error(), HttpErrc::too_many);
    }
  }
}

TEST(HttpField, EveryErrorHasAStatusAndASentence) {
  for (int code = 0; code <= static_cast<int>(HttpErrc::scope_missing); ++code) {
    const auto error = static_cast<HttpErrc>(code);
    EXPECT_GE(status_of(error), 400);
    EXPECT_LT(status_of(error), 500);
    EXPECT_TRUE(text_of(error).ends_with('.'));
  }
  EXPECT_EQ(status_of(HttpErrc::host_not_allowed), 421);
  EXPECT_EQ(status_of(HttpErrc::foreign_origin), 403);
  EXPECT_EQ(status_of(HttpErrc::target_too_long), 414);
}

}  // namespace
}  // namespace weir::http
