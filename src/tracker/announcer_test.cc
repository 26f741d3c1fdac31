// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/announcer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tracker/announcer_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using Fixture = AnnouncerFixture;

AnnounceReply with_min_interval(Duration interval, Duration min_interval) {
  AnnounceReply reply;
  reply.interval = interval;
  reply.min_interval = min_interval;
  return reply;
}

TEST(Announcer, StartsOnceThenReannouncesAfterTheInterval) {
  Fixture f({{{"http://a/announce"}}});
  EXPECT_FALSE(f.announcer.ready());
  f.announcer.start(f.now);
  f.announcer.start(f.now);
  const auto first = f.one();
  EXPECT_EQ(first.params.event, AnnounceEvent::started);
  EXPECT_EQ(first.params.port, 6881);
  EXPECT_EQ(first.params.stats, f.stats);
  EXPECT_EQ(first.deadline, kStart + 30s);
  AnnounceReply answer;
  answer.interval = 600s;
  answer.tracker_id = "me";
  f.reply(first, answer);
  EXPECT_TRUE(f.drain().empty());
  EXPECT_GE(f.announcer.next_deadline(), kStart + 600s);
  EXPECT_LE(f.announcer.next_deadline(), kStart + 630s);
  f.advance_to(f.announcer.next_deadline());
  const auto second = f.one();
  EXPECT_EQ(second.params.event, AnnounceEvent::none);
  EXPECT_EQ(second.params.tracker_id, "me");
  EXPECT_EQ(second.params.key, first.params.key);
}

TEST(Announcer, StartedIsRepeatedUntilAcknowledged) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  for (int i = 0; i < 3; ++i) {
    const auto request = f.one();
    EXPECT_EQ(request.params.event, AnnounceEvent::started);
    f.fail(request);
    f.advance_to(f.announcer.next_deadline());
  }
  f.reply(f.one());
  f.advance(2000s);
  EXPECT_EQ(f.one().params.event, AnnounceEvent::none);
}

TEST(Announcer, TRH_15_BackOffDoublesWithJitterUpToAnHour) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  Duration expected = 15s;
  bool jittered = false;
  for (int i = 0; i < 14; ++i) {
    f.advance(5ms);
    f.fail(f.one());
    const Duration wait = f.announcer.next_deadline() - f.now;
    EXPECT_GE(wait, expected * 8 / 10) << i;
    EXPECT_LE(wait, expected * 12 / 10) << i;
    jittered = jittered || wait != expected;
    f.advance_to(f.announcer.next_deadline());
    expected = std::min<Duration>(expected * 2, 1h);
  }
  EXPECT_TRUE(jittered);
  EXPECT_EQ(f.announcer.trackers()[0].failures, 14u);
}

TEST(Announcer, FailingTrackerIsReplacedByTheNextOfItsTierAndTheWorkingOnePromoted) {
  Fixture f({{{"http://a/announce", "http://b/announce", "http://c/announce"}}});
  f.announcer.start(f.now);
  const auto first = f.one();
  f.fail(first);
  const auto second = f.one();
  EXPECT_NE(second.url.host, first.url.host);
  f.reply(second);
  EXPECT_TRUE(f.drain().empty());
  f.advance(1900s);
  const auto again = f.one();
  EXPECT_EQ(again.url.host, second.url.host);
  f.fail(again);
  // The promoted one failed: the order continues with the one it had displaced.
  EXPECT_EQ(f.one().url.host, first.url.host);
}

TEST(Announcer, TiersAreShuffledWithinAndShareTheOrderBetweenHashes) {
  std::vector<std::string> urls;
  for (int i = 0; i < 20; ++i) urls.push_back("http://t" + std::to_string(i) + "/announce");
  Fixture f({{urls}}, only_v4(), {hash_of(1), hash_of(2)});
  f.announcer.start(f.now);
  const auto both = f.drain();
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].url, both[1].url);
  std::vector<std::string> order;
  for (auto request = both[0]; order.size() < urls.size(); request = f.one()) {
    order.push_back(request.url.text());
    f.fail(request);
    if (order.size() == urls.size()) break;
  }
  EXPECT_NE(order, urls);
  EXPECT_TRUE(std::ranges::is_permutation(order, urls));
}

TEST(Announcer, AllTiersAnnounceAtTheSameTimeByDefault) {
  Fixture f({{{"http://a/announce"}}, {{"http://b/announce"}}, {{"udp://c:1"}}});
  f.announcer.start(f.now);
  const auto all = f.drain();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].deadline, kStart + 60s);
}

TEST(Announcer, FirstWorkingTierAsksTheNextOnlyWhenAllBeforeFailed) {
  auto config = only_v4();
  config.tiers = AnnounceTiers::first_working;
  Fixture f({{{"http://a/announce", "http://b/announce"}}, {{"http://c/announce"}}}, config);
  f.announcer.start(f.now);
  f.fail(f.one());
  f.fail(f.one());
  const auto third = f.one();
  EXPECT_EQ(third.url.host, "c");
  f.reply(third);
  f.advance(20s);
  const auto retry = f.drain();
  ASSERT_GE(retry.size(), 1u);
  f.reply(retry[0]);
  // The first tier works again: the second keeps still.
  f.advance(1h);
  for (const auto& request : f.drain()) EXPECT_NE(request.url.host, "c");
}

TEST(Announcer, FamiliesAndHashesAnnounceSeparately) {
  AnnouncerConfig config;
  Fixture f({{{"http://a/announce"}}}, config, {hash_of(1), hash_of(2)});
  f.announcer.start(f.now);
  EXPECT_EQ(f.drain().size(), 4u);
}

TEST(Announcer, LiteralHostsHaveOneFamily) {
  Fixture f({{{"udp://8.8.8.8:1"}}, {{"udp://[2606::1]:1"}}}, AnnouncerConfig{});
  f.announcer.start(f.now);
  const auto all = f.drain();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].family, AddressFamily::v4);
  EXPECT_EQ(all[1].family, AddressFamily::v6);
}

TEST(Announcer, FamiliesAndHashesMayComeLater) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  EXPECT_EQ(f.drain().size(), 1u);
  f.announcer.set_families(f.now, true, true);
  EXPECT_EQ(f.one().family, AddressFamily::v6);
  f.announcer.add_info_hash(f.now, hash_of(1));
  EXPECT_TRUE(f.drain().empty());
  f.announcer.add_info_hash(f.now, hash_of(2));
  EXPECT_EQ(f.drain().size(), 2u);
}

TEST(Announcer, TRH_11_HangingTrackerIsHedgedAndTimesOut) {
  Fixture f({{{"http://a/announce", "http://b/announce"}}, {{"http://c/announce"}}});
  f.announcer.start(f.now);
  const auto first = f.drain();
  ASSERT_EQ(first.size(), 2u);
  f.reply(first[1]);
  EXPECT_EQ(f.announcer.next_deadline(), kStart + 5s);
  f.advance(5s);
  const auto hedge = f.one();
  EXPECT_NE(hedge.url.host, first[0].url.host);
  f.reply(hedge);
  f.advance_to(kStart + 30s);
  EXPECT_EQ(f.announcer.take_cancelled(), std::vector{first[0].id});
  EXPECT_TRUE(f.drain().empty());  // the hedge works, nothing is due
  f.reply(first[0]);               // too late: ignored
  EXPECT_EQ(f.announcer.in_flight(), 0u);
}

TEST(Announcer, LateAnswerToAHedgedRequestDoesNotTakeTheLead) {
  Fixture f({{{"http://a/announce", "http://b/announce"}}});
  f.announcer.start(f.now);
  const auto slow = f.one();
  f.advance(5s);
  const auto quick = f.one();
  f.advance(1s);
  f.reply(quick);
  f.advance(1s);
  f.reply(slow);
  f.advance(1900s);
  EXPECT_EQ(f.one().url.host, quick.url.host);
}

TEST(Announcer, CompletedIsSentOnceAndOnlyAfterADownload) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  f.reply(f.one(), with_min_interval(1800s, 1800s));
  f.advance(10s);
  f.stats.left = 0;
  f.announcer.completed(f.now);
  f.announcer.completed(f.now);
  const auto request = f.one();  // despite the min interval
  EXPECT_EQ(request.params.event, AnnounceEvent::completed);
  f.reply(request);
  f.announcer.completed(f.now);
  EXPECT_TRUE(f.drain().empty());
}

TEST(Announcer, CompletedIsNotSentBySeedsAndFollowsStarted) {
  Fixture seed({{{"http://a/announce"}}});
  seed.stats.left = 0;
  seed.announcer.start(seed.now);
  seed.reply(seed.one());
  seed.announcer.completed(seed.now);
  EXPECT_TRUE(seed.drain().empty());

  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  const auto started = f.one();
  f.announcer.completed(f.now);
  EXPECT_TRUE(f.drain().empty());
  f.reply(started);
  const auto completed = f.one();
  EXPECT_EQ(completed.params.event, AnnounceEvent::completed);
  f.fail(completed);
  f.advance(20s);
  f.announcer.handle_timer(f.now);
  EXPECT_TRUE(f.drain().empty());  // min interval of 60 s after `started`
  f.advance(60s);
  EXPECT_EQ(f.one().params.event, AnnounceEvent::completed);
}

TEST(Announcer, WantPeersHonoursTheMinInterval) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  f.reply(f.one(), with_min_interval(1800s, 300s));
  f.announcer.want_peers(f.now);
  EXPECT_TRUE(f.drain().empty());
  EXPECT_EQ(f.announcer.next_deadline(), kStart + 300s);
  f.advance(300s - 1ns);
  EXPECT_TRUE(f.drain().empty());
  f.advance(1ns);
  f.reply(f.one());  // this time without a min interval: ours of 60 s
  f.announcer.want_peers(f.now);
  EXPECT_EQ(f.announcer.next_deadline(), f.now + 60s);
}

TEST(Announcer, MinIntervalAboveTheIntervalWins) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  f.reply(f.one(), with_min_interval(60s, 3600s));
  EXPECT_GE(f.announcer.next_deadline(), kStart + 3600s);
}

TEST(Announcer, RetryHintsAreHonoured) {
  Fixture f({{{"http://a/announce"}}, {{"http://b/announce"}}});
  f.announcer.start(f.now);
  const auto both = f.drain();
  f.fail(both[0], TrackerRetryHint{.after = 10min});
  f.fail(both[1], TrackerRetryHint{.never = true});
  EXPECT_EQ(f.announcer.next_deadline(), kStart + 10min);
  f.announcer.want_peers(f.now);
  f.advance_to(kStart + 10min);
  EXPECT_EQ(f.one().url.host, "a");
  EXPECT_FALSE(f.announcer.trackers()[1].next_announce);
}

TEST(Announcer, StopTellsOnlyTrackersThatGotStarted) {
  Fixture f({{{"http://a/announce"}}, {{"http://b/announce"}}, {{"http://c/announce"}}});
  f.announcer.start(f.now);
  const auto all = f.drain();
  f.reply(all[0]);
  f.fail(all[1]);
  f.announcer.stop(f.now);  // c's `started` is in flight
  EXPECT_EQ(f.announcer.take_cancelled(), std::vector{all[2].id});
  const auto stopped = f.drain();
  ASSERT_EQ(stopped.size(), 2u);
  for (const auto& request : stopped) {
    EXPECT_EQ(request.params.event, AnnounceEvent::stopped);
    EXPECT_EQ(request.params.numwant, 0u);
    EXPECT_EQ(request.deadline, kStart + 2s);
    EXPECT_NE(request.url.host, "b");
    EXPECT_FALSE(f.announcer.stopping_done());
    f.reply(request);
  }
  EXPECT_TRUE(f.announcer.stopping_done());
}

TEST(Announcer, StopEndsAfterTwoSecondsWithoutAnswers) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  f.reply(f.one());
  f.announcer.stop(f.now);
  const auto request = f.one();
  EXPECT_EQ(f.announcer.next_deadline(), kStart + 2s);
  f.advance(2s - 1ns);
  EXPECT_FALSE(f.announcer.stopping_done());
  f.advance(1ns);
  EXPECT_TRUE(f.announcer.stopping_done());
  EXPECT_EQ(f.announcer.take_cancelled(), std::vector{request.id});
  EXPECT_EQ(f.announcer.next_deadline(), kNever);
}

TEST(Announcer, StopWithoutContactIsDoneAtOnce) {
  Fixture f({{{"http://a/announce"}}});
  EXPECT_TRUE(f.announcer.stopping_done());
  f.announcer.start(f.now);
  f.announcer.stop(f.now);
  EXPECT_TRUE(f.announcer.stopping_done());
  EXPECT_TRUE(f.drain().empty());
}

TEST(Announcer, RestartBeginsWithStartedAgain) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  f.reply(f.one());
  f.announcer.stop(f.now);
  const auto stopped = f.one();
  f.announcer.start(f.now);
  EXPECT_EQ(f.announcer.take_cancelled(), std::vector{stopped.id});
  EXPECT_EQ(f.one().params.event, AnnounceEvent::started);
}

TEST(Announcer, TRH_14_PeersAreCollectedOnceAndLocalOnesRefused) {
  Fixture f({{{"http://a/announce"}}, {{"http://b/announce"}}});
  f.announcer.start(f.now);
  const auto both = f.drain();
  AnnounceReply answer;
  for (const char* peer : {"1.2.3.4:1", "127.0.0.1:1", "169.254.169.254:80", "1.2.3.4:2"}) {
    answer.peers.push_back(Endpoint::parse(peer).value());
  }
  answer.external_ip = IpAddress::v4(0x01010101);
  f.reply(both[0], answer);
  f.reply(both[1], answer);
  const auto peers = f.announcer.take_peers();
  ASSERT_EQ(peers.size(), 2u);
  EXPECT_EQ(peers[0].endpoint, Endpoint::parse("1.2.3.4:1").value());
  EXPECT_EQ(peers[0].tracker, 0U);
  EXPECT_TRUE(f.announcer.take_peers().empty());
  EXPECT_EQ(f.announcer.trackers()[1].peers_received, 2u);
  EXPECT_EQ(f.announcer.external_ip(), IpAddress::v4(0x01010101));
}

TEST(Announcer, PeersWaitingAreLimited) {
  Fixture f({{{"http://a/announce"}}, {{"http://b/announce"}}});
  f.announcer.start(f.now);
  std::uint32_t address = 0x0b000000;
  for (const auto& request : f.drain()) {
    AnnounceReply answer;
    for (int i = 0; i < 1000; ++i) answer.peers.push_back({IpAddress::v4(++address), 1});
    f.reply(request, answer);
  }
  EXPECT_EQ(f.announcer.take_peers().size(), kTrackerPeersMax);
}

TEST(Announcer, TrackerListLimitAtAndPastIt) {
  std::vector<AnnouncerTier> tiers;
  for (std::size_t i = 0; i < kTrackersMax + 1; ++i) {
    tiers.push_back({{"http://t" + std::to_string(i) + "/announce", "http://t0/announce"}});
  }
  Fixture f(tiers);
  EXPECT_EQ(f.announcer.trackers().size(), kTrackersMax);
  EXPECT_GE(f.announcer.dropped_trackers(), 1u);
  f.announcer.start(f.now);
  EXPECT_EQ(f.drain().size(), kTrackersMax);
}

TEST(Announcer, StatusTellsTheStateOfEachTracker) {
  Fixture f(
      {{{"http://a/announce"}}, {{"wss://b/", "http://x@c/announce"}}, {{"http://d/announce"}}});
  f.announcer.start(f.now);
  const auto requests = f.drain();
  AnnounceReply answer;
  answer.seeders = 5;
  answer.leechers = 6;
  answer.warning = "soon";
  f.reply(requests[0], answer);
  auto status = f.announcer.trackers();
  ASSERT_EQ(status.size(), 4u);
  EXPECT_EQ(status[0].state, AnnouncerTrackerState::working);
  EXPECT_EQ(status[0].seeders, 5u);
  EXPECT_EQ(status[0].leechers, 6u);
  EXPECT_EQ(status[0].warning, "soon");
  EXPECT_GT(status[0].next_announce, kStart);
  EXPECT_EQ(status[1].state, AnnouncerTrackerState::unsupported);
  EXPECT_EQ(status[2].state, AnnouncerTrackerState::refused);
  EXPECT_EQ(status[2].tier, 1u);
  EXPECT_EQ(status[3].state, AnnouncerTrackerState::announcing);
  f.fail(requests[1]);
  status = f.announcer.trackers();
  EXPECT_EQ(status[3].state, AnnouncerTrackerState::failing);
  EXPECT_EQ(status[3].last_error, "no");
  f.announcer.stop(f.now);
  EXPECT_EQ(f.announcer.trackers()[0].state, AnnouncerTrackerState::idle);
}

TEST(Announcer, OneWorkingFamilyIsAWorkingTracker) {
  Fixture f({{{"http://a/announce"}}}, AnnouncerConfig{});
  f.announcer.start(f.now);
  const auto both = f.drain();
  f.reply(both[0]);
  f.announcer.handle_failure(f.now, both[1].id, {TrackerErrc::unresolved, "", std::nullopt});
  EXPECT_EQ(f.announcer.trackers()[0].state, AnnouncerTrackerState::working);
  EXPECT_EQ(f.announcer.trackers()[0].last_error, "");
}

TEST(Announcer, TRU_05_LocalIsAllowedOnlyWhenNamedOrGivenByTheUser) {
  const auto allowed = [](const std::string& url, bool from_user, bool config_allows) {
    auto config = only_v4();
    config.allow_local = config_allows;
    Fixture f({{{url}, from_user}}, config);
    f.announcer.start(f.now);
    return f.one().allow_local;
  };
  EXPECT_FALSE(allowed("http://h/announce", false, false));
  EXPECT_TRUE(allowed("http://h/announce", true, false));
  EXPECT_TRUE(allowed("http://h/announce", false, true));
  EXPECT_TRUE(allowed("http://127.0.0.1:1/announce", false, false));
  EXPECT_TRUE(allowed("http://localhost:1/announce", false, false));
  EXPECT_FALSE(allowed("http://127.0.0.1:1/shutdown", false, false));
  EXPECT_TRUE(allowed("http://192.168.1.2:6969/announce", false, false));
  EXPECT_FALSE(allowed("http://192.168.1.2/apply.cgi", false, false));
  EXPECT_FALSE(allowed("http://169.254.169.254/announce", false, false));
  EXPECT_FALSE(allowed("udp://127.0.0.1:53", false, false));
  EXPECT_TRUE(allowed("udp://127.0.0.1:6969", false, false));
}

}  // namespace
}  // namespace weir
