// SPDX-License-Identifier: MIT OR Apache-2.0
// The store over the API: how long things are kept, checks, and clearing up.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "api/testing/api_fixture.h"
#include "http/field.h"
#include "io/clock.h"

namespace weir {
namespace {

namespace json = boost::json;

class WeirStoreTest : public ApiFixture {
 protected:
  static ClientAnswer api(const ServedNode& to, std::string_view method, const std::string& path,
                          std::string_view body = {}) {
    Fields fields;
    if (!body.empty()) {
      fields.emplace_back("Content-Type", "application/json");
      fields.emplace_back("Content-Length", std::to_string(body.size()));
    }
    return ask(to, method, "/api/weir/v1" + path, fields, body);
  }
  static json::value said(const ServedNode& to, std::string_view method, const std::string& path,
                          std::string_view body = {}) {
    return json::parse(api(to, method, path, body).body);
  }
  static std::string upload(const ServedNode& to, Bytes content) {
    const ClientAnswer answer =
        post(to, kTorrentUrl, content, {{"Content-Disposition", "filename=\"a.bin\""}});
    return "/torrents/" + http::ascii_lowered(answer.body.substr(4));
  }
};

TEST_F(WeirStoreTest, ATorrentIsPinnedAndGivenATime) {
  const auto node = serve("a");
  const std::string torrent = upload(*node, counted_bytes(1000));
  EXPECT_FALSE(said(*node, "GET", torrent).at("pinned").as_bool());
  EXPECT_TRUE(said(*node, "GET", torrent).at("expires").is_null());
  // Rounded up to whole seconds.
  const std::int64_t at = (unix_now() + 1000) * 1000;
  const std::string body = "{\"expires\": " + std::to_string(at + 1) + "}";
  EXPECT_EQ(said(*node, "PATCH", torrent, body).at("expires").as_int64(), at + 1000);
  EXPECT_EQ(said(*node, "GET", torrent).at("expires").as_int64(), at + 1000);
  const json::value pinned = said(*node, "PATCH", torrent, "{\"pinned\": true}");
  EXPECT_TRUE(pinned.at("pinned").as_bool());
  EXPECT_TRUE(pinned.at("expires").is_null()) << "as long as it is pinned";
  EXPECT_EQ(said(*node, "GET", "/store").at("pinned").as_int64(), 1);
  const json::value after = said(*node, "PATCH", torrent, "{\"pinned\": false, \"expires\": null}");
  EXPECT_FALSE(after.at("pinned").as_bool());
  EXPECT_TRUE(after.at("expires").is_null());
}

TEST_F(WeirStoreTest, WhatIsNoChangeIsRefused) {
  const auto node = serve("a");
  const std::string torrent = upload(*node, counted_bytes(1000));
  for (const char* body : {"[]", "{\"pinned\": 1}", "{\"expires\": -1}", "{\"expires\": \"now\"}",
                           "{\"expires\": 1.5}", "{\"other\": true}", "x"}) {
    EXPECT_EQ(api(*node, "PATCH", torrent, body).status, 400U) << body;
  }
  EXPECT_EQ(api(*node, "PATCH", "/torrents/" + std::string(40, 'a'), "{}").status, 404U);
  EXPECT_EQ(api(*node, "POST", "/store/gc?dryRun=maybe").status, 400U);
  EXPECT_EQ(api(*node, "POST", "/store/verify?hash=x").status, 400U);
  EXPECT_EQ(api(*node, "POST", "/store/verify?hash=" + std::string(40, 'a')).status, 404U);
}

TEST_F(WeirStoreTest, TheStoreIsCountedCheckedAndCleared) {
  const auto node = serve("a");
  const std::string torrent = upload(*node, counted_bytes(1000));
  const json::value stat = said(*node, "GET", "/store");
  EXPECT_EQ(stat.at("used").as_int64(), 1000);
  EXPECT_EQ(stat.at("contents").as_int64(), 1);
  EXPECT_EQ(stat.at("copies").as_int64(), 1);
  EXPECT_EQ(stat.at("shared").as_int64(), 0);
  EXPECT_EQ(api(*node, "POST", "/store/verify").status, 202U);
  json::value check = said(*node, "GET", "/store/check");
  while (check.at("running").as_bool()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    check = said(*node, "GET", "/store/check");
  }
  EXPECT_EQ(check.at("action").as_string(), "verify");
  EXPECT_EQ(check.at("files").at("done").as_int64(), 1);
  EXPECT_EQ(check.at("count").as_int64(), 0);
  EXPECT_EQ(api(*node, "DELETE", "/store/check").status, 204U);
  const json::value gone = said(*node, "POST", "/store/gc");
  EXPECT_EQ(gone.at("freed").as_int64(), 0);
  EXPECT_TRUE(gone.at("expired").as_array().empty());
  EXPECT_EQ(api(*node, "DELETE", torrent + "?content=remove").status, 200U);
  EXPECT_EQ(said(*node, "GET", "/store").at("contents").as_int64(), 0);
}

}  // namespace
}  // namespace weir
