// SPDX-License-Identifier: MIT OR Apache-2.0
// Content by hash, and the gate before every route.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "api/testing/api_fixture.h"
#include "metainfo/create.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class GatewayTest : public ApiFixture {
 protected:
  // Uploads it and gives the address of its v1 info hash.
  std::string upload(const ServedNode& node, Bytes content, const Fields& fields = {}) {
    const ClientAnswer answer = post(node, kTorrentUrl, content, fields);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return "/btih/" + answer.body.substr(4);
  }
  // A folder of two files, seeded by the node; gives its v1 info hash.
  std::string seed_folder(Node& node) {
    const fs::path root = base_ / "folder";
    fs::create_directories(root / "film/extra");
    std::ofstream(root / "film/a.txt") << "first";
    std::ofstream(root / "film/extra/b.txt") << "second";
    CreateOptions options;
    options.kind = TorrentKind::v1;
    options.name = "film";
    options.piece_length = 16384;
    auto builder =
        TorrentBuilder::make(options, {{{"a.txt"}, 5, {}, {}}, {{"extra", "b.txt"}, 6, {}, {}}});
    const CreatedPieceInput input{PieceIndex{0}, as_bytes("firstsecond")};
    builder->add(hash_created_pieces(builder->layout(), {&input, 1}));
    const auto created = builder->finish();
    AddTorrent request;
    request.metadata = std::make_shared<const TorrentMetadata>(created->metadata);
    request.torrent_file = created->bytes;
    request.storage.root = root.string();
    request.check = StartCheck::trust;
    request.seed_only = true;
    EXPECT_TRUE(node.client().add(std::move(request)).has_value());
    return created->metadata.info->hashes.v1->hex();
  }
};

TEST_F(GatewayTest, OneRangeOrSeveralAreServedAsAsked) {
  const auto node = serve("a");
  const Buffer content = counted_bytes(600'000);
  const std::string at = upload(*node, content);
  struct Case {
    const char* range;
    std::size_t offset, length;
  };
  for (const Case& c : {Case{"bytes=0-0", 0, 1}, Case{"bytes=262143-262144", 262'143, 2},
                        Case{"bytes=-5", 599'995, 5}, Case{"bytes=500000-", 500'000, 100'000}}) {
    const ClientAnswer answer = get(*node, at, {{"Range", c.range}});
    EXPECT_EQ(answer.status, 206U);
    EXPECT_EQ(answer.body, text_of(Bytes(content).subspan(c.offset, c.length))) << c.range;
    EXPECT_EQ(answer.fields.at("content-range"), "bytes " + std::to_string(c.offset) + "-" +
                                                     std::to_string(c.offset + c.length - 1) +
                                                     "/600000");
  }
  const ClientAnswer beyond = get(*node, at, {{"Range", "bytes=600000-"}});
  EXPECT_EQ(beyond.status, 416U);
  EXPECT_EQ(beyond.fields.at("content-range"), "bytes */600000");
  const ClientAnswer several = get(*node, at, {{"Range", "bytes=0-9,300000-300009"}});
  EXPECT_EQ(several.status, 206U);
  EXPECT_TRUE(several.complete);
  EXPECT_TRUE(several.fields.at("content-type").starts_with("multipart/byteranges"));
  EXPECT_NE(several.body.find(text_of(Bytes(content).subspan(300'000, 10))), std::string::npos);
}

TEST_F(GatewayTest, ContentIsTaggedByItsHashAndCachedForEver) {
  const auto node = serve("a");
  const std::string at = upload(*node, as_bytes("hello"));
  const ClientAnswer first = get(*node, at);
  const std::string tag = first.fields.at("etag");
  EXPECT_EQ(tag.size(), 66U);
  EXPECT_EQ(first.fields.at("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(get(*node, at, {{"If-None-Match", tag}}).status, 304U);
  EXPECT_EQ(get(*node, at, {{"If-Range", tag}, {"Range", "bytes=1-1"}}).body, "e");
  EXPECT_EQ(get(*node, at, {{"If-Range", "\"x\""}, {"Range", "bytes=1-1"}}).body, "hello");
  const ClientAnswer head = ask(*node, "HEAD", at);
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.fields.at("content-length"), "5");
  EXPECT_EQ(head.fields.at("accept-ranges"), "bytes");
}

TEST_F(GatewayTest, HTT_19_WhatABrowserCouldRunIsForSaving) {
  const auto node = serve("a");
  const std::string at =
      upload(*node, as_bytes("<script>alert(1)</script>"),
             {{"Content-Type", "text/html"}, {"Content-Disposition", "filename=\"x.html\""}});
  const ClientAnswer page = get(*node, at);
  EXPECT_EQ(page.fields.at("x-content-type-options"), "nosniff");
  EXPECT_TRUE(page.fields.at("content-disposition").starts_with("attachment"));
  EXPECT_TRUE(page.fields.at("content-security-policy").starts_with("sandbox"));
  const std::string text = upload(*node, as_bytes("plain"), {{"Content-Type", "text/plain"}});
  EXPECT_FALSE(get(*node, text).fields.at("content-disposition").starts_with("attachment"));
  EXPECT_TRUE(
      get(*node, text + "?download=1").fields.at("content-disposition").starts_with("attachment"));
}

TEST_F(GatewayTest, NothingUnverifiedIsSentAndTheConnectionIsCut) {
  const auto node = serve("a");
  const Buffer content = counted_bytes(600'000);
  const std::string at = upload(*node, content, {{"Content-Disposition", "filename=\"a.bin\""}});
  for (const auto& entry : fs::recursive_directory_iterator(base_ / "a/content/published")) {
    if (!entry.is_regular_file()) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(599'999);
    file << '?';
  }
  const ClientAnswer answer = get(*node, at);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.fields.at("content-length"), "600000");
  EXPECT_FALSE(answer.complete);
  EXPECT_LE(answer.body.size(), 524'288U) << "the last piece is no exception";
  EXPECT_EQ(answer.body, text_of(Bytes(content).first(answer.body.size())));
}

TEST_F(GatewayTest, WhatIsChangedAfterItWasSentOnceIsNotSentAgain) {
  const auto node = serve("a");
  const Buffer content = counted_bytes(600'000);
  const std::string at = upload(*node, content, {{"Content-Disposition", "filename=\"a.bin\""}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(*node, at).body, text_of(content));
  for (const auto& entry : fs::recursive_directory_iterator(base_ / "a/content/published")) {
    if (!entry.is_regular_file()) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0);
    file << '?';
  }
  const ClientAnswer answer = get(*node, at);
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.body, "");
}

TEST_F(GatewayTest, RangesOfWhatWasVerifiedAreThoseOfTheContent) {
  const auto node = serve("a");
  const Buffer content = counted_bytes(40u << 20);  // more than one stretch
  const std::string at = upload(*node, content);
  EXPECT_TRUE(get(*node, at).body == text_of(content));
  EXPECT_TRUE(get(*node, at).body == text_of(content));
  for (const auto& [offset, length] : std::vector<std::pair<std::size_t, std::size_t>>{
           {0, 1}, {262'143, 2}, {(16u << 20) - 1, 2}, {1, (40u << 20) - 2}}) {
    const ClientAnswer answer = get(
        *node, at,
        {{"Range", "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1)}});
    EXPECT_EQ(answer.status, 206U);
    EXPECT_TRUE(answer.body == text_of(Bytes(content).subspan(offset, length))) << offset;
  }
}

TEST_F(GatewayTest, ATorrentIsStreamedWhileItArrives) {
  const auto seed = serve("seed");
  const Buffer content = counted_bytes(5'000'000);
  const std::string at = upload(*seed, content, {{"Content-Disposition", "filename=\"a.bin\""}});
  const auto node = serve("b");
  FetchSource source = source_from(*seed->node, {Sha1Digest::from_hex_text(at.substr(6)), {}});
  ASSERT_TRUE(fetch(*node->node, source).has_value());
  const ClientAnswer tail = get(*node, at, {{"Range", "bytes=-1000"}});
  EXPECT_EQ(tail.body, text_of(Bytes(content).last(1000)));
  const ClientAnswer whole = get(*node, at);
  EXPECT_TRUE(whole.complete);
  EXPECT_EQ(whole.body, text_of(content));
}

TEST_F(GatewayTest, AFolderIsListedAndItsFilesAreAtTheirPaths) {
  const auto node = serve("a");
  const std::string at = "/btih/" + seed_folder(*node->node);
  EXPECT_EQ(get(*node, at + "/a.txt").body, "first");
  EXPECT_EQ(get(*node, at + "/extra/b.txt").body, "second");
  EXPECT_EQ(get(*node, at + "/film/extra/b.txt").body, "second") << "as a web seed is asked";
  EXPECT_EQ(get(*node, at + "/none.txt").status, 404U);
  const ClientAnswer redirect = get(*node, at);
  EXPECT_EQ(redirect.status, 308U);
  EXPECT_EQ(redirect.fields.at("location"), at + "/");
  const ClientAnswer html = get(*node, at + "/", {{"Accept", "text/html"}});
  EXPECT_EQ(html.fields.at("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(html.body.find("a.txt"), std::string::npos);
  const ClientAnswer list = get(*node, at + "/extra/", {{"Accept", "application/json"}});
  EXPECT_EQ(boost::json::parse(list.body).at("entries").at(0).at("name").as_string(), "b.txt");
}

TEST_F(GatewayTest, AFolderComesAsATarOfKnownLength) {
  const auto node = serve("a");
  const std::string at = "/btih/" + seed_folder(*node->node);
  const ClientAnswer tar = get(*node, at + "/?format=tar");
  EXPECT_EQ(tar.status, 200U);
  EXPECT_TRUE(tar.complete);
  EXPECT_EQ(tar.fields.at("content-disposition"), "attachment; filename=\"film.tar\"");
  EXPECT_EQ(tar.body.substr(0, 10), "film/a.txt");
  EXPECT_EQ(tar.body.substr(512, 5), "first");
  EXPECT_EQ(tar.body.size() % 512, 0U);
}

TEST_F(GatewayTest, AHashOfAnotherKindIsRefused) {
  const auto node = serve("a");
  EXPECT_EQ(get(*node, "/btih/" + std::string(64, 'a')).status, 400U);
  EXPECT_EQ(get(*node, "/btmh/" + std::string(40, 'a')).status, 400U);
  EXPECT_EQ(get(*node, "/btih/xyz").status, 400U);
  EXPECT_EQ(get(*node, "/cid/xyz").status, 400U);
}

using ApiGateTest = ApiFixture;

TEST_F(ApiGateTest, HTT_11_ANameThatIsNotOursIsMisdirected) {
  ApiConfig api;
  api.hosts.names = {{"node.example", std::nullopt}};
  const auto node = serve("a", std::move(api));
  for (const char* host : {"127.0.0.1", "localhost:80", "localhost.", "[::1]", "node.example"}) {
    EXPECT_EQ(get(*node, "/healthz", {{"Host", host}}).status, 200U) << host;
  }
  for (const char* host : {"evil.example", "evil.example:8080", "localhost.evil.example"}) {
    for (const char* path : {"/healthz", "/api/codex/v1/data", "/btih/x", "/nowhere"}) {
      EXPECT_EQ(get(*node, path, {{"Host", host}}).status, 421U) << host << path;
    }
  }
}

TEST_F(ApiGateTest, HTT_13_HTT_14_AForeignPageIsRefusedOnEveryRoute) {
  const auto node = serve("a");
  for (const ApiFixture::Fields& fields : {ApiFixture::Fields{{"Origin", "https://evil.example"}},
                                           ApiFixture::Fields{{"Origin", "null"}},
                                           ApiFixture::Fields{{"Sec-Fetch-Site", "cross-site"}}}) {
    for (const char* path : {"/healthz", "/api/codex/v1/data", "/btih/x", "/nowhere"}) {
      const ClientAnswer answer = get(*node, path, fields);
      EXPECT_EQ(answer.status, 403U) << path;
      EXPECT_FALSE(answer.fields.contains("access-control-allow-origin"));
    }
    ApiFixture::Fields simple = fields;
    simple.emplace_back("Content-Type", "text/plain");
    EXPECT_EQ(post(*node, kTorrentUrl, as_bytes("x"), simple).status, 403U);
  }
  EXPECT_TRUE(node->node->published().empty());
}

TEST_F(ApiGateTest, AnAllowedOriginIsAnswered) {
  ApiConfig api;
  api.origins.allowed = {"https://app.example"};
  const auto node = serve("a", std::move(api));
  const ApiFixture::Fields from{{"Origin", "https://app.example"}};
  const ClientAnswer answer = get(*node, "/api/codex/v1/data", from);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.fields.at("access-control-allow-origin"), "https://app.example");
  ApiFixture::Fields preflight = from;
  preflight.emplace_back("Access-Control-Request-Method", "POST");
  const ClientAnswer allowed = ask(*node, "OPTIONS", kTorrentUrl, preflight);
  EXPECT_EQ(allowed.status, 204U);
  EXPECT_NE(allowed.fields.at("access-control-allow-methods").find("POST"), std::string::npos);
}

TEST_F(ApiGateTest, MethodsAndPathsThatAreNoneAreToldApart) {
  const auto node = serve("a");
  EXPECT_EQ(ask(*node, "BREW", "/healthz").status, 501U);
  EXPECT_EQ(get(*node, "/nowhere").status, 404U);
  const ClientAnswer wrong = ask(*node, "DELETE", "/healthz");
  EXPECT_EQ(wrong.status, 405U);
  EXPECT_NE(wrong.fields.at("allow").find("GET"), std::string::npos);
  EXPECT_EQ(ask(*node, "OPTIONS", "/healthz").status, 204U);
  EXPECT_EQ(ask(*node, "OPTIONS", "*").status, 204U);
}

TEST_F(ApiGateTest, HTT_10_NoPathLeavesItsRoot) {
  const auto node = serve("a");
  for (const char* path : {"/btih/../x", "/%2e%2e/%2e%2e/canary", "/..\\..\\canary",
                           "/a/%00/canary", "/btih/a%2fb", "/%c0%ae%c0%ae/x", "//x"}) {
    const unsigned status = get(*node, path).status;
    EXPECT_TRUE(status == 400 || status == 404) << path << status;
  }
}

TEST_F(ApiGateTest, WhereTokensAreSetEveryRouteButHealthNeedsOne) {
  ApiConfig api;
  const std::string reader = "reader-token-0123456789", adder = "adder-token-0123456789";
  ASSERT_TRUE(api.tokens.add(reader, http::Scope::read).has_value());
  ASSERT_TRUE(api.tokens.add(adder, http::Scope::add).has_value());
  const auto node = serve("a", std::move(api));
  const auto with = [](const std::string& token) {
    return ApiFixture::Fields{{"Authorization", "Bearer " + token}};
  };
  EXPECT_EQ(get(*node, "/healthz").status, 200U);
  const ClientAnswer missing = get(*node, kDataUrl);
  EXPECT_EQ(missing.status, 401U);
  EXPECT_TRUE(missing.fields.contains("www-authenticate"));
  EXPECT_EQ(get(*node, kDataUrl, with(reader + "x")).status, 401U);
  EXPECT_EQ(get(*node, kDataUrl, with(reader)).status, 200U);
  EXPECT_EQ(post(*node, kTorrentUrl, as_bytes("x"), with(reader)).status, 403U);
  const ClientAnswer added = post(*node, kTorrentUrl, as_bytes("x"), with(adder));
  EXPECT_EQ(added.status, 200U);
  const ClientAnswer content = get(*node, "/btih/" + added.body.substr(4), with(reader));
  EXPECT_EQ(content.body, "x");
  EXPECT_EQ(content.fields.at("cache-control"), "private, max-age=31536000, immutable");
}

}  // namespace
}  // namespace weir
