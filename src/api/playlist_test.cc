// SPDX-License-Identifier: MIT OR Apache-2.0
// Playlists of what is in a torrent.
#include <gtest/gtest.h>

#include "api/testing/api_fixture.h"
#include "api/testing/tar_archive.h"

namespace weir {
namespace {

class PlaylistTest : public ApiFixture {
 protected:
  // Gives the v1 info hash in hexadecimal.
  static std::string publish(const ServedNode& node, const std::vector<Member>& members) {
    const std::string body = tar_archive(members);
    const ClientAnswer answer = post(node, kTarUrl, as_bytes(body));
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return answer.body.substr(4);
  }
  static const std::vector<Member>& album() {
    static const std::vector<Member> members = {{"album/10 b.mp3", "tenth"},
                                                {"album/2 b.mp3", "second"},
                                                {"album/cover.jpg", "x"},
                                                {"album/cd #2/a?.ogg", "y"},
                                                {"album/list.m3u", "http://elsewhere/"}};
    return members;
  }
};

TEST_F(PlaylistTest, WhatCanBePlayedIsLinkedInNaturalOrderAtTheHostThatWasAsked) {
  const auto node = serve("a");
  const std::string hash = publish(*node, album());
  const std::string expected = "#EXTM3U\n#EXTINF:-1,2 b.mp3\nhttp://HOST/btih/" + hash +
                               "/2%20b.mp3\n#EXTINF:-1,10 b.mp3\nhttp://HOST/btih/" + hash +
                               "/10%20b.mp3\n#EXTINF:-1,a?.ogg\nhttp://HOST/btih/" + hash +
                               "/cd%20%232/a%3F.ogg\n";
  for (const std::string host : {"localhost", "localhost:8080", "127.0.0.1:1", "[::1]:99"}) {
    for (const std::string& address :
         {"/btih/" + hash + ".m3u", "/btih/" + hash + "/?format=m3u"}) {
      const ClientAnswer answer = get(*node, address, {{"Host", host}});
      EXPECT_EQ(answer.status, 200U);
      EXPECT_EQ(answer.fields.at("content-type"), "audio/x-mpegurl; charset=utf-8");
      std::string with_host = expected;
      for (std::size_t at = 0; (at = with_host.find("HOST")) != std::string::npos;) {
        with_host.replace(at, 4, host);
      }
      EXPECT_EQ(answer.body, with_host);
    }
  }
}

TEST_F(PlaylistTest, EveryLinkLeadsToItsFile) {
  const auto node = serve("a");
  const std::string list = get(*node, "/btih/" + publish(*node, album()) + ".m3u").body;
  const std::string base = "http://localhost";
  std::vector<std::string> contents;
  for (std::size_t at = 0; (at = list.find(base, at)) != std::string::npos;) {
    const std::size_t begin = at + base.size();
    at = list.find('\n', at);
    contents.push_back(get(*node, list.substr(begin, at - begin)).body);
  }
  EXPECT_EQ(contents, (std::vector<std::string>{"second", "tenth", "y"}));
}

TEST_F(PlaylistTest, AFoldersListIsOfWhatIsBelowIt) {
  const auto node = serve("a");
  const std::string at = "/btih/" + publish(*node, album());
  const ClientAnswer below = get(*node, at + "/cd%20%232/?format=m3u");
  EXPECT_EQ(below.body,
            "#EXTM3U\n#EXTINF:-1,a?.ogg\nhttp://localhost" + at + "/cd%20%232/a%3F.ogg\n");
  EXPECT_EQ(get(*node, at + "/cover.jpg?format=m3u").status, 404U);
}

TEST_F(PlaylistTest, OneFileAloneIsAPlaylistToo) {
  const auto node = serve("a");
  const ClientAnswer answer =
      post(*node, kTorrentUrl, as_bytes("film"), {{"Content-Disposition", "filename=\"a b.mkv\""}});
  const std::string at = "/btih/" + answer.body.substr(4);
  EXPECT_EQ(get(*node, at + ".m3u").body,
            "#EXTM3U\n#EXTINF:-1,a b.mkv\nhttp://localhost" + at + "/a%20b.mkv\n");
  EXPECT_EQ(get(*node, at + "/a%20b.mkv").body, "film");
}

TEST_F(PlaylistTest, APageOffersAPlaylistWhereThereIsSomethingToPlay) {
  const auto node = serve("a");
  const ClientAnswer page = get(*node, "/btih/" + publish(*node, album()) + "/");
  EXPECT_NE(page.body.find("href=\"?format=m3u\""), std::string::npos);
  EXPECT_NE(page.body.find("href=\"?format=tar\""), std::string::npos);
  const std::string silent = publish(*node, {{"d/a.txt", "x"}});
  EXPECT_EQ(get(*node, "/btih/" + silent + "/").body.find("m3u"), std::string::npos);
  EXPECT_EQ(get(*node, "/btih/" + silent + ".m3u").status, 404U);
}

}  // namespace
}  // namespace weir
