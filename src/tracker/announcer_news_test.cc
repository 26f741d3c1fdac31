// SPDX-License-Identifier: MIT OR Apache-2.0
// Trackers that become known after the others.
#include "tracker/announcer_fixture.h"

namespace weir {
namespace {

using Fixture = AnnouncerFixture;

TEST(AnnouncerNews, TrackersHeardOfLaterAreAskedAndKnownOnesAreNot) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.start(f.now);
  EXPECT_EQ(f.drain().size(), 1u);
  f.announcer.add_tiers(f.now, {{{"http://a/announce"}}, {{"http://b/announce", "ftp://c/"}}});
  const auto asked = f.drain();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].url.text(), "http://b/announce");
  EXPECT_EQ(asked[0].params.event, AnnounceEvent::started);
  const auto results = f.announcer.take_results();
  ASSERT_EQ(results.size(), 1u);  // what is wrong with the third is told, once
  EXPECT_EQ(f.announcer.tracker(results[0].tracker).state, AnnouncerTrackerState::unsupported);
  f.announcer.add_tiers(f.now, {{{"http://b/announce"}}});
  EXPECT_TRUE(f.drain().empty());
  EXPECT_EQ(f.announcer.trackers().size(), 3u);
}

TEST(AnnouncerNews, TrackersHeardOfBeforeTheStartAreAskedWithTheOthers) {
  Fixture f({{{"http://a/announce"}}});
  f.announcer.add_tiers(f.now, {{{"http://b/announce"}}});
  EXPECT_TRUE(f.drain().empty());
  f.announcer.start(f.now);
  EXPECT_EQ(f.drain().size(), 2u);
}

}  // namespace
}  // namespace weir
