// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/event_log.h"

#include <gtest/gtest.h>

#include <tuple>

namespace weir {
namespace {

Event done(std::uint32_t key) { return {TorrentKey{key}, TorrentDone{}}; }

std::vector<std::uint64_t> numbers(const EventLog::Batch& batch) {
  std::vector<std::uint64_t> out;
  for (const NodeEvent& event : batch.events) out.push_back(event.number);
  return out;
}

TEST(EventLog, KeepsAsManyAsItsLimitAndSaysWhenSomeAreLost) {
  EventLog log(3);
  EXPECT_FALSE(log.after(0, 10).missed);
  for (std::uint32_t i = 0; i < 3; ++i) log.push(done(i), 0);
  EXPECT_FALSE(log.after(0, 10).missed);
  EXPECT_EQ(numbers(log.after(0, 10)), (std::vector<std::uint64_t>{1, 2, 3}));
  log.push(done(3), 0);
  EXPECT_TRUE(log.after(0, 10).missed);
  EXPECT_FALSE(log.after(1, 10).missed);
  EXPECT_EQ(numbers(log.after(0, 10)), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(numbers(log.after(1, 2)), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(log.after(1, 2).last, 3U);
  EXPECT_EQ(log.after(4, 10).last, 4U);
}

TEST(EventLog, KeepsTenThousandUnlessToldOtherwise) {
  EventLog log;
  for (std::uint32_t i = 0; i < EventLog::kEventsMax; ++i) log.push(done(i), 0);
  EXPECT_FALSE(log.after(0, 1).missed);
  log.push(done(0), 0);
  EXPECT_TRUE(log.after(0, 1).missed);
}

TEST(EventLog, WhatHappensForEveryPieceIsNoNews) {
  EventLog log;
  log.push({TorrentKey{1}, PieceDone{}}, 0);
  log.push({TorrentKey{1}, FileDone{}}, 0);
  EXPECT_EQ(log.last(), 0U);
}

TEST(EventLog, AScrapeIsNewsWithoutTheSecretPartsOfItsUrl) {
  EventLog log;
  TrackerScraped scraped;
  scraped.url = "http://t.example/passkey/announce";
  scraped.seeders = 3;
  scraped.leechers = 4;
  scraped.downloads = 5;
  log.push({TorrentKey{1}, scraped}, 0);
  scraped.failure = {.code = "timed_out", .text = "the tracker did not answer"};
  log.push({TorrentKey{1}, scraped}, 0);
  const auto events = log.after(0, 10).events;
  ASSERT_EQ(events.size(), 2U);
  EXPECT_STREQ(event_name(events[0].kind), "scrape");
  EXPECT_EQ(events[0].tracker, "http://t.example");
  EXPECT_EQ(std::tuple(events[0].seeders, events[0].leechers, events[0].downloads),
            std::tuple(3U, 4U, 5U));
  EXPECT_EQ(events[0].code, "");
  EXPECT_EQ(events[1].code, "timed_out");
}

TEST(EventLog, ATorrentKeepsItsNameUntilItsRemovalIsSaid) {
  EventLog log;
  InfoHashes hashes;
  hashes.v1 = Sha1Digest::from_hex_text(std::string(40, 'a'));
  log.learn(TorrentKey{1}, hashes);
  hashes.v1.reset();
  hashes.v2 = Sha256Digest::from_hex_text(std::string(64, 'b'));
  log.push({TorrentKey{2}, TorrentAdded{hashes, "name"}}, 7);
  log.push({TorrentKey{1}, TorrentRemoved{}}, 8);
  log.push({TorrentKey{1}, TorrentDone{}}, 9);
  const auto events = log.after(0, 10).events;
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].hash, std::string(64, 'b'));
  EXPECT_EQ(events[0].name, "name");
  EXPECT_EQ(events[0].unix_ms, 7);
  EXPECT_EQ(events[1].hash, std::string(40, 'a'));
  EXPECT_EQ(events[2].hash, "");
}

TEST(EventLog, WhoWaitsIsWokenOnce) {
  EventLog log;
  int woken = 0, other = 0;
  (void)log.wait(0, [&] { ++woken; });
  const auto cancelled = log.wait(0, [&] { ++other; });
  log.cancel(cancelled);
  EXPECT_EQ(woken, 0);
  log.push(done(1), 0);
  log.push(done(2), 0);
  EXPECT_EQ(woken, 1);
  (void)log.wait(1, [&] { ++woken; });
  EXPECT_EQ(woken, 2) << "it is there already";
  (void)log.wait(2, [&] { ++woken; });
  EXPECT_EQ(woken, 2);
  log.close();
  EXPECT_EQ(woken, 3);
  (void)log.wait(2, [&] { ++woken; });
  EXPECT_EQ(woken, 4) << "closed";
  EXPECT_EQ(other, 0);
}

TEST(TrackerOrigin, HasNothingThatMayBeSecret) {
  EXPECT_EQ(tracker_origin("https://t.example:8080/passkey/announce?key=1"),
            "https://t.example:8080");
  EXPECT_EQ(tracker_origin("http://user:word@t.example/a"), "http://t.example");
  EXPECT_EQ(tracker_origin("http://u:p@ss@t.example?key=1"), "http://t.example");
  EXPECT_EQ(tracker_origin("udp://[::1]:80#secret"), "udp://[::1]:80");
  EXPECT_EQ(tracker_origin("http://t.example"), "http://t.example");
  EXPECT_EQ(tracker_origin("secret"), "");
}

}  // namespace
}  // namespace weir
