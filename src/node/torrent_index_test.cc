// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/torrent_index.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include <cstdio>

#include "node/testing/node_fixture.h"

namespace weir {
namespace {

class TorrentIndexTest : public NodeFixture {
 protected:
  TorrentIndexTest() : node_(open("a")), index_(node_->client()) {
    node_->set_observer([this](const Event& event) { index_.on_event(event); });
  }
  ~TorrentIndexTest() override { node_->set_observer({}); }

  TorrentKey add(int number, const std::string& name) {
    char hash[41];
    std::snprintf(hash, sizeof(hash), "%08x%032x", number, 0);
    AddTorrent request;
    request.magnet = Magnet{};
    request.magnet->hashes.v1 = Sha1Digest::from_hex_text(hash);
    request.magnet->name = name;
    request.storage.root = "/nonexistent";
    request.seed_only = true;
    request.paused = true;
    return *node_->client().add(std::move(request));
  }
  std::vector<std::string> names(const TorrentQuery& query) {
    std::vector<std::string> out;
    for (const TorrentStatus& row : index_.page(query).rows) out.push_back(row.name);
    return out;
  }

  std::unique_ptr<Node> node_;
  TorrentIndex index_;
};

TEST_F(TorrentIndexTest, WhoAddsAndLooksSeesIt) {
  for (int i = 0; i < 50; ++i) {
    (void)add(i, "t");
    EXPECT_EQ(index_.page({}).total, static_cast<std::size_t>(i) + 1);
  }
}

TEST_F(TorrentIndexTest, WhoAddsAndLooksSeesItsStateThoughTheEventIsLate) {
  node_->set_observer([this](const Event& event) {
    // The engine is busy between the answer to add() and the event.
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    index_.on_event(event);
  });
  for (int i = 0; i < 3; ++i) {
    const TorrentKey key = add(i, "t");
    const TorrentTotals totals = index_.totals();
    const auto state = static_cast<std::size_t>(node_->client().status(key)->state);
    EXPECT_EQ(totals.by_state[state], static_cast<std::size_t>(i) + 1);
  }
}

TEST_F(TorrentIndexTest, WhatWasThereBeforeIsFound) {
  (void)add(1, "first");
  TorrentIndex late(node_->client());
  EXPECT_EQ(late.begin().size(), 1U);
  EXPECT_EQ(late.page({}).rows.at(0).name, "first");
}

TEST_F(TorrentIndexTest, WhatIsRemovedGoes) {
  const TorrentKey first = add(1, "first");
  (void)add(2, "second");
  node_->remove(first, RemoveContent::keep);
  EXPECT_EQ(names({}), std::vector<std::string>{"second"});
  EXPECT_EQ(index_.totals().torrents, 1U);
}

TEST_F(TorrentIndexTest, StatesAreFollowed) {
  const TorrentKey key = add(1, "first");
  TorrentQuery paused;
  paused.state = TorrentState::paused;
  // Its files are looked at first, and meanwhile it is preparing.
  for (int i = 0; i < 10'000 && index_.page(paused).matched == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    index_.touch(key);
  }
  EXPECT_EQ(index_.page(paused).matched, 1U);
  node_->client().resume(key);
  index_.touch(key);
  EXPECT_EQ(index_.page(paused).matched, 0U);
  EXPECT_EQ(index_.totals().by_state[static_cast<std::size_t>(TorrentState::paused)], 0U);
}

TEST_F(TorrentIndexTest, EqualOnesKeepTheirOrderInBothDirections) {
  for (int i = 0; i < 4; ++i) (void)add(i, i < 2 ? "B" + std::to_string(i) : "a");
  TorrentQuery query;
  query.order = TorrentOrder::name;
  EXPECT_EQ(names(query), (std::vector<std::string>{"a", "a", "B0", "B1"}));
  query.descending = true;
  query.offset = 1;
  query.limit = 2;
  EXPECT_EQ(names(query), (std::vector<std::string>{"B0", "a"}));
}

TEST(TorrentStates, HaveNamesThatAreRead) {
  for (std::size_t i = 0; i < kTorrentStates; ++i) {
    const auto state = static_cast<TorrentState>(i);
    EXPECT_EQ(parse_torrent_state(state_name(state)), state);
  }
  EXPECT_FALSE(parse_torrent_state("other"));
}

}  // namespace
}  // namespace weir
