// SPDX-License-Identifier: MIT OR Apache-2.0
// What a session tells of its trackers, and how long it gives them.
#include <gtest/gtest.h>

#include "engine/session.h"
#include "engine/session_driver.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPiece = 16 * 1024;
constexpr const char* kUrl = "http://tracker.example/secret/announce";

struct Node : SessionDriver {
  explicit Node(const std::vector<std::string>& trackers) : SessionDriver(only_v4()) {
    AddTorrent request = torrent.request();
    request.trackers = trackers;
    key = add(std::move(request)).value();
  }
  static SessionConfig only_v4() {
    SessionConfig config;
    config.ipv6 = false;
    return config;
  }
  void answer(const HttpGet& get, std::string_view body) {
    session.handle_http_reply(
        now, get.id, {.status = 200, .body = to_buffer(as_bytes(body)), .error = {}, .remote = {}});
    drain();
  }
  void fail(const HttpGet& get, const std::string& error) {
    session.handle_http_reply(now, get.id, {.status = 0, .body = {}, .error = error, .remote = {}});
    drain();
  }
  DriverTorrent torrent{TorrentKind::v1, kPiece, {{"a", 7 * kPiece + 5}}};
  TorrentKey key{};
};

TEST(SessionTracker, AFailureIsAnEvent) {
  Node node({kUrl});
  ASSERT_EQ(node.gets.size(), 1u);
  node.fail(node.gets[0], "Connection refused");
  const auto said = node.said<TrackerAnnounced>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].url, kUrl);
  EXPECT_EQ(said[0].event, "started");
  EXPECT_EQ(said[0].family, AddressFamily::v4);
  EXPECT_EQ(said[0].failure->code, "connection_failed");
  EXPECT_EQ(said[0].failure->text, "Connection refused");
  EXPECT_EQ(said[0].state, "failing");
  ASSERT_TRUE(said[0].next_in);
  EXPECT_GT(*said[0].next_in, seconds(11));
  EXPECT_LT(*said[0].next_in, seconds(19));
}

TEST(SessionTracker, AnAnswerIsAnEventWithItsCountsAndWarning) {
  Node node({kUrl});
  node.answer(node.gets.at(0),
              "d8:completei3e10:incompletei4e8:intervali600e5:peers6:\x05\x06\x07\x08\x10\x11"
              "15:warning message4:helpe");
  const auto said = node.said<TrackerAnnounced>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_FALSE(said[0].failure);
  EXPECT_EQ(said[0].peers, 1u);
  EXPECT_EQ(said[0].seeders, 3u);
  EXPECT_EQ(said[0].leechers, 4u);
  EXPECT_EQ(said[0].state, "working");
  EXPECT_GE(said[0].next_in, seconds(600));
  const auto warnings = node.said<TrackerWarning>();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].url, kUrl);
  EXPECT_EQ(warnings[0].text, "help");
}

TEST(SessionTracker, OneThatCannotBeAskedIsAnEvent) {
  Node node({"ftp://x/announce", kUrl});
  const auto said = node.said<TrackerAnnounced>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].failure->code, "unsupported_scheme");
  EXPECT_EQ(said[0].state, "unsupported");
}

TEST(SessionTracker, ANameThatIsNeverFoundIsBoundedByTheAnnouncesDeadline) {
  Node node({"udp://tracker.example:6969/announce"});
  ASSERT_EQ(node.lookups.size(), 1u);
  node.pass(seconds(60) - milliseconds(1));
  EXPECT_TRUE(node.said<TrackerAnnounced>().empty());
  node.pass(milliseconds(1));
  const auto said = node.said<TrackerAnnounced>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].failure->code, "timed_out");
  EXPECT_EQ(node.cancelled, std::vector{node.lookups[0].id});
  // An answer that comes after all is of no interest, and the next try asks anew.
  const IpAddress late = IpAddress::v4(0x05060708);
  node.session.handle_resolved(node.now, node.lookups[0].id, {&late, 1});
  node.drain();
  node.pass(seconds(20));
  EXPECT_EQ(node.lookups.size(), 2u);
}

TEST(SessionTracker, ALookUpDoesNotMakeTheTimeForTheTransferLonger) {
  Node node({"udp://tracker.example:6969/announce"});
  const TimePoint begin = node.now;
  node.pass(seconds(50));
  const IpAddress address = IpAddress::v4(0x05060708);
  node.session.handle_resolved(node.now, node.lookups.at(0).id, {&address, 1});
  node.drain();
  EXPECT_TRUE(node.said<TrackerAnnounced>().empty());
  node.pass(begin + seconds(60) - node.now);
  EXPECT_EQ(node.said<TrackerAnnounced>().size(), 1u);
}

TEST(SessionTracker, ACancelledAnnounceCancelsItsLookUp) {
  Node node({"udp://tracker.example:6969/announce"});
  node.session.remove(node.now, node.key, RemoveContent::keep);
  node.drain();
  EXPECT_EQ(node.cancelled, std::vector{node.lookups.at(0).id});
}

TEST(SessionTracker, StoppedWaitsForItsAnswerAndTellsIt) {
  Node node({kUrl});
  node.answer(node.gets.at(0), "d8:intervali600e5:peers0:e");
  node.session.stop(node.now);
  node.drain();
  ASSERT_EQ(node.gets.size(), 2u);
  EXPECT_NE(node.gets[1].url.find("event=stopped"), std::string::npos);
  EXPECT_EQ(node.gets[1].timeout, seconds(2));
  node.pass(seconds(1));
  EXPECT_FALSE(node.session.stopped());
  EXPECT_TRUE(node.cancelled.empty());
  node.answer(node.gets[1], "d8:intervali600e5:peers0:e");
  EXPECT_TRUE(node.session.stopped());
  EXPECT_EQ(node.said<TrackerAnnounced>().back().event, "stopped");
  EXPECT_FALSE(node.said<TrackerAnnounced>().back().failure);
}

TEST(SessionTracker, StoppedThatNobodyAnswersEndsAfterTwoSeconds) {
  Node node({kUrl});
  node.answer(node.gets.at(0), "d8:intervali600e5:peers0:e");
  node.session.stop(node.now);
  node.drain();
  node.pass(seconds(2) - milliseconds(1));
  EXPECT_FALSE(node.session.stopped());
  node.pass(milliseconds(1));
  EXPECT_TRUE(node.session.stopped());
  EXPECT_EQ(node.cancelled, std::vector{node.gets.at(1).id});
  EXPECT_EQ(node.said<TrackerAnnounced>().back().failure->code, "timed_out");
}

}  // namespace
}  // namespace weir
