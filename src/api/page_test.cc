// SPDX-License-Identifier: MIT OR Apache-2.0
// The page's files over a real server: what a browser is told about them.
#include "page/page.h"

#include <gtest/gtest.h>

#include "api/testing/api_fixture.h"

namespace weir {
namespace {

class PageRouteTest : public ApiFixture {
 protected:
  // Nothing when it is not there.
  static std::string field(const ClientAnswer& answer, const std::string& name) {
    const auto it = answer.fields.find(name);
    return it == answer.fields.end() ? std::string() : it->second;
  }
  static std::string address_of(std::string_view name) {
    return "/page/" + std::string(page_version()) + "/" + std::string(name);
  }
};

TEST_F(PageRouteTest, TheRootIsThePageWithAStrictPolicy) {
  const auto node = serve("a");
  const ClientAnswer answer = get(*node, "/");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, find_page_file("index.html")->bytes);
  EXPECT_EQ(field(answer, "content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(field(answer, "cache-control"), "no-cache");
  EXPECT_EQ(field(answer, "x-content-type-options"), "nosniff");
  EXPECT_EQ(field(answer, "referrer-policy"), "no-referrer");
  const std::string policy = field(answer, "content-security-policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
}

TEST_F(PageRouteTest, WhatItLoadsNeverChangesAtItsAddress) {
  const auto node = serve("a");
  for (const PageFile& file : page_files()) {
    const ClientAnswer answer = get(*node, address_of(file.name));
    EXPECT_EQ(answer.status, 200U) << file.name;
    EXPECT_EQ(answer.body, file.bytes) << file.name;
    EXPECT_EQ(field(answer, "content-type"), media_type_of(file));
    EXPECT_EQ(field(answer, "cache-control"), "public, max-age=31536000, immutable");
  }
  for (const std::string& other :
       {std::string("/page/0000000000000000/app.js"), std::string("/page/app.js"),
        address_of("none.js"), address_of("..%2fapp.js"), address_of("app.js/")}) {
    const unsigned status = get(*node, other).status;
    EXPECT_TRUE(status == 404 || status == 400) << other << ' ' << status;
  }
}

TEST_F(PageRouteTest, WhatIsKnownIsNotSentAgain) {
  const auto node = serve("a");
  const std::string tag = field(get(*node, "/"), "etag");
  EXPECT_EQ(tag, "\"" + std::string(page_version()) + "\"");
  for (const std::string& known : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    const ClientAnswer answer = get(*node, "/", {{"If-None-Match", known}});
    EXPECT_EQ(answer.status, 304U) << known;
    EXPECT_TRUE(answer.body.empty());
    EXPECT_EQ(field(answer, "etag"), tag);
  }
  EXPECT_EQ(get(*node, "/", {{"If-None-Match", "\"x\""}}).status, 200U);
  EXPECT_EQ(get(*node, "/", {{"If-None-Match", "x"}}).status, 200U);
  EXPECT_EQ(ask(*node, "HEAD", "/").status, 200U);
  EXPECT_EQ(post(*node, "/", as_bytes("x")).status, 405U);
}

TEST_F(PageRouteTest, HTT_13_TheGateIsBeforeItButNoTokenIsNeeded) {
  ApiConfig config;
  ASSERT_TRUE(config.tokens.add("a-token-of-sixteen", http::Scope::admin).has_value());
  const auto node = serve("a", std::move(config));
  EXPECT_EQ(get(*node, "/").status, 200U);
  EXPECT_EQ(get(*node, address_of("app.js")).status, 200U);
  EXPECT_EQ(get(*node, "/api/weir/v1/status").status, 401U);
  EXPECT_EQ(get(*node, "/", {{"Host", "evil.example"}}).status, 421U);
  EXPECT_EQ(get(*node, "/", {{"Origin", "https://evil.example"}}).status, 403U);
  EXPECT_EQ(get(*node, address_of("app.js"), {{"Sec-Fetch-Site", "cross-site"}}).status, 403U);
}

}  // namespace
}  // namespace weir
