// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/target.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

using Names = std::vector<std::string>;

HttpErrc path_error(std::string_view path) {
  const auto decoded = decode_path(path);
  EXPECT_FALSE(decoded) << path;
  return decoded ? HttpErrc::malformed : decoded.error();
}

TEST(HttpTarget, SplitsTheFormsOfRfc9112) {
  const auto origin = parse_target("/where?q=now");
  EXPECT_EQ(origin->form, TargetForm::origin);
  EXPECT_EQ(origin->path, "/where");
  EXPECT_EQ(origin->query, "q=now");
  const auto absolute = parse_target("http://www.example.org/pub/?a?b");
  EXPECT_EQ(absolute->form, TargetForm::absolute);
  EXPECT_EQ(absolute->authority, "www.example.org");
  EXPECT_EQ(absolute->path, "/pub/");
  EXPECT_EQ(absolute->query, "a?b");
  EXPECT_EQ(parse_target("HTTPS://h?x")->path, "/");
  EXPECT_EQ(parse_target("http://h")->path, "/");
  EXPECT_EQ(parse_target("*")->form, TargetForm::asterisk);
}

TEST(HttpTarget, RefusesOtherFormsAndCharacters) {
  for (const std::string_view bad : {"", "example.org:80", "where", "ftp://h/", "file:///etc",
                                     "http:///x", "http://", "javascript:x", "**"}) {
    EXPECT_EQ(parse_target(bad).error(), HttpErrc::malformed) << bad;
  }
  for (const std::string_view bad : {"/a b", "/a\tb", "/a\\b", "/a#b", "/a\x7f", "/a\r\nHost: b"}) {
    EXPECT_EQ(parse_target(bad).error(), HttpErrc::bad_character) << bad;
  }
  EXPECT_EQ(parse_target(std::string_view("/a\0b", 4)).error(), HttpErrc::bad_character);
}

TEST(HttpTarget, HTT_03_TargetsAreBounded) {
  EXPECT_TRUE(parse_target("/" + std::string(kTargetBytesMax - 1, 'a')));
  EXPECT_EQ(parse_target("/" + std::string(kTargetBytesMax, 'a')).error(),
            HttpErrc::target_too_long);
}

TEST(HttpPath, DecodesNames) {
  EXPECT_EQ(decode_path("/")->segments, Names{});
  EXPECT_FALSE(decode_path("/")->trailing_slash);
  EXPECT_EQ(decode_path("/a/b%20c/d+e")->segments, (Names{"a", "b c", "d+e"}));
  EXPECT_EQ(decode_path("/%E2%82%AC/\xe2\x82\xac")->segments, (Names{"\u20ac", "\u20ac"}));
  EXPECT_EQ(decode_path("/a%3Fb%23c%25d")->segments, (Names{"a?b#c%d"}));
  EXPECT_TRUE(decode_path("/a/")->trailing_slash);
  EXPECT_EQ(decode_path("/a/")->segments, Names{"a"});
  EXPECT_EQ(decode_path("/...")->segments, Names{"..."});
  EXPECT_EQ(decode_path("/.hidden")->segments, Names{".hidden"});
}

TEST(HttpPath, HTT_10_NoPathLeavesItsRoot) {
  for (const std::string_view bad : {"/..", "/../..", "/a/../b", "/a/..", "/.", "/./a", "/%2e%2e",
                                     "/%2E%2e/%2e.", "/.%2e/x", "/%2e"}) {
    EXPECT_EQ(path_error(bad), HttpErrc::dot_segment) << bad;
  }
  for (const std::string_view bad :
       {"/..%2f..", "/a%2Fb", "/%2f", "/..%5c..", "/a%5Cb", "/..\\x"}) {
    EXPECT_EQ(path_error(bad), HttpErrc::encoded_separator) << bad;
  }
  for (const std::string_view bad : {"//", "//host", "//host/a", "/a//b", "/a//"}) {
    EXPECT_EQ(path_error(bad), HttpErrc::empty_segment) << bad;
  }
  for (const std::string_view bad : {"/%00", "/a%00.txt", "/a%0d%0aX: y", "/%7f", "/%1b"}) {
    EXPECT_EQ(path_error(bad), HttpErrc::bad_character) << bad;
  }
}

TEST(HttpPath, HTT_10_OverlongFormsAndHalfCharactersAreRefused) {
  for (const std::string_view bad :
       {"/%c0%ae%c0%ae", "/%c0%af", "/%e0%80%af", "/%f0%80%80%af", "/%ff", "/%ed%a0%80", "/%e2%82",
        "/\xc0\xaf", "/%f4%90%80%80"}) {
    EXPECT_EQ(path_error(bad), HttpErrc::not_utf8) << bad;
  }
}

TEST(HttpPath, HTT_10_NothingIsDecodedTwice) {
  EXPECT_EQ(decode_path("/%252e%252e")->segments, Names{"%2e%2e"});
  EXPECT_EQ(decode_path("/%252f")->segments, Names{"%2f"});
  EXPECT_EQ(decode_path("/%2500")->segments, Names{"%00"});
}

TEST(HttpPath, EscapesMustBeWhole) {
  for (const std::string_view bad : {"/%", "/%a", "/%zz", "/%2", "/a%2/b", "/%%20", "/%u002e"}) {
    EXPECT_EQ(path_error(bad), HttpErrc::bad_escape) << bad;
  }
}

TEST(HttpPath, SegmentsAreBounded) {
  std::string path;
  for (std::size_t i = 0; i < kPathSegmentsMax; ++i) path += "/a";
  EXPECT_EQ(decode_path(path)->segments.size(), kPathSegmentsMax);
  EXPECT_TRUE(decode_path(path + "/"));
  EXPECT_EQ(path_error(path + "/a"), HttpErrc::too_many);
}

TEST(HttpPath, WhatIsEncodedIsDecodedAgain) {
  std::string all;
  for (int c = 0x20; c < 0x7f; ++c) {
    if (c != '/' && c != '\\') all += static_cast<char>(c);
  }
  const Names names{all, "na\u00efve \U0001F600", "%2e%2e", "a"};
  const std::string path = encode_path(names);
  EXPECT_TRUE(parse_target(path));
  EXPECT_EQ(decode_path(path)->segments, names);
  EXPECT_EQ(encode_path({}), "/");
}

TEST(HttpQuery, DecodesPairsInOrder) {
  const auto query = Query::parse("a=1&b=x+y%26z&&c&=d&a=2");
  ASSERT_TRUE(query);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a", "1"}, {"b", "x y&z"}, {"c", ""}, {"", "d"}, {"a", "2"}};
  EXPECT_TRUE(
      std::equal(expected.begin(), expected.end(), query->pairs().begin(), query->pairs().end()));
  EXPECT_EQ(**query->only("b"), "x y&z");
  EXPECT_EQ(**query->only("c"), "");
  EXPECT_EQ(*query->only("none"), std::nullopt);
  EXPECT_EQ(query->only("a").error(), HttpErrc::duplicate);
}

TEST(HttpQuery, RefusesBrokenTextAndTooManyPairs) {
  EXPECT_EQ(Query::parse("a=%").error(), HttpErrc::bad_escape);
  EXPECT_EQ(Query::parse("a=%00").error(), HttpErrc::bad_character);
  EXPECT_EQ(Query::parse("%0a=b").error(), HttpErrc::bad_character);
  EXPECT_EQ(Query::parse("a=%ff").error(), HttpErrc::not_utf8);
  std::string text;
  for (std::size_t i = 0; i < kQueryPairsMax; ++i) text += "&a=b";
  EXPECT_EQ(Query::parse(text)->pairs().size(), kQueryPairsMax);
  EXPECT_EQ(Query::parse(text + "&c=d").error(), HttpErrc::too_many);
}

}  // namespace
}  // namespace weir::http
