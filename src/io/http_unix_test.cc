// SPDX-License-Identifier: MIT OR Apache-2.0
// Serving on a Unix socket: whose it is, what it replaces, and that it goes with its server.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "io/testing/http_client.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class HttpUnixTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-unix-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }

  static int connected(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
    ::close(fd);
    return -1;
  }
  // All that comes until the server closes.
  static std::string ask(const std::string& path, std::string_view request) {
    const int fd = connected(path);
    if (fd < 0) return "no connection";
    (void)!::write(fd, request.data(), request.size());
    std::string out;
    char part[4096];
    for (ssize_t got = 0; (got = ::read(fd, part, sizeof(part))) > 0;) {
      out.append(part, static_cast<std::size_t>(got));
    }
    ::close(fd);
    return out;
  }
  static HttpServerConfig at(const std::string& path) {
    HttpServerConfig config;
    config.unix_path = path;
    return config;
  }
  static NetErrc failure(const std::string& path) {
    LambdaHandler handler([](HttpCall call) { call.answer(text_answer("")); });
    HttpServer server(at(path), handler);
    const auto started = server.start();
    EXPECT_FALSE(started.has_value());
    return started ? NetErrc::failed : started.error().code;
  }
  // A socket file that nobody listens on.
  static void leave_stale(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ::close(fd);
  }

  fs::path dir_;
};

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

TEST_F(HttpUnixTest, RequestsOfTheSocketAreMarkedAndThoseOfTcpAreNot) {
  const std::string path = dir_ / "a.sock";
  LoopbackHttp http(
      [](HttpCall call) { call.answer(text_answer(call.head().local_user ? "local" : "remote")); },
      at(path));
  EXPECT_EQ(http.server().unix_path(), path);
  EXPECT_TRUE(ask(path, kGet).ends_with("\r\n\r\nlocal"));
  HttpClient client(http.endpoint());
  EXPECT_EQ(client.get("/").body, "remote");
}

TEST_F(HttpUnixTest, ItIsForItsOwnerAloneAndSoIsItsDirectory) {
  const std::string path = dir_ / "made" / "too" / "a.sock";
  const mode_t before = ::umask(0);
  {
    LoopbackHttp http([](HttpCall call) { call.answer(text_answer("")); }, at(path));
    struct stat status{};
    ASSERT_EQ(::lstat(path.c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(fs::status(dir_ / "made").permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(dir_ / "made" / "too").permissions(), fs::perms::owner_all);
  }
  ::umask(before);
  EXPECT_FALSE(fs::exists(path)) << "it goes with its server";
}

TEST_F(HttpUnixTest, AStaleSocketIsReplacedAndALiveOneIsNot) {
  const std::string path = dir_ / "a.sock";
  leave_stale(path);
  LoopbackHttp http([](HttpCall call) { call.answer(text_answer("first")); }, at(path));
  EXPECT_TRUE(ask(path, kGet).ends_with("first"));
  EXPECT_EQ(failure(path), NetErrc::address_in_use);
  EXPECT_TRUE(ask(path, kGet).ends_with("first")) << "who failed took nothing away";
}

TEST_F(HttpUnixTest, WhatIsNoSocketStays) {
  const std::string path = dir_ / "precious";
  std::ofstream(path) << "x";
  EXPECT_EQ(failure(path), NetErrc::address_in_use);
  EXPECT_EQ(fs::file_size(path), 1u);
}

TEST_F(HttpUnixTest, AnotherSocketInItsPlaceIsNotRemovedAtTheEnd) {
  const std::string path = dir_ / "a.sock";
  {
    LoopbackHttp http([](HttpCall call) { call.answer(text_answer("")); }, at(path));
    // Before the old file goes, or its inode number may come back.
    leave_stale(path + "2");
    fs::rename(path + "2", path);
  }
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(HttpUnixTest, LIM_13_APathOfTheLargestSizeWorksAndOneMoreByteIsRefused) {
  const std::string start = dir_.string() + "/";
  const std::string longest = start + std::string(kUnixPathBytesMax - start.size(), 's');
  {
    LoopbackHttp http([](HttpCall call) { call.answer(text_answer("here")); }, at(longest));
    EXPECT_TRUE(ask(longest, kGet).ends_with("here"));
  }
  EXPECT_EQ(failure(longest + "s"), NetErrc::path_too_long);
}

TEST_F(HttpUnixTest, ADirectoryThatCantBeMadeIsAFailure) {
  std::ofstream(dir_ / "file") << "x";
  EXPECT_EQ(failure(dir_ / "file" / "a.sock"), NetErrc::failed);
}

}  // namespace
}  // namespace weir
