// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/udp_tracker.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};
const Endpoint kTracker = Endpoint::parse("8.8.8.8:6969").value();

Buffer reply_packet(std::uint32_t action, std::uint32_t transaction, std::string_view rest) {
  Buffer out;
  append_be<std::uint32_t>(out, action);
  append_be<std::uint32_t>(out, transaction);
  append(out, rest);
  return out;
}

std::string words(std::initializer_list<std::uint32_t> values) {
  Buffer out;
  for (const std::uint32_t value : values) append_be<std::uint32_t>(out, value);
  return std::string(as_text(out));
}

std::uint32_t action_of(const Buffer& packet) {
  return load_be32(Bytes(packet).subspan(8).first<4>());
}
std::uint32_t transaction_of(const Buffer& packet) {
  return load_be32(Bytes(packet).subspan(12).first<4>());
}

// One client and what a test needs around it.
struct Fixture {
  explicit Fixture(Duration patience = 60s, const Endpoint& tracker = kTracker)
      : client(tracker, UdpAnnounceRequest{.params = {}, .target = "/announce"}, kStart + patience,
               ids, random) {}

  // Sends the packet and gives back what it was.
  Buffer sent() { return client.next().value_or(Buffer(16)); }
  void connect(TimePoint now) {
    const Buffer request = sent();
    EXPECT_EQ(action_of(request), 0u);
    EXPECT_TRUE(client.handle_packet(now, client.tracker(),
                                     reply_packet(0, transaction_of(request), words({7, 9}))));
  }

  UdpConnectionIds ids;
  Random random{1};
  UdpTrackerClient client;
};

TEST(UdpTrackerCodec, ConnectIsAsSpecified) {
  EXPECT_EQ(to_hex(encode_udp_connect(0x01020304)), "00000417271019800000000001020304");
}

TEST(UdpTrackerCodec, AnnounceIsAsSpecified) {
  AnnounceParams params;
  params.info_hash.bytes.fill(std::byte{0xaa});
  params.peer_id.bytes.fill(std::byte{0xbb});
  params.stats = {.uploaded = 3, .downloaded = 1, .left = 2};
  params.event = AnnounceEvent::started;
  params.key = 0xdeadbeef;
  params.numwant = 80;
  params.port = 6881;
  const auto packet = encode_udp_announce(0x1122334455667788, 5, params, "/");
  EXPECT_EQ(to_hex(packet), "11223344556677880000000100000005" + std::string(40, 'a') +
                                std::string(40, 'b') +
                                "000000000000000100000000000000020000000000000003"
                                "0000000200000000deadbeef000000501ae1");
  ASSERT_EQ(packet.size(), 98u);
}

TEST(UdpTrackerCodec, TargetTravelsAsUrlDataInParts) {
  const auto tail = [](std::string_view target) {
    return to_hex(Bytes(encode_udp_announce(1, 2, {}, target)).subspan(98));
  };
  EXPECT_EQ(tail("/a?b"), "02042f613f62");
  EXPECT_EQ(tail(std::string(255, 'x')).size(), 2u * (2 + 255));
  const auto two = tail(std::string(256, 'x'));
  EXPECT_EQ(two.substr(0, 4), "02ff");
  EXPECT_EQ(two.substr(two.size() - 6), "020178");
}

TEST(UdpTrackerCodec, ScrapeCarriesHashes) {
  const std::vector<Sha1Digest> hashes(kUdpScrapeHashesMax);
  EXPECT_EQ(encode_udp_scrape(1, 2, hashes).size(), 16 + 74 * 20u);
  const auto counts =
      decode_udp_scrape(reply_packet(2, 2, words({1, 2, 3, 0xffffffff, 5})), hashes);
  ASSERT_TRUE(counts);
  ASSERT_EQ(counts->size(), 1u);
  EXPECT_EQ(counts->front(), (ScrapeCounts{{}, 1, 3, 2}));
}

TEST(UdpTrackerCodec, ShortPacketsAreNothing) {
  EXPECT_FALSE(udp_reply_header(Buffer(7)));
  EXPECT_TRUE(udp_reply_header(Buffer(8)));
  EXPECT_FALSE(decode_udp_connect(Buffer(15)));
  EXPECT_TRUE(decode_udp_connect(Buffer(16)));
  EXPECT_FALSE(decode_udp_announce(Buffer(19), AddressFamily::v4));
  EXPECT_TRUE(decode_udp_announce(Buffer(20), AddressFamily::v4));
  EXPECT_EQ(decode_udp_error(Buffer(3)).text, "");
}

TEST(UdpTrackerCodec, PeersTakeTheFormOfTheFamily) {
  const auto body = words({1800, 1, 2}) + std::string("\x26\x06") + std::string(13, '\0') +
                    "\x01\x1a\xe1" + "xyz";
  const auto reply = decode_udp_announce(reply_packet(1, 2, body), AddressFamily::v6);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->peers.size(), 1u);
  EXPECT_EQ(reply->peers[0].text(), "[2606::1]:6881");
  EXPECT_EQ(reply->leechers, 1u);
  EXPECT_EQ(reply->seeders, 2u);
}

TEST(UdpTrackerCodec, TRU_03_ErrorTextIsCutAndEscaped) {
  std::string text(60'000, 'x');
  text[0] = '\x1b';
  text[1] = '\0';
  const auto error = decode_udp_error(reply_packet(3, 2, text));
  EXPECT_EQ(error.code, TrackerErrc::tracker_failure);
  EXPECT_EQ(error.text, "\\x1b\\x00" + std::string(254, 'x'));
  const auto binary = decode_udp_error(reply_packet(3, 2, std::string(60'000, '\x80')));
  EXPECT_LE(binary.text.size(), 3 * kTrackerTextMax);
}

TEST(UdpTrackerCodec, TRU_07_NumbersAreClamped) {
  const auto reply = [](std::uint32_t interval, std::uint32_t count) {
    return decode_udp_announce(reply_packet(1, 2, words({interval, count, count})),
                               AddressFamily::v4)
        .value();
  };
  EXPECT_EQ(reply(0, 0).interval, 60s);
  EXPECT_EQ(reply(0xffffffff, 0).interval, 60s);
  EXPECT_EQ(reply(0x80000000, 0).interval, 60s);
  EXPECT_EQ(reply(0x7fffffff, 0).interval, 24h);
  EXPECT_EQ(reply(900, 0).interval, 900s);
  EXPECT_EQ(reply(900, 0xffffffff).seeders, kTrackerCountMax);
  EXPECT_EQ(reply(900, 0xffffffff).leechers, kTrackerCountMax);
}

TEST(UdpTrackerCodec, TRH_14_CopiesOfOnePeerCountOnceAndPortZeroNever) {
  std::string body = words({1800, 0, 0});
  for (int i = 0; i < 500; ++i) body += "\x01\x02\x03\x04\x1a\xe1";
  body += std::string("\x01\x02\x03\x05\x00\x00", 6);
  EXPECT_EQ(decode_udp_announce(reply_packet(1, 2, body), AddressFamily::v4)->peers.size(), 1u);
}

TEST(UdpTrackerClient, ConnectsThenAnnounces) {
  Fixture f;
  f.client.start(kStart);
  f.connect(kStart);
  const Buffer announce = f.sent();
  EXPECT_EQ(action_of(announce), 1u);
  EXPECT_EQ(to_hex(Bytes(announce).first(8)), "0000000700000009");
  ASSERT_TRUE(f.client.handle_packet(
      kStart, kTracker, reply_packet(1, transaction_of(announce), words({900, 4, 5}))));
  ASSERT_TRUE(f.client.done());
  EXPECT_EQ(std::get<AnnounceReply>(*f.client.result()).interval, 900s);
  EXPECT_EQ(f.client.next_deadline(), kNever);
}

TEST(UdpTrackerClient, TRU_01_StrangePacketsAreIgnoredAndTheScheduleContinues) {
  Fixture f;
  f.client.start(kStart);
  const Buffer request = f.sent();
  const std::uint32_t id = transaction_of(request);
  const TimePoint before = f.client.next_deadline();
  const auto offer = [&](std::string_view from, std::uint32_t action, std::uint32_t transaction,
                         std::string_view rest) {
    return f.client.handle_packet(kStart + 1s, Endpoint::parse(from).value(),
                                  reply_packet(action, transaction, rest));
  };
  EXPECT_FALSE(offer("8.8.8.8:6969", 0, id + 1, words({1, 2})));  // wrong transaction
  EXPECT_FALSE(offer("8.8.8.8:6970", 0, id, words({1, 2})));      // wrong port
  EXPECT_FALSE(offer("8.8.4.4:6969", 0, id, words({1, 2})));      // wrong address
  EXPECT_FALSE(offer("8.8.8.8:6969", 1, id, words({1, 2, 3})));   // wrong action
  EXPECT_FALSE(offer("8.8.8.8:6969", 77, id, words({1, 2})));     // no action at all
  EXPECT_FALSE(offer("8.8.8.8:6969", 0, id, words({1})));         // too short
  EXPECT_FALSE(offer("8.8.4.4:6969", 3, id, "lies"));             // an error from elsewhere
  EXPECT_FALSE(f.client.handle_packet(kStart, kTracker, Buffer(3)));
  EXPECT_FALSE(f.client.done());
  EXPECT_FALSE(f.client.next());
  EXPECT_EQ(f.client.next_deadline(), before);
  f.client.handle_timer(before);
  EXPECT_EQ(transaction_of(f.sent()), id);
}

TEST(UdpTrackerClient, RetransmitsAtDoublingIntervals) {
  Fixture f(2h);
  f.client.start(kStart);
  std::vector<Duration> at;
  TimePoint now = kStart;
  for (int i = 0; i < 11 && f.client.next(); ++i) {
    at.push_back(f.client.next_deadline() - now);
    now = f.client.next_deadline();
    f.client.handle_timer(now);
  }
  EXPECT_EQ(at, (std::vector<Duration>{15s, 30s, 60s, 120s, 240s, 480s, 960s, 1920s, 3375s}));
  ASSERT_TRUE(f.client.done());  // by the deadline, before 3840 s are over
  EXPECT_EQ(f.client.result().error().code, TrackerErrc::timed_out);
}

TEST(UdpTrackerClient, GivesUpAtItsDeadline) {
  Fixture f(60s);
  f.client.start(kStart);
  f.client.handle_timer(kStart + 15s);
  f.client.handle_timer(kStart + 45s);
  EXPECT_EQ(f.client.next_deadline(), kStart + 60s);
  f.client.handle_timer(kStart + 60s - 1ns);
  EXPECT_FALSE(f.client.done());
  f.client.handle_timer(kStart + 60s);
  EXPECT_TRUE(f.client.done());
}

TEST(UdpTrackerClient, ConnectionIdIsReusedForAMinute) {
  Fixture f(10min);
  f.ids.put(kStart, kTracker, 42);
  EXPECT_EQ(f.ids.find(kStart + 60s - 1ns, kTracker), 42u);
  EXPECT_FALSE(f.ids.find(kStart + 60s, kTracker));
  f.client.start(kStart + 59s);
  EXPECT_EQ(action_of(f.sent()), 1u);
}

TEST(UdpTrackerClient, ReconnectsWhenTheIdExpiresBetweenRetries) {
  Fixture f(10min);
  f.client.start(kStart);
  f.connect(kStart);
  EXPECT_EQ(action_of(f.sent()), 1u);
  f.client.handle_timer(kStart + 15s);
  EXPECT_EQ(action_of(f.sent()), 1u);
  f.client.handle_timer(kStart + 45s);
  EXPECT_EQ(action_of(f.sent()), 1u);
  f.client.handle_timer(kStart + 105s);
  EXPECT_EQ(action_of(f.sent()), 0u);
}

TEST(UdpTrackerClient, AnOldIdTheTrackerForgotIsReplaced) {
  for (const bool says_error : {true, false}) {
    Fixture f;
    f.ids.put(kStart, kTracker, 42);
    f.client.start(kStart);
    const Buffer announce = f.sent();
    ASSERT_EQ(action_of(announce), 1u);
    if (says_error) {
      f.client.handle_packet(kStart, kTracker,
                             reply_packet(3, transaction_of(announce), "bad connection id"));
    } else {
      f.client.handle_timer(kStart + 15s);
    }
    EXPECT_EQ(action_of(f.sent()), 0u);
  }
}

TEST(UdpTrackerClient, ErrorWithAFreshIdIsFinal) {
  Fixture f;
  f.client.start(kStart);
  f.connect(kStart);
  const Buffer announce = f.sent();
  EXPECT_TRUE(
      f.client.handle_packet(kStart, kTracker, reply_packet(3, transaction_of(announce), "no")));
  ASSERT_TRUE(f.client.done());
  EXPECT_EQ(f.client.result().error().text, "no");
}

TEST(UdpTrackerClient, ScrapesToo) {
  UdpConnectionIds ids;
  Random random(1);
  UdpTrackerClient client(kTracker, UdpScrapeRequest{{Sha1Digest{}}}, kStart + 60s, ids, random);
  ids.put(kStart, kTracker, 1);
  client.start(kStart);
  const Buffer request = client.next().value();
  EXPECT_EQ(action_of(request), 2u);
  client.handle_packet(kStart, kTracker,
                       reply_packet(2, transaction_of(request), words({1, 2, 3})));
  ASSERT_TRUE(client.done());
  EXPECT_EQ(std::get<ScrapeReply>(*client.result()).counts.size(), 1u);
}

TEST(UdpConnectionIds, TableLimitDropsTheOldest) {
  UdpConnectionIds ids;
  for (std::uint16_t i = 0; i <= UdpConnectionIds::kEntriesMax; ++i) {
    ids.put(kStart + i * 1ms, {IpAddress::v4(0x08080808), static_cast<std::uint16_t>(i + 1)}, i);
  }
  EXPECT_EQ(ids.size(), UdpConnectionIds::kEntriesMax);
  EXPECT_FALSE(ids.find(kStart + 1s, {IpAddress::v4(0x08080808), 1}));
  EXPECT_TRUE(ids.find(kStart + 1s, {IpAddress::v4(0x08080808), 2}));
}

}  // namespace
}  // namespace weir
