// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client/weir.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>

#include "base/random.h"
#include "metainfo/create.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
namespace fs = std::filesystem;

// A directory of its own, removed at the end.
class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    std::string name = (fs::temp_directory_path() / "weir-client-XXXXXX").string();
    base_ = mkdtemp(name.data());
    content_.resize(700'000);
    Random(3).fill(content_);
    CreateOptions options;
    options.name = "film.bin";
    options.piece_length = 64 * 1024;
    auto builder = TorrentBuilder::make(options, {{{}, content_.size(), {}, {}}});
    for (std::uint32_t i = 0; i < builder->layout().piece_count(); ++i) {
      const auto size = builder->layout().piece_size(PieceIndex{i});
      const CreatedPieceInput input{PieceIndex{i},
                                    Bytes(content_).subspan(std::size_t{i} * 64 * 1024, size)};
      builder->add(hash_created_pieces(builder->layout(), {&input, 1}));
    }
    const auto created = builder->finish();
    hashes_ = created->metadata.info->hashes;
    fs::create_directories(base_ / "seed");
    put(base_ / "film.torrent", created->bytes);
    put(base_ / "seed" / "film.bin", content_);
  }
  ~ClientTest() override { fs::remove_all(base_); }

  static void put(const fs::path& path, Bytes bytes) {
    std::ofstream(path, std::ios::binary) << as_text(bytes);
  }
  static Buffer get(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return to_buffer(as_bytes(text));
  }
  std::unique_ptr<Client> open(const std::string& name, std::size_t events_max = 65'536) {
    ClientConfig config;
    config.events_max = events_max;
    config.state_dir = (base_ / name).string();
    config.listen = {*Endpoint::parse("127.0.0.1:0")};
    auto client = Client::open(std::move(config));
    EXPECT_TRUE(client.has_value());
    return std::move(*client);
  }
  std::unique_ptr<Client> open_seed() {
    auto client = open("seed-state");
    AddTorrent options;
    options.storage.root = (base_ / "seed").string();
    options.seed_only = true;
    EXPECT_TRUE(client->add_source((base_ / "film.torrent").string(), std::move(options)));
    return client;
  }
  template <class Body>
  static bool wait_for(Client& client) {
    for (int i = 0; i < 300; ++i) {
      const auto event = client.wait_event(milliseconds(100));
      if (event && std::holds_alternative<Body>(event->body)) return true;
    }
    return false;
  }

  fs::path base_;
  Buffer content_;
  InfoHashes hashes_;
};

TEST_F(ClientTest, FetchesByInfoHashAndReadsARange) {
  const auto seed = open_seed();
  const auto leech = open("leech-state");
  AddTorrent options;
  options.storage.root = (base_ / "out").string();
  options.peers = seed->listening();
  const auto torrent = leech->add_source(hashes_.v1->hex(), std::move(options));
  ASSERT_TRUE(torrent.has_value()) << torrent.error().detail;
  ASSERT_TRUE(wait_for<CheckDone>(*leech));
  const auto range = leech->read(*torrent, FileIndex{0}, 300'000, 200'000, seconds(30));
  ASSERT_TRUE(range.has_value()) << range.error().code;
  EXPECT_EQ(to_hex(*range), to_hex(Bytes(content_).subspan(300'000, 200'000)));
  ASSERT_TRUE(wait_for<TorrentDone>(*leech));
  EXPECT_EQ(leech->status(*torrent)->state, TorrentState::seeding);
  leech->stop();
  EXPECT_EQ(get(base_ / "out" / "film.bin"), content_);
}

TEST_F(ClientTest, ARangeThatNobodyHasTimesOut) {
  const auto client = open("state");
  AddTorrent options;
  options.storage.root = (base_ / "out").string();
  const auto torrent = client->add_source((base_ / "film.torrent").string(), std::move(options));
  ASSERT_TRUE(torrent.has_value());
  ASSERT_TRUE(wait_for<CheckDone>(*client));
  const auto range = client->read(*torrent, FileIndex{0}, 0, 10, milliseconds(200));
  ASSERT_FALSE(range.has_value());
  EXPECT_EQ(range.error().code, "timed_out");
  EXPECT_EQ(client->read(*torrent, FileIndex{0}, 700'000, 1, seconds(1)).error().code,
            "bad_request");
}

TEST_F(ClientTest, AsManyEventsWaitAsTheLimitAndTheOldestGo) {
  const auto magnet = [](int number) {
    return "magnet:?xt=urn:btih:" + std::string(39, '0') + std::to_string(number);
  };
  for (const std::size_t most : {3U, 2U, 0U}) {
    const auto client = open("events" + std::to_string(most), most);
    std::vector<TorrentKey> added;
    for (int i = 1; i <= 3; ++i) {
      AddTorrent options;
      options.storage.root = (base_ / "out").string();
      options.paused = true;
      const auto key = client->add_source(magnet(i), std::move(options));
      ASSERT_TRUE(key);
      added.push_back(*key);
    }
    (void)client->torrents();  // a turn of the engine later they are all there
    for (std::size_t i = added.size() - most; i < added.size(); ++i) {
      const auto event = client->wait_event(milliseconds(0));
      ASSERT_TRUE(event);
      EXPECT_EQ(event->torrent, added[i]);
    }
    EXPECT_FALSE(client->wait_event(milliseconds(0)));
  }
}

TEST_F(ClientTest, ErrorsHaveStableCodes) {
  const auto client = open("state");
  EXPECT_EQ(client->add_source((base_ / "no.torrent").string(), {}).error().code, "not_found");
  EXPECT_EQ(client->add_source("magnet:?dn=x", {}).error().code, "missing_topic");
  put(base_ / "bad.torrent", as_bytes("d4:infoi1ee"));
  EXPECT_EQ(client->add_source((base_ / "bad.torrent").string(), {}).error().code, "info_not_dict");
  AddTorrent options;
  options.storage.root = (base_ / "out").string();
  ASSERT_TRUE(client->add_source((base_ / "film.torrent").string(), options));
  EXPECT_EQ(client->add_source((base_ / "film.torrent").string(), options).error().code,
            "already_added");
  client->stop();
  EXPECT_EQ(client->add_source(hashes_.v1->hex(), options).error().code, "stopping");
}

TEST_F(ClientTest, ASecondRunContinuesWithoutFetchingAgain) {
  AddTorrent options;
  options.storage.root = (base_ / "out").string();
  {
    const auto seed = open_seed();
    const auto leech = open("leech-state");
    AddTorrent first = options;
    first.peers = seed->listening();
    ASSERT_TRUE(leech->add_source((base_ / "film.torrent").string(), std::move(first)));
    ASSERT_TRUE(wait_for<TorrentDone>(*leech));
  }
  const auto again = open("leech-state");
  const auto torrent = again->add_source((base_ / "film.torrent").string(), options);
  ASSERT_TRUE(wait_for<TorrentDone>(*again)) << "complete with no peer in sight";
  EXPECT_EQ(again->status(*torrent)->check_total, 0U) << "and nothing was hashed";
}

TEST_F(ClientTest, AReadAnswersOnceItsPieceIsHere) {
  const auto seed = open_seed();
  const auto leech = open("leech-state");
  AddTorrent options;
  options.storage.root = (base_ / "out").string();
  const auto torrent = leech->add_source((base_ / "film.torrent").string(), std::move(options));
  ASSERT_TRUE(torrent.has_value());
  ASSERT_TRUE(wait_for<CheckDone>(*leech));
  std::promise<ClientResult<std::shared_ptr<const Buffer>>> promise;
  leech->read_async(*torrent, FileIndex{0}, 400'000, 1000,
                    [&](auto part) { promise.set_value(std::move(part)); });
  leech->add_peer(*torrent, seed->listening()[0]);
  const auto part = promise.get_future().get();
  ASSERT_TRUE(part.has_value()) << part.error().code;
  EXPECT_EQ(to_hex(**part), to_hex(Bytes(content_).subspan(400'000, 1000)));
}

TEST_F(ClientTest, ACancelledReadIsNotAnsweredAndAStoppedOneIs) {
  const auto client = open("state");
  AddTorrent options;
  options.storage.root = (base_ / "out").string();
  const auto torrent = client->add_source((base_ / "film.torrent").string(), std::move(options));
  ASSERT_TRUE(torrent.has_value());
  ASSERT_TRUE(wait_for<CheckDone>(*client));
  int cancelled = 0;
  std::vector<std::string> codes;
  const ReadHandle first =
      client->read_async(*torrent, FileIndex{0}, 0, 10, [&](const auto&) { ++cancelled; });
  const auto keep_code = [&](const auto& part) { codes.push_back(part.error().code); };
  client->read_async(*torrent, FileIndex{0}, 0, 10, keep_code);
  client->cancel_read(first);
  client->cancel_read(first);
  client->stop();
  EXPECT_EQ(codes.size(), 1u);
  client->read_async(*torrent, FileIndex{0}, 0, 10, keep_code);
  ASSERT_EQ(codes.size(), 2u);
  EXPECT_EQ(codes[0], "stopping");
  EXPECT_EQ(codes[1], "stopping");
  EXPECT_EQ(cancelled, 0);
}

TEST_F(ClientTest, AnotherRunRestoresEveryTorrentWithItsProgress) {
  {
    const auto seed = open_seed();
    const auto leech = open("leech-state");
    AddTorrent options;
    options.storage.root = (base_ / "out").string();
    options.peers = seed->listening();
    ASSERT_TRUE(leech->add_source(hashes_.v1->hex(), std::move(options)));
    ASSERT_TRUE(wait_for<TorrentDone>(*leech));
  }
  const auto again = open("leech-state");
  std::atomic<int> pieces = 0;
  again->set_observer([&](const Event& event) {
    if (std::holds_alternative<PieceDone>(event.body)) ++pieces;
  });
  const auto restored = again->restore_all();
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(*restored, 1u);
  ASSERT_TRUE(wait_for<TorrentDone>(*again));
  EXPECT_EQ(pieces, 0);  // nothing was checked or fetched again
  const auto torrent = again->find(hashes_);
  ASSERT_TRUE(torrent.has_value());
  EXPECT_EQ(again->status(*torrent)->state, TorrentState::seeding);
  const auto metadata = again->metadata(*torrent);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->info->hashes, hashes_);
  EXPECT_FALSE(again->find(InfoHashes{Sha1Digest{}, std::nullopt}));
}

}  // namespace
}  // namespace weir
