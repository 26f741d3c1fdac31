// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/http_tracker.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

using namespace std::chrono_literals;

Sha1Digest hash_of(unsigned char first) {
  Sha1Digest hash;
  for (std::size_t i = 0; i < 20; ++i) hash.bytes[i] = static_cast<std::byte>(first + i);
  return hash;
}

std::string text(std::string_view value) {
  return std::to_string(value.size()) + ":" + std::string(value);
}

TrackerResult<AnnounceReply> parse(const std::string& body, int status = 200) {
  return parse_http_announce(status, as_bytes(body));
}

AnnounceReply good(const std::string& body) {
  const auto reply = parse(body);
  EXPECT_TRUE(reply) << body;
  return reply.value_or(AnnounceReply{});
}

AnnounceParams some_params() {
  AnnounceParams params;
  params.info_hash = hash_of(0x2d);
  params.peer_id = PeerId::from(as_bytes("-WR0100-abcdefghi~/ ")).value();
  params.port = 6881;
  params.stats = {.uploaded = 1, .downloaded = 2, .left = 3, .corrupt = 4};
  params.event = AnnounceEvent::started;
  params.numwant = 50;
  params.key = 0xbeef;
  return params;
}

TrackerUrl url(std::string_view value) { return parse_tracker_url(value).value(); }

TEST(HttpTracker, AnnounceUrlHasEveryParameter) {
  auto params = some_params();
  EXPECT_EQ(http_announce_url(url("http://h/announce"), params),
            "http://h/announce?info_hash=-.%2F0123456789%3A%3B%3C%3D%3E%3F%40"
            "&peer_id=-WR0100-abcdefghi~%2F%20&port=6881&uploaded=1&downloaded=2&left=3"
            "&event=started&numwant=50&compact=1&no_peer_id=1&key=0000BEEF&corrupt=4");
  params.event = AnnounceEvent::none;
  params.supports_encryption = true;
  params.tracker_id = "a&b";
  const auto more = http_announce_url(url("http://h/announce?pass=1"), params);
  EXPECT_TRUE(more.starts_with("http://h/announce?pass=1&info_hash="));
  EXPECT_EQ(more.find("event="), std::string::npos);
  EXPECT_TRUE(more.ends_with("&supportcrypto=1&trackerid=a%26b"));
}

TEST(HttpTracker, APartialSeedSaysSoWhenThereIsNothingElseToSay) {
  auto params = some_params();
  params.stats.partial_seed = true;
  EXPECT_EQ(http_announce_url(url("http://h/announce"), params).find("paused"), std::string::npos);
  params.event = AnnounceEvent::none;
  EXPECT_NE(http_announce_url(url("http://h/announce"), params).find("&event=paused&"),
            std::string::npos);
}

TEST(HttpTracker, AnnounceUrlNeverNamesOurAddress) {
  const auto text = http_announce_url(url("http://h/announce"), some_params());
  for (const char* name : {"&ip=", "&ipv4=", "&ipv6="}) {
    EXPECT_EQ(text.find(name), std::string::npos);
  }
}

TEST(HttpTracker, ScrapeUrlExistsOnlyForAnnounce) {
  const std::vector<Sha1Digest> hashes{hash_of('a'), hash_of('b')};
  const auto scrape = [&](std::string_view from) {
    const auto result = http_scrape_url(url(from), hashes);
    return result ? *result : std::string(error_name(result.error().code));
  };
  const std::string tail = "info_hash=abcdefghijklmnopqrst&info_hash=bcdefghijklmnopqrstu";
  EXPECT_EQ(scrape("http://h/announce"), "http://h/scrape?" + tail);
  EXPECT_EQ(scrape("http://h/x/announce.php?p=1"), "http://h/x/scrape.php?p=1&" + tail);
  EXPECT_EQ(scrape("http://h/a"), "no_scrape");
  EXPECT_EQ(scrape("http://h/announce/x"), "no_scrape");
  EXPECT_EQ(scrape("http://h/x?y=/announce"), "no_scrape");
}

TEST(HttpTracker, ReadsAFullReply) {
  const auto reply = good(
      "d8:completei5e10:downloadedi7e11:external ip4:\x08\x08\x04\x04"
      "10:incompletei6e8:intervali900e12:min intervali300e5:peers12:"
      "\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\x1a\xe1" +
      text("peers6") + text(std::string("\x26\x06") + std::string(13, '\0') + "\x01\x1a\xe1") +
      "10:tracker id2:id15:warning message2:hie");
  ASSERT_EQ(reply.peers.size(), 3u);
  EXPECT_EQ(reply.peers[0].text(), "1.2.3.4:6881");
  EXPECT_EQ(reply.peers[2].text(), "[2606::1]:6881");
  EXPECT_EQ(reply.interval, 900s);
  EXPECT_EQ(reply.min_interval, 300s);
  EXPECT_EQ(reply.seeders, 5u);
  EXPECT_EQ(reply.leechers, 6u);
  EXPECT_EQ(reply.downloads, 7u);
  EXPECT_EQ(reply.external_ip, IpAddress::parse("8.8.4.4"));
  EXPECT_EQ(reply.tracker_id, "id");
  EXPECT_EQ(reply.warning, "hi");
}

TEST(HttpTracker, FailureReasonCountsBeforeTheStatus) {
  const auto failure = parse("d14:failure reason6:sorry\n8:retry ini5ee", 400);
  ASSERT_FALSE(failure);
  EXPECT_EQ(failure.error().code, TrackerErrc::tracker_failure);
  EXPECT_EQ(failure.error().text, "sorry\\x0a");
  EXPECT_EQ(failure.error().retry, (TrackerRetryHint{.never = false, .after = 5min}));
  EXPECT_EQ(parse("d5:peers0:e", 503).error().code, TrackerErrc::http_status);
  EXPECT_EQ(parse("<html>", 404).error().code, TrackerErrc::http_status);
  EXPECT_EQ(parse("<html>", 200).error().code, TrackerErrc::bad_reply);
  EXPECT_EQ(parse("le", 200).error().code, TrackerErrc::bad_reply);
  EXPECT_EQ(parse("", 200).error().code, TrackerErrc::bad_reply);
}

TEST(HttpTracker, RetryHintForms) {
  const auto hint = [](const std::string& value) {
    return parse("d14:failure reason1:x8:retry in" + value + "e").error().retry;
  };
  EXPECT_EQ(hint("5:never"), (TrackerRetryHint{.never = true}));
  EXPECT_EQ(hint("2:10"), (TrackerRetryHint{.after = 10min}));
  EXPECT_EQ(hint("i1440e"), (TrackerRetryHint{.after = 24h}));
  EXPECT_EQ(hint("i1441e"), (TrackerRetryHint{.after = 24h}));
  EXPECT_EQ(hint("i9223372036854775807e"), (TrackerRetryHint{.after = 24h}));
  EXPECT_FALSE(hint("i0e"));
  EXPECT_FALSE(hint("i-5e"));
  EXPECT_FALSE(hint("4:soon"));
}

TEST(HttpTracker, TRH_01_WhatIsNoReplyIsAnError) {
  for (const char* body : {"-89abc9abcdef\r\n", "d8:intervali900e", "d8:interval", "i1e",
                           "ffffffffffffffff1\r\n", "d1:a1:b1:a1:ce"}) {
    EXPECT_EQ(parse(body).error().code, TrackerErrc::bad_reply) << body;
  }
  EXPECT_FALSE(parse(std::string(1000, 'd')));
  EXPECT_FALSE(parse("d5:peers" + std::string(17, 'l') + std::string(17, 'e') + "e"));
}

TEST(HttpTracker, TRH_03_BodyLimitAtAndPastIt) {
  const auto body_of = [](std::size_t size) {
    std::string body = "d1:x1048555:";
    body += std::string(1048555, 'p') + "e";
    return body.append(size - body.size(), ' ');
  };
  const std::string fits = "d1:x1048563:" + std::string(1048563, 'p') + "e";
  ASSERT_EQ(fits.size(), kTrackerReplyMax);
  EXPECT_TRUE(parse(fits));
  EXPECT_EQ(parse(body_of(kTrackerReplyMax + 1)).error().code, TrackerErrc::reply_too_large);
}

TEST(HttpTracker, TRH_08_IntervalsAreClamped) {
  const auto interval = [](const std::string& value) {
    return good("d8:interval" + value + "e").interval;
  };
  for (const char* low : {"i0e", "i1e", "i-1e", "i59e", "i60e", "i-9223372036854775808e"}) {
    EXPECT_EQ(interval(low), 60s) << low;
  }
  EXPECT_EQ(interval("i61e"), 61s);
  EXPECT_EQ(interval("i86400e"), 24h);
  EXPECT_EQ(interval("i86401e"), 24h);
  EXPECT_EQ(interval("i2147483648e"), 24h);
  EXPECT_EQ(interval("i9223372036854775807e"), 24h);
  EXPECT_EQ(interval("3:abc"), 1800s);
  EXPECT_EQ(good("de").interval, 1800s);
  EXPECT_EQ(good("d12:min intervali0ee").min_interval, 60s);
  EXPECT_EQ(good("d12:min intervali2147483648ee").min_interval, 24h);
  EXPECT_FALSE(good("d12:min interval1:xe").min_interval);
}

TEST(HttpTracker, TRH_09_BadPeerEntriesAreSkipped) {
  const auto peers = [](const std::string& value) { return good("d5:peers" + value + "e").peers; };
  const Endpoint honest = Endpoint::parse("1.2.3.4:6881").value();
  const std::string honest_dict = "d2:ip7:1.2.3.44:porti6881ee";
  // A length that is no multiple of six, port 0, an unusable address.
  EXPECT_EQ(peers(text(std::string_view("\x01\x02\x03\x04\x1a\xe1\x05\x06", 8))),
            std::vector{honest});
  EXPECT_TRUE(peers(text(std::string_view("\x01\x02\x03\x04\x00\x00\xff\xff\xff\xff\x1a\xe1", 12)))
                  .empty());
  for (const char* bad :
       {"i1e", "d2:ipi1e4:porti1ee", "d2:ip7:1.2.3.4e", "d4:porti1ee", "d2:ip7:1.2.3.44:porti0ee",
        "d2:ip7:1.2.3.44:porti70000ee", "d2:ip9:localhost4:porti80ee", "le", "1:x",
        "d2:ip7:1.2.3.44:porti-1ee", "d2:ip0:4:porti80ee"}) {
    EXPECT_EQ(peers("l" + std::string(bad) + honest_dict + "e"), std::vector{honest}) << bad;
  }
  EXPECT_EQ(peers("ld2:ip7:1.2.3.44:port4:6881ee"), std::vector{honest});
  EXPECT_TRUE(peers("i5e").empty());
}

std::string compact_peers(unsigned count) {
  std::string packed;
  for (unsigned i = 0; i < count; ++i) {
    packed += {
        '\x0b', static_cast<char>(i >> 16), static_cast<char>(i >> 8), static_cast<char>(i), '\x1a',
        '\xe1'};
  }
  return "d5:peers" + text(packed) + "e";
}

TEST(HttpTracker, TRH_09_OneThousandPeersAreKept) {
  EXPECT_EQ(good(compact_peers(1000)).peers.size(), 1000u);
  EXPECT_EQ(good(compact_peers(1001)).peers.size(), 1000u);
  EXPECT_EQ(good(compact_peers(100'000)).peers.size(), 1000u);
  std::string dicts = "d5:peersl";
  for (int i = 0; i < 30'000; ++i) {
    dicts += "d2:ip" + text("11.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)) +
             "4:porti1ee";
  }
  EXPECT_EQ(good(dicts + "ee").peers.size(), 1000u);
}

TEST(HttpTracker, TRH_14_CopiesOfOnePeerCountOnce) {
  std::string packed;
  for (int i = 0; i < 10'000; ++i) packed += "\x01\x02\x03\x04\x1a\xe1";
  EXPECT_EQ(good("d5:peers" + text(packed) + "e").peers.size(), 1u);
}

TEST(HttpTracker, TRH_16_ScrapeForOtherHashesIsIgnored) {
  const std::vector<Sha1Digest> asked{hash_of('a'), hash_of('c')};
  const std::string other(20, 'z');
  const std::string body =
      "d5:filesd20:abcdefghijklmnopqrstd8:completei1e10:downloadedi2e"
      "10:incompletei3ee20:" +
      other + "d8:completei9eeee";
  const auto counts = parse_http_scrape(200, as_bytes(body), asked);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->counts, (std::vector{ScrapeCounts{hash_of('a'), 1, 3, 2}}));
  EXPECT_EQ(counts->min_interval, std::nullopt);
}

TEST(HttpTracker, TRH_16_CountsAreClamped) {
  const std::vector<Sha1Digest> asked{hash_of('a')};
  const auto counts = [&](const std::string& value) {
    const std::string body = "d5:filesd20:abcdefghijklmnopqrstd8:complete" + value + "eee";
    const auto result = parse_http_scrape(200, as_bytes(body), asked);
    return result && !result->counts.empty() ? result->counts.front().seeders : 12345u;
  };
  EXPECT_EQ(counts("i-1e"), 0u);
  EXPECT_EQ(counts("i2147483647e"), kTrackerCountMax);
  EXPECT_EQ(counts("i2147483648e"), kTrackerCountMax);
  EXPECT_EQ(counts("i9223372036854775807e"), kTrackerCountMax);
  EXPECT_EQ(counts("1:x"), 0u);
  // 2^63 does not fit what bencode integers may be: the whole reply is refused.
  EXPECT_EQ(counts("i9223372036854775808e"), 12345u);
  EXPECT_EQ(good("d8:completei-1e10:incompletei9223372036854775807ee").seeders, std::nullopt);
}

TEST(HttpTracker, AScrapeMaySayHowOftenItWantsToBeAsked) {
  const std::vector<Sha1Digest> asked{hash_of('a')};
  const auto interval = [&](const std::string& value) {
    const std::string body = "d5:filesde5:flagsd20:min_request_interval" + value + "ee";
    return parse_http_scrape(200, as_bytes(body), asked)->min_interval;
  };
  EXPECT_EQ(interval("i900e"), std::chrono::seconds(900));
  EXPECT_EQ(interval("i0e"), kTrackerIntervalMin);
  EXPECT_EQ(interval("i9999999e"), kTrackerIntervalMax);
  EXPECT_EQ(interval("1:x"), std::nullopt);
}

TEST(HttpTracker, ScrapeErrors) {
  const std::vector<Sha1Digest> asked{hash_of('a')};
  const auto code = [&](std::string_view body, int status = 200) {
    return parse_http_scrape(status, as_bytes(body), asked).error().code;
  };
  EXPECT_EQ(code("de"), TrackerErrc::bad_reply);
  EXPECT_EQ(code("d5:filesi1ee"), TrackerErrc::bad_reply);
  EXPECT_EQ(code("d14:failure reason1:xe"), TrackerErrc::tracker_failure);
  EXPECT_EQ(code("", 500), TrackerErrc::http_status);
}

TEST(TrackerText, IsCleanedAndCut) {
  EXPECT_EQ(tracker_text("plain"), "plain");
  EXPECT_EQ(tracker_text("a\x1b[31m\r\n\x7f"), "a\\x1b[31m\\x0d\\x0a\\x7f");
  EXPECT_EQ(tracker_text("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(tracker_text("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(tracker_text(std::string(256, 'x')).size(), 256u);
  EXPECT_EQ(tracker_text(std::string(257, 'x')).size(), 256u);
}

TEST(HttpTracker, TrackerIdLimitAtAndPastIt) {
  EXPECT_EQ(good("d10:tracker id" + text(std::string(1024, 'x')) + "e").tracker_id.size(), 1024u);
  EXPECT_EQ(good("d10:tracker id" + text(std::string(1025, 'x')) + "e").tracker_id.size(), 0u);
}

}  // namespace
}  // namespace weir
