// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include "hash/sha.h"
#include "http/accept.h"
#include "http/field.h"
#include "http/host.h"
#include "http/origin.h"
#include "http/token.h"

namespace weir::http {
namespace {

// --- Accept ---------------------------------------------------------------------------------

constexpr std::array<std::string_view, 2> kOffers = {"text/html", "application/json"};

std::optional<std::size_t> chosen(std::string_view accept) { return negotiate(accept, kOffers); }

TEST(HttpAccept, TheBestQualityWinsAndThenTheFirstOffer) {
  EXPECT_EQ(negotiate(std::nullopt, kOffers), 0U);
  EXPECT_EQ(chosen("*/*"), 0U);
  EXPECT_EQ(chosen("application/json"), 1U);
  EXPECT_EQ(chosen("Application/JSON, text/html;q=0.9"), 1U);
  EXPECT_EQ(chosen("text/html;q=0.3, application/json;q=0.301"), 1U);
  EXPECT_EQ(chosen("text/*;q=0.3, */*;q=0.5"), 1U);
  EXPECT_EQ(chosen("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"),
            0U);
}

TEST(HttpAccept, TheMostSpecificRangeDecides) {
  EXPECT_EQ(chosen("text/html;q=0, */*"), 1U);
  EXPECT_EQ(chosen("*/*;q=0.1, text/html;q=0.05"), 1U);
  EXPECT_EQ(chosen("text/*;q=0.1, text/html;level=1;q=1, application/json;q=0.5"), 0U);
}

TEST(HttpAccept, NothingIsAlsoAnAnswer) {
  EXPECT_EQ(chosen("image/png"), std::nullopt);
  EXPECT_EQ(chosen("*/*;q=0"), std::nullopt);
  EXPECT_EQ(chosen("text/html;q=0.000"), std::nullopt);
}

TEST(HttpAccept, HTT_30_WhatIsNotUnderstoodAcceptsEverything) {
  for (const std::string_view odd :
       {"", ",", "text", "text/html;q=2", "text/html;q=1.001", "text/html;q=0.1234",
        "a/b;q=", "application/json;q=-1", "\"", ";;;", "application/json q=1", "*"}) {
    EXPECT_EQ(chosen(odd), 0U) << odd;
  }
  EXPECT_EQ(chosen("application/json," + std::string(kFieldBytesMax, ',')), 0U);
}

TEST(HttpAccept, RangesAreBounded) {
  std::string many;
  for (std::size_t i = 0; i + 1 < kAcceptRangesMax; ++i) many += "a/b,";
  EXPECT_EQ(chosen(many + "application/json"), 1U);
  EXPECT_EQ(chosen(many + "a/b,application/json"), std::nullopt);
}

// --- Host -----------------------------------------------------------------------------------

HttpResult<Authority> host(std::string_view field, const HostPolicy& policy = {}) {
  const std::array<std::string_view, 1> fields = {field};
  return check_host(fields, "", policy);
}

TEST(HttpHost, AnAuthorityIsWrittenAsItIsRead) {
  for (const char* text :
       {"localhost", "a.example:80", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[2001:db8::1]:443"}) {
    EXPECT_EQ(format_authority(*parse_authority(text)), text);
  }
  EXPECT_EQ(format_authority(*parse_authority("A.Example.:80")), "a.example:80");
}

TEST(HttpHost, HTT_11_LocalhostAndLiteralsAreAccepted) {
  for (const std::string_view good :
       {"localhost", "LocalHost:8080", "localhost.", "localhost.:1", "localhost:", "127.0.0.1",
        "127.0.0.1:8080", "[::1]", "[::1]:8080", "192.168.1.5:8080", "[fe80::1]"}) {
    EXPECT_TRUE(host(good)) << good;
  }
  EXPECT_EQ(host("LOCALHOST.:80")->host, "localhost");
}

TEST(HttpHost, HTT_11_ForeignNamesAre421) {
  for (const std::string_view foreign :
       {"evil.com", "evil.com:8080", "localhost.evil.com", "evillocalhost", "127.0.0.1.evil.com",
        "a.localhost", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "node.example"}) {
    const auto result = host(foreign);
    ASSERT_FALSE(result) << foreign;
    EXPECT_EQ(status_of(result.error()), 421) << foreign;
  }
}

TEST(HttpHost, HTT_11_MalformedMissingOrRepeatedIs400) {
  for (const std::string_view bad : {"",
                                     " ",
                                     ":80",
                                     "localhost:0",
                                     "localhost:65536",
                                     "localhost:999999",
                                     "localhost:8a",
                                     "localhost:80:80",
                                     "a b",
                                     "user@localhost",
                                     "localhost/",
                                     "[::1",
                                     "::1",
                                     "[127.0.0.1]",
                                     "[::1]x",
                                     "[::1%25eth0]",
                                     "local\thost",
                                     ".",
                                     "..",
                                     ".localhost",
                                     "a..b",
                                     "localhost..",
                                     "loc\xc3\xa4lhost",
                                     "localhost, localhost",
                                     "*"}) {
    const auto result = host(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(status_of(result.error()), 400) << bad;
  }
  const std::array<std::string_view, 2> two = {"localhost", "localhost"};
  EXPECT_EQ(check_host(two, "", {}).error(), HttpErrc::duplicate);
  EXPECT_EQ(check_host({}, "localhost", {}).error(), HttpErrc::malformed);
}

TEST(HttpHost, ConfiguredNamesMayBeBoundToAPort) {
  const HostPolicy policy{{{"node.example"}, {"proxy.example", 8443}}};
  EXPECT_TRUE(host("NODE.example.", policy));
  EXPECT_TRUE(host("node.example:1234", policy));
  EXPECT_TRUE(host("proxy.example:8443", policy));
  EXPECT_EQ(host("proxy.example", policy).error(), HttpErrc::host_not_allowed);
  EXPECT_EQ(host("proxy.example:80", policy).error(), HttpErrc::host_not_allowed);
}

TEST(HttpHost, TheTargetOutranksTheField) {
  const std::array<std::string_view, 1> good = {"localhost"};
  const std::array<std::string_view, 1> evil = {"evil.com"};
  const std::array<std::string_view, 1> bad = {"a b"};
  EXPECT_EQ(check_host(good, "evil.com", {}).error(), HttpErrc::host_not_allowed);
  EXPECT_TRUE(check_host(evil, "localhost:80", {}));
  EXPECT_EQ(check_host(bad, "localhost", {}).error(), HttpErrc::malformed);
  EXPECT_EQ(check_host(good, "user@localhost", {}).error(), HttpErrc::malformed);
}

TEST(HttpHost, NamesAreBounded) {
  const HostPolicy policy{{{std::string(253, 'a')}}};
  EXPECT_TRUE(host(std::string(253, 'a'), policy));
  EXPECT_EQ(host(std::string(254, 'a'), policy).error(), HttpErrc::malformed);
}

// --- Origin and CORS ------------------------------------------------------------------------

bool is_let_in(const OriginFields& fields, std::string_view own = "localhost:8080",
               const OriginPolicy& policy = {}) {
  return check_origin(fields, Method::get, *parse_authority(own), policy).has_value();
}

TEST(HttpOrigin, ProgramsAndOwnPagesAreLetIn) {
  EXPECT_TRUE(is_let_in({}));
  EXPECT_TRUE(is_let_in({.origin = "http://localhost:8080"}));
  EXPECT_TRUE(is_let_in({.origin = "http://localhost:8080", .fetch_site = "same-origin"}));
  EXPECT_TRUE(is_let_in({.fetch_site = "same-origin"}));
  EXPECT_TRUE(is_let_in({.fetch_site = "none"}));
  EXPECT_TRUE(is_let_in({.origin = "http://[::1]"}, "[::1]:80"));
  EXPECT_TRUE(is_let_in({.origin = "http://[::1]"}, "[0:0:0:0:0:0:0:1]"));
  EXPECT_TRUE(is_let_in({.origin = "https://node.example"}, "node.example"));
  EXPECT_TRUE(is_let_in({.origin = "https://node.example"}, "node.example:443"));
}

TEST(HttpOrigin, HTT_13_ForeignPagesAreRefused) {
  for (const std::string_view origin :
       {"http://evil.com", "null", "", "http://localhost", "http://localhost:8081",
        "http://localhost:8080.evil.com", "https://localhost", "file://", "ftp://localhost:8080",
        "http://evil.com http://localhost:8080", "localhost:8080", "http://127.0.0.1:8080",
        "http://user@localhost:8080", "*", "http://localhost:8080/"}) {
    EXPECT_FALSE(is_let_in({.origin = origin})) << origin;
  }
}

TEST(HttpOrigin, HTT_14_CrossSiteRequestsAreRefusedEvenWithoutOrigin) {
  for (const std::string_view site : {"cross-site", "same-site", "", "anything"}) {
    EXPECT_FALSE(is_let_in({.fetch_site = site})) << site;
  }
}

TEST(HttpOrigin, ConfiguredOriginsAreComparedExactly) {
  const OriginPolicy policy{.allowed = {"https://app.example"}};
  const auto is_in = [&](std::string_view origin) {
    return is_let_in({.origin = origin, .fetch_site = "cross-site"}, "localhost", policy);
  };
  EXPECT_TRUE(is_in("https://app.example"));
  EXPECT_FALSE(is_in("https://app.example.evil.com"));
  EXPECT_FALSE(is_in("http://app.example"));
  EXPECT_FALSE(is_in("https://app.example:444"));
  EXPECT_FALSE(is_in("null"));
}

TEST(HttpOrigin, HTT_14_AnyOriginMayReadButNotChange) {
  const OriginPolicy policy{.any = true};
  const Authority own = *parse_authority("localhost");
  for (const OriginFields& fields :
       {OriginFields{.origin = "http://evil.com"}, OriginFields{.origin = "null"},
        OriginFields{.fetch_site = "cross-site"}}) {
    EXPECT_TRUE(check_origin(fields, Method::get, own, policy));
    EXPECT_FALSE(check_origin(fields, Method::post, own, policy));
    EXPECT_FALSE(check_origin(fields, Method::del, own, policy));
  }
  EXPECT_TRUE(check_origin({.origin = "http://localhost"}, Method::post, own, policy));
}

std::string cors_of(const CorsFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

TEST(HttpCors, HTT_13_IsOffUnlessConfigured) {
  EXPECT_TRUE(cors_fields("http://evil.com", {}).empty());
  const std::array methods = {Method::get};
  EXPECT_TRUE(preflight_fields("http://evil.com", {.method = "GET"}, methods, {}).empty());
}

TEST(HttpCors, AListedOriginIsNamedAndOthersOnlyVary) {
  const OriginPolicy policy{.allowed = {"https://app.example"}};
  const CorsFields good = cors_fields("https://app.example", policy);
  EXPECT_EQ(cors_of(good, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(cors_of(good, "Vary"), "Origin");
  for (const auto origin : {std::optional<std::string_view>(), {"http://evil.com"}, {"null"}}) {
    EXPECT_EQ(cors_fields(origin, policy), (CorsFields{{"Vary", "Origin"}}));
  }
}

TEST(HttpCors, HTT_13_AStarNeverComesWithCredentials) {
  const OriginPolicy policy{.allowed = {"https://app.example"}, .any = true};
  const std::array methods = {Method::get, Method::post};
  for (const std::string_view origin : {"http://evil.com", "https://app.example", "null"}) {
    for (const CorsFields& fields :
         {cors_fields(origin, policy),
          preflight_fields(origin, {.method = "GET"}, methods, policy)}) {
      EXPECT_EQ(cors_of(fields, "Access-Control-Allow-Origin"),
                origin == "https://app.example" ? origin : "*");
      EXPECT_EQ(cors_of(fields, "Access-Control-Allow-Credentials"), "");
    }
  }
}

TEST(HttpCors, HTT_14_PreflightsOfUnlistedOriginsAllowReadingAlone) {
  const OriginPolicy policy{.any = true};
  const std::array methods = {Method::get, Method::post};
  EXPECT_FALSE(preflight_fields("http://evil.com", {.method = "GET"}, methods, policy).empty());
  EXPECT_TRUE(preflight_fields("http://evil.com", {.method = "POST"}, methods, policy).empty());
}

TEST(HttpCors, PreflightsNameMethodsAndHeaders) {
  const OriginPolicy policy{.allowed = {"https://a"}};
  const std::array methods = {Method::get, Method::del};
  const auto ask = [&](const PreflightFields& asked) {
    return preflight_fields("https://a", asked, methods, policy);
  };
  const CorsFields good = ask({.method = "DELETE", .headers = "Authorization, range"});
  EXPECT_EQ(cors_of(good, "Access-Control-Allow-Methods"), "GET, DELETE");
  EXPECT_NE(cors_of(good, "Access-Control-Allow-Headers").find("authorization"), std::string::npos);
  EXPECT_EQ(cors_of(good, "Access-Control-Allow-Private-Network"), "");
  EXPECT_TRUE(ask({.method = "POST"}).empty());
  EXPECT_TRUE(ask({.method = "delete"}).empty());
  EXPECT_TRUE(ask({.method = "GET", .headers = "x-evil"}).empty());
  EXPECT_EQ(cors_of(ask({.method = "GET", .private_network = true}),
                    "Access-Control-Allow-Private-Network"),
            "true");
  EXPECT_TRUE(preflight_fields("https://b", {.method = "GET", .private_network = true}, methods,
                               {.allowed = {"https://a"}, .any = true})
                  .empty());
}

TEST(HttpCors, PreflightHeadersAreBounded) {
  const OriginPolicy policy{.allowed = {"https://a"}};
  const std::array methods = {Method::get};
  std::string names = "range";
  for (std::size_t i = 1; i < kPreflightHeadersMax; ++i) names += ",range";
  EXPECT_FALSE(preflight_fields("https://a", {"GET", names}, methods, policy).empty());
  names += ",range";
  EXPECT_TRUE(preflight_fields("https://a", {"GET", names}, methods, policy).empty());
}

// --- Tokens ---------------------------------------------------------------------------------

constexpr std::string_view kReader = "reader-token-0123456789";
constexpr std::string_view kAdmin = "admin-token-0123456789==";

TokenTable example_tokens() {
  TokenTable table;
  EXPECT_TRUE(table.add(kReader, Scope::read));
  EXPECT_TRUE(table.add(kAdmin, Scope::admin));
  return table;
}

TEST(HttpToken, ScopesIncludeLesserOnes) {
  const TokenTable table = example_tokens();
  const std::string reader = "Bearer " + std::string(kReader);
  const std::string admin = "bearer  " + std::string(kAdmin) + " ";
  EXPECT_EQ(table.authorize(reader, Scope::read), Scope::read);
  EXPECT_EQ(table.authorize(reader, Scope::add).error(), HttpErrc::scope_missing);
  EXPECT_EQ(table.authorize(admin, Scope::read), Scope::admin);
  EXPECT_EQ(table.authorize(admin, Scope::admin), Scope::admin);
}

TEST(HttpToken, OnlyWholeTokensCount) {
  const TokenTable table = example_tokens();
  const std::string token(kReader);
  for (const std::string& wrong :
       {token.substr(1), token + "x", token.substr(0, token.size() - 1), std::string(), token + ",",
        std::string(kTokenBytesMax + 1, 'a'), "READER" + token.substr(6)}) {
    EXPECT_EQ(table.authorize("Bearer " + wrong, Scope::read).error(),
              wrong.empty() ? HttpErrc::token_missing : HttpErrc::token_wrong)
        << wrong;
  }
  EXPECT_EQ(table.authorize(std::nullopt, Scope::read).error(), HttpErrc::token_missing);
  for (const std::string_view other : {"", "Basic abc", "Bearer", "Bearertoken"}) {
    EXPECT_EQ(table.authorize(other, Scope::read).error(), HttpErrc::token_missing) << other;
  }
  EXPECT_EQ(TokenTable().authorize("Bearer x", Scope::read).error(), HttpErrc::token_wrong);
}

TEST(HttpToken, HTT_16_ComparisonLooksAtEveryByte) {
  const Sha256Digest digest = sha256(as_bytes("x"));
  EXPECT_TRUE(equal_in_constant_time(digest, digest));
  for (std::size_t i = 0; i < Sha256Digest::kSize; ++i) {
    Sha256Digest other = digest;
    other.bytes[i] ^= std::byte{1};
    EXPECT_FALSE(equal_in_constant_time(digest, other)) << i;
  }
}

TEST(HttpToken, WeakTokensAreNotTaken) {
  TokenTable table;
  EXPECT_FALSE(table.add(std::string(kTokenBytesMin - 1, 'a'), Scope::read));
  EXPECT_TRUE(table.add(std::string(kTokenBytesMin, 'a'), Scope::read));
  EXPECT_TRUE(table.add(std::string(kTokenBytesMax, 'a'), Scope::read));
  EXPECT_FALSE(table.add(std::string(kTokenBytesMax + 1, 'a'), Scope::read));
  EXPECT_FALSE(table.add("white space in a token", Scope::read));
  EXPECT_FALSE(table.add("=====================", Scope::read));
}

TEST(HttpToken, TheTableIsBounded) {
  TokenTable table;
  for (std::size_t i = 0; i < kTokensMax; ++i) {
    EXPECT_TRUE(table.add("token-number-" + std::to_string(1000 + i), Scope::read));
  }
  EXPECT_EQ(table.add("token-number-9999", Scope::read).error(), HttpErrc::too_many);
}

TEST(HttpToken, ChallengesSayWhatIsMissing) {
  EXPECT_EQ(challenge(HttpErrc::token_missing, Scope::add), "Bearer realm=\"weir\"");
  EXPECT_EQ(challenge(HttpErrc::token_wrong, Scope::add),
            "Bearer realm=\"weir\", error=\"invalid_token\"");
  EXPECT_EQ(challenge(HttpErrc::scope_missing, Scope::add),
            "Bearer realm=\"weir\", error=\"insufficient_scope\", scope=\"add\"");
  EXPECT_EQ(parse_scope("add"), Scope::add);
  EXPECT_FALSE(parse_scope("root"));
}

}  // namespace
}  // namespace weir::http
