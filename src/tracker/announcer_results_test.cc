// SPDX-License-Identifier: MIT OR Apache-2.0
// What an announcer tells about announces that ended.
#include <gtest/gtest.h>

#include <algorithm>

#include "tracker/announcer.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};
const IpAddress kRemote = IpAddress::v4(0x08080808);

class Results : public ::testing::Test {
 protected:
  void make(std::vector<AnnouncerTier> tiers, AnnouncerConfig config = {}) {
    Sha1Digest hash;
    hash.bytes.fill(std::byte{1});
    announcer.emplace(config, tiers, std::vector{hash}, random);
    announcer->start(now);
  }
  AnnounceRequest one() {
    auto request = announcer->next(now, {.left = 100});
    EXPECT_TRUE(request);
    return request.value_or(AnnounceRequest{});
  }
  static AnnouncerConfig only_v4() {
    AnnouncerConfig config;
    config.ipv6 = false;
    return config;
  }

  TimePoint now = kStart;
  Random random{3};
  std::optional<Announcer> announcer;
};

TEST_F(Results, AnAnswerIsToldWithItsCountsAndTheNextTry) {
  make({{{"http://a/announce"}}}, only_v4());
  AnnounceReply reply;
  reply.interval = 600s;
  reply.seeders = 7;
  reply.warning = "soon down";
  for (const char* peer : {"1.2.3.4:1", "127.0.0.1:1", "1.2.3.4:2"}) {
    reply.peers.push_back(Endpoint::parse(peer).value());
  }
  announcer->handle_reply(now, one().id, reply, kRemote);
  const auto results = announcer->take_results();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_FALSE(results[0].error);
  EXPECT_EQ(results[0].event, AnnounceEvent::started);
  EXPECT_EQ(results[0].peers, 2u) << "usable ones";
  EXPECT_EQ(results[0].seeders, 7u);
  EXPECT_EQ(results[0].leechers, std::nullopt);
  EXPECT_EQ(results[0].warning, "soon down");
  EXPECT_EQ(results[0].next, announcer->tracker(0).next_announce);
  EXPECT_GE(results[0].next, kStart + 600s);
  EXPECT_TRUE(announcer->take_results().empty());
}

TEST_F(Results, AFailureIsToldOfItsFamilyWithTheNextTry) {
  make({{{"http://a/announce"}}});
  const auto v4 = one();
  const auto v6 = one();
  const TrackerError error{TrackerErrc::unresolved, "a", std::nullopt};
  announcer->handle_failure(now, v6.id, error);
  const auto results = announcer->take_results();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].family, AddressFamily::v6);
  EXPECT_EQ(results[0].error, error);
  EXPECT_GT(results[0].next, kStart);
  EXPECT_EQ(announcer->tracker(0).state, AnnouncerTrackerState::announcing)
      << "the other family may still work";
  announcer->handle_failure(now, v4.id, error);
  EXPECT_EQ(announcer->tracker(0).state, AnnouncerTrackerState::failing);
}

TEST_F(Results, TheTrackerThatAnsweredIsNamedThoughItMovesToTheFront) {
  make({{{"http://a/announce", "http://b/announce"}}}, only_v4());
  announcer->handle_failure(now, one().id, {TrackerErrc::http_status, "404", std::nullopt});
  const auto second = one();
  announcer->handle_reply(now, second.id, {}, kRemote);
  const auto results = announcer->take_results();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_NE(results[0].tracker, results[1].tracker);
  EXPECT_EQ(announcer->tracker(results[1].tracker).url, second.url.text());
  EXPECT_GE(results[1].next, kStart + kTrackerIntervalDefault);
}

TEST_F(Results, NeverAgainHasNoNextTry) {
  make({{{"http://a/announce"}}}, only_v4());
  announcer->handle_failure(now, one().id,
                            {TrackerErrc::tracker_failure, "go", TrackerRetryHint{.never = true}});
  EXPECT_EQ(announcer->take_results().at(0).next, std::nullopt);
}

TEST_F(Results, SilenceIsAFailureAtTheDeadline) {
  make({{{"http://a/announce"}}}, only_v4());
  now = one().deadline;
  announcer->handle_timer(now);
  const auto results = announcer->take_results();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error->code, TrackerErrc::timed_out);
}

TEST_F(Results, StoppedIsToldWhetherAnsweredOrNot) {
  make({{{"http://a/announce"}}, {{"http://b/announce"}}}, only_v4());
  for (int i = 0; i < 2; ++i) announcer->handle_reply(now, one().id, {}, kRemote);
  (void)announcer->take_results();
  announcer->stop(now);
  announcer->handle_reply(now, one().id, {}, kRemote);
  (void)one();
  now = announcer->next_deadline();
  announcer->handle_timer(now);
  const auto results = announcer->take_results();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].event, AnnounceEvent::stopped);
  EXPECT_FALSE(results[0].error);
  EXPECT_EQ(results[1].error->code, TrackerErrc::timed_out);
  EXPECT_EQ(results[1].next, std::nullopt);
}

TEST_F(Results, ACompletedInFlightArrivesBeforeStopped) {
  make({{{"http://a/announce"}}}, only_v4());
  announcer->handle_reply(now, one().id, {}, kRemote);
  announcer->completed(now);
  const auto completed = one();
  ASSERT_EQ(completed.params.event, AnnounceEvent::completed);
  announcer->stop(now);
  EXPECT_TRUE(announcer->take_cancelled().empty());
  EXPECT_FALSE(announcer->ready()) << "not before its answer";
  announcer->handle_reply(now + 1s, completed.id, {}, kRemote);
  const auto stopped = one();
  EXPECT_EQ(stopped.params.event, AnnounceEvent::stopped);
  EXPECT_EQ(stopped.deadline, kStart + 2s) << "both within the time of one";
  announcer->handle_failure(now + 1s, stopped.id, {});
  EXPECT_TRUE(announcer->stopping_done());
}

TEST_F(Results, ACompletedThatIsNeverAnsweredDelaysTheEndNoLonger) {
  make({{{"http://a/announce"}}}, only_v4());
  announcer->handle_reply(now, one().id, {}, kRemote);
  announcer->completed(now);
  const auto completed = one();
  announcer->stop(now);
  EXPECT_EQ(announcer->next_deadline(), kStart + 2s);
  announcer->handle_timer(kStart + 2s);
  EXPECT_EQ(announcer->take_cancelled(), std::vector{completed.id});
  EXPECT_TRUE(announcer->stopping_done());
  EXPECT_FALSE(announcer->ready());
}

TEST_F(Results, CancelledAnnouncesHaveNone) {
  make({{{"http://a/announce"}}}, only_v4());
  const auto request = one();
  announcer->stop(now);
  announcer->handle_reply(now, request.id, {}, kRemote);
  EXPECT_TRUE(announcer->take_results().empty());
}

TEST_F(Results, TrackersThatCannotBeAskedAreToldOnce) {
  make({{{"wss://a/", "http://b/announce", "http://me:pw@c/announce"}}}, only_v4());
  announcer->stop(now);
  announcer->start(now);
  const auto results = announcer->take_results();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].error->code, TrackerErrc::unsupported_scheme);
  EXPECT_EQ(results[1].error->code, TrackerErrc::user_info);
  EXPECT_EQ(announcer->tracker(results[1].tracker).state, AnnouncerTrackerState::refused);
}

}  // namespace
}  // namespace weir
