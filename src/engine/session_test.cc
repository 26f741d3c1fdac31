// SPDX-License-Identifier: MIT OR Apache-2.0
// Who may connect to a session, and what is said to whom before that.
#include "engine/session.h"

#include <gtest/gtest.h>

#include "engine/session_driver.h"

namespace weir {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kPiece = 16 * 1024;

DriverTorrent small(TorrentKind kind = TorrentKind::v1, std::uint64_t seed = 1) {
  return {kind, kPiece, {{"a", 3 * kPiece + 5}, {"b", kPiece}}, seed};
}

// As in an announce; every byte escaped or not as the sender likes, so compare decoded.
std::string unescaped(const std::string& url) {
  std::string out;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] == '%') {
      out.push_back(static_cast<char>(std::stoi(url.substr(i + 1, 2), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(url[i]);
    }
  }
  return out;
}

TEST(SessionHandshake, WIR_01_AnUnknownInfoHashGetsNoBytes) {
  SessionDriver node;
  ASSERT_TRUE(node.add(small().request()));
  const ConnId conn = node.accept(test_endpoint(1)).value();
  node.shake(conn, small(TorrentKind::v1, 2).hash(), 7);
  EXPECT_EQ(node.closed.at(conn), CloseReason::unknown_torrent);
  EXPECT_TRUE(node.collect(conn).empty());
}

TEST(SessionHandshake, WIR_01_WrongProtocolTextIsDroppedWithItsFirstByte) {
  for (const int length : {0, 18, 20, 255}) {
    SessionDriver node;
    ASSERT_TRUE(node.add(small().request()));
    const ConnId conn = node.accept(test_endpoint(1)).value();
    const std::byte first{static_cast<unsigned char>(length)};
    node.feed(conn, {&first, 1});
    EXPECT_EQ(node.closed.at(conn), CloseReason::bad_handshake);
    EXPECT_TRUE(node.collect(conn).empty());
  }
}

TEST(SessionHandshake, WIR_01_SilenceInTheMiddleEndsAtTheDeadline) {
  SessionDriver node;
  const DriverTorrent torrent = small();
  ASSERT_TRUE(node.add(torrent.request()));
  const ConnId conn = node.accept(test_endpoint(1)).value();
  const auto hello = encode_handshake(SessionDriver::hello(torrent.hash(), 7));
  node.feed(conn, Bytes(hello).first(67));
  EXPECT_FALSE(node.closed.contains(conn));
  node.pass(seconds(3));
  EXPECT_FALSE(node.closed.contains(conn));
  node.pass(seconds(1));
  EXPECT_EQ(node.closed.at(conn), CloseReason::handshake_timeout);
}

TEST(SessionHandshake, AHybridAnswersToEitherHash) {
  SessionDriver node;
  const DriverTorrent torrent = small(TorrentKind::hybrid);
  ASSERT_TRUE(node.add(torrent.request()));
  std::uint8_t peer = 1;
  for (const auto& hash : {*torrent.hashes().v1, *torrent.hashes().v2_truncated()}) {
    const ConnId conn = node.accept(test_endpoint(peer)).value();
    node.shake(conn, hash, peer++);
    HandshakeDecoder answer;
    ASSERT_TRUE(answer.feed(node.collect(conn)));
    ASSERT_TRUE(answer.done());
    EXPECT_EQ(answer.handshake()->info_hash, hash);
    EXPECT_TRUE(answer.handshake()->reserved.v2());
    EXPECT_FALSE(node.closed.contains(conn));
  }
}

TEST(SessionHandshake, AHybridGreetsAPeerByTheHashItWasFoundBy) {
  SessionDriver node;
  const DriverTorrent torrent = small(TorrentKind::hybrid);
  AddTorrent request = torrent.request();
  request.trackers = {"http://tracker.example/announce"};
  const TorrentKey key = node.add(std::move(request)).value();
  const Sha1Digest v2 = *torrent.hashes().v2_truncated();
  Buffer found = to_buffer(as_bytes("d8:intervali900e5:peers6:"));
  test_endpoint(9).append_compact(found);
  append(found, as_bytes("e"));
  const Buffer none = to_buffer(as_bytes("d8:intervali900e5:peers0:e"));
  for (std::size_t i = 0; i < node.gets.size(); ++i) {
    const HttpGet get = node.gets[i];
    const bool by_v2 = unescaped(get.url).find(as_text(v2.bytes)) != std::string::npos;
    node.session.handle_http_reply(
        node.now, get.id, {.status = 200, .body = by_v2 ? found : none, .error = {}, .remote = {}});
    node.drain();
  }
  ASSERT_EQ(node.dials.size(), 1U);
  const auto greeted_with = [&] {
    const ConnId conn = node.dials.back().conn;
    node.dialled(conn);
    HandshakeDecoder greeting;
    EXPECT_TRUE(greeting.feed(node.collect(conn)));
    node.session.handle_closed(node.now, conn, CloseReason::remote_closed);
    return greeting.info_hash();
  };
  EXPECT_EQ(greeted_with(), v2);
  node.pass(seconds(65));
  ASSERT_EQ(node.dials.size(), 2U);
  EXPECT_EQ(greeted_with(), *torrent.hashes().v1) << "it did not know the other";
  EXPECT_EQ(node.session.status(node.now, key)->connecting, 0U);
}

TEST(SessionLimits, LIM_08_OfTheHandshakesUnderWayTheOldestGives) {
  SessionDriver node;
  const DriverTorrent torrent = small();
  const TorrentKey key = node.add(torrent.request()).value();
  // One that we dialled waits longest, and stays.
  node.session.add_peer(node.now, key, test_endpoint(900), PeerSource::tracker);
  node.drain();
  ASSERT_EQ(node.dials.size(), 1U);
  std::vector<ConnId> silent;
  for (std::uint32_t i = 0; i < 255; ++i)
    silent.push_back(node.accept(test_endpoint(i + 1)).value());
  EXPECT_TRUE(node.closed.empty()) << "256 are under way";
  const ConnId newcomer = node.accept(test_endpoint(300)).value();
  ASSERT_EQ(node.closed.size(), 1U);
  EXPECT_TRUE(node.closed.contains(silent[0]));
  node.feed(newcomer, encode_handshake(SessionDriver::hello(torrent.hash(), 1)));
  EXPECT_EQ(node.session.peers(node.now, key).size(), 1U);
  for (std::uint32_t i = 0; i < 1'000; ++i) ASSERT_TRUE(node.accept(test_endpoint(i + 301)));
  EXPECT_EQ(node.session.peers(node.now, key).size(), 1U) << "who is done is no longer under way";
  EXPECT_FALSE(node.closed.contains(node.dials[0].conn));
  node.pass(seconds(4));
  EXPECT_EQ(node.closed.size(), 1'255U) << "at the deadline the last 256 silent ones go, too";
}

TEST(SessionLimits, SilentConnectionsDoNotKeepUsFromDialling) {
  SessionDriver node;
  const TorrentKey key = node.add(small().request()).value();
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(node.accept(test_endpoint(i + 1)));
  node.session.add_peer(node.now, key, test_endpoint(500), PeerSource::tracker);
  node.drain();
  EXPECT_EQ(node.dials.size(), 1U);
}

TEST(SessionLimits, ATorrentTakesAsManyPeersAsItMayThoughAllShakeHandsAtOnce) {
  SessionConfig config;
  config.per_torrent_max = 55;
  SessionDriver node(config);
  const DriverTorrent torrent = small();
  const TorrentKey key = node.add(torrent.request()).value();
  std::vector<ConnId> conns;
  const auto hash = torrent.hash();
  for (std::uint8_t i = 1; i <= 100; ++i) {
    conns.push_back(node.accept(test_endpoint(i)).value());
    const auto hello = encode_handshake(SessionDriver::hello(hash, i));
    node.feed(conns.back(), Bytes(hello).first(60));
  }
  for (std::uint8_t i = 1; i <= 100; ++i) {
    const auto hello = encode_handshake(SessionDriver::hello(hash, i));
    node.feed(conns[i - 1U], Bytes(hello).subspan(60));
  }
  EXPECT_EQ(node.session.peers(node.now, key).size(), 55U);
  EXPECT_EQ(node.closed.size(), 45U);
}

TEST(SessionLimits, DiallingGoesOnUntilThirtyAndNoFurther) {
  SessionConfig config;
  config.dials_at_once = 100;
  SessionDriver node(config);
  const TorrentKey key = node.add(small().request()).value();
  for (std::uint32_t i = 1; i <= 60; ++i) {
    node.session.add_peer(node.now, key, test_endpoint(i), PeerSource::tracker);
    node.drain();
  }
  EXPECT_EQ(node.dials.size(), 30U);
  node.session.handle_dial_failed(node.now, node.dials[3].conn);
  node.drain();
  EXPECT_EQ(node.dials.size(), 31U);
}

TEST(SessionLimits, RefusedDialsWaitWithoutBusyTimersOrDeadlinesInThePast) {
  SessionConfig config;
  config.dials_at_once = 2;
  SessionDriver node(config);
  const TorrentKey key = node.add(small().request()).value();
  for (std::uint32_t i = 1; i <= 20; ++i) {
    node.session.add_peer(node.now, key, test_endpoint(i), PeerSource::tracker);
    node.drain();
  }
  EXPECT_EQ(node.dials.size(), 2U);
  EXPECT_LT(node.pass(seconds(5)), 50);
  node.session.handle_dial_failed(node.now, node.dials[0].conn);
  node.drain();
  EXPECT_EQ(node.dials.size(), 3U) << "a free place is taken at once";
}

TEST(SessionLimits, TheTotalOfConnectionsIsLimited) {
  SessionConfig config;
  config.total_max = 3;
  SessionDriver node(config);
  const TorrentKey key = node.add(small().request()).value();
  for (std::uint32_t i = 1; i <= 3; ++i) ASSERT_TRUE(node.accept(test_endpoint(i)));
  EXPECT_FALSE(node.accept(test_endpoint(4)));
  node.session.add_peer(node.now, key, test_endpoint(5), PeerSource::tracker);
  node.drain();
  EXPECT_TRUE(node.dials.empty());
}

TEST(SessionPeers, WIR_20_OneAddressGetsOneConnectionAndOnePeerIdToo) {
  SessionDriver node;
  const DriverTorrent torrent = small();
  const TorrentKey key = node.add(torrent.request()).value();
  const auto hash = torrent.hash();
  for (std::uint8_t i = 1; i <= 100; ++i) {
    node.shake(node.accept(test_endpoint(1, static_cast<std::uint16_t>(2000 + i))).value(), hash,
               i);
  }
  EXPECT_EQ(node.session.peers(node.now, key).size(), 1U);
  for (std::uint8_t i = 1; i <= 100; ++i) {
    node.shake(node.accept(test_endpoint(100U + i)).value(), hash, 200);
  }
  EXPECT_EQ(node.session.peers(node.now, key).size(), 2U);
}

TEST(SessionPeers, WIR_20_AConnectionToOurselvesIsRememberedAndNotDialledAgain) {
  SessionDriver node;
  const TorrentKey key = node.add(small().request()).value();
  node.session.add_peer(node.now, key, test_endpoint(1), PeerSource::user);
  node.drain();
  ASSERT_EQ(node.dials.size(), 1U);
  const ConnId out = node.dials[0].conn;
  const ConnId in = node.accept(test_endpoint(1, 40'000)).value();
  node.dialled(out);
  // One read of all 68 bytes: the accepting side knows whom it talks to before it has answered.
  node.feed(in, node.collect(out));
  node.feed(out, node.collect(in));
  EXPECT_EQ(node.closed.at(out), CloseReason::self_connection);
  node.session.handle_closed(node.now, in, CloseReason::remote_closed);
  node.drain();
  node.pass(std::chrono::hours(1));
  EXPECT_EQ(node.dials.size(), 1U);
}

TEST(SessionPeers, TwoThatDialEachOtherAtOnceKeepOneConnection) {
  const DriverTorrent torrent = small();
  SessionDriver a({}, 1), b({}, 2);
  const TorrentKey key_a = a.add(torrent.request()).value();
  const TorrentKey key_b = b.add(torrent.request()).value();
  a.session.add_peer(a.now, key_a, test_endpoint(2), PeerSource::tracker);
  b.session.add_peer(b.now, key_b, test_endpoint(1), PeerSource::tracker);
  a.drain();
  b.drain();
  const ConnId a_out = a.dials.at(0).conn, b_out = b.dials.at(0).conn;
  const ConnId a_in = a.accept(test_endpoint(2, 40'000)).value();
  const ConnId b_in = b.accept(test_endpoint(1, 40'000)).value();
  a.dialled(a_out);
  b.dialled(b_out);
  const Buffer hello_a = a.collect(a_out), hello_b = b.collect(b_out);
  a.feed(a_in, hello_b);
  b.feed(b_in, hello_a);
  const Buffer answer_a = a.collect(a_in), answer_b = b.collect(b_in);
  a.feed(a_out, answer_b);
  b.feed(b_out, answer_a);
  ASSERT_EQ(a.session.peers(a.now, key_a).size(), 1U);
  ASSERT_EQ(b.session.peers(b.now, key_b).size(), 1U);
  EXPECT_EQ(a.closed.contains(a_out), b.closed.contains(b_in)) << "both keep the same one";
}

TEST(SessionPeers, APeerClosedByTheSwarmDoesNotCountAsADialUnderWay) {
  SessionConfig config;
  config.dials_at_once = 100;
  SessionDriver node(config);
  const DriverTorrent torrent = small();
  const TorrentKey key = node.add(torrent.request()).value();
  for (std::uint32_t i = 1; i <= 2; ++i) {
    node.session.add_peer(node.now, key, test_endpoint(i), PeerSource::tracker);
    node.drain();
  }
  ASSERT_EQ(node.dials.size(), 2U);
  const ConnId first = node.dials[0].conn;
  node.dialled(first);
  node.shake(first, torrent.hash(), 9);
  const Buffer nonsense(8, std::byte{0xff});
  node.feed(first, nonsense);
  ASSERT_TRUE(node.closed.contains(first));
  EXPECT_EQ(node.session.status(node.now, key)->connecting, 1U);
}

}  // namespace
}  // namespace weir
