// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/router.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

enum : std::uint32_t { kRoot, kList, kAdd, kOne, kDrop, kTorrentFile, kContent, kPeers, kHeadOnly };

Router example() {
  Router router;
  router.add(Method::get, "/btih/{hash}/{path...}", kContent);
  router.add(Method::get, "/btih/{hash}.torrent", kTorrentFile);
  router.add(Method::get, "/torrents/{id}", kOne);
  router.add(Method::del, "/torrents/{id}", kDrop);
  router.add(Method::get, "/torrents/{id}/peers", kPeers);
  router.add(Method::get, "/torrents", kList);
  router.add(Method::post, "/torrents", kAdd);
  router.add(Method::get, "/", kRoot);
  return router;
}

// The handler and captures, or the status and Allow, as one text.
std::string route(Method method, std::string_view path) {
  const auto decoded = decode_path(path);
  const RouteResult result = example().match(method, *decoded);
  if (const auto* miss = std::get_if<RouteMiss>(&result)) {
    return std::to_string(miss->status) + " " + miss->allow;
  }
  const auto& match = std::get<RouteMatch>(result);
  std::string out = "#" + std::to_string(match.handler);
  for (const std::string_view capture : match.captures) out += " " + std::string(capture);
  return out;
}

TEST(HttpRouter, FindsHandlersAndCaptures) {
  EXPECT_EQ(route(Method::get, "/"), "#0");
  EXPECT_EQ(route(Method::get, "/torrents"), "#1");
  EXPECT_EQ(route(Method::post, "/torrents"), "#2");
  EXPECT_EQ(route(Method::get, "/torrents/a"), "#3 a");
  EXPECT_EQ(route(Method::get, "/torrents/a/peers"), "#7 a");
  EXPECT_EQ(route(Method::get, "/btih/ab"), "#6 ab");
  EXPECT_EQ(route(Method::get, "/btih/ab/"), "#6 ab");
  EXPECT_EQ(route(Method::get, "/btih/ab/c/d%20e"), "#6 ab c d e");
}

TEST(HttpRouter, MoreLiteralPatternsWinWhateverTheOrder) {
  EXPECT_EQ(route(Method::get, "/btih/ab.torrent"), "#5 ab");
  EXPECT_EQ(route(Method::get, "/btih/.torrent"), "#6 .torrent");
  EXPECT_EQ(route(Method::get, "/btih/ab.torrent/x"), "#6 ab.torrent x");
}

TEST(HttpRouter, HeadGoesToGet) { EXPECT_EQ(route(Method::head, "/torrents/a"), "#3 a"); }

TEST(HttpRouter, MissesSayWhetherTheMethodOrThePathIsWrong) {
  EXPECT_EQ(route(Method::get, "/nothing"), "404 ");
  EXPECT_EQ(route(Method::get, "/torrents/a/b"), "404 ");
  EXPECT_EQ(route(Method::post, "/nothing"), "404 ");
  EXPECT_EQ(route(Method::put, "/torrents"), "405 GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(route(Method::post, "/torrents/a"), "405 GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(route(Method::options, "/torrents"), "204 GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(route(Method::options, "/nothing"), "404 ");
}

TEST(HttpRouter, LiteralRoutesTakeNoTrailingSlash) {
  EXPECT_EQ(route(Method::get, "/torrents/"), "404 ");
  EXPECT_EQ(route(Method::get, "/torrents/a/"), "404 ");
}

TEST(HttpRouter, AnEncodedNameIsNoLiteralOfAnotherRoute) {
  // "%70eers" decodes to "peers": the same name, so the same route.
  EXPECT_EQ(route(Method::get, "/torrents/a/%70eers"), "#7 a");
  EXPECT_EQ(route(Method::get, "/torrents/a%2570"), "#3 a%70");
}

TEST(HttpRouter, MethodsAreCaseSensitiveAndOthersUnknown) {
  EXPECT_EQ(parse_method("DELETE"), Method::del);
  for (const std::string_view bad : {"", "get", "GET ", "CONNECT", "TRACE", "PROPFIND"}) {
    EXPECT_FALSE(parse_method(bad)) << bad;
  }
  EXPECT_TRUE(is_safe(Method::head));
  EXPECT_FALSE(is_safe(Method::post));
}

}  // namespace
}  // namespace weir::http
