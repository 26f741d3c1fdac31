// SPDX-License-Identifier: MIT OR Apache-2.0
// The REST interface of a Codex node, over real sockets.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/testing/api_fixture.h"

namespace weir {
namespace {

using CodexApiTest = ApiFixture;
namespace json = boost::json;

constexpr const char* kHash40k = "1114C50B6DA572005C2242660A7F328AED496FEAD200";

ApiFixture::Fields fields_40k() {
  return {{"Content-Type", "application/octet-stream"},
          {"Content-Disposition", "filename=\"data40k.bin\""}};
}

TEST_F(CodexApiTest, AnUploadIsAnsweredWithTheReferencesInfoHash) {
  const auto node = serve("a");
  struct Vector {
    Buffer content;
    ApiFixture::Fields fields;
    const char* info_hash;
    const char* cid;
  };
  const std::vector<Vector> vectors = {
      {counted_bytes(40960), fields_40k(), kHash40k,
       "zDvZRwzkw8tni4AAEU16ysXf6QBzYwPjssrh1KsS672nG3BxV7Uj"},
      {counted_bytes(300'000),
       {{"Content-Disposition", "attachment; filename=\"data300k.bin\""}},
       "11148DD224B246614A42F5ECD5F4B532044918F2DBA9",
       "zDvZRwzkzX3B6GeJfFiQadSjd8f224QMdpg9MLJJJ6PPboZjzX1r"},
      {to_buffer(as_bytes("hello")),
       {},
       "1114B812E1827359F86B8831B56231789CA82DB1503A",
       "zDvZRwzkwav7ZzxSu77EGBjJBnpjaDPg8cvcikmA3kkhqVw55awY"},
  };
  for (const Vector& vector : vectors) {
    const ClientAnswer plain = post(*node, kTorrentUrl, vector.content, vector.fields);
    EXPECT_EQ(plain.status, 200U) << plain.body;
    EXPECT_EQ(plain.body, vector.info_hash);
    EXPECT_EQ(plain.fields.at("content-type"), "text/plain");
    ApiFixture::Fields fields = vector.fields;
    fields.emplace_back("Accept", "application/json");
    const ClientAnswer whole = post(*node, kTorrentUrl, vector.content, fields);
    const json::value names = json::parse(whole.body);
    EXPECT_EQ(names.at("infoHash").as_string(), vector.info_hash);
    EXPECT_EQ(names.at("cid").as_string(), vector.cid);
    for (const auto& [name, link] : names.at("links").as_object()) {
      EXPECT_EQ(get(*node, std::string_view(link.as_string())).status, 200U) << link;
    }
  }
}

TEST_F(CodexApiTest, TheTorrentManifestIsTheReferences) {
  const auto node = serve("a");
  (void)post(*node, kTorrentUrl, counted_bytes(40960), fields_40k());
  const ClientAnswer answer =
      get(*node, std::string("/api/codex/v1/torrent/") + kHash40k + "/network/manifest");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body,
            "{\"infoHash\":\"1114C50B6DA572005C2242660A7F328AED496FEAD200\",\"torrentManifest\":"
            "{\"info\":{\"length\":40960,\"pieceLength\":262144,\"pieces\":"
            "[\"11141B1F33AA21F68529EFDFD92A78763D3C94515664\"],\"name\":\"data40k.bin\"},"
            "\"codexManifestCid\":\"zDvZRwzkw8tni4AAEU16ysXf6QBzYwPjssrh1KsS672nG3BxV7Uj\"}}");
}

TEST_F(CodexApiTest, ContentComesBackByEveryFormOfItsInfoHash) {
  const auto node = serve("a");
  const Buffer content = counted_bytes(40960);
  (void)post(*node, kTorrentUrl, content, fields_40k());
  for (const char* hash :
       {kHash40k, "c50b6da572005c2242660a7f328aed496fead200",
        "0x1114c50b6da572005c2242660a7f328aed496fead200", "YUFW3JLSABOCEQTGBJ7TFCXNJFX6VUQA"}) {
    const ClientAnswer answer =
        get(*node, std::string("/api/codex/v1/torrent/") + hash + "/network/stream");
    ASSERT_EQ(answer.status, 200U) << hash << answer.body;
    EXPECT_EQ(answer.body, text_of(content));
    EXPECT_EQ(answer.fields.at("content-type"), "application/octet-stream");
    EXPECT_EQ(answer.fields.at("content-disposition"), "attachment; filename=\"data40k.bin\"");
  }
}

TEST_F(CodexApiTest, AnUploadKeepsItsTypeWithParameters) {
  const auto node = serve("a");
  const ClientAnswer posted =
      post(*node, kDataUrl, as_bytes("text"),
           {{"Content-Type", "text/plain; charset=utf-8"},
            {"Content-Disposition", "attachment; filename=\"../a b.txt\""}});
  ASSERT_EQ(posted.status, 200U) << posted.body;
  const ClientAnswer answer = get(*node, std::string(kDataUrl) + "/" + posted.body);
  EXPECT_EQ(answer.fields.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.fields.at("content-disposition"), "attachment; filename=\"a b.txt\"");
  EXPECT_EQ(answer.body, "text");
}

TEST_F(CodexApiTest, WhatToolsSayOfTheirOwnAccordIsNotTakenForTheUploadersWord) {
  const auto node = serve("a");
  for (const char* url : {kTorrentUrl, kDataUrl, "/api/codex/v1/torrent/tar"}) {
    const ClientAnswer form =
        post(*node, url, as_bytes("x"), {{"Content-Type", "multipart/form-data; boundary=x"}});
    EXPECT_EQ(form.status, 422U);
    EXPECT_NE(form.body.find("curl -T"), std::string::npos) << form.body;
  }
  const ClientAnswer posted = post(*node, kTorrentUrl, as_bytes("text"),
                                   {{"Content-Type", "application/x-www-form-urlencoded"},
                                    {"Content-Disposition", "filename=\"a.txt\""}});
  ASSERT_EQ(posted.status, 200U);
  const ClientAnswer answer = get(*node, "/btih/" + posted.body.substr(4));
  EXPECT_TRUE(answer.fields.at("content-type").starts_with("text/plain"));
}

TEST_F(CodexApiTest, UploadsAreRefusedInTheReferencesWords) {
  const auto node = serve("a");
  EXPECT_EQ(post(*node, kTorrentUrl, {}).body, "Unable to store BitTorrent data");
  EXPECT_EQ(post(*node, kTorrentUrl, {}).status, 500U);
  const ClientAnswer type = post(*node, kTorrentUrl, as_bytes("x"), {{"Content-Type", "nonsense"}});
  EXPECT_EQ(type.status, 422U);
  EXPECT_EQ(type.body, "The MIME type 'nonsense' is not valid.");
  const ClientAnswer name = post(*node, kTorrentUrl, as_bytes("x"),
                                 {{"Content-Disposition", "attachment; filename=\"..\""}});
  EXPECT_EQ(name.status, 422U);
  EXPECT_EQ(name.body, "The filename is not valid.");
}

TEST_F(CodexApiTest, HTT_22_WhatDoesNotFitTheQuotaIsRefusedAndNothingIsKept) {
  NodeConfig with = config("a");
  with.quota_bytes = 100'000;
  const auto node = serve(with);
  EXPECT_EQ(post(*node, kTorrentUrl, counted_bytes(100'001)).status, 507U) << "by its length";
  HttpClient client(node->endpoint());
  client.send(
      "POST /api/codex/v1/torrent HTTP/1.1\r\nHost: localhost\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  const std::string content(60'000, 'x');
  for (int i = 0; i < 2; ++i) {
    client.send("ea60\r\n");
    client.send(content);
    client.send("\r\n");
  }
  EXPECT_EQ(client.answer().status, 507U) << "by what came";
  EXPECT_EQ(post(*node, kTorrentUrl, counted_bytes(100'000)).status, 200U);
  EXPECT_EQ(files("a"), 1U);
}

TEST_F(CodexApiTest, HTT_21_AnUploadThatIsCutLeavesNothing) {
  auto node = serve("a");
  for (const std::size_t cut : {0U, 1U, 50'000U, 99'999U}) {
    HttpClient client(node->endpoint());
    client.send(
        "POST /api/codex/v1/torrent HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Length: 100000\r\n\r\n");
    client.send(std::string(cut, 'x'));
    client.reset();
  }
  node->server.stop();
  node->node->stop();
  EXPECT_EQ(files("a"), 0U);
  EXPECT_EQ(node->node->space().reserved_bytes, 0U);
}

TEST_F(CodexApiTest, DatasetsAreListedFoundAndDeleted) {
  const auto node = serve("a");
  const std::string cid = post(*node, kDataUrl, counted_bytes(70'000)).body;
  const std::string at = std::string(kDataUrl) + "/" + cid;
  const std::string item = get(*node, at + "/network/manifest").body;
  EXPECT_EQ(json::parse(item).at("cid").as_string(), cid);
  EXPECT_EQ(json::parse(item).at("manifest").at("blockSize").as_int64(), 65536);
  EXPECT_EQ(get(*node, kDataUrl).body, "{\"content\":[" + item + "]}");
  EXPECT_EQ(post(*node, at + "/network", {}).body, item);
  EXPECT_EQ(get(*node, at + "/exists").body, "{\"" + cid + "\":true}");
  EXPECT_EQ(get(*node, at + "/network/stream").body, text_of(counted_bytes(70'000)));
  const json::value space = json::parse(get(*node, "/api/codex/v1/space").body);
  EXPECT_EQ(space.at("quotaUsedBytes").as_int64(), 70'000);
  EXPECT_EQ(space.at("totalBlocks").as_int64(), 2);
  EXPECT_EQ(ask(*node, "DELETE", at).status, 204U);
  EXPECT_EQ(ask(*node, "DELETE", at).status, 204U) << "also when nothing is there";
  EXPECT_EQ(get(*node, at + "/exists").body, "{\"" + cid + "\":false}");
  EXPECT_EQ(get(*node, at).status, 404U);
  EXPECT_EQ(get(*node, std::string(kDataUrl) + "/nonsense").status, 400U);
}

TEST_F(CodexApiTest, ATorrentIsFetchedByMagnetAndStaysKnown) {
  const auto seed = serve("seed");
  const Buffer content = counted_bytes(1'000'000);
  const std::string hash =
      post(*seed, kTorrentUrl, content, {{"Content-Disposition", "filename=\"a.bin\""}}).body;
  const auto node = serve("b");
  const std::string magnet = " magnet:?xt=urn:btih:" + hash.substr(4) + "&x.pe=127.0.0.1:" +
                             std::to_string(seed->node->client().listening()[0].port) + "\n";
  const ClientAnswer answer = post(*node, std::string(kTorrentUrl) + "/magnet", as_bytes(magnet),
                                   {{"Content-Type", "text/plain"}});
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.body, text_of(content));
  const std::string at = std::string(kTorrentUrl) + "/" + hash + "/network/";
  const ClientAnswer head = ask(*node, "HEAD", at + "stream");
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.fields.at("content-length"), "1000000");
  const json::value manifest = json::parse(get(*node, at + "manifest").body);
  EXPECT_EQ(manifest.at("infoHash").as_string(), hash);
  EXPECT_TRUE(manifest.at("torrentManifest").at("codexManifestCid").is_null());
}

TEST_F(CodexApiTest, MagnetsAreRefusedInTheReferencesWords) {
  const auto node = serve("a");
  const auto magnet = [&](std::string_view text, const char* type = "text/plain") {
    return post(*node, std::string(kTorrentUrl) + "/magnet", as_bytes(text),
                {{"Content-Type", type}});
  };
  EXPECT_EQ(magnet("magnet:?xt=urn:btih:00", "text/html").status, 422U);
  EXPECT_EQ(magnet("").body, "No magnet link provided.");
  EXPECT_EQ(magnet(" \n").body, "No magnet link provided.");
  EXPECT_EQ(magnet("http://x").body, "Invalid magnet link format (missing 'magnet:?' prefix)");
  EXPECT_EQ(magnet("magnet:?dn=x").body,
            "Invalid magnet link format (at least one info hash part is required)");
  EXPECT_EQ(magnet("magnet:?xt=urn:btih:00").status, 422U);
}

TEST_F(CodexApiTest, ATorrentFileIsTakenAsBencodeAndAsJson) {
  const auto node = serve("a");
  const Buffer content = counted_bytes(40960);
  (void)post(*node, kTorrentUrl, content, fields_40k());
  (void)post(*node, kTorrentUrl, as_bytes("hello"));
  const std::string to = std::string(kTorrentUrl) + "/torrent-file";
  for (const char* hash :
       {"c50b6da572005c2242660a7f328aed496fead200", "b812e1827359f86b8831b56231789ca82db1503a"}) {
    const ClientAnswer file = get(*node, std::string("/btih/") + hash + ".torrent");
    EXPECT_EQ(file.fields.at("content-type"), "application/x-bittorrent");
    const ClientAnswer answer =
        post(*node, to, as_bytes(file.body), {{"Content-Type", "application/octet-stream"}});
    ASSERT_EQ(answer.status, 200U) << answer.body;
    const bool named = hash[0] == 'c';
    EXPECT_EQ(answer.body, named ? text_of(content) : "hello");
  }
  const char* as_json =
      "{\"info\":{\"length\":40960,\"pieceLength\":262144,\"pieces\":"
      "[\"11141B1F33AA21F68529EFDFD92A78763D3C94515664\"],\"name\":\"data40k.bin\"}}";
  const auto json_answer = [&](std::string_view text) {
    return post(*node, to, as_bytes(text), {{"Content-Type", "application/json"}});
  };
  EXPECT_EQ(json_answer(as_json).body, text_of(content));
  EXPECT_EQ(json_answer("{").body, "Invalid torrent JSON file content.");
  EXPECT_EQ(json_answer("{\"info\":{\"length\":0,\"pieceLength\":1,\"pieces\":[\"11\"]}}").body,
            "The torrent file is invalid or incomplete.");
  EXPECT_EQ(post(*node, to, as_bytes("d1:ae"), {{"Content-Type", "application/octet-stream"}}).body,
            "Failed extracting info directory from the torrent file.");
}

TEST_F(CodexApiTest, HTT_27_JsonThatIsDeepOrBrokenIsRefused) {
  const auto node = serve("a");
  const auto status = [&](const std::string& text) {
    return post(*node, std::string(kTorrentUrl) + "/torrent-file", as_bytes(text),
                {{"Content-Type", "application/json"}})
        .status;
  };
  EXPECT_EQ(status(std::string(100'000, '[')), 422U);
  EXPECT_EQ(status("{\"info\":{\"length\":1e999999,\"pieceLength\":1,\"pieces\":[]}}"), 422U);
  EXPECT_EQ(status("{\"info\":{\"length\":NaN}}"), 422U);
  EXPECT_EQ(status("{\"info\":{}} x"), 422U);
  EXPECT_EQ(status("{\"info\":\"\xff\"}"), 422U);
}

TEST_F(CodexApiTest, HTT_25_WhatNobodyHasIsAnsweredWithinTheDeadline) {
  NodeConfig with = config("a");
  with.fetch_timeout = std::chrono::milliseconds(100);
  const auto node = serve(with);
  const std::string at = std::string(kTorrentUrl) + "/" + std::string(40, 'a') + "/network/stream";
  EXPECT_EQ(get(*node, at).status, 504U);
  EXPECT_EQ(get(*node, std::string(kTorrentUrl) + "/xyz/network/stream").status, 400U);
  EXPECT_TRUE(node->node->client().torrents().empty());
}

TEST_F(CodexApiTest, WhatTheNodeIsNotAnswersAsAReferenceNodeWithoutIt) {
  const auto node = serve("a");
  for (const char* path : {"/spr", "/peerid", "/sales/slots", "/storage/purchases"}) {
    EXPECT_EQ(get(*node, std::string("/api/codex/v1") + path).status, 503U) << path;
  }
  EXPECT_EQ(get(*node, "/api/codex/v1/sales/availability").body, "Persistence is not enabled");
  EXPECT_EQ(json::parse(get(*node, "/api/codex/v1/debug/info").body).at("spr").as_string(), "");
  EXPECT_EQ(post(*node, "/api/codex/v1/debug/chronicles/loglevel", {}).body, "Missing log level");
  EXPECT_EQ(get(*node, "/healthz").status, 200U);
  EXPECT_EQ(get(*node, "/readyz").status, 503U);
  node->api.set_ready(true);
  EXPECT_EQ(get(*node, "/readyz").status, 200U);
}

}  // namespace
}  // namespace weir
