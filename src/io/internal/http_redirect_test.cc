// SPDX-License-Identifier: MIT OR Apache-2.0
// Where a request may go, and where a redirect may lead it.
#include <gtest/gtest.h>

#include "io/internal/http_transfer.h"
#include "io/testing/fetch.h"
#include "io/testing/http_server.h"

namespace weir {
namespace {

Endpoint at(const char* address, std::uint16_t port = 80) {
  return {*IpAddress::parse(address), port};
}

TEST(HttpAddress, OnlyGlobalAddressesUnlessTheUserNamedTheTarget) {
  for (const char* global : {"8.8.8.8", "2a00:1450::1"}) {
    EXPECT_TRUE(http_address_allowed(at(global), false, {})) << global;
    EXPECT_TRUE(http_address_allowed(at(global), true, {})) << global;
    EXPECT_FALSE(http_address_allowed(at(global, 0), true, {})) << global;
  }
  for (const char* local : {"127.0.0.1", "127.9.9.9", "::1", "10.1.2.3", "172.16.0.1",
                            "192.168.1.1", "100.64.0.1", "169.254.169.254", "fe80::1", "fd00::1",
                            "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"}) {
    EXPECT_FALSE(http_address_allowed(at(local), false, {})) << local;
    EXPECT_TRUE(http_address_allowed(at(local), true, {})) << local;
  }
  for (const char* unusable : {"0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1", "::"}) {
    EXPECT_FALSE(http_address_allowed(at(unusable), false, {})) << unusable;
    EXPECT_FALSE(http_address_allowed(at(unusable), true, {})) << unusable;
  }
}

TEST(HttpAddress, TRH_05_RedirectsNeverLeadToANarrowerNetwork) {
  const auto from = IpAddress::parse("8.8.8.8");
  for (const char* local :
       {"127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "fe80::1", "fd00::1"}) {
    EXPECT_FALSE(http_address_allowed(at(local), true, from)) << local;
    EXPECT_FALSE(http_address_allowed(at(local), false, from)) << local;
  }
  EXPECT_TRUE(http_address_allowed(at("9.9.9.9"), false, from));
  EXPECT_TRUE(http_address_allowed(at("9.9.9.9"), true, IpAddress::parse("127.0.0.1")));
  EXPECT_FALSE(http_address_allowed(at("169.254.169.254"), true, IpAddress::parse("127.0.0.1")));
}

TEST(HttpFetcher, TRH_05_LocalTargetsAreNotEvenConnectedTo) {
  const TestServer trap([](TestPeer&, const std::string&) {});
  FetchLoop loop;
  const std::string port = std::to_string(trap.port());
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0"}) {
    const HttpReply reply = loop.fetch("http://" + std::string(host) + ":" + port, 1000, false);
    EXPECT_EQ(reply.status, 0) << host;
    EXPECT_NE(reply.error, "") << host;
  }
  EXPECT_EQ(trap.connections(), 0);
}

TEST(HttpFetcher, TRH_05_FiveRedirectsAreFollowedASixthIsNot) {
  const TestServer server([](TestPeer& peer, const std::string& request) {
    const int left = std::stoi(request.substr(request.find("/hop") + 4));
    peer.send(left == 0 ? http_reply("there") : http_redirect("/hop" + std::to_string(left - 1)));
  });
  FetchLoop loop;
  EXPECT_EQ(as_text(loop.fetch(server.url("/hop5")).body), "there");
  EXPECT_EQ(server.connections(), 6);
  const HttpReply reply = loop.fetch(server.url("/hop100"));
  EXPECT_EQ(reply.status, 0);
  EXPECT_NE(reply.error.find("redirect refused"), std::string::npos) << reply.error;
  EXPECT_EQ(server.connections(), 12);
}

TEST(HttpFetcher, TRH_05_LoopsAndOtherSchemesAndPrivateTargetsAreRefused) {
  for (const char* target :
       {"/loop", "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:70/", "udp://a:1",
        "http://169.254.169.254/latest/meta-data", "http://user:secret@127.0.0.1/", "http://", "//",
        ""}) {
    const TestServer server(
        [&](TestPeer& peer, const std::string&) { peer.send(http_redirect(target)); });
    FetchLoop loop;
    const HttpReply reply = loop.fetch(server.url("/loop"));
    EXPECT_EQ(reply.status, 0) << target;
    EXPECT_NE(reply.error.find("refused"), std::string::npos) << target << ": " << reply.error;
    EXPECT_LE(server.connections(), 6) << target;
  }
}

TEST(HttpFetcher, BodyOfARedirectIsLimitedToo) {
  const TestServer server([](TestPeer& peer, const std::string&) {
    peer.send("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n");
    const std::string block(64 * 1024, 'x');
    while (peer.send(block)) {
    }
  });
  FetchLoop loop;
  EXPECT_EQ(loop.fetch(server.url(), 100'000).error, "reply too large");
}

TEST(HttpFetcher, OtherFamilyIsNotUsed) {
  const TestServer trap([](TestPeer&, const std::string&) {});
  FetchLoop loop;
  const HttpReply reply = loop.wait(loop.get(trap.url(), 1000, true, AddressFamily::v6));
  EXPECT_EQ(reply.status, 0);
  EXPECT_NE(reply.error, "");
  EXPECT_EQ(trap.connections(), 0);
}

}  // namespace
}  // namespace weir
