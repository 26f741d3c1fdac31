// SPDX-License-Identifier: MIT OR Apache-2.0
// Folders as tar archives over HTTP. What tar(1) writes is in
// tests/integration/node_folder_test.py.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdio>
#include <thread>

#include "api/testing/api_fixture.h"
#include "api/testing/tar_archive.h"

namespace weir {
namespace {

namespace json = boost::json;

class FolderUploadsTest : public ApiFixture {
 protected:
  static ClientAnswer put(const ServedNode& node, const std::string& body, Fields fields = {}) {
    return post(node, kTarUrl, as_bytes(body), fields);
  }
  static const Fields& as_json() {
    static const Fields fields = {{"Accept", "application/json"}};
    return fields;
  }
};

TEST_F(FolderUploadsTest, AnArchiveIsServedByEveryLinkOfItsAnswer) {
  const auto node = serve("a");
  const std::string body =
      tar_archive({{"album/b.txt", "some text"}, {"album/c/d.bin", std::string(70'000, 'x')}});
  const ClientAnswer plain = put(*node, body);
  ASSERT_EQ(plain.status, 200U) << plain.body;
  EXPECT_EQ(plain.body.size(), 44U);
  const json::value names = json::parse(put(*node, body, as_json()).body);
  EXPECT_EQ(names.at("infoHash").as_string(), plain.body);
  EXPECT_EQ(names.at("name").as_string(), "album");
  EXPECT_EQ(names.at("files").to_number<int>(), 2);
  EXPECT_EQ(names.at("size").to_number<int>(), 70'009);
  for (const auto& [name, link] : names.at("links").as_object()) {
    EXPECT_EQ(get(*node, std::string_view(link.as_string())).status, 200U) << link;
  }
  const std::string base(names.at("links").at("btih").as_string());
  EXPECT_EQ(get(*node, base + "b.txt").body, "some text");
  EXPECT_EQ(get(*node, base + "c/d.bin", {{"Range", "bytes=69998-"}}).body, "xx");
  EXPECT_EQ(get(*node, base + "?format=tar").body, body) << "the same archive again";
}

TEST_F(FolderUploadsTest, ItsPlaylistIsAmongTheLinksWhereThereIsSomethingToPlay) {
  const auto node = serve("a");
  for (const bool plays : {true, false}) {
    const std::string body = tar_archive({{plays ? "d/a.mp3" : "d/a.txt", "x"}});
    const json::value names = json::parse(put(*node, body, as_json()).body);
    const auto* link = names.at("links").as_object().if_contains("m3u");
    ASSERT_EQ(link != nullptr, plays);
    if (!plays) continue;
    EXPECT_EQ(get(*node, std::string_view(link->as_string())).status, 200U);
  }
}

TEST_F(FolderUploadsTest, TheNameIsTheOneFolderElseTheFileNameElseFolder) {
  const auto node = serve("a");
  const auto name_of = [&](const std::string& body, const std::string& disposition) {
    Fields fields = as_json();
    if (!disposition.empty()) fields.emplace_back("Content-Disposition", disposition);
    const ClientAnswer answer = put(*node, body, fields);
    return std::string(json::parse(answer.body).at("name").as_string());
  };
  const std::string one = tar_archive({{"album/a", "x"}}),
                    loose = tar_archive({{"a", "x"}, {"b/c", "y"}});
  EXPECT_EQ(name_of(one, "attachment; filename=\"other.tar\""), "album");
  EXPECT_EQ(name_of(loose, "attachment; filename=\"other.tar\""), "other");
  EXPECT_EQ(name_of(loose, "filename=\".tar\""), ".tar");
  EXPECT_EQ(name_of(loose, ""), "folder");
  const ClientAnswer refused =
      put(*node, loose, {{"Content-Disposition", "attachment; filename=\"..\""}});
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(refused.body, "bad_name: The filename is not valid.");
}

TEST_F(FolderUploadsTest, HTT_10_WhatCanNotBePublishedIsRefusedByAStableNameAndLeavesNothing) {
  const auto node = serve("a");
  std::string link = tar_archive({{"d/a", ""}});
  link[http::tar_fields::kType.offset] = '2';
  std::string fixed = link.substr(0, 148) + "        " + link.substr(156);
  const auto sum = http::tar_checksum(as_bytes(fixed).first<http::kTarBlock>());
  char digits[8];
  (void)std::snprintf(digits, sizeof digits, "%06o", sum);
  link.replace(148, 6, digits, 6);
  const std::string good = tar_archive({{"d/a", std::string(3000, 'x')}});
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"not_tar", std::string(600, 'x')},
      {"not_tar", "x"},
      {"link", tar_archive({{"d/a", "x"}}).substr(0, 1024) + link},
      {"truncated", good.substr(0, 2000)},
      {"truncated", ""},
      {"truncated", good.substr(0, good.size() - 1024)},
      {"duplicate", tar_archive({{"d/a", "x"}, {"d/a", "y"}})},
      {"empty", tar_archive({{"d/a", ""}})},
      {"empty", tar_archive({})},
  };
  for (const auto& [code, body] : refusals) {
    const ClientAnswer plain = put(*node, body);
    EXPECT_EQ(plain.status, 422U) << code << ": " << plain.body;
    EXPECT_TRUE(plain.body.starts_with(code + ": ")) << plain.body;
    const ClientAnswer whole = put(*node, body, as_json());
    EXPECT_EQ(json::parse(whole.body).at("error").at("code").as_string(), code);
  }
  while (files("a") > 0) std::this_thread::yield();
  EXPECT_TRUE(node->node->client().torrents().empty());
}

TEST_F(FolderUploadsTest, EveryLimitIsReachedAndNotPassed) {
  ApiConfig api;
  api.tar.entries_max = 3;
  api.tar.file_bytes_max = 1000;
  api.tar.total_bytes_max = 1500;
  const auto node = serve(config("a"), std::move(api));
  const std::string full(1000, 'x');
  EXPECT_EQ(put(*node, tar_archive({{"d/a", "x"}, {"d/b", "y"}, {"d/c", "z"}})).status, 200U);
  EXPECT_EQ(put(*node, tar_archive({{"d/a", full}, {"d/b", full.substr(500)}})).status, 200U);
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"too_many", tar_archive({{"d/a", "x"}, {"d/b", "y"}, {"d/c", "z"}, {"d/d", ""}})},
      {"file_too_large", tar_archive({{"d/a", full + "x"}})},
      {"total_too_large", tar_archive({{"d/a", full}, {"d/b", full.substr(499)}})},
  };
  for (const auto& [code, body] : refusals) {
    const ClientAnswer answer = put(*node, body);
    EXPECT_EQ(answer.status, 413U) << answer.body;
    EXPECT_TRUE(answer.body.starts_with(code + ": ")) << answer.body;
  }
}

TEST_F(FolderUploadsTest, HTT_22_WhatTheQuotaHasNoRoomForIsRefusedBeforeAllOfItCame) {
  NodeConfig with = config("a");
  with.quota_bytes = 100'000;
  const auto node = serve(with);
  const std::string body = tar_archive({{"d/a", std::string(100'001, 'x')}});
  HttpClient client(node->endpoint());
  client.send(std::string("POST ") + kTarUrl +
              " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n");
  client.send(body);
  const ClientAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 507U);
  EXPECT_EQ(answer.body, "The node's quota does not have room for this.");
  EXPECT_EQ(put(*node, tar_archive({{"d/a", std::string(100'000, 'x')}})).status, 200U);
}

TEST_F(FolderUploadsTest, HTT_21_AFolderThatIsCutLeavesNothing) {
  auto node = serve("a");
  const std::string body = tar_archive({{"d/a", std::string(50'000, 'x')}, {"d/b", "y"}});
  for (const std::size_t cut :
       {std::size_t{0}, std::size_t{511}, std::size_t{40'000}, body.size() - 1}) {
    HttpClient client(node->endpoint());
    client.send(std::string("POST ") + kTarUrl +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n");
    client.send(body.substr(0, cut));
  }
  while (node->server.counts().connections > 0) std::this_thread::yield();
  node.reset();
  EXPECT_EQ(files("a"), 0U);
}

TEST_F(FolderUploadsTest, WeirsOwnInterfaceAnswersWithTheTorrent) {
  const auto node = serve("a");
  const std::string body = tar_archive({{"album/a", "x"}});
  const Fields fields = {{"Content-Type", "application/x-tar"}};
  for (const unsigned status : {201U, 200U}) {
    const ClientAnswer answer = post(*node, "/api/weir/v1/torrents", as_bytes(body), fields);
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(json::parse(answer.body).at("name").as_string(), "album");
  }
  const ClientAnswer refused =
      post(*node, "/api/weir/v1/torrents", as_bytes(body).first(600), fields);
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(json::parse(refused.body).at("error").at("code").as_string(), "truncated");
}

}  // namespace
}  // namespace weir
