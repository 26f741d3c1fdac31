// SPDX-License-Identifier: MIT OR Apache-2.0
// Bans through a session: a peer that lies is out, and comes back when its ban has ended.
#include <gtest/gtest.h>

#include "engine/session.h"
#include "engine/session_driver.h"

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPiece = 16 * 1024;
const Endpoint kLiar = test_endpoint(7, 50'000);

Buffer message(std::uint8_t id, std::initializer_list<std::uint32_t> words, std::size_t zeros = 0) {
  Buffer out;
  const auto add = [&out](std::uint32_t value) {
    for (const int shift : {24, 16, 8, 0}) out.push_back(std::byte(value >> shift & 0xff));
  };
  add(static_cast<std::uint32_t>(1 + 4 * words.size() + zeros));
  out.push_back(std::byte{id});
  for (const std::uint32_t word : words) add(word);
  out.resize(out.size() + zeros);
  return out;
}

struct Node : SessionDriver {
  Node() : torrent(TorrentKind::v1, kPiece, {{"a", 2 * kPiece}}) {
    key = add(torrent.request()).value();
  }
  // A peer that has all and sends zeroes for it, until it is thrown out.
  ConnId lie() {
    const ConnId conn = accept(kLiar).value();
    shake(conn, torrent.hash(), 9);
    (void)collect(conn);
    feed(conn, message(14, {}));  // have all
    feed(conn, message(1, {}));   // unchoke
    (void)collect(conn);
    for (std::uint32_t piece = 0; piece < 2 && !closed.contains(conn); ++piece) {
      feed(conn, message(7, {piece, 0}, kPiece));
    }
    // Pieces are hashed together where more are on their way.
    for (int i = 0; i < 100 && !closed.contains(conn); ++i) pass(milliseconds(100));
    banned_at = now;
    return conn;
  }
  DriverTorrent torrent;
  TorrentKey key{};
  TimePoint banned_at{};
};

TEST(SessionBans, WIR_15_ALiarIsBannedListedAndRefused) {
  Node node;
  const ConnId conn = node.lie();
  ASSERT_TRUE(node.closed.contains(conn));
  const auto said = node.said<PeerBanned>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].address, kLiar.address);
  EXPECT_EQ(said[0].lasts, hours(1));
  const auto bans = node.session.bans(node.now);
  ASSERT_EQ(bans.size(), 1u);
  EXPECT_EQ(bans[0].address, kLiar.address);
  EXPECT_LE(bans[0].until, node.banned_at + hours(1));
  EXPECT_GE(bans[0].until, node.banned_at + hours(1) - milliseconds(100));
  EXPECT_FALSE(node.accept(kLiar));
  EXPECT_TRUE(node.accept(test_endpoint(8)));
}

TEST(SessionBans, ABanEndsByItselfAfterAnHour) {
  Node node;
  node.lie();
  const TimePoint until = node.session.bans(node.now).at(0).until;
  node.pass(until - node.now - milliseconds(1));
  EXPECT_FALSE(node.accept(kLiar));
  node.pass(milliseconds(1));
  EXPECT_TRUE(node.session.bans(node.now).empty());
  const auto conn = node.accept(kLiar);
  ASSERT_TRUE(conn);
  node.shake(*conn, node.torrent.hash(), 9);
  EXPECT_FALSE(node.closed.contains(*conn));
  EXPECT_EQ(node.session.peers(node.now, node.key).size(), 1u);
}

TEST(SessionBans, UnbanReadmitsAtOnceInEveryTorrent) {
  Node node;
  node.lie();
  EXPECT_TRUE(node.session.unban(node.now, kLiar.address));
  EXPECT_TRUE(node.session.bans(node.now).empty());
  const auto conn = node.accept(kLiar);
  ASSERT_TRUE(conn);
  node.shake(*conn, node.torrent.hash(), 9);
  EXPECT_FALSE(node.closed.contains(*conn));
  EXPECT_EQ(node.session.peers(node.now, node.key).size(), 1u);
  EXPECT_FALSE(node.session.unban(node.now, kLiar.address));
}

TEST(SessionBans, AnAddressThatWasKnownIsDialledAgainAfterUnban) {
  Node node;
  const Endpoint listening{kLiar.address, 6881};
  node.session.restore_ban(node.now, kLiar.address, minutes(30));
  node.session.add_peer(node.now, node.key, listening, PeerSource::user);
  node.drain();
  EXPECT_TRUE(node.dials.empty());
  ASSERT_TRUE(node.session.unban(node.now, kLiar.address));
  node.session.add_peer(node.now, node.key, listening, PeerSource::user);
  node.drain();
  ASSERT_EQ(node.dials.size(), 1u);
  EXPECT_EQ(node.dials[0].remote, listening);
}

TEST(SessionBans, ADialledLiarIsDialledAgainOnceItsBanIsLifted) {
  Node node;
  const Endpoint listening{kLiar.address, 6881};
  node.session.add_peer(node.now, node.key, listening, PeerSource::user);
  node.drain();
  ASSERT_EQ(node.dials.size(), 1u);
  node.session.restore_ban(node.now, kLiar.address, minutes(30));
  node.drain();
  EXPECT_EQ(node.closed.at(node.dials[0].conn), CloseReason::banned);
  node.pass(minutes(29));
  EXPECT_EQ(node.dials.size(), 1u);
  ASSERT_TRUE(node.session.unban(node.now, kLiar.address));
  node.drain();
  EXPECT_EQ(node.dials.size(), 2u);
}

TEST(SessionBans, ADialledLiarIsDialledAgainSomeTimeAfterItsBan) {
  Node node;
  node.session.add_peer(node.now, node.key, {kLiar.address, 6881}, PeerSource::user);
  node.drain();
  node.session.restore_ban(node.now, kLiar.address, minutes(30));
  node.drain();
  node.pass(minutes(30) - milliseconds(1));
  EXPECT_EQ(node.dials.size(), 1u);
  node.pass(minutes(1));
  EXPECT_GE(node.dials.size(), 2u);
}

TEST(SessionBans, ARestoredBanLastsForWhatIsLeftAndNeverLonger) {
  Node node;
  node.session.restore_ban(node.now, kLiar.address, seconds(10));
  node.session.restore_ban(node.now, test_endpoint(1).address, hours(1));
  node.session.restore_ban(node.now, test_endpoint(2).address, hours(1) + seconds(1));
  node.session.restore_ban(node.now, test_endpoint(3).address, seconds(0));
  const auto bans = node.session.bans(node.now);
  ASSERT_EQ(bans.size(), 3u);
  EXPECT_EQ(bans[0].until, node.now + seconds(10));
  EXPECT_EQ(bans[1].until, node.now + hours(1));
  EXPECT_EQ(bans[2].until, node.now + hours(1));
  node.pass(seconds(10) - milliseconds(1));
  EXPECT_FALSE(node.accept(kLiar));
  node.pass(milliseconds(1));
  EXPECT_TRUE(node.accept(kLiar));
}

}  // namespace
}  // namespace weir
