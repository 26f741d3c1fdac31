// SPDX-License-Identifier: MIT OR Apache-2.0
// Whole shards that move torrents between real directories over loopback.
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "io/testing/loopback.h"

namespace weir {
namespace {

class ShardTransferOf : public testing::TestWithParam<TorrentKind> {};

TEST_P(ShardTransferOf, MovesATorrentFromOneDirectoryToAnother) {
  const auto torrent =
      make_loopback_torrent(GetParam(), 64 * 1024, {3'000'000, 1, 700'001, 65'536});
  LoopbackNode seed, leech;
  torrent.write_below(seed.root());
  ASSERT_TRUE(seed.shard().start());
  ASSERT_TRUE(leech.shard().start());
  seed.add(torrent, {}, true);
  ASSERT_TRUE(seed.wait_done());
  leech.add(torrent, {seed.endpoint()});
  ASSERT_TRUE(leech.wait_done());
  EXPECT_TRUE(leech.has(torrent));
}

INSTANTIATE_TEST_SUITE_P(Kinds, ShardTransferOf,
                         testing::Values(TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid));

// Renames at once, and keeps the news of it to itself until it is told to let go.
class SecretiveDisk : public ShardDisk {
 public:
  explicit SecretiveDisk(ShardDisk& disk) : disk_(disk) {}
  DiskResult<SendFile> open_read(const DiskPath& path) override { return disk_.open_read(path); }
  void run(Job job, std::function<void(JobResult)> done) override {
    if (!std::holds_alternative<FinishFilesJob>(job.work)) {
      return disk_.run(std::move(job), std::move(done));
    }
    disk_.run(std::move(job), [this, done = std::move(done)](JobResult result) {
      {
        const std::lock_guard lock(mutex_);
        if (!open_) {
          held_.push_back([done, shared = std::make_shared<JobResult>(std::move(result))] {
            done(std::move(*shared));
          });
          changed_.notify_all();
          return;
        }
      }
      done(std::move(result));
    });
  }
  [[nodiscard]] bool wait_renamed() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !held_.empty(); });
  }
  void let_go() {
    std::vector<std::function<void()>> held;
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
      held.swap(held_);
    }
    for (const auto& tell : held) tell();
  }

 private:
  ShardDisk& disk_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> held_;
  bool open_ = false;
};

TEST(ShardTransfer, UploadsFromAFileWhoseRenameTheEngineHasNotHeardOf) {
  const auto torrent = make_loopback_torrent(TorrentKind::v1, 64 * 1024, {500'000});
  LoopbackNode seed, leech;
  torrent.write_below(seed.root());
  const ScratchDir dir;
  std::filesystem::create_directories(dir.at("data"));
  PosixDisk disk;
  MemoryStateStore state;
  JobPool jobs(2, disk, state);
  PooledDisk pooled(disk.files(), jobs);
  SecretiveDisk secretive(pooled);
  ShardConfig config;
  config.session.allow_loopback_peers = true;
  config.session.side_root = dir.at("side");
  config.random_seed = os_random_seed();
  config.listen = {Endpoint{IpAddress::v4(0x7f000001), 0}};
  Shard between(std::move(config), secretive, {});
  ASSERT_TRUE(seed.shard().start());
  ASSERT_TRUE(between.start());
  ASSERT_TRUE(leech.shard().start());
  seed.add(torrent, {}, true);
  ASSERT_TRUE(seed.wait_done());
  between.post([&](Session& session, TimePoint now) {
    AddTorrent request;
    request.metadata = torrent.metadata;
    request.storage.root = dir.at("data");
    request.storage.part_suffix = true;
    request.peers = {seed.endpoint()};
    EXPECT_TRUE(session.add(now, std::move(request)));
  });
  ASSERT_TRUE(secretive.wait_renamed());
  leech.add(torrent, {between.listening().at(0)});
  EXPECT_TRUE(leech.wait_piece()) << "while the engine has only the old name";
  secretive.let_go();
  EXPECT_TRUE(leech.wait_done());
  EXPECT_TRUE(leech.has(torrent));
  between.stop();
}

}  // namespace
}  // namespace weir
