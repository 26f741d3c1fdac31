// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/scraper.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Sha1Digest hash_of(std::uint8_t fill) {
  Sha1Digest hash;
  hash.bytes.fill(std::byte{fill});
  return hash;
}

ScrapeCounts counts_of(std::uint32_t seeders, std::uint32_t leechers, std::uint32_t downloads) {
  return {
      .info_hash = hash_of(1), .seeders = seeders, .leechers = leechers, .downloads = downloads};
}

ScrapeTarget target(std::uint32_t tracker, const std::string& url,
                    std::vector<AddressFamily> families = {AddressFamily::v4}) {
  return {.tracker = tracker,
          .url = *parse_tracker_url(url),
          .families = std::move(families),
          .allow_local = tracker == 1,
          .min_interval = std::nullopt};
}

struct ScraperTest : testing::Test {
  TimePoint now = TimePoint{} + seconds(1000);
  Scraper scraper;
  std::vector<Sha1Digest> hashes{hash_of(1), hash_of(2)};

  ScrapeRequest next() { return scraper.next(now).value(); }
  ScrapeResult result() {
    const auto results = scraper.take_results();
    EXPECT_EQ(results.size(), 1u);
    return results.at(0);
  }
};

TEST_F(ScraperTest, EveryTrackerIsAskedForAllHashesOverEachFamily) {
  const auto both = std::vector{AddressFamily::v4, AddressFamily::v6};
  EXPECT_EQ(
      scraper.scrape(now, {target(0, "http://a/announce", both), target(1, "udp://b:1/")}, hashes),
      3u);
  const ScrapeRequest first = next(), second = next(), third = next();
  EXPECT_FALSE(scraper.next(now));
  EXPECT_EQ(first.hashes, hashes);
  EXPECT_EQ(first.family, AddressFamily::v4);
  EXPECT_EQ(second.family, AddressFamily::v6);
  EXPECT_EQ(first.deadline, now + seconds(30));
  EXPECT_EQ(third.deadline, now + seconds(60));
  EXPECT_FALSE(first.allow_local);
  EXPECT_TRUE(third.allow_local);
  EXPECT_EQ(scraper.in_flight(), 3u);
}

TEST_F(ScraperTest, TheLargestNumbersOfHashesAndFamiliesCount) {
  const auto both = std::vector{AddressFamily::v4, AddressFamily::v6};
  scraper.scrape(now, {target(0, "http://a/announce", both)}, hashes);
  const ScrapeRequest v4 = next(), v6 = next();
  scraper.handle_reply(now, v4.id, {{counts_of(5, 1, 3), counts_of(4, 2, 9)}, std::nullopt});
  EXPECT_EQ(result().tracker_numbers, (ScrapeNumbers{5, 2, 9}));
  scraper.handle_reply(now, v6.id, {{counts_of(2, 7, 0)}, std::nullopt});
  const ScrapeResult last = result();
  EXPECT_EQ(last.numbers, (ScrapeNumbers{2, 7, 0}));
  EXPECT_EQ(last.tracker_numbers, (ScrapeNumbers{5, 7, 9}));
  EXPECT_EQ(last.family, AddressFamily::v6);
  // The next time nothing of this is left.
  now += seconds(60);
  scraper.scrape(now, {target(0, "http://a/announce")}, hashes);
  scraper.handle_reply(now, next().id, {{counts_of(1, 0, 0)}, std::nullopt});
  EXPECT_EQ(result().tracker_numbers, (ScrapeNumbers{1, 0, 0}));
}

TEST_F(ScraperTest, ATrackerRestsForAMinuteWhateverItAnswers) {
  const std::vector targets{target(0, "http://a/announce")};
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 1u);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 0u);
  scraper.handle_failure(now, next().id, {TrackerErrc::timed_out, "", std::nullopt});
  now += seconds(60) - milliseconds(1);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 0u);
  now += milliseconds(1);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 1u);
}

TEST_F(ScraperTest, TheMinIntervalOfItsAnnouncesIsKept) {
  std::vector targets{target(0, "http://a/announce")};
  scraper.scrape(now, targets, hashes);
  scraper.handle_reply(now, next().id, {});
  targets[0].min_interval = seconds(900);
  now += seconds(900) - milliseconds(1);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 0u);
  now += milliseconds(1);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 1u);
}

TEST_F(ScraperTest, TheMinIntervalOfItsScrapesIsKept) {
  const std::vector targets{target(0, "http://a/announce")};
  scraper.scrape(now, targets, hashes);
  scraper.handle_reply(now, next().id, {{}, seconds(300)});
  now += seconds(300) - milliseconds(1);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 0u);
  now += milliseconds(1);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 1u);
}

TEST_F(ScraperTest, AFailureMaySayWhenToComeBack) {
  const std::vector targets{target(0, "http://a/announce"), target(1, "http://b/announce")};
  scraper.scrape(now, targets, hashes);
  const ScrapeRequest first = next(), second = next();
  const auto no = [](TrackerRetryHint hint) {
    return TrackerError{TrackerErrc::tracker_failure, "no", hint};
  };
  scraper.handle_failure(now, first.id, no({.never = false, .after = seconds(7200)}));
  scraper.handle_failure(now, second.id, no({.never = true, .after = {}}));
  now += seconds(7199);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 0u);
  now += seconds(1);
  EXPECT_EQ(scraper.scrape(now, targets, hashes), 1u);
  now += std::chrono::hours(1000);
  EXPECT_EQ(scraper.scrape(now, {targets[1]}, hashes), 0u);
}

TEST_F(ScraperTest, AnAnswerToNothingAskedIsIgnored) {
  scraper.scrape(now, {target(0, "http://a/announce")}, hashes);
  const ScrapeRequest asked = next();
  scraper.handle_reply(now, asked.id, {});
  (void)scraper.take_results();
  scraper.handle_reply(now, asked.id, {});
  scraper.handle_failure(now, ScrapeId{77}, {});
  EXPECT_TRUE(scraper.take_results().empty());
}

TEST_F(ScraperTest, OnlyAnAnswerIsRememberedAsOne) {
  scraper.scrape(now, {target(0, "http://a/announce"), target(1, "http://b/announce")}, hashes);
  const ScrapeRequest a = next(), b = next();
  now += seconds(3);
  scraper.handle_reply(now, a.id, {});
  scraper.handle_failure(now, b.id, {});
  EXPECT_EQ(scraper.last_answer(0), now);
  EXPECT_EQ(scraper.last_answer(1), std::nullopt);
}

TEST_F(ScraperTest, StopForgetsAll) {
  scraper.scrape(now, {target(0, "http://a/announce"), target(1, "http://b/announce")}, hashes);
  const ScrapeRequest asked = next();
  scraper.stop();
  EXPECT_FALSE(scraper.ready());
  scraper.handle_reply(now, asked.id, {});
  EXPECT_TRUE(scraper.take_results().empty());
}

}  // namespace
}  // namespace weir
