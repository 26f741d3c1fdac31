// SPDX-License-Identifier: MIT OR Apache-2.0
// Honest and dishonest HTTP replies.
#include "io/internal/http_fetcher.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "io/testing/fetch.h"
#include "io/testing/http_server.h"

namespace weir {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TestServer::Handler saying(std::string reply) {
  return [reply = std::move(reply)](TestPeer& peer, const std::string&) { peer.send(reply); };
}

TEST(HttpFetcher, DeliversStatusBodyAndAddress) {
  std::string seen;
  const TestServer server([&](TestPeer& peer, const std::string& request) {
    seen = request;
    peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
  });
  FetchLoop loop;
  const HttpReply reply = loop.fetch(server.url("/announce?info_hash=%01%ff&x=1"));
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(as_text(reply.body), "hello");
  EXPECT_EQ(reply.remote.text(), "127.0.0.1");
  EXPECT_TRUE(seen.starts_with("GET /announce?info_hash=%01%ff&x=1 HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("User-Agent: weir/test\r\n"), std::string::npos);
  EXPECT_NE(seen.find("Accept-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_EQ(seen.find("Cookie"), std::string::npos);
}

TEST(HttpFetcher, InflatesGzip) {
  const std::string text(10'000, 'a');
  const TestServer server(saying(http_reply(gzip(text), "Content-Encoding: gzip\r\n")));
  FetchLoop loop;
  EXPECT_EQ(as_text(loop.fetch(server.url()).body), text);
}

TEST(HttpFetcher, TRH_03_BodyAtTheLimitPassesAndPastItFails) {
  constexpr std::size_t kMax = 100'000;
  const TestServer at(saying(http_reply(std::string(kMax, 'x'))));
  const TestServer past(saying(http_reply(std::string(kMax + 1, 'x'))));
  FetchLoop loop;
  EXPECT_EQ(loop.fetch(at.url(), kMax).body.size(), kMax);
  const HttpReply reply = loop.fetch(past.url(), kMax);
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.error, "reply too large");
}

TEST(HttpFetcher, TRH_03_GzipBombIsCountedInflated) {
  const TestServer at(saying(http_reply(gzip(std::string(1u << 20, 'x')),  //
                                        "Content-Encoding: gzip\r\n")));
  const TestServer past(
      saying(http_reply(gzip(std::string((1u << 20) + 1, 'x')), "Content-Encoding: gzip\r\n")));
  FetchLoop loop;
  EXPECT_EQ(loop.fetch(at.url()).body.size(), 1u << 20);
  EXPECT_EQ(loop.fetch(past.url()).error, "reply too large");
}

TEST(HttpFetcher, TRH_03_EndlessBodyIsCutOff) {
  std::atomic<std::size_t> sent = 0;
  const TestServer server([&](TestPeer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    const std::string block(64 * 1024, 'x');
    while (peer.send(block)) sent += block.size();
  });
  FetchLoop loop;
  EXPECT_EQ(loop.fetch(server.url()).error, "reply too large");
  EXPECT_LT(sent.load(), 64u << 20);
}

TEST(HttpFetcher, TRH_01_BadChunksEndTheRequest) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& chunks :
       {std::string("-89abc9abcdef\r\nx"), std::string("ffffffffffffffff1\r\nx"),
        std::string("10000000000000000\r\nx"), std::string("3abcdef"),
        std::string("3\r\nabcXY0\r\n\r\n")}) {
    const TestServer server(saying(head + chunks));
    FetchLoop loop;
    const HttpReply reply = loop.fetch(server.url());
    EXPECT_EQ(reply.status, 0) << chunks;
    EXPECT_FALSE(reply.error.empty()) << chunks;
  }
}

TEST(HttpFetcher, TRH_01_ChunksWithoutEndAreCutOff) {
  for (const char* chunk : {"1\r\nx\r\n", "1;extension=longlonglong\r\nx\r\n"}) {
    const TestServer server([&](TestPeer& peer, const std::string&) {
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      std::string block;
      for (int i = 0; i < 1000; ++i) block += chunk;
      while (peer.send(block)) {
      }
    });
    FetchLoop loop;
    EXPECT_EQ(loop.fetch(server.url(), 100'000).error, "reply too large");
  }
}

TEST(HttpFetcher, TRH_01_TrailerBombIsCutOff) {
  const TestServer server([&](TestPeer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n");
    while (peer.send("Trailer: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  FetchLoop loop;
  const HttpReply reply = loop.fetch(server.url());
  EXPECT_EQ(reply.error, "header too large");
  EXPECT_EQ(reply.failure, TrackerErrc::reply_too_large);
}

TEST(HttpFetcher, TRH_11_EndlessHeadersAreCutOff) {
  const TestServer server([&](TestPeer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  FetchLoop loop;
  EXPECT_EQ(loop.fetch(server.url()).error, "header too large");
}

TEST(HttpFetcher, HeadersJustBelowTheLimitPass) {
  std::string headers;
  while (headers.size() + 1100 < kHttpHeaderBytesMax) {
    headers += "X-More: " + std::string(1000, 'x') + "\r\n";
  }
  const TestServer server(saying(http_reply("ok", headers)));
  FetchLoop loop;
  EXPECT_EQ(as_text(loop.fetch(server.url()).body), "ok");
}

TEST(HttpFetcher, TRH_11_SilenceAndDripsTimeOutAndHarmNobodyElse) {
  const TestServer silent(
      [](TestPeer& peer, const std::string&) { peer.pause(std::chrono::seconds(30)); });
  const TestServer drip([](TestPeer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (peer.pause(std::chrono::milliseconds(400)) && peer.send("x")) {
    }
  });
  const TestServer steady([](TestPeer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (peer.pause(std::chrono::milliseconds(100)) && peer.send("0123456789abcdef")) {
    }
  });
  const TestServer good(saying(http_reply("good")));
  HttpLimits limits;
  limits.silence = std::chrono::seconds(1);
  limits.total = std::chrono::seconds(3);
  FetchLoop loop(limits);
  const auto begin = std::chrono::steady_clock::now();
  const auto silent_id = loop.get(silent.url()), drip_id = loop.get(drip.url());
  const auto steady_id = loop.get(steady.url()), good_id = loop.get(good.url());
  EXPECT_EQ(as_text(loop.wait(good_id).body), "good");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  const HttpReply late = loop.wait(silent_id);
  EXPECT_EQ(late.error, "timed out");
  EXPECT_EQ(late.failure, TrackerErrc::timed_out);
  EXPECT_EQ(loop.wait(drip_id).error, "timed out");
  EXPECT_EQ(loop.wait(steady_id).error, "timed out");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(HttpFetcher, CancelledRequestsAreNotAnswered) {
  const TestServer silent(
      [](TestPeer& peer, const std::string&) { peer.pause(std::chrono::seconds(30)); });
  FetchLoop loop;
  const RequestId id = loop.get(silent.url());
  loop.io().run_for(std::chrono::milliseconds(100));
  loop.fetcher().cancel(id);
  EXPECT_EQ(loop.fetcher().under_way(), 0u);
  loop.io().restart();
  loop.io().run_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(loop.replies.empty());
}

TEST(HttpFetcher, CloseEndsEverythingAtOnce) {
  const TestServer silent(
      [](TestPeer& peer, const std::string&) { peer.pause(std::chrono::seconds(30)); });
  FetchLoop loop;
  for (int i = 0; i < 10; ++i) loop.get(silent.url());
  loop.io().run_for(std::chrono::milliseconds(100));
  loop.fetcher().close();
  loop.io().restart();
  // Ends because nothing is under way, not because the time is up.
  const auto begin = std::chrono::steady_clock::now();
  loop.io().run_for(std::chrono::seconds(5));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_TRUE(loop.replies.empty());
}

TEST(HttpFetcher, OneRequestTooManyIsRefused) {
  const TestServer silent(
      [](TestPeer& peer, const std::string&) { peer.pause(std::chrono::seconds(30)); });
  FetchLoop loop;
  for (std::size_t i = 0; i < HttpFetcher::kRequestsMax; ++i) loop.get(silent.url());
  const HttpReply reply = loop.fetch(silent.url());
  EXPECT_EQ(reply.error, "too many requests under way");
  EXPECT_EQ(loop.replies.size(), 1u);
}

TEST(HttpFetcher, RefusedConnectionsAndUnusableUrlsAreErrors) {
  std::uint16_t port = 0;
  {
    const TestServer gone(saying(""));
    port = gone.port();
  }
  FetchLoop loop;
  const HttpReply refused = loop.fetch("http://127.0.0.1:" + std::to_string(port) + "/");
  EXPECT_EQ(refused.status, 0);
  EXPECT_NE(refused.error, "");
  for (const char* url :
       {"", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://", "gopher://x/"}) {
    EXPECT_EQ(loop.fetch(url).status, 0) << url;
  }
}

TEST(HttpFetcher, ProxiesOfTheEnvironmentAreNotUsed) {
  const TestServer proxy(saying(http_reply("proxy")));
  const TestServer server(saying(http_reply("direct")));
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  FetchLoop loop;
  const HttpReply reply = loop.fetch(server.url());
  ::unsetenv("http_proxy");
  EXPECT_EQ(as_text(reply.body), "direct");
  EXPECT_EQ(proxy.connections(), 0);
}

}  // namespace
}  // namespace weir
