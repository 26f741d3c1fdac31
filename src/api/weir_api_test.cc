// SPDX-License-Identifier: MIT OR Apache-2.0
// weir's own API over a real node and real sockets.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include <boost/json.hpp>
#include <set>

#include "api/internal/weir.h"
#include "api/testing/api_fixture.h"
#include "http/field.h"

namespace weir {
namespace {

namespace json = boost::json;

constexpr const char* kBase = "/api/weir/v1";

class WeirApiTest : public ApiFixture {
 protected:
  static json::value value_of(const ClientAnswer& answer) {
    boost::system::error_code error;
    json::value out = json::parse(answer.body, error);
    EXPECT_FALSE(error) << answer.status << answer.body;
    return error ? json::value(json::object{}) : out;
  }
  static ClientAnswer api(const ServedNode& to, std::string_view method, const std::string& path,
                          std::string_view body = {}, std::string_view type = "application/json") {
    Fields fields;
    if (!body.empty()) fields.emplace_back("Content-Type", type);
    if (method == "PUT") fields.emplace_back("Content-Length", std::to_string(body.size()));
    return ask(to, method, kBase + path, fields, body);
  }
  static std::string code_of(const ClientAnswer& answer) {
    const json::value value = value_of(answer);
    const json::value* error = value.as_object().if_contains("error");
    return error ? std::string(error->at("code").as_string()) : std::string();
  }
  // Uploads it as "a.bin" and gives its v1 info hash.
  static std::string upload(const ServedNode& to, Bytes content) {
    const ClientAnswer answer =
        post(to, kTorrentUrl, content, {{"Content-Disposition", "filename=\"a.bin\""}});
    return http::ascii_lowered(answer.body.substr(4));
  }
  static std::string hash_of(int i) {
    char text[41];
    std::snprintf(text, sizeof(text), "%08x%032x", i + 1, 0);
    return text;
  }
  // Torrents of which nothing but the name is known, paused.
  static void add_named(const ServedNode& node, int count) {
    for (int i = 0; i < count; ++i) {
      AddTorrent request;
      request.magnet = Magnet{};
      request.magnet->hashes.v1 = Sha1Digest::from_hex_text(hash_of(i));
      request.magnet->name = "Name " + std::to_string(1000 + (i * 7) % count);
      request.storage.root = "/nonexistent";
      request.seed_only = true;
      request.paused = true;
      ASSERT_TRUE(node.node->client().add(std::move(request)).has_value());
    }
  }
  static std::vector<std::string> names_of(const json::value& page) {
    std::vector<std::string> out;
    for (const json::value& torrent : page.at("torrents").as_array()) {
      out.emplace_back(std::string_view(torrent.at("name").as_string()));
    }
    return out;
  }
};

TEST_F(WeirApiTest, AnUploadIsListedWithBothItsTorrentsAndRemovedWithItsContent) {
  const auto node = serve("a");
  const Buffer content = counted_bytes(600'000);
  const std::string hash = upload(*node, content);
  // It is named as soon as it is stored; the engine looks at its file once more before it serves.
  for (int i = 0; i < 1000; ++i) {
    if (value_of(api(*node, "GET", "/torrents/" + hash)).at("state").as_string() == "seeding")
      break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const json::value page = value_of(api(*node, "GET", "/torrents"));
  EXPECT_EQ(page.at("total").as_int64(), 2);
  EXPECT_EQ(names_of(page), (std::vector<std::string>{"a.bin", "a.bin"}));
  const json::value torrent = value_of(api(*node, "GET", "/torrents/" + hash));
  EXPECT_EQ(torrent.at("hash").as_string(), hash);
  EXPECT_EQ(torrent.at("size").as_int64(), 600'000);
  EXPECT_TRUE(torrent.at("metadata").as_bool());
  EXPECT_TRUE(torrent.at("upload").is_string());
  EXPECT_EQ(torrent.at("pieces").at("total").as_int64(), 3);
  const json::value listed = value_of(api(*node, "GET", "/torrents/" + hash + "/files"));
  EXPECT_EQ(listed.at("files").at(0).at("path").as_string(), "a.bin");
  EXPECT_EQ(listed.at("files").at(0).at("done").as_int64(), 600'000);
  const json::value pieces = value_of(api(*node, "GET", "/torrents/" + hash + "/pieces"));
  EXPECT_EQ(pieces.at("have").as_string(), "e0");

  const ClientAnswer kept = api(*node, "DELETE", "/torrents/" + hash);
  EXPECT_EQ(kept.status, 409U);
  EXPECT_EQ(code_of(kept), "uploaded");
  EXPECT_EQ(api(*node, "DELETE", "/torrents/" + hash + "?content=remove").status, 200U);
  EXPECT_EQ(api(*node, "GET", "/torrents/" + hash).status, 404U);
  EXPECT_EQ(files("a"), 0U);
}

TEST_F(WeirApiTest, TheCidOfAnUploadNamesIt) {
  const auto node = serve("a");
  const std::string hash = upload(*node, counted_bytes(1000));
  const std::string cid(value_of(api(*node, "GET", "/torrents/" + hash)).at("upload").as_string());
  const ClientAnswer here = api(*node, "POST", "/torrents", cid, "text/plain");
  EXPECT_EQ(here.status, 200U) << here.body;
  EXPECT_EQ(value_of(here).at("upload").as_string(), cid);
  const auto other = serve("b");
  EXPECT_EQ(code_of(api(*other, "POST", "/torrents", "{\"hash\":\"" + cid + "\"}")), "bad_hash");
}

// Also while the engine still looks at the file, which is not for want of metadata.
TEST_F(WeirApiTest, AnUploadsFilesAndPiecesAreListedAtOnce) {
  const auto node = serve("a");
  for (std::size_t size = 1; size <= 20; ++size) {
    const std::string at = "/torrents/" + upload(*node, counted_bytes(size));
    EXPECT_EQ(api(*node, "GET", at + "/pieces").status, 200U);
    EXPECT_EQ(api(*node, "GET", at + "/files").status, 200U);
  }
}

TEST_F(WeirApiTest, ATorrentIsAddedByEveryForm) {
  const auto seed = serve("seed");
  const std::string hash = upload(*seed, counted_bytes(1000));
  const std::string file = get(*seed, "/btih/" + hash + ".torrent").body;
  const auto node = serve("b");
  const ClientAnswer by_file = api(*node, "POST", "/torrents", file, "application/x-bittorrent");
  ASSERT_EQ(by_file.status, 201U) << by_file.body;
  EXPECT_EQ(value_of(by_file).at("hash").as_string(), hash);
  EXPECT_TRUE(value_of(by_file).at("metadata").as_bool());
  EXPECT_EQ(api(*node, "POST", "/torrents", hash, "text/plain").status, 200U) << "is here already";
  const ClientAnswer by_magnet =
      api(*node, "POST", "/torrents", "magnet:?dn=x&xt=urn:btih:" + hash_of(1), "text/plain");
  EXPECT_EQ(by_magnet.status, 201U) << by_magnet.body;
  EXPECT_EQ(value_of(by_magnet).at("name").as_string(), "x");
  const ClientAnswer by_json =
      api(*node, "POST", "/torrents", "{\"hash\":\"" + hash_of(2) + "\",\"paused\":true}");
  EXPECT_EQ(by_json.status, 201U) << by_json.body;
  EXPECT_EQ(value_of(by_json).at("state").as_string(), "paused");
  const auto raw = Sha1Digest::from_hex_text(hash_of(3));
  const Cid cid = Cid::v1(Multicodec::torrent_info, Multihash::of(*raw));
  const ClientAnswer by_cid = api(*node, "POST", "/torrents", cid.text(), "text/plain");
  EXPECT_EQ(by_cid.status, 201U) << by_cid.body;
  EXPECT_EQ(value_of(by_cid).at("hash").as_string(), hash_of(3));
  EXPECT_EQ(api(*node, "DELETE", "/torrents/" + hash_of(3)).status, 200U);
  EXPECT_EQ(api(*node, "DELETE", "/torrents/" + hash_of(2)).status, 200U);
  EXPECT_EQ(api(*node, "DELETE", "/torrents/" + hash_of(2)).status, 404U);
  EXPECT_EQ(value_of(api(*node, "GET", "/torrents")).at("total").as_int64(), 2);
}

TEST_F(WeirApiTest, ATorrentAddedByMagnetArrivesAndSurvivesARestart) {
  const auto seed = serve("seed");
  const std::string hash = upload(*seed, counted_bytes(400'000));
  auto node = serve("b");
  const std::string magnet = "magnet:?xt=urn:btih:" + hash + "&x.pe=127.0.0.1:" +
                             std::to_string(seed->node->client().listening()[0].port);
  ASSERT_EQ(api(*node, "POST", "/torrents", "{\"magnet\":\"" + magnet + "\"}").status, 201U);
  EXPECT_EQ(get(*node, "/btih/" + hash).body, text_of(counted_bytes(400'000)));
  const json::value peers = value_of(api(*node, "GET", "/torrents/" + hash + "/peers"));
  for (const json::value& peer : peers.at("peers").as_array()) {
    EXPECT_EQ(peer.at("direction").as_string(), "outgoing");
  }
  node.reset();
  node = serve("b");
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  json::value page;
  do {  // its files are looked at first
    page = value_of(api(*node, "GET", "/torrents?state=seeding"));
  } while (page.at("matched").as_int64() == 0 && std::chrono::steady_clock::now() < patience);
  ASSERT_EQ(page.at("matched").as_int64(), 1);
  EXPECT_EQ(page.at("torrents").at(0).at("hash").as_string(), hash);
  EXPECT_EQ(page.at("torrents").at(0).at("done").as_int64(), 400'000);
}

TEST_F(WeirApiTest, PauseResumeAndRecheckSayHowItIsThen) {
  const auto node = serve("a");
  const std::string at = "/torrents/" + hash_of(5);
  ASSERT_EQ(api(*node, "POST", "/torrents", hash_of(5), "text/plain").status, 201U);
  EXPECT_EQ(value_of(api(*node, "POST", at + "/pause")).at("state").as_string(), "paused");
  EXPECT_EQ(value_of(api(*node, "GET", "/torrents?state=paused")).at("matched").as_int64(), 1);
  EXPECT_EQ(value_of(api(*node, "POST", at + "/resume")).at("state").as_string(),
            "fetching_metadata");
  EXPECT_EQ(value_of(api(*node, "GET", "/torrents?state=paused")).at("matched").as_int64(), 0);
  EXPECT_EQ(api(*node, "POST", at + "/recheck").status, 200U);
  EXPECT_EQ(code_of(api(*node, "GET", at + "/files")), "no_metadata");
  EXPECT_EQ(value_of(api(*node, "GET", at + "/trackers")).at("trackers").as_array().size(), 0U);
  for (const char* verb : {"/pause", "/resume", "/recheck"}) {
    EXPECT_EQ(code_of(api(*node, "POST", "/torrents/" + hash_of(6) + verb)), "not_found");
  }
  EXPECT_EQ(code_of(api(*node, "GET", "/torrents/xyz")), "bad_hash");
}

TEST_F(WeirApiTest, PagesAreSortedFilteredAndCutOnTheServer) {
  const auto node = serve("a");
  add_named(*node, 20);
  const auto page = [&](const std::string& query) {
    return value_of(api(*node, "GET", "/torrents?" + query));
  };
  EXPECT_EQ(names_of(page("sort=name&limit=3")),
            (std::vector<std::string>{"Name 1000", "Name 1001", "Name 1002"}));
  EXPECT_EQ(names_of(page("sort=name&limit=3&offset=18")),
            (std::vector<std::string>{"Name 1018", "Name 1019"}));
  EXPECT_EQ(names_of(page("sort=name&order=desc&limit=2")),
            (std::vector<std::string>{"Name 1019", "Name 1018"}));
  EXPECT_EQ(names_of(page("limit=2")), (std::vector<std::string>{"Name 1000", "Name 1007"}));
  EXPECT_EQ(names_of(page("offset=20")), std::vector<std::string>{});
  EXPECT_EQ(names_of(page("offset=99999999999999999999")), std::vector<std::string>{});
  EXPECT_EQ(names_of(page("q=nAmE+1013")), std::vector<std::string>{"Name 1013"});
  EXPECT_EQ(names_of(page("q=" + hash_of(1))), std::vector<std::string>{"Name 1007"});
  EXPECT_EQ(page("q=nothing").at("total").as_int64(), 20);
  EXPECT_EQ(page("q=nothing").at("matched").as_int64(), 0);
  for (const char* order : {"added", "name", "progress", "rate", "size"}) {
    EXPECT_EQ(page("sort=" + std::string(order)).at("torrents").as_array().size(), 20U) << order;
  }
}

TEST_F(WeirApiTest, APageHasAtMostAThousand) {
  const auto node = serve("a");
  add_named(*node, 1001);
  EXPECT_EQ(names_of(value_of(api(*node, "GET", "/torrents?limit=1000"))).size(), 1000U);
  for (const char* query : {"limit=1001", "limit=0", "limit=-1", "limit=", "offset=x", "sort=x",
                            "order=x", "state=x", "limit=1&limit=2"}) {
    const ClientAnswer answer = api(*node, "GET", std::string("/torrents?") + query);
    EXPECT_EQ(answer.status, 400U) << query;
    EXPECT_EQ(code_of(answer), "bad_query") << query;
  }
  EXPECT_EQ(api(*node, "GET", "/torrents?q=" + std::string(256, 'x')).status, 200U);
  EXPECT_EQ(api(*node, "GET", "/torrents?q=" + std::string(257, 'x')).status, 400U);
}

TEST_F(WeirApiTest, LimitsAreSetAndShown) {
  const auto node = serve("a");
  EXPECT_EQ(api(*node, "GET", "/limits").body, "{\"down\":0,\"up\":0}");
  EXPECT_EQ(api(*node, "PUT", "/limits", "{\"down\":1000000}").status, 200U);
  EXPECT_EQ(api(*node, "PUT", "/limits", "{\"up\":5}").body, "{\"down\":1000000,\"up\":5}");
  EXPECT_EQ(value_of(api(*node, "GET", "/status")).at("limits").at("up").as_int64(), 5);
  ASSERT_EQ(api(*node, "POST", "/torrents", hash_of(1), "text/plain").status, 201U);
  const std::string at = "/torrents/" + hash_of(1);
  EXPECT_EQ(api(*node, "PUT", at + "/limits", "{\"down\":7,\"up\":8}").status, 200U);
  EXPECT_EQ(api(*node, "GET", at + "/limits").body, "{\"down\":7,\"up\":8}");
  EXPECT_EQ(value_of(api(*node, "GET", at)).at("limits").at("down").as_int64(), 7);
  for (const char* bad : {"{\"down\":-1}", "{\"down\":1.5}", "{\"side\":1}", "[]", "{", "1"}) {
    EXPECT_EQ(code_of(api(*node, "PUT", "/limits", bad)), "bad_request") << bad;
  }
  EXPECT_EQ(code_of(api(*node, "PUT", "/torrents/" + hash_of(2) + "/limits", "{}")), "not_found");
}

TEST_F(WeirApiTest, HTT_27_BodiesThatAreDeepLargeOrBrokenAreRefused) {
  const auto node = serve("a");
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(api::read_json(as_bytes(nested(64))).has_value());
  EXPECT_FALSE(api::read_json(as_bytes(nested(65))).has_value());
  EXPECT_EQ(api(*node, "PUT", "/limits", nested(30'000)).status, 400U);
  const std::string fits = "{\"down\":1" + std::string(api::kSmallBodyMax - 10, ' ') + "}";
  ASSERT_EQ(fits.size(), api::kSmallBodyMax);
  EXPECT_EQ(api(*node, "PUT", "/limits", fits).status, 200U);
  const ClientAnswer large = api(*node, "PUT", "/limits", fits + " ");
  EXPECT_EQ(large.status, 413U);
  EXPECT_EQ(code_of(large), "too_large");
  for (const char* body : {"{}", "{\"hash\":1}", "{\"magnet\":\"x\",\"hash\":\"y\"}", "{\"hash\":",
                           "{\"hash\":\"x\",\"other\":1}", "\xff", "{\"paused\":1}"}) {
    const ClientAnswer answer = api(*node, "POST", "/torrents", body);
    EXPECT_EQ(answer.status, 400U) << body;
  }
  EXPECT_EQ(code_of(api(*node, "POST", "/torrents", "magnet:?xt=urn:btih:00", "text/plain")),
            "bad_magnet");
  EXPECT_EQ(code_of(api(*node, "POST", "/torrents", "d1:ae", "application/x-bittorrent")),
            "bad_torrent");
  EXPECT_EQ(code_of(api(*node, "POST", "/torrents", "x", "text/html")), "bad_type");
  EXPECT_EQ(value_of(api(*node, "GET", "/torrents")).at("total").as_int64(), 0);
}

TEST_F(WeirApiTest, TheGateAnswersInTheSameForm) {
  ApiConfig config;
  const std::string reader = "reader-token-0123456789", adder = "adder-token-0123456789";
  ASSERT_TRUE(config.tokens.add(reader, http::Scope::read).has_value());
  ASSERT_TRUE(config.tokens.add(adder, http::Scope::add).has_value());
  const auto node = serve("a", std::move(config));
  const auto with = [](const std::string& token, Fields more = {}) {
    more.emplace_back("Authorization", "Bearer " + token);
    return more;
  };
  const std::string torrents = std::string(kBase) + "/torrents";
  EXPECT_EQ(code_of(get(*node, torrents)), "token_missing");
  EXPECT_EQ(code_of(get(*node, torrents, with(reader + "x"))), "token_wrong");
  EXPECT_EQ(get(*node, torrents, with(reader)).status, 200U);
  const Fields link{{"Content-Type", "text/plain"}};
  const std::string hash = hash_of(0);
  EXPECT_EQ(code_of(post(*node, torrents, as_bytes(hash), with(reader, link))), "scope_missing");
  EXPECT_EQ(post(*node, torrents, as_bytes(hash), with(adder, link)).status, 201U);
  EXPECT_EQ(code_of(ask(*node, "DELETE", torrents + "/" + hash, with(adder))), "scope_missing");
  EXPECT_EQ(code_of(get(*node, torrents, {{"Host", "evil.example"}})), "host_not_allowed");
  EXPECT_EQ(code_of(get(*node, torrents, {{"Origin", "https://evil.example"}})), "foreign_origin");
  EXPECT_EQ(code_of(get(*node, torrents + "/%2e%2e/x")), "bad_path");
  EXPECT_EQ(code_of(get(*node, std::string(kBase) + "/nowhere")), "no_such_route");
  EXPECT_EQ(code_of(ask(*node, "DELETE", torrents)), "bad_method");
}

TEST_F(WeirApiTest, MetricsAreTextForWhoDoesNotAskForMore) {
  const auto node = serve("a");
  const ClientAnswer answer = get(*node, "/metrics");
  EXPECT_EQ(answer.fields.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(answer.body.find("# TYPE weir_build_info gauge\n"), std::string::npos);
  EXPECT_NE(answer.body.find("# TYPE weir_events_total counter\n"), std::string::npos);
  EXPECT_EQ(answer.body.find("# EOF"), std::string::npos);
}

TEST_F(WeirApiTest, MetricsAreOpenMetricsWithoutTorrentsNames) {
  const auto node = serve("a");
  add_named(*node, 3);
  // As Prometheus asks.
  const ClientAnswer answer =
      get(*node, "/metrics",
          {{"Accept",
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
            "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}});
  EXPECT_EQ(answer.fields.at("content-type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(answer.body.ends_with("\n# EOF\n"));
  EXPECT_NE(answer.body.find("\nweir_torrents{state=\"paused\"} 3\n"), std::string::npos)
      << answer.body;
  EXPECT_EQ(answer.body.find("Name"), std::string::npos);
  // Each sample belongs to the family above it, which has a type and help.
  std::string family;
  for (std::size_t at = 0; at < answer.body.size();) {
    const std::size_t end = answer.body.find('\n', at);
    const std::string line = answer.body.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
    } else if (line.starts_with("weir_")) {
      EXPECT_TRUE(line.starts_with(family)) << line;
    } else {
      EXPECT_TRUE(line.starts_with("# HELP " + family + " ") || line == "# EOF") << line;
    }
  }
}

TEST_F(WeirApiTest, TheDocumentHasEveryRouteAndNoMore) {
  const auto node = serve("a");
  const ClientAnswer answer = get(*node, std::string(kBase) + "/openapi.json");
  const json::value document = value_of(answer);
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  std::set<std::string> documented, routed, names;
  for (const auto& [path, methods] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : methods.as_object()) {
      documented.insert(std::string(method) + " " + std::string(path));
      EXPECT_TRUE(names.insert(std::string(operation.at("operationId").as_string())).second);
      EXPECT_FALSE(operation.at("summary").as_string().empty());
    }
  }
  for (const api::Route& route : api::weir_routes()) {
    const std::string method = http::ascii_lowered(http::text_of(route.method));
    routed.insert(method + " " + std::string(route.pattern));
  }
  EXPECT_EQ(documented, routed);
  // Whatever it refers to is there.
  const std::string mark = "\"$ref\":\"#/components/";
  for (std::size_t at = answer.body.find(mark); at != std::string::npos;
       at = answer.body.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    const std::string name = answer.body.substr(begin, answer.body.find('"', begin) - begin);
    boost::system::error_code error;
    EXPECT_NE(document.at("components").find_pointer("/" + name, error), nullptr) << name;
  }
}

// The answers' fields are those that the document describes.
TEST_F(WeirApiTest, AnswersHaveTheFieldsOfTheirSchemas) {
  const auto node = serve("a");
  (void)post(*node, kTorrentUrl, counted_bytes(1000));
  const json::value document = value_of(get(*node, std::string(kBase) + "/openapi.json"));
  const json::value& schemas = document.at("components").at("schemas");
  const auto expect = [&](const json::value& value, const json::value& schema) {
    for (const json::value& name : schema.at("required").as_array()) {
      EXPECT_TRUE(value.as_object().contains(name.as_string())) << name;
    }
  };
  const json::value page = value_of(api(*node, "GET", "/torrents"));
  expect(page, schemas.at("TorrentPage"));
  const json::value& torrent = page.at("torrents").at(0);
  expect(torrent, schemas.at("Torrent"));
  for (const auto& [name, field] : torrent.as_object()) {
    EXPECT_TRUE(schemas.at("Torrent").at("properties").as_object().contains(name)) << name;
  }
  const std::string at = "/torrents/" + std::string(torrent.at("hash").as_string());
  expect(value_of(api(*node, "GET", at)), schemas.at("TorrentDetail").at("allOf").at(1));
  expect(value_of(api(*node, "GET", at + "/files")), schemas.at("Files"));
  expect(value_of(api(*node, "GET", at + "/pieces")), schemas.at("Pieces"));
  expect(value_of(api(*node, "GET", at + "/peers")), schemas.at("Peers"));
  expect(value_of(api(*node, "GET", at + "/trackers")), schemas.at("Trackers"));
  const json::value status = value_of(api(*node, "GET", "/status"));
  expect(status, schemas.at("Status"));
  for (const auto& [name, field] : status.as_object()) {
    EXPECT_TRUE(schemas.at("Status").at("properties").as_object().contains(name)) << name;
  }
}

}  // namespace
}  // namespace weir
