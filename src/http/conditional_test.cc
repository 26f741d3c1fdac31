// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/conditional.h"

#include <gtest/gtest.h>

#include "http/field.h"

namespace weir::http {
namespace {

constexpr UnixSeconds kModified = 784111777;
constexpr std::string_view kModifiedText = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr UnixSeconds kNow = 1700000000;

Representation content() { return {1000, EntityTag{"abc", false}, kModified}; }

int status(const ConditionalFields& fields, RetrievalMethod method = RetrievalMethod::get) {
  return select(method, fields, content(), kNow).status;
}

TEST(HttpEtag, ReadsStrongAndWeakTags) {
  EXPECT_EQ(parse_etag("\"xyzzy\""), (EntityTag{"xyzzy", false}));
  EXPECT_EQ(parse_etag("W/\"xyzzy\""), (EntityTag{"xyzzy", true}));
  EXPECT_EQ(parse_etag("\"\""), (EntityTag{"", false}));
  EXPECT_EQ(parse_etag("\"a\\b\""), (EntityTag{"a\\b", false}));
  for (const std::string_view bad :
       {"", "xyzzy", "w/\"a\"", "W/", "\"a", "\"a\"b", "\"a b\"", "\"a\"\"", "'a'", "\"a\x7f\""}) {
    EXPECT_FALSE(parse_etag(bad)) << bad;
  }
  EXPECT_EQ(format_etag({"a", true}), "W/\"a\"");
  EXPECT_EQ(format_etag({"a", false}), "\"a\"");
}

TEST(HttpEtag, ComparesAsTheTableOfRfc9110) {
  const EntityTag weak1{"1", true}, weak2{"2", true}, strong1{"1", false};
  EXPECT_FALSE(strong_match(weak1, weak1));
  EXPECT_TRUE(weak_match(weak1, weak1));
  EXPECT_FALSE(weak_match(weak1, weak2));
  EXPECT_FALSE(strong_match(weak1, strong1));
  EXPECT_TRUE(weak_match(weak1, strong1));
  EXPECT_TRUE(strong_match(strong1, strong1));
}

TEST(HttpEtag, ListsAreBounded) {
  std::string field;
  for (std::size_t i = 0; i < kEntityTagsMax; ++i) field += "\"a\",";
  EXPECT_EQ(parse_etag_list(field)->tags.size(), kEntityTagsMax);
  EXPECT_EQ(parse_etag_list(field + "\"b\"").error(), HttpErrc::too_many);
  EXPECT_TRUE(parse_etag_list("\"" + std::string(kFieldBytesMax - 2, 'a') + "\""));
  EXPECT_EQ(parse_etag_list("\"" + std::string(kFieldBytesMax - 1, 'a') + "\"").error(),
            HttpErrc::too_long);
  EXPECT_TRUE(parse_etag_list(" * ")->any);
  EXPECT_EQ(parse_etag_list(", W/\"a,b\" , \"c\"")->tags.size(), 2U);
  for (const std::string_view bad : {"", ",", "a", "\"a\" \"b\"", "*, \"a\"", "\"a"}) {
    EXPECT_EQ(parse_etag_list(bad).error(), HttpErrc::malformed) << bad;
  }
}

TEST(HttpConditional, WithoutConditionsEverythingIsSent) { EXPECT_EQ(status({}), 200); }

TEST(HttpConditional, IfNoneMatchComparesWeaklyAndOutranksTheDate) {
  EXPECT_EQ(status({.if_none_match = "\"abc\""}), 304);
  EXPECT_EQ(status({.if_none_match = "W/\"abc\", \"x\""}), 304);
  EXPECT_EQ(status({.if_none_match = "*"}), 304);
  EXPECT_EQ(status({.if_none_match = "\"x\""}), 200);
  EXPECT_EQ(status({.if_none_match = "\"x\"", .if_modified_since = kModifiedText}), 200);
  EXPECT_EQ(status({.if_none_match = "garbage", .if_modified_since = kModifiedText}), 200);
  EXPECT_EQ(status({.if_none_match = "\"abc\""}, RetrievalMethod::head), 304);
}

TEST(HttpConditional, IfModifiedSinceComparesSeconds) {
  EXPECT_EQ(status({.if_modified_since = kModifiedText}), 304);
  EXPECT_EQ(status({.if_modified_since = kEarlier}), 200);
  EXPECT_EQ(status({.if_modified_since = "yesterday"}), 200);
}

TEST(HttpConditional, IfMatchComparesStronglyAndOutranksTheDate) {
  EXPECT_EQ(status({.if_match = "\"abc\""}), 200);
  EXPECT_EQ(status({.if_match = "*"}), 200);
  EXPECT_EQ(status({.if_match = "W/\"abc\""}), 412);
  EXPECT_EQ(status({.if_match = "\"x\""}), 412);
  EXPECT_EQ(status({.if_match = "garbage"}), 400);
  EXPECT_EQ(status({.if_match = "\"abc\"", .if_unmodified_since = kEarlier}), 200);
  EXPECT_EQ(status({.if_unmodified_since = kEarlier}), 412);
  EXPECT_EQ(status({.if_unmodified_since = kModifiedText}), 200);
  EXPECT_EQ(status({.if_unmodified_since = "soon"}), 200);
}

TEST(HttpConditional, IfMatchOutranksIfNoneMatch) {
  EXPECT_EQ(status({.if_match = "\"x\"", .if_none_match = "\"abc\""}), 412);
}

TEST(HttpConditional, AnyTagMatchesOnlyWhatExists) {
  EXPECT_EQ(may_change({.if_match = "*"}, std::nullopt, kNow), false);
  EXPECT_EQ(may_change({.if_match = "*"}, content(), kNow), true);
  EXPECT_EQ(may_change({}, std::nullopt, kNow), true);
}

TEST(HttpConditional, RangesAreForGetAlone) {
  EXPECT_EQ(status({.range = "bytes=0-1"}), 206);
  EXPECT_EQ(status({.range = "bytes=0-1"}, RetrievalMethod::head), 200);
  EXPECT_EQ(status({.range = "bytes=1000-"}), 416);
  EXPECT_EQ(status({.range = "bytes=5-2"}), 200);
  EXPECT_EQ(status({.if_none_match = "\"abc\"", .range = "bytes=0-1"}), 304);
  EXPECT_EQ(select(RetrievalMethod::get, {.range = "bytes=2-3"}, content(), kNow).ranges,
            (std::vector<ByteRange>{{2, 2}}));
}

TEST(HttpConditional, IfRangeSendsTheWholeUnlessTheContentIsTheSame) {
  const auto with = [](std::string_view if_range) {
    return status({.if_range = if_range, .range = "bytes=0-1"});
  };
  EXPECT_EQ(with("\"abc\""), 206);
  EXPECT_EQ(with("W/\"abc\""), 200);
  EXPECT_EQ(with("\"x\""), 200);
  EXPECT_EQ(with(kModifiedText), 206);
  // Neither an earlier nor a later date is the same content.
  EXPECT_EQ(with(kEarlier), 200);
  EXPECT_EQ(with("Sun, 06 Nov 1994 08:49:38 GMT"), 200);
  EXPECT_EQ(with("garbage"), 200);
  EXPECT_EQ(status({.if_range = "\"x\"", .range = "bytes=1000-"}), 200);
}

TEST(HttpConditional, ADateOfThisSecondIsNoStrongValidator) {
  const ConditionalFields fields{.if_range = kModifiedText, .range = "bytes=0-1"};
  EXPECT_EQ(select(RetrievalMethod::get, fields, content(), kModified).status, 200);
  EXPECT_EQ(select(RetrievalMethod::get, fields, content(), kModified + 1).status, 206);
}

}  // namespace
}  // namespace weir::http
