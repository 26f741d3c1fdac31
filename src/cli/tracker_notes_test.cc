// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/tracker_notes.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::seconds;

constexpr TorrentKey kTorrent{1};
constexpr const char* kUrl = "http://tracker.example:8080/passkey/announce?user=me";
const TrackerNotes::Time kStart{seconds(1000)};

TrackerAnnounced failure(const std::string& code, const std::string& text,
                         const std::string& state = "failing") {
  TrackerAnnounced out;
  out.url = kUrl;
  out.event = "started";
  out.failure = {.code = code, .text = text};
  out.next_in = seconds(15);
  out.state = state;
  return out;
}

TrackerAnnounced answer() {
  TrackerAnnounced out;
  out.url = kUrl;
  out.state = "working";
  return out;
}

struct Notes {
  std::optional<std::string> tell(const TrackerAnnounced& announced) {
    now += seconds(10);
    return notes.announced(now, kTorrent, "t", announced);
  }
  TrackerNotes notes;
  TrackerNotes::Time now = kStart;
};

TEST(TrackerHost, LeavesSecretsOut) {
  EXPECT_EQ(tracker_host(kUrl), "tracker.example:8080");
  EXPECT_EQ(tracker_host("udp://[::1]:6969"), "[::1]:6969");
  EXPECT_EQ(tracker_host("http://user:secret@host/x"), "host");
  EXPECT_EQ(tracker_host("http://a@b@host?passkey=1"), "host");
  EXPECT_EQ(tracker_host("http://host#secret"), "host");
  EXPECT_EQ(tracker_host("http://host\\secret"), "host");
  EXPECT_EQ(tracker_host("host/secret"), "host");
  EXPECT_EQ(tracker_host(""), "without a host");
  EXPECT_EQ(tracker_host("http://a\x1b[2J/"), "a\xef\xbf\xbd[2J");
}

TEST(TrackerWords, RepeatNoSecretOfTheUrl) {
  const std::string url =
      "https://tracker.example.org/0123456789abcdef/announce?key=zyxwvutsrqponm";
  EXPECT_EQ(tracker_words("passkey 0123456789abcdef of zyxwvutsrqponm unknown", url),
            "passkey ... of ... unknown");
  EXPECT_EQ(tracker_words("tracker.example.org: announce\n", url),
            "tracker.example.org: announce\xef\xbf\xbd");
}

TEST(TrackerNotes, TellTheFirstFailureChangesAndRecovery) {
  Notes t;
  EXPECT_EQ(t.tell(answer()), std::nullopt);
  EXPECT_EQ(t.tell(failure("connection_failed", "refused")),
            "t: tracker tracker.example:8080: refused [connection_failed]; next try in 15s");
  EXPECT_EQ(t.tell(failure("connection_failed", "refused after 3 ms")), std::nullopt);
  EXPECT_TRUE(t.tell(failure("timed_out", "")));
  EXPECT_EQ(t.tell(failure("connection_failed", "refused")), std::nullopt) << "back and forth";
  EXPECT_EQ(t.tell(answer()), "t: tracker tracker.example:8080 answers again");
  EXPECT_EQ(t.tell(answer()), std::nullopt);
  EXPECT_TRUE(t.tell(failure("connection_failed", "refused"))) << "news again";
}

TEST(TrackerNotes, OneFamilyThatWorksOrMayWorkIsEnough) {
  Notes t;
  EXPECT_EQ(t.tell(failure("connection_failed", "refused", "announcing")), std::nullopt);
  EXPECT_EQ(t.tell(failure("unresolved", "no address", "failing")),
            "t: tracker tracker.example:8080: refused [connection_failed]; next try in 15s")
      << "not the error of the family that never could";
  Notes other;
  EXPECT_EQ(other.tell(failure("unresolved", "", "working")), std::nullopt);
  EXPECT_TRUE(other.tell(failure("unresolved", "", "failing")));
}

TEST(TrackerNotes, ATrackersOwnWordsAreNewsUpToALimit) {
  Notes t;
  for (std::size_t i = 0; i < TrackerNotes::kErrorsMax; ++i) {
    EXPECT_TRUE(t.tell(failure("tracker_failure", "no " + std::to_string(i))));
  }
  EXPECT_EQ(t.tell(failure("tracker_failure", "another")), std::nullopt);
  EXPECT_TRUE(t.tell(answer()));
  EXPECT_TRUE(t.tell(failure("tracker_failure", "another")));
}

TEST(TrackerNotes, ATrackersOwnWordsAreToldAsItsOwn) {
  Notes t;
  EXPECT_EQ(t.tell(failure("tracker_failure", "go away")),
            "t: tracker tracker.example:8080: the tracker says: go away [tracker_failure]; "
            "next try in 15s");
}

TEST(TrackerNotes, OneLineASecondForACauseAndTheRestCounted) {
  TrackerNotes notes;
  std::size_t lines = 0;
  for (std::uint32_t i = 0; i < 200; ++i) {
    TrackerAnnounced one = failure("unresolved", "");
    one.url = "http://t" + std::to_string(i) + "/announce";
    if (notes.announced(kStart, kTorrent, "t", one)) ++lines;
  }
  EXPECT_EQ(lines, 1u);
  EXPECT_TRUE(notes.announced(kStart, kTorrent, "t", failure("timed_out", "")))
      << "another cause is not held back";
  EXPECT_TRUE(notes.take_due(kStart + TrackerNotes::kPause - std::chrono::nanoseconds(1)).empty());
  EXPECT_EQ(
      notes.take_due(kStart + TrackerNotes::kPause),
      std::vector<std::string>{"trackers: 199 more of: the host name has no address [unresolved]"});
  EXPECT_TRUE(notes.take_due(kStart + 2 * TrackerNotes::kPause).empty());
}

TEST(TrackerNotes, SilentAboutGoodbyesAndForeignSchemes) {
  Notes t;
  TrackerAnnounced stopped = failure("timed_out", "");
  stopped.event = "stopped";
  EXPECT_EQ(t.tell(stopped), std::nullopt);
  EXPECT_EQ(t.tell(failure("unsupported_scheme", "", "unsupported")), std::nullopt);
  EXPECT_EQ(t.tell(failure("user_info", "", "refused")),
            "t: tracker tracker.example:8080: a name or password in the URL is not accepted "
            "[user_info]; not used");
}

TEST(TrackerNotes, AWarningIsToldOnceByItsHost) {
  TrackerNotes notes;
  EXPECT_EQ(notes.warned(kStart, kTorrent, "t", {kUrl, "old\nclient"}),
            "t: tracker tracker.example:8080 warns: old\xef\xbf\xbd"
            "client");
  EXPECT_EQ(notes.warned(kStart + seconds(9), kTorrent, "t", {kUrl, "old\nclient"}), std::nullopt);
  EXPECT_TRUE(notes.warned(kStart + seconds(9), kTorrent, "t", {kUrl, "new"}));
}

TEST(ExplainTrackers, OnlyWhenNoneWorks) {
  TrackerStatus bad;
  bad.url = kUrl;
  bad.state = "failing";
  bad.last_error = "404";
  TrackerStatus silent;
  silent.url = "udp://b:1";
  silent.state = "announcing";
  TrackerStatus good;
  good.state = "working";
  EXPECT_EQ(explain_trackers({}), "");
  EXPECT_EQ(explain_trackers(std::vector{bad, good}), "");
  EXPECT_EQ(explain_trackers(std::vector{bad, silent}),
            "tracker tracker.example:8080: 404; tracker b:1: has not answered");
  EXPECT_TRUE(explain_trackers(std::vector{bad, bad, bad, bad, bad}).ends_with("404; 2 more"));
  EXPECT_FALSE(explain_trackers(std::vector{bad, bad, bad}).contains("more"));
}

}  // namespace
}  // namespace weir
