// SPDX-License-Identifier: MIT OR Apache-2.0
// Bans and scrapes over the API.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "api/testing/api_fixture.h"
#include "io/sqlite_state.h"

namespace weir {
namespace {

namespace json = boost::json;

constexpr const char* kBans = "/api/weir/v1/bans";

class WeirBansTest : public ApiFixture {
 protected:
  // A node on a state directory in which these are banned for so many seconds from now.
  std::unique_ptr<ServedNode> serve_with(const std::map<std::string, int>& bans) {
    NodeConfig node = config("a");
    const auto store = SqliteStateStore::open(node.client.state_dir);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto today = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    for (const auto& [address, seconds] : bans) {
      EXPECT_TRUE((*store)->save_ban({*IpAddress::parse(address), today + seconds}));
    }
    return serve(std::move(node));
  }
  static std::vector<std::string> banned(const ServedNode& node) {
    std::vector<std::string> out;
    const json::value answer = json::parse(get(node, kBans).body);
    for (const json::value& ban : answer.at("bans").as_array()) {
      out.emplace_back(std::string_view(ban.at("address").as_string()));
    }
    return out;
  }
};

TEST_F(WeirBansTest, BansOfAnEarlierRunAreListedTheFirstToEndInFront) {
  const auto node = serve_with({{"192.0.2.1", 3000}, {"2001:db8::1", 1000}, {"192.0.2.9", -5}});
  EXPECT_EQ(banned(*node), (std::vector<std::string>{"2001:db8::1", "192.0.2.1"}));
  const json::value ban = json::parse(get(*node, kBans).body).at("bans").at(0);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto left = ban.at("until").to_number<std::int64_t>() -
                    std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  EXPECT_LE(left, 1'000'000);
  EXPECT_GT(left, 900'000);
}

TEST_F(WeirBansTest, ABanOfATimeFarAheadIsCutToAnHour) {
  const auto node = serve_with({{"192.0.2.1", 10'000'000}});
  const json::value ban = json::parse(get(*node, kBans).body).at("bans").at(0);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(ban.at("until").to_number<std::int64_t>(),
            std::chrono::duration_cast<std::chrono::milliseconds>(now).count() + 3'600'000);
}

TEST_F(WeirBansTest, OneThatIsLiftedIsOverForGood) {
  auto node = serve_with({{"192.0.2.1", 3000}, {"2001:db8::1", 1000}});
  EXPECT_EQ(ask(*node, "DELETE", std::string(kBans) + "/2001:db8::1").status, 204u);
  EXPECT_EQ(banned(*node), (std::vector<std::string>{"192.0.2.1"}));
  EXPECT_EQ(ask(*node, "DELETE", std::string(kBans) + "/2001:db8::1").status, 404u);
  EXPECT_EQ(ask(*node, "DELETE", std::string(kBans) + "/liar").status, 400u);
  node.reset();
  node = serve("a");
  EXPECT_EQ(banned(*node), (std::vector<std::string>{"192.0.2.1"}));
}

TEST_F(WeirBansTest, AScrapeOfWhatHasNoTrackerAsksNobody) {
  const auto node = serve("a");
  const ClientAnswer added = ask(*node, "POST", "/api/weir/v1/torrents",
                                 {{"Content-Type", "text/plain"}}, std::string(40, 'a'));
  ASSERT_EQ(added.status, 201u) << added.body;
  const std::string at = "/api/weir/v1/torrents/" + std::string(40, 'a') + "/scrape";
  const ClientAnswer scraped = ask(*node, "POST", at);
  EXPECT_EQ(scraped.status, 202u);
  EXPECT_EQ(json::parse(scraped.body).at("requests").to_number<int>(), 0);
  const std::string other = "/api/weir/v1/torrents/" + std::string(40, 'b') + "/scrape";
  EXPECT_EQ(ask(*node, "POST", other).status, 404u);
}

}  // namespace
}  // namespace weir
