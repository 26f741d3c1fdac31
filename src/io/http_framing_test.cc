// SPDX-License-Identifier: MIT OR Apache-2.0
// What the server refuses before a handler sees it, and the limits of its connections, over real
// sockets.
#include <gtest/gtest.h>
#include <chrono>
#include <thread>

#include "io/http_server.h"
#include "io/internal/http_core.h"
#include "io/testing/http_client.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

// A handler that notes targets and answers at once.
class Noting {
 public:
  explicit Noting(HttpServerConfig config = {})
      : http([this](HttpCall call) { note(std::move(call)); }, std::move(config)) {}
  void note(HttpCall call) {
    seen.change([&](auto& all) { all.push_back(call.head().target); });
    call.answer(text_answer("ok"));
  }
  Awaited<std::vector<std::string>> seen;
  LoopbackHttp http;
};

void wait_for(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(condition());
}

TEST(HttpFraming, HTT_01_AHiddenSecondRequestNeverRuns) {
  const std::string hidden = "0\r\n\r\nDELETE /canary HTTP/1.1\r\nHost: h\r\n\r\n";
  Noting noting;
  for (const std::string lines :
       {"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: xchunked\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length: 0x5\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n"}) {
    HttpClient client(noting.http.endpoint());
    client.send("POST /front HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n" + hidden);
    const ClientAnswer answer = client.answer();
    EXPECT_EQ(answer.status, 400u) << lines;
    EXPECT_EQ(answer.fields.at("connection"), "close") << lines;
    EXPECT_EQ(client.receive_all(), "") << lines;
    EXPECT_EQ(client.error(), 0) << lines;
  }
  EXPECT_TRUE(noting.seen.get().empty());
  EXPECT_EQ(noting.http.server().counts().refused, 8u);
}

TEST(HttpFraming, HTT_01_ABodyThatIsNoChunksEndsTheConnection) {
  Noting noting;
  HttpClient client(noting.http.endpoint());
  client.send(
      "POST /front HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5x\r\nhello\r\n0\r\n\r\nDELETE /canary HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200u);
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_EQ(noting.seen.get(), (std::vector<std::string>{"/front"}));
}

TEST(HttpFraming, HTT_03_EachRefusalHasItsStatusAndClosesTheConnection) {
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 10000; ++i) many += "X: y\r\n";
  const std::vector<std::pair<std::string, unsigned>> cases = {
      {"GET /" + std::string(64 * 1024, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {many + "\r\n", 431},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(1u << 20, 'x') + "\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: more\r\n\r\n", 417},
  };
  Noting noting;
  for (const auto& [request, status] : cases) {
    HttpClient client(noting.http.endpoint());
    client.send(request);
    EXPECT_EQ(client.answer().status, status) << request.substr(0, 60);
    EXPECT_EQ(client.receive_all(), "");
  }
  EXPECT_TRUE(noting.seen.get().empty());
}

TEST(HttpFraming, HTT_04_AHeadThatDripsIsCutAtItsDeadline) {
  Noting noting({.header_deadline = milliseconds(300)});
  const auto began = std::chrono::steady_clock::now();
  HttpClient client(noting.http.endpoint());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n");
  // Bytes that keep coming don't move the deadline.
  std::thread dripping([&] {
    while (client.send("X")) std::this_thread::yield();
  });
  EXPECT_EQ(client.answer().status, 408u);
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(300));
  client.receive_all();
  client.end_sending();
  dripping.join();
  EXPECT_EQ(noting.http.server().counts().slow_closed, 1u);
  EXPECT_TRUE(noting.seen.get().empty());
}

TEST(HttpFraming, HTT_04_AClientThatSaysNothingIsClosed) {
  Noting noting({.header_deadline = milliseconds(50)});
  HttpClient client(noting.http.endpoint());
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_EQ(client.error(), 0);
}

TEST(HttpFraming, HTT_04_DrippingHeadsDoNotKeepOthersOut) {
  Noting noting({.connections_max = 16});
  std::vector<std::unique_ptr<HttpClient>> dripping;
  for (int i = 0; i < 1000; ++i) {
    dripping.push_back(std::make_unique<HttpClient>(noting.http.endpoint()));
    dripping.back()->send("G");
    if (dripping.size() > 64) dripping.erase(dripping.begin());  // closed by the server long ago
    if (i % 10 != 0) continue;
    EXPECT_EQ(HttpClient(noting.http.endpoint()).get("/honest").status, 200u);
    EXPECT_LE(noting.http.server().counts().connections, 16u);
  }
  EXPECT_EQ(noting.http.server().counts().refused, 0u);
}

TEST(HttpFraming, HTT_32_AnIdleConnectionIsClosedAfterItsTimeout) {
  Noting noting({.idle_timeout = milliseconds(50)});
  HttpClient client(noting.http.endpoint());
  EXPECT_EQ(client.get("/").status, 200u);
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_EQ(client.error(), 0);
  wait_for([&] { return noting.http.server().counts().connections == 0; });
}

TEST(HttpFraming, HTT_32_IdleConnectionsMakeRoomForOnesWithRequests) {
  Noting noting({.connections_max = 8});
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<HttpClient>(noting.http.endpoint()));
    if (i % 2 == 0) {
      EXPECT_EQ(idle.back()->get("/idle").status, 200u);
    }
    EXPECT_LE(noting.http.server().counts().connections, 8u);
  }
  EXPECT_EQ(HttpClient(noting.http.endpoint()).get("/control").status, 200u);
  EXPECT_EQ(idle.front()->receive_all(), "");
}

// Connections that each have a request under way.
class Busy {
 public:
  explicit Busy(HttpServerConfig config)
      : http_([this](HttpCall call) { hold(std::move(call)); }, std::move(config)) {}
  void hold(HttpCall call) {
    held_.change([&](auto& all) { all.push_back(std::make_shared<HttpCall>(std::move(call))); });
  }
  void add() {
    const std::size_t before = held_.get().size();
    clients_.push_back(std::make_unique<HttpClient>(http_.endpoint()));
    clients_.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(held_.wait_until([&](const auto& all) { return all.size() > before; }));
  }
  [[nodiscard]] unsigned status_of_another() {
    return HttpClient(http_.endpoint()).answer().status;
  }
  [[nodiscard]] HttpServerCounts counts() { return http_.server().counts(); }

 private:
  Awaited<std::vector<std::shared_ptr<HttpCall>>> held_;
  LoopbackHttp http_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
};

TEST(HttpFraming, ConnectionsAtTheirLimitAndPastIt) {
  Busy busy({.connections_max = 3});
  for (int i = 0; i < 3; ++i) busy.add();
  EXPECT_EQ(busy.status_of_another(), 503u);
  EXPECT_EQ(busy.counts().connections, 3u);
  EXPECT_EQ(busy.counts().refused, 1u);
}

TEST(HttpFraming, ConnectionsOfOneAddressAtTheirLimitAndPastIt) {
  Busy busy({.connections_per_address_max = 2});
  for (int i = 0; i < 2; ++i) busy.add();
  EXPECT_EQ(busy.status_of_another(), 503u);
  EXPECT_EQ(busy.counts().connections, 2u);
}

TEST(HttpFraming, HTT_32_TheLastConnectionsAreForLoopback) {
  const IpAddress own = IpAddress::v4(0x7f000001), other = IpAddress::v4(0x08080808);
  const HttpServerConfig usual;
  EXPECT_EQ(connections_allowed(usual, own), 512u);
  EXPECT_EQ(connections_allowed(usual, other), 496u);
  const HttpServerConfig few{.connections_max = 8};
  EXPECT_EQ(connections_allowed(few, own), 8u);
  EXPECT_EQ(connections_allowed(few, other), 6u);
}

TEST(HttpFraming, StartSaysWhatIsWrongAndServesAnAdoptedSocket) {
  LambdaHandler handler([](HttpCall call) { call.answer(text_answer("adopted")); });
  auto fd = open_listener(Endpoint{IpAddress::v4(0x7f000001), 0});
  ASSERT_TRUE(fd.has_value());
  const Endpoint at = local_endpoint(fd->get()).value();
  HttpServer taken({.listen = {at}}, handler);
  const auto started = taken.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, NetErrc::address_in_use);

  HttpServer server({}, handler);
  server.adopt(fd->release());
  ASSERT_TRUE(server.start().has_value());
  EXPECT_EQ(server.listening(), (std::vector<Endpoint>{at}));
  EXPECT_EQ(HttpClient(at).get("/").body, "adopted");
  server.stop();
  server.stop();
}

}  // namespace
}  // namespace weir
