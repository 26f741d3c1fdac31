// SPDX-License-Identifier: MIT OR Apache-2.0
// Requests, answers and connections. Message framing is in http_framing_test.cc, the way of bodies
// in http_body_test.cc.
#include "io/http_server.h"

#include <gtest/gtest.h>
#include <thread>

#include "io/testing/http_client.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

void echo(HttpCall call) {
  if (call.head().has_body) {
    auto held = std::make_shared<HttpCall>(std::move(call));
    return held->receive_all(
        1u << 20, [held](Buffer body) { held->answer(text_answer(std::string(as_text(body)))); });
  }
  const std::string text = call.head().method + ' ' + call.head().target;
  call.answer(text_answer(text));
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  LoopbackHttp http(echo);
  HttpClient client(http.endpoint());
  for (int i = 0; i < 3; ++i) {
    const ClientAnswer answer = client.get("/a" + std::to_string(i));
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.body, "GET /a" + std::to_string(i));
    EXPECT_EQ(answer.fields.at("date").size(), 29u);
    EXPECT_FALSE(answer.fields.contains("connection"));
  }
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.answer().body, "hello");
  EXPECT_EQ(http.server().counts().requests, 4u);
  EXPECT_EQ(http.server().counts().accepted, 1u);
  EXPECT_EQ(http.server().counts().connections, 1u);
}

TEST(HttpServer, TellsTheHandlerWhatWasAsked) {
  Awaited<std::optional<HttpRequestHead>> seen;
  LoopbackHttp http([&](HttpCall call) {
    seen.set(call.head());
    call.answer(text_answer(""));
  });
  HttpClient client(http.endpoint());
  client.send(
      "PUT /x?y=%20 HTTP/1.1\r\nhOST:  a:1 \r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200u);
  const HttpRequestHead head = *seen.get();
  EXPECT_EQ(head.method, "PUT");
  EXPECT_EQ(head.target, "/x?y=%20");
  EXPECT_EQ(head.value("Host"), "a:1");
  EXPECT_EQ(head.values("X-A"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_FALSE(head.value("Y").has_value());
  EXPECT_EQ(head.content_length, 7u);
  EXPECT_TRUE(head.has_body);
  EXPECT_EQ(head.local, http.endpoint());
  EXPECT_EQ(head.remote.address, IpAddress::v4(0x7f000001));
}

TEST(HttpServer, HeadGetsTheLengthAndNoBody) {
  LoopbackHttp http(echo);
  HttpClient client(http.endpoint());
  client.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer(true).fields.at("content-length"), "9");
  EXPECT_EQ(client.answer().body, "GET /next");
}

TEST(HttpServer, NoContentAndNotModifiedHaveNoBody) {
  for (const unsigned status : {204u, 304u}) {
    LoopbackHttp http([&](HttpCall call) { call.answer(text_answer("never sent", status)); });
    HttpClient client(http.endpoint());
    for (int i = 0; i < 2; ++i) {
      const ClientAnswer answer = client.get("/");
      EXPECT_EQ(answer.status, status);
      EXPECT_FALSE(answer.fields.contains("content-length"));
      EXPECT_FALSE(answer.fields.contains("transfer-encoding"));
    }
  }
}

TEST(HttpServer, ClosesWhenEitherSideWants) {
  LoopbackHttp http([](HttpCall call) {
    HttpAnswer answer = text_answer("x");
    answer.close = call.head().target == "/close";
    call.answer(std::move(answer));
  });
  for (const std::string request :
       {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET /close HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.0\r\nHost: h\r\n\r\n"}) {
    HttpClient client(http.endpoint());
    client.send(request);
    const ClientAnswer answer = client.answer();
    EXPECT_EQ(answer.body, "x");
    EXPECT_EQ(answer.fields.at("connection"), "close") << request;
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(client.error(), 0);
  }
  HttpClient old(http.endpoint());
  for (int i = 0; i < 2; ++i) {
    old.send("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(old.answer().fields.at("connection"), "keep-alive");
  }
}

TEST(HttpServer, HTT_07_TenThousandRequestsSentAheadAreAnsweredInOrderOneAtATime) {
  std::atomic<int> under_way = 0, most = 0;
  LoopbackHttp http([&](HttpCall call) {
    most = std::max(most.load(), ++under_way);
    const std::string target = call.head().target;
    --under_way;
    call.answer(text_answer(target));
  });
  HttpClient client(http.endpoint());
  constexpr int kRequests = 10000;
  std::thread sender([&] {
    for (int i = 0; i < kRequests; ++i) {
      client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    }
  });
  for (int i = 0; i < kRequests; ++i) {
    const ClientAnswer answer = client.answer();
    EXPECT_EQ(answer.body, '/' + std::to_string(i));
    if (answer.status != 200) break;
  }
  sender.join();
  EXPECT_EQ(most, 1);
}

TEST(HttpServer, TheNextRequestWaitsForTheAnswerBeforeIt) {
  Awaited<std::vector<std::string>> seen;
  Awaited<std::shared_ptr<HttpCall>> held;
  LoopbackHttp http([&](HttpCall call) {
    seen.change([&](auto& all) { all.push_back(call.head().target); });
    if (call.head().target == "/1") return held.set(std::make_shared<HttpCall>(std::move(call)));
    call.answer(text_answer("second"));
  });
  HttpClient client(http.endpoint());
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(held.wait_until([](const auto& call) { return call != nullptr; }));
  // Another connection's request comes through while this one waits.
  EXPECT_EQ(HttpClient(http.endpoint()).get("/3").status, 200u);
  EXPECT_EQ(seen.get(), (std::vector<std::string>{"/1", "/3"}));
  held.get()->answer(text_answer("first"));
  EXPECT_EQ(client.answer().body, "first");
  EXPECT_EQ(client.answer().body, "second");
}

TEST(HttpServer, CallsDroppedUnansweredBecomeServerErrors) {
  LoopbackHttp http([](HttpCall call) { const HttpCall dropped = std::move(call); });
  HttpClient client(http.endpoint());
  EXPECT_EQ(client.get("/").status, 500u);
  EXPECT_EQ(client.get("/").status, 500u);
}

TEST(HttpServer, FieldsThatWouldSplitTheAnswerAreNotSent) {
  LoopbackHttp http([](HttpCall call) {
    HttpAnswer answer = text_answer("x");
    if (call.head().target == "/value") answer.fields = {{"X", "a\r\nSet-Cookie: b"}};
    if (call.head().target == "/name") answer.fields = {{"X: a\r\nY", "b"}};
    if (call.head().target == "/own") {
      answer.fields = {{"content-length", "9"}, {"Transfer-Encoding", "x"}, {"connection", "x"}};
    }
    call.answer(std::move(answer));
  });
  HttpClient client(http.endpoint());
  EXPECT_EQ(client.get("/value").status, 500u);
  EXPECT_EQ(client.get("/name").status, 500u);
  const ClientAnswer own = client.get("/own");
  EXPECT_EQ(own.body, "x");
  EXPECT_FALSE(own.fields.contains("transfer-encoding"));
}

TEST(HttpServer, AnswersMayComeFromAnyThreadAndTooLate) {
  Awaited<std::shared_ptr<HttpCall>> held;
  std::shared_ptr<HttpCall> kept;
  {
    LoopbackHttp http(
        [&](HttpCall call) { held.set(std::make_shared<HttpCall>(std::move(call))); });
    HttpClient client(http.endpoint());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(held.wait_until([](const auto& call) { return call != nullptr; }));
    EXPECT_TRUE(held.get()->connected());
    std::thread([&] { held.get()->answer(text_answer("from afar")); }).join();
    EXPECT_EQ(client.answer().body, "from afar");

    held.set(nullptr);
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(held.wait_until([](const auto& call) { return call != nullptr; }));
    kept = held.get();
    client.reset();
    while (http.server().counts().connections > 0) std::this_thread::yield();
    EXPECT_FALSE(kept->connected());
    kept->answer(text_answer("to nobody"));

    HttpClient other(http.endpoint());
    held.set(nullptr);
    other.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(held.wait_until([](const auto& call) { return call != nullptr; }));
    kept = held.get();
  }
  EXPECT_FALSE(kept->connected());
  kept->answer(text_answer("after the server"));
}

TEST(HttpServer, ClientsThatEndTheirDirectionStillGetTheAnswer) {
  Awaited<std::shared_ptr<HttpCall>> held;
  LoopbackHttp http([&](HttpCall call) { held.set(std::make_shared<HttpCall>(std::move(call))); });
  HttpClient client(http.endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.end_sending();
  ASSERT_TRUE(held.wait_until([](const auto& call) { return call != nullptr; }));
  while (held.get()->connected()) std::this_thread::yield();
  held.get()->answer(text_answer("still"));
  EXPECT_EQ(client.answer().body, "still");
  EXPECT_EQ(client.receive_all(), "");
}

}  // namespace
}  // namespace weir
