// SPDX-License-Identifier: MIT OR Apache-2.0
// Server-sent events: what is said, going on where a client was, and ends.
#include <gtest/gtest.h>

#include <future>

#include "api/internal/weir.h"
#include "api/testing/api_fixture.h"

namespace weir {
namespace {

constexpr const char* kEvents = "/api/weir/v1/events";

class WeirEventsTest : public ApiFixture {
 protected:
  // Asks for the stream and reads its head.
  static std::string open_stream(HttpClient& client, const std::string& last_id = {}) {
    std::string text = std::string("GET ") + kEvents + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!last_id.empty()) text += "Last-Event-ID: " + last_id + "\r\n";
    client.send(text + "\r\n");
    std::string head = client.receive_until("\r\n\r\n");
    (void)client.receive_until("retry: 2000\n\n");
    return head;
  }
  static std::string add(const ServedNode& node, char digit) {
    const std::string hash(40, digit);
    EXPECT_EQ(post(node, "/api/weir/v1/torrents", as_bytes(hash), {{"Content-Type", "text/plain"}})
                  .status,
              201U);
    return hash;
  }
  // The next event of that name, from its id on.
  static std::string event(HttpClient& client, const std::string& name) {
    (void)client.receive_until("id: ");
    std::string out = client.receive_until("\n\n");
    while (!out.empty() && out.find("event: " + name + "\n") == std::string::npos) {
      (void)client.receive_until("id: ");
      out = client.receive_until("\n\n");
    }
    return out;
  }
  static std::string id_of(const std::string& text) { return text.substr(0, text.find('\n')); }
};

TEST_F(WeirEventsTest, WhatIsAddedAndRemovedIsSaidWithItsHash) {
  const auto node = serve("a");
  HttpClient client(node->endpoint());
  const std::string head = open_stream(client);
  EXPECT_NE(head.find("200 OK"), std::string::npos);
  EXPECT_NE(head.find("text/event-stream"), std::string::npos);
  const std::string hash = add(*node, 'a');
  const std::string added = event(client, "torrent_added");
  EXPECT_NE(added.find("data: {\"hash\":\"" + hash + "\""), std::string::npos) << added;
  EXPECT_EQ(ask(*node, "DELETE", "/api/weir/v1/torrents/" + hash).status, 200U);
  EXPECT_NE(event(client, "torrent_removed").find(hash), std::string::npos);
}

TEST_F(WeirEventsTest, AClientGoesOnBehindTheLastItSaw) {
  const auto node = serve("a");
  std::string seen;
  {
    HttpClient client(node->endpoint());
    (void)open_stream(client);
    add(*node, 'a');
    seen = id_of(event(client, "torrent_added"));
  }
  const std::string second = add(*node, 'b'), third = add(*node, 'c');
  HttpClient client(node->endpoint());
  (void)open_stream(client, seen);
  EXPECT_NE(event(client, "torrent_added").find(second), std::string::npos);
  EXPECT_NE(event(client, "torrent_added").find(third), std::string::npos);
}

TEST_F(WeirEventsTest, WhoWasAwayTooLongIsToldAndGetsWhatIsKept) {
  ApiConfig config;
  config.events_max = 2;
  const auto node = serve("a", std::move(config));
  std::string first;
  {
    HttpClient client(node->endpoint());
    (void)open_stream(client);
    add(*node, 'a');
    first = id_of(event(client, "torrent_added"));
  }
  add(*node, 'b');
  const std::string third = add(*node, 'c');
  const std::string fourth = add(*node, 'd');
  for (const std::string& id : {first, std::string("1-1"), std::string("x"),
                                first.substr(0, first.find('-')) + "-999999"}) {
    HttpClient client(node->endpoint());
    (void)open_stream(client, id);
    EXPECT_TRUE(client.receive_until("event: gap\ndata: {}\n\n").ends_with("{}\n\n")) << id;
    EXPECT_NE(event(client, "torrent_added").find(third), std::string::npos) << id;
    EXPECT_NE(event(client, "torrent_added").find(fourth), std::string::npos) << id;
  }
}

TEST_F(WeirEventsTest, SilenceIsBrokenByComments) {
  ApiConfig config;
  config.event_heartbeat = std::chrono::milliseconds(1);
  const auto node = serve("a", std::move(config));
  HttpClient client(node->endpoint());
  (void)open_stream(client);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.receive_until(": \n\n").ends_with(": \n\n"));
}

TEST_F(WeirEventsTest, AStreamEndsWhenTheNodeIsNotReadyAnyMore) {
  const auto node = serve("a");
  node->api.set_ready(true);
  HttpClient client(node->endpoint());
  (void)open_stream(client);
  node->api.set_ready(false);
  // The last chunk, so an end that the client takes for one.
  EXPECT_TRUE(client.receive_until("0\r\n\r\n").ends_with("0\r\n\r\n"));
}

TEST_F(WeirEventsTest, AStreamDoesNotOutliveTheServer) {
  auto node = serve("a");
  HttpClient client(node->endpoint());
  (void)open_stream(client);
  node.reset();
  EXPECT_EQ(client.receive(), "");
  EXPECT_NE(client.error(), EAGAIN);
}

TEST_F(WeirEventsTest, OneStreamTooManyIsRefused) {
  const auto node = serve("a");
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (std::size_t i = 0; i < api::kEventStreamsMax; ++i) {
    clients.push_back(std::make_unique<HttpClient>(node->endpoint()));
    EXPECT_NE(open_stream(*clients.back()).find("200 OK"), std::string::npos) << i;
  }
  const ClientAnswer refused = get(*node, kEvents);
  EXPECT_EQ(refused.status, 503U);
  EXPECT_NE(refused.body.find("too_many"), std::string::npos);
}

// The server pulls no further while a client does not take what was pulled.
TEST_F(WeirEventsTest, AReaderThatTheLogHasGonePastIsCutOff) {
  const auto node = open("a");
  ApiConfig config;
  config.events_max = 3;
  const auto state = std::make_shared<api::WeirState>(*node, config);
  const auto source = api::event_source(state, state->events.last(), false);
  const auto next = [&] {
    std::promise<HttpBodyPart> part;
    source->next(1000, [&](HttpBodyPart got) { part.set_value(std::move(got)); });
    return part.get_future().get();
  };
  const auto push = [&](int count) {
    for (int i = 0; i < count; ++i) state->events.push({TorrentKey{9}, TorrentDone{}}, 0);
  };
  EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const Buffer>>(next())) << "the beginning";
  push(3);
  EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const Buffer>>(next())) << "all kept";
  push(4);
  EXPECT_TRUE(std::holds_alternative<HttpBodyAbort>(next())) << "one is lost";
  node->set_observer({});
}

}  // namespace
}  // namespace weir
