// SPDX-License-Identifier: MIT OR Apache-2.0
// The bodies of requests: taken, held back, too large, cut, and not wanted.
#include <gtest/gtest.h>
#include <atomic>
#include <thread>

#include "base/random.h"
#include "io/http_server.h"
#include "io/testing/http_client.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

void wait_for(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(condition());
}

// What sinks did, for the test to see after they have gone.
struct SinkLog {
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::size_t> largest = 0;
  std::atomic<int> ended = 0;
  std::atomic<int> gone = 0;
  std::atomic<bool> holding = false;  // keep what comes
  Awaited<std::vector<std::function<void()>>> held;
  std::function<void()> at_end;
};

class LoggingSink final : public HttpBodySink {
 public:
  explicit LoggingSink(SinkLog& log) : log_(log) {}
  ~LoggingSink() override { ++log_.gone; }
  void data(Bytes bytes, std::function<void()> done) override {
    log_.bytes += bytes.size();
    log_.largest = std::max(log_.largest.load(), bytes.size());
    if (!log_.holding) return done();
    log_.held.change([&](auto& held) { held.push_back(std::move(done)); });
  }
  void end() override {
    ++log_.ended;
    if (log_.at_end) log_.at_end();
  }

 private:
  SinkLog& log_;
};

// Receives every body into a sink and answers "stored" when it is complete.
struct Uploads {
  explicit Uploads(std::uint64_t bytes_max, HttpServerConfig config = {})
      : http(
            [this, bytes_max](HttpCall call) {
              auto held = std::make_shared<HttpCall>(std::move(call));
              log.at_end = [held] { held->answer(text_answer("stored", 201)); };
              held->receive(std::make_unique<LoggingSink>(log), bytes_max);
            },
            std::move(config)) {}
  ~Uploads() {
    log.at_end = nullptr;
    http.server().stop();
  }
  SinkLog log;
  LoopbackHttp http;
};

std::string post(std::uint64_t length, std::string_view more = "") {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(more) +
         "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

TEST(HttpUpload, BodiesOfAnySizeArriveInBoundedStretches) {
  Uploads uploads(1ull << 40);
  HttpClient client(uploads.http.endpoint());
  const std::string chunk(1u << 20, 'x');
  client.send(post(64u << 20));
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(client.send(chunk));
  EXPECT_EQ(client.answer().status, 201u);
  EXPECT_EQ(uploads.log.bytes, 64u << 20);
  EXPECT_LE(uploads.log.largest, 128u * 1024);

  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(client.send("100000\r\n" + chunk + "\r\n"));
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.answer().status, 201u);
  EXPECT_EQ(uploads.log.bytes, 72u << 20);
  EXPECT_LE(uploads.log.largest, 128u * 1024);
  client.send(post(0));
  EXPECT_EQ(client.answer().status, 201u);
  EXPECT_EQ(uploads.log.ended, 3);
}

TEST(HttpUpload, BytesArriveAsTheyWereSent) {
  Buffer content(5u << 20);
  Random random(11);
  random.fill(content);
  LoopbackHttp http([](HttpCall call) {
    auto held = std::make_shared<HttpCall>(std::move(call));
    held->receive_all(8u << 20, [held](const Buffer& body) {
      held->answer(text_answer(std::string(as_text(body))));
    });
  });
  HttpClient client(http.endpoint());
  std::thread sending([&] {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (Bytes rest = content; !rest.empty();) {
      const Bytes part = rest.first(std::min<std::size_t>(rest.size(), 1 + random.below(99999)));
      char line[32];
      std::snprintf(line, sizeof(line), "%zx\r\n", part.size());
      client.send(line + std::string(as_text(part)) + "\r\n");
      rest = rest.subspan(part.size());
    }
    client.send("0\r\n\r\n");
  });
  sending.join();
  EXPECT_TRUE(client.answer().body == as_text(content));
}

TEST(HttpUpload, ASlowSinkHoldsTheClientBack) {
  Uploads uploads(1ull << 40);
  uploads.log.holding = true;
  HttpClient client(uploads.http.endpoint());
  client.send(post(1u << 30));
  client.send("x");
  ASSERT_TRUE(uploads.log.held.wait_until([](const auto& held) { return held.size() == 1; }));
  const std::string chunk(1u << 20, 'x');
  // The sockets' buffers fill, then nothing goes in any more, and the sink was told nothing more.
  std::size_t sent = 0;
  for (int quiet = 0; quiet < 200;) {
    const std::size_t step = client.send_what_fits(chunk);
    sent += step;
    quiet = step == 0 ? quiet + 1 : 0;
    HttpClient other(uploads.http.endpoint());
    other.send("POST / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(other.answer().status, 400u);
  }
  EXPECT_LT(sent, 64u << 20);
  EXPECT_EQ(uploads.log.bytes, 1u);
  // It is told more when it is done, and only then.
  uploads.log.held.get().at(0)();
  ASSERT_TRUE(uploads.log.held.wait_until([](const auto& held) { return held.size() == 2; }));
  uploads.log.held.get().at(0)();  // said before
  EXPECT_LE(uploads.log.bytes, 1u + 128 * 1024);
  EXPECT_EQ(uploads.log.held.get().size(), 2u);
}

TEST(HttpUpload, Expect100ContinueIsAnsweredWhenTheBodyIsWanted) {
  Uploads uploads(10);
  HttpClient client(uploads.http.endpoint());
  for (int i = 0; i < 2; ++i) {
    client.send(post(5, "Expect: 100-Continue\r\n"));
    EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(client.answer().status, 201u);
  }
  // Nobody waits for it who has sent the body already.
  client.send(post(5, "Expect: 100-continue\r\n") + "hello");
  EXPECT_EQ(client.answer().status, 201u);
  // Nobody is told to continue with what is too large.
  client.send(post(11, "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.answer().status, 413u);
  EXPECT_EQ(client.receive_all(), "");
}

TEST(HttpUpload, WithoutAReceiverNobodyIsToldToContinue) {
  LoopbackHttp http([](HttpCall call) { call.answer(text_answer("no", 403)); });
  HttpClient client(http.endpoint());
  client.send(post(5, "Expect: 100-continue\r\n"));
  const ClientAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 403u);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_EQ(client.receive_all(), "");
}

TEST(HttpUpload, BodiesAtTheirLimitAndPastIt) {
  Uploads uploads(100);
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string most(100, 'x');
  HttpClient client(uploads.http.endpoint());
  client.send(post(100) + most);
  EXPECT_EQ(client.answer().status, 201u);
  client.send(chunked + "64\r\n" + most + "\r\n0\r\n\r\n");
  EXPECT_EQ(client.answer().status, 201u);
  EXPECT_EQ(uploads.log.ended, 2);
  for (const std::string& request :
       {post(101) + most + "x", chunked + "64\r\n" + most + "\r\n1\r\nx\r\n0\r\n\r\n",
        post(18446744073709551615ull)}) {
    HttpClient past(uploads.http.endpoint());
    past.send(request);
    EXPECT_EQ(past.answer().status, 413u) << request;
    EXPECT_EQ(past.receive_all(), "");
    EXPECT_EQ(past.error(), 0);
  }
  EXPECT_EQ(uploads.log.ended, 2);
  wait_for([&] { return uploads.log.gone == 5; });
}

TEST(HttpUpload, AClientThatSendsTooMuchStillReadsWhy) {
  Uploads uploads(100);
  HttpClient client(uploads.http.endpoint());
  client.send(post(8u << 20));
  const std::string chunk(1u << 20, 'x');
  for (int i = 0; i < 8; ++i) client.send(chunk);
  EXPECT_EQ(client.answer().status, 413u);
}

TEST(HttpUpload, UnwantedBodiesAreReadPastUpToTheirLimit) {
  LoopbackHttp http([](HttpCall call) { call.answer(text_answer("not read")); });
  const std::size_t most = 64 * 1024;
  HttpClient client(http.endpoint());
  client.send(post(most) + std::string(most, 'x'));
  EXPECT_EQ(client.answer().body, "not read");
  EXPECT_EQ(client.get("/").body, "not read");
  client.send(post(most + 1) + std::string(most + 1, 'x'));
  EXPECT_EQ(client.answer().fields.at("connection"), "close");
  EXPECT_EQ(client.receive_all(), "");

  HttpClient chunked(http.endpoint());
  chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunked.send("10001\r\n" + std::string(most + 1, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.answer().body, "not read");
  EXPECT_EQ(chunked.receive_all(), "");
}

TEST(HttpUpload, HTT_21_ACutBodyEndsItsSinkWithoutEnd) {
  Uploads uploads(1ull << 40);
  constexpr std::uint64_t kLength = 100'000;
  int cut = 0;
  for (const std::uint64_t sent : {std::uint64_t{0}, kLength / 100, kLength / 2, kLength - 1}) {
    for (const bool with_reset : {true, false}) {
      HttpClient client(uploads.http.endpoint());
      const std::uint64_t before = uploads.log.bytes;
      client.send(post(kLength) + std::string(sent, 'x'));
      wait_for([&] { return uploads.log.bytes == before + sent; });
      if (with_reset) client.reset();
      client.close();
      ++cut;
      wait_for([&] { return uploads.log.gone == cut; });
    }
  }
  EXPECT_EQ(uploads.log.ended, 0);
  wait_for([&] { return uploads.http.server().counts().connections == 0; });
}

TEST(HttpUpload, HTT_21_AStalledBodyIsGivenUp) {
  Uploads uploads(1ull << 40, {.slow_window = milliseconds(100)});
  HttpClient client(uploads.http.endpoint());
  client.send(post(1000) + "some");
  client.receive_all();
  EXPECT_EQ(client.error(), ECONNRESET);
  // The sink goes when the connection has been closed already.
  wait_for([&] { return uploads.log.gone == 1; });
  EXPECT_EQ(uploads.log.ended, 0);
  EXPECT_EQ(uploads.http.server().counts().slow_closed, 1u);
}

TEST(HttpUpload, ASinkMayKeepItsBytesAfterTheConnectionHasGone) {
  struct Keeping final : HttpBodySink {
    explicit Keeping(Awaited<std::pair<Bytes, std::function<void()>>>& to) : kept(to) {}
    void data(Bytes bytes, std::function<void()> done) override { kept.set({bytes, done}); }
    void end() override {}
    Awaited<std::pair<Bytes, std::function<void()>>>& kept;
  };
  Awaited<std::pair<Bytes, std::function<void()>>> kept;
  std::vector<HttpCall> unanswered;
  {
    LoopbackHttp http([&](HttpCall call) {
      call.receive(std::make_unique<Keeping>(kept), 1000);
      if (call.head().target == "/early") call.answer(text_answer("early"));
      unanswered.push_back(std::move(call));
    });
    HttpClient client(http.endpoint());
    client.send("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nfour");
    EXPECT_EQ(client.answer().body, "early");
    ASSERT_TRUE(kept.wait_until([](const auto& pair) { return pair.second != nullptr; }));
    client.send("more");
    EXPECT_EQ(as_text(kept.get().first), "four");
    kept.get().second();
    kept.set({});
    client.send(post(8) + "five");
    ASSERT_TRUE(kept.wait_until([](const auto& pair) { return pair.second != nullptr; }));
  }
  EXPECT_EQ(as_text(kept.get().first), "five");
  kept.get().second();
}

}  // namespace
}  // namespace weir
