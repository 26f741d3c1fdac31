// SPDX-License-Identifier: MIT OR Apache-2.0
// Scrapes through a session, and which trackers it does not talk to.
#include <gtest/gtest.h>

#include "engine/session.h"
#include "engine/session_driver.h"
#include "tracker/announce_budget.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPiece = 16 * 1024;
constexpr const char* kUrl = "http://tracker.example/secret/announce";
constexpr const char* kUdp = "udp://tracker.example:6969/announce";

// Paused, so that nothing is announced.
struct Node : SessionDriver {
  explicit Node(const std::vector<std::string>& its_trackers, TorrentKind kind = TorrentKind::v1,
                SessionConfig config = only_v4())
      : SessionDriver(std::move(config)), torrent(kind, kPiece, {{"a", 7 * kPiece + 5}}) {
    AddTorrent request = torrent.magnet(torrent.hashes());
    request.magnet->trackers = its_trackers;
    request.paused = true;
    key = add(std::move(request)).value();
  }
  static SessionConfig only_v4() {
    SessionConfig config;
    config.ipv6 = false;
    return config;
  }
  std::uint32_t scrape() {
    const auto asked = session.scrape(now, key);
    drain();
    return asked.value();
  }
  void answer(const HttpGet& get, const std::string& body, int status = 200) {
    session.handle_http_reply(
        now, get.id,
        {.status = status, .body = to_buffer(as_bytes(body)), .error = {}, .remote = {}});
    drain();
  }
  void resolve(const Resolve& lookup, const IpAddress& address) {
    session.handle_resolved(now, lookup.id, {&address, 1});
    drain();
  }
  void reply(const SendUdp& to, std::uint32_t action, const Buffer& rest) {
    Buffer packet;
    for (const int shift : {24, 16, 8, 0}) packet.push_back(std::byte(action >> shift & 0xff));
    packet.insert(packet.end(), to.packet.begin() + 12, to.packet.begin() + 16);
    packet.insert(packet.end(), rest.begin(), rest.end());
    session.handle_udp(now, to.to, packet);
    drain();
  }
  TrackerStatus tracker(std::size_t index = 0) { return session.trackers(now, key).at(index); }

  DriverTorrent torrent;
  TorrentKey key{};
};

std::string scrape_body(const Sha1Digest& hash, int seeders, int leechers, int downloads) {
  return "20:" + std::string(as_text(hash.view())) + "d8:completei" + std::to_string(seeders) +
         "e10:downloadedi" + std::to_string(downloads) + "e10:incompletei" +
         std::to_string(leechers) + "ee";
}

Buffer words(std::initializer_list<std::uint32_t> values) {
  Buffer out;
  for (const std::uint32_t value : values) {
    for (const int shift : {24, 16, 8, 0}) out.push_back(std::byte(value >> shift & 0xff));
  }
  return out;
}

TEST(SessionScrape, NothingIsScrapedUnasked) {
  Node node({kUrl});
  node.session.resume(node.now, node.key);
  node.drain();
  node.pass(std::chrono::hours(5));
  ASSERT_FALSE(node.gets.empty());
  for (const HttpGet& get : node.gets) EXPECT_EQ(get.url.find("scrape"), std::string::npos);
  EXPECT_EQ(node.tracker().last_scrape_ago, std::nullopt);
}

TEST(SessionScrape, AnHttpTrackersNumbersAreAnEventAndItsStatus) {
  Node node({kUrl});
  EXPECT_EQ(node.scrape(), 1u);
  ASSERT_EQ(node.gets.size(), 1u);
  EXPECT_TRUE(node.gets[0].url.starts_with("http://tracker.example/secret/scrape?info_hash="));
  EXPECT_EQ(node.gets[0].body_max, kTrackerReplyMax);
  EXPECT_EQ(node.gets[0].timeout, seconds(30));
  EXPECT_FALSE(node.gets[0].allow_local);
  node.answer(node.gets[0], "d5:filesd" + scrape_body(node.torrent.hash(), 3, 4, 5) + "ee");
  const auto said = node.said<TrackerScraped>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].url, kUrl);
  EXPECT_FALSE(said[0].failure);
  EXPECT_EQ(std::tuple(said[0].seeders, said[0].leechers, said[0].downloads), std::tuple(3, 4, 5));
  node.pass(seconds(7));
  node.now += seconds(7);
  const TrackerStatus status = node.tracker();
  EXPECT_EQ(std::tuple(status.seeders, status.leechers, status.downloads), std::tuple(3, 4, 5));
  EXPECT_GE(status.last_scrape_ago.value(), seconds(7));
}

TEST(SessionScrape, BothHashesOfAHybridAreAskedAtOnce) {
  Node node({kUrl}, TorrentKind::hybrid);
  EXPECT_EQ(node.scrape(), 1u);
  const std::string& url = node.gets.at(0).url;
  EXPECT_NE(url.find("info_hash="), url.rfind("info_hash="));
  const InfoHashes& hashes = node.torrent.hashes();
  // BEP 3 wants sorted keys.
  auto first = scrape_body(*hashes.v1, 3, 9, 5),
       second = scrape_body(*hashes.v2_truncated(), 7, 1, 2);
  if (second < first) std::swap(first, second);
  node.answer(node.gets[0], "d5:filesd" + first + second + "ee");
  const auto said = node.said<TrackerScraped>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(std::tuple(said[0].seeders, said[0].leechers, said[0].downloads), std::tuple(7, 9, 5));
}

TEST(SessionScrape, AUdpTrackersNumbersAreAnEvent) {
  Node node({kUdp}, TorrentKind::hybrid);
  EXPECT_EQ(node.scrape(), 1u);
  node.resolve(node.lookups.at(0), IpAddress::v4(0x05060708));
  node.reply(node.datagrams.at(0), 0, words({1, 2}));
  ASSERT_EQ(node.datagrams.size(), 2u);
  EXPECT_EQ(node.datagrams[1].packet.size(), 16 + 2 * 20u);  // both hashes
  node.reply(node.datagrams[1], 2, words({3, 50, 9, 7, 20, 1}));
  const auto said = node.said<TrackerScraped>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_FALSE(said[0].failure);
  EXPECT_EQ(std::tuple(said[0].seeders, said[0].leechers, said[0].downloads), std::tuple(7, 9, 50));
}

TEST(SessionScrape, EachFamilyIsAsked) {
  Node node({kUrl, "http://198.51.100.1/announce"}, TorrentKind::v1, {});
  EXPECT_EQ(node.scrape(), 3u);
  EXPECT_EQ(node.gets.at(0).family, AddressFamily::v4);
  EXPECT_EQ(node.gets.at(1).family, AddressFamily::v6);
  EXPECT_EQ(node.gets.at(2).family, AddressFamily::v4);
}

TEST(SessionScrape, TrackersWithoutScrapeFailAtOnceAndOthersAreAsked) {
  Node node({"http://tracker.example/a", kUrl, "ftp://x/announce"});
  EXPECT_EQ(node.scrape(), 2u);
  EXPECT_EQ(node.gets.size(), 1u);
  const auto said = node.said<TrackerScraped>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].failure->code, "no_scrape");
}

TEST(SessionScrape, ATrackerIsNotAskedAgainBeforeItsMinInterval) {
  Node node({kUrl});
  EXPECT_EQ(node.scrape(), 1u);
  EXPECT_EQ(node.scrape(), 0u);
  node.answer(node.gets.at(0), "d5:filesde5:flagsd20:min_request_intervali600eee");
  node.now += seconds(600) - milliseconds(1);
  EXPECT_EQ(node.scrape(), 0u);
  node.now += milliseconds(1);
  EXPECT_EQ(node.scrape(), 1u);
}

TEST(SessionScrape, ASilentTrackerEndsWithItsDeadline) {
  Node node({kUrl, kUdp});
  EXPECT_EQ(node.scrape(), 2u);
  node.pass(seconds(30) - milliseconds(1));
  EXPECT_TRUE(node.said<TrackerScraped>().empty());
  node.pass(milliseconds(1));
  ASSERT_EQ(node.said<TrackerScraped>().size(), 1u);
  EXPECT_EQ(node.said<TrackerScraped>()[0].failure->code, "timed_out");
  EXPECT_EQ(node.cancelled, std::vector{node.gets.at(0).id});
  node.pass(seconds(30));
  ASSERT_EQ(node.said<TrackerScraped>().size(), 2u);
  EXPECT_EQ(node.said<TrackerScraped>()[1].failure->code, "timed_out");
  // A late answer is nobody's.
  node.answer(node.gets[0], "d5:filesdee");
  EXPECT_EQ(node.said<TrackerScraped>().size(), 2u);
}

TEST(SessionScrape, LyingAndBrokenAnswersAreFailures) {
  for (const std::string body : {"", "de", "d5:filesi1ee", "d14:failure reason4:busye"}) {
    Node node({kUrl});
    node.scrape();
    node.answer(node.gets.at(0), body);
    ASSERT_EQ(node.said<TrackerScraped>().size(), 1u);
    EXPECT_TRUE(node.said<TrackerScraped>()[0].failure) << body;
    EXPECT_EQ(node.tracker().last_scrape_ago, std::nullopt);
  }
}

TEST(SessionScrape, ScrapesShareTheLimitOfAnnounces) {
  std::vector<std::string> urls;
  for (int i = 0; i < 40; ++i) urls.push_back("http://t" + std::to_string(i) + ".example/announce");
  Node node(urls);
  EXPECT_EQ(node.scrape(), 40u);
  EXPECT_EQ(node.gets.size(), AnnounceBudgetConfig{}.per_torrent_in_flight_max);
  node.answer(node.gets.at(0), "d5:filesdee");
  EXPECT_EQ(node.gets.size(), AnnounceBudgetConfig{}.per_torrent_in_flight_max + 1);
}

TEST(SessionScrape, RemovingTheTorrentCancelsItsScrapesAndFreesTheirPlaces) {
  Node node({kUrl, kUdp});
  node.scrape();
  node.session.remove(node.now, node.key, RemoveContent::keep);
  node.drain();
  EXPECT_EQ(node.cancelled, (std::vector{node.gets.at(0).id, node.lookups.at(0).id}));
  EXPECT_TRUE(node.said<TrackerScraped>().empty());
  EXPECT_EQ(node.session.scrape(node.now, node.key).error().code, SessionErrc::no_such_torrent);
}

TEST(SessionScrape, AStoppedSessionScrapesNothing) {
  Node node({kUrl});
  node.scrape();
  node.session.stop(node.now);
  node.drain();
  EXPECT_TRUE(node.session.stopped());
  EXPECT_EQ(node.cancelled, std::vector{node.gets.at(0).id});
}

// A name that a torrent brings may lead anywhere; what it leads to decides.
TEST(SessionTrackerAddress, TRU_05_AResolvedLocalAddressIsRefused) {
  const auto refused = [](const char* address, const std::string& url, bool scrape) {
    Node node({url});
    if (scrape) {
      node.scrape();
    } else {
      node.session.resume(node.now, node.key);
      node.drain();
    }
    node.resolve(node.lookups.at(0), *IpAddress::parse(address));
    if (!node.datagrams.empty()) return std::string("sent");
    return scrape ? node.said<TrackerScraped>().at(0).failure->code
                  : node.said<TrackerAnnounced>().at(0).failure->code;
  };
  for (const bool scrape : {false, true}) {
    const std::string dns = "udp://tracker.example:53/announce";
    for (const char* local : {"127.0.0.1", "127.9.9.9", "169.254.1.1"}) {
      EXPECT_EQ(refused(local, kUdp, scrape), "address_refused") << local;
      EXPECT_EQ(refused(local, dns, scrape), "address_refused") << local;
    }
    for (const char* nobody : {"224.0.0.251", "255.255.255.255", "0.0.0.0"}) {
      EXPECT_EQ(refused(nobody, kUdp, scrape), "address_refused") << nobody;
    }
    // A private network's name server must not be reached; its trackers may be.
    EXPECT_EQ(refused("192.168.1.1", dns, scrape), "address_refused");
    EXPECT_EQ(refused("192.168.1.1", kUdp, scrape), "sent");
    EXPECT_EQ(refused("5.6.7.8", dns, scrape), "sent");
    EXPECT_EQ(refused("5.6.7.8", kUdp, scrape), "sent");
  }
}

TEST(SessionTrackerAddress, TRU_05_TheFirstAddressThatIsAllowedIsTaken) {
  Node node({kUdp});
  node.scrape();
  const IpAddress both[] = {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("5.6.7.8")};
  node.session.handle_resolved(node.now, node.lookups.at(0).id, both);
  node.drain();
  ASSERT_EQ(node.datagrams.size(), 1u);
  EXPECT_EQ(node.datagrams[0].to.address, both[1]);
}

TEST(SessionTrackerAddress, TRU_05_AnHttpTrackersNameMayNotLeadToALocalAddressEither) {
  Node node({kUrl, "http://127.0.0.1:8080/announce"});
  node.scrape();
  EXPECT_FALSE(node.gets.at(0).allow_local);
  EXPECT_TRUE(node.gets.at(1).allow_local);  // named so by the torrent itself
}

TEST(SessionExternalAddress, WhatTrackersSeeIsTold) {
  Node node({kUrl, "http://b.example/announce"});
  EXPECT_TRUE(node.session.external_addresses().empty());
  node.session.resume(node.now, node.key);
  node.drain();
  node.answer(node.gets.at(0),
              std::string("d11:external ip4:\x08\x08\x04\x04", 21) + "8:intervali600e5:peers0:e");
  const auto seen = IpAddress::parse("8.8.4.4");
  EXPECT_EQ(node.tracker(0).external_ip, seen);
  EXPECT_EQ(node.tracker(1).external_ip, std::nullopt);
  EXPECT_EQ(node.session.status(node.now, node.key)->external_ip, seen);
  EXPECT_EQ(node.session.external_addresses(), std::vector{*seen});
}

}  // namespace
}  // namespace weir
