// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/api_client.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "io/testing/http_client.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// Says a length and gives less.
class ShortSource final : public HttpBodySource {
 public:
  void next(std::size_t, std::function<void(HttpBodyPart)> done) override {
    if (std::exchange(begun_, true)) return done(HttpBodyAbort{});
    done(std::make_shared<const Buffer>(to_buffer(as_bytes("part"))));
  }

 private:
  bool begun_ = false;
};

void answer_all(HttpCall call) {
  const HttpRequestHead& head = call.head();
  if (head.target == "/short") {
    HttpAnswer out;
    out.body = std::make_unique<ShortSource>();
    out.length = 100;
    return call.answer(std::move(out));
  }
  if (head.target == "/refused") return call.answer(text_answer("why", 404));
  if (head.target == "/moved") {
    HttpAnswer out = text_answer("", 302);
    out.fields.push_back({"Location", "/elsewhere"});
    return call.answer(std::move(out));
  }
  if (head.target == "/large") {
    return call.answer(text_answer(std::string(ApiClient::kAnswerBytesMax + 1, 'x')));
  }
  std::string text = head.method + ' ' + head.target;
  for (const char* name : {"Authorization", "Content-Type", "Range"}) {
    if (const auto value = head.value(name))
      text += std::string(" ") + name + '=' + std::string(*value);
  }
  if (!head.has_body) return call.answer(text_answer(text));
  auto held = std::make_shared<HttpCall>(std::move(call));
  held->receive_all(1000, [held, text](Buffer body) {
    held->answer(text_answer(text + ' ' + std::string(as_text(body))));
  });
}

class ApiClientTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-client-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }
  static std::string url(const LoopbackHttp& http) { return "http://" + http.endpoint().text(); }
  static ApiClientErrc failure(const ApiTarget& target) {
    ApiClient client(target);
    const auto answer = client.ask({.target = "/"});
    EXPECT_FALSE(answer.has_value());
    return answer ? ApiClientErrc::bad_target : answer.error().code;
  }
  fs::path dir_;
};

TEST_F(ApiClientTest, AsksThroughAUnixSocketAndOverTcpAlike) {
  HttpServerConfig config;
  config.unix_path = dir_ / "a.sock";
  LoopbackHttp http(answer_all, config);
  for (const ApiTarget& target :
       {ApiTarget{.unix_path = config.unix_path, .url = {}, .token = "t", .ca_file = {}},
        ApiTarget{.unix_path = {}, .url = url(http), .token = "t", .ca_file = {}}}) {
    ApiClient client(target);
    for (int i = 0; i < 3; ++i) {
      const auto answer = client.ask({.target = "/a%2Fb/../c"});
      ASSERT_TRUE(answer.has_value()) << answer.error().detail;
      EXPECT_EQ(answer->status, 200u);
      EXPECT_EQ(answer->body, "GET /a%2Fb/../c Authorization=Bearer t");
    }
    const auto posted = client.ask(
        {.method = "POST", .target = "/p", .body = "{}", .content_type = "application/json"});
    ASSERT_TRUE(posted.has_value());
    EXPECT_EQ(posted->body, "POST /p Authorization=Bearer t Content-Type=application/json {}");
    EXPECT_EQ(client.ask({.method = "DELETE", .target = "/d"})->body,
              "DELETE /d Authorization=Bearer t");
    EXPECT_EQ(client.ask({.method = "POST", .target = "/e"})->body,
              "POST /e Authorization=Bearer t");
  }
  EXPECT_EQ(http.server().counts().accepted, 2u) << "each kept its connection";
}

TEST_F(ApiClientTest, AStreamGoesToItsSinkAndARefusalIsCollected) {
  LoopbackHttp http(answer_all);
  ApiClient client({.unix_path = {}, .url = url(http), .token = {}, .ca_file = {}});
  std::string taken;
  const auto sink = [&taken](Bytes part) {
    taken += as_text(part);
    return true;
  };
  const auto whole = client.stream({.target = "/s", .range = "5-9"}, sink);
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->status, 200u);
  EXPECT_EQ(whole->content_length, 22u);
  EXPECT_EQ(taken, "GET /s Range=bytes=5-9");
  taken.clear();
  const auto refused = client.stream({.target = "/refused"}, sink);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 404u);
  EXPECT_EQ(refused->body, "why");
  EXPECT_EQ(taken, "");
}

TEST_F(ApiClientTest, ABodyThatDoesNotComeWholeIsAnErrorAndSoIsASinkThatIsFull) {
  LoopbackHttp http(answer_all);
  ApiClient client({.unix_path = {}, .url = url(http), .token = {}, .ca_file = {}});
  const auto broken = client.stream({.target = "/short"}, [](Bytes) { return true; });
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ApiClientErrc::broken_off);
  const auto full = client.stream({.target = "/s"}, [](Bytes) { return false; });
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, ApiClientErrc::sink_failed);
}

TEST_F(ApiClientTest, AnAnswerOfMoreThanTheLimitIsRefusedAndARedirectNotFollowed) {
  LoopbackHttp http(answer_all);
  ApiClient client({.unix_path = {}, .url = url(http), .token = {}, .ca_file = {}});
  const auto large = client.ask({.target = "/large"});
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, ApiClientErrc::too_large);
  EXPECT_EQ(client.ask({.target = "/moved"})->status, 302u);
}

TEST_F(ApiClientTest, NobodyThereIsNotRunningWhateverTheWay) {
  std::string closed;
  {
    LoopbackHttp http(answer_all);
    closed = url(http);
  }
  EXPECT_EQ(failure({.unix_path = {}, .url = closed, .token = {}, .ca_file = {}}),
            ApiClientErrc::not_running);
  EXPECT_EQ(failure({.unix_path = dir_ / "none", .url = {}, .token = {}, .ca_file = {}}),
            ApiClientErrc::not_running);
  std::ofstream(dir_ / "file") << "x";
  EXPECT_EQ(failure({.unix_path = dir_ / "file", .url = {}, .token = {}, .ca_file = {}}),
            ApiClientErrc::not_running);
}

TEST_F(ApiClientTest, WhatIsNoAddressIsRefused) {
  for (const char* bad : {"", "ftp://127.0.0.1", "file:///etc/passwd", "127.0.0.1:80"}) {
    EXPECT_EQ(failure({.unix_path = {}, .url = bad, .token = {}, .ca_file = {}}),
              ApiClientErrc::bad_target)
        << bad;
  }
  EXPECT_EQ(
      failure({.unix_path = "/" + std::string(107, 'a'), .url = {}, .token = {}, .ca_file = {}}),
      ApiClientErrc::bad_target);
}

TEST_F(ApiClientTest, AStopEndsARequestThatNobodyAnswers) {
  std::optional<HttpCall> held;
  LoopbackHttp http([&held](HttpCall call) { held.emplace(std::move(call)); });
  int asked = 0;
  ApiClient client({.unix_path = {}, .url = url(http), .token = {}, .ca_file = {}},
                   [&asked] { return ++asked > 1; });
  const auto answer = client.ask({.target = "/"});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ApiClientErrc::interrupted);
}

}  // namespace
}  // namespace weir
