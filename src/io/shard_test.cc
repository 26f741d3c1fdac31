// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of a shard: ports, tasks from other threads, the end; and trackers over real sockets.
#include "io/shard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "io/clock.h"
#include "io/testing/http_server.h"
#include "io/testing/loopback.h"

namespace weir {
namespace {

using std::chrono::seconds;

const Endpoint kLoopback{IpAddress::v4(0x7f000001), 0};

// A disk whose jobs never end.
class DeadDisk : public ShardDisk {
 public:
  DiskResult<SendFile> open_read(const DiskPath& path) override {
    return std::unexpected(DiskError{DiskErrc::io_error, path.relative});
  }
  void run(Job job, std::function<void(JobResult)> done) override {
    const std::lock_guard lock(mutex);
    jobs.emplace_back(std::move(job), std::move(done));
  }

  std::mutex mutex;
  std::vector<std::pair<Job, std::function<void(JobResult)>>> jobs;
};

TEST(Shard, StartsStopsAndRunsTasksInBetweenOnly) {
  DeadDisk disk;
  Shard shard({.session = {}, .random_seed = 1, .listen = {kLoopback}, .warn = {}}, disk, {});
  ASSERT_TRUE(shard.start());
  ASSERT_EQ(shard.listening().size(), 1u);
  EXPECT_NE(shard.listening()[0].port, 0);
  std::promise<std::thread::id> ran;
  ASSERT_TRUE(shard.post([&](Session&, TimePoint) { ran.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
  const auto begin = std::chrono::steady_clock::now();
  shard.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(1));
  EXPECT_FALSE(shard.post([](Session&, TimePoint) { FAIL(); }));
  shard.stop();
}

TEST(Shard, TakenPortFailsToStart) {
  DeadDisk disk;
  Shard first({.session = {}, .random_seed = 1, .listen = {kLoopback}, .warn = {}}, disk, {});
  ASSERT_TRUE(first.start());
  Shard second({.session = {}, .random_seed = 1, .listen = first.listening(), .warn = {}}, disk,
               {});
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, NetErrc::address_in_use);
}

TEST(Shard, StopEndsInFiveSecondsThoughAJobHangs) {
  const auto torrent = make_loopback_torrent(TorrentKind::v1, 16'384, {100'000});
  DeadDisk disk;
  {
    Shard shard({.session = {}, .random_seed = 1, .listen = {}, .warn = {}}, disk, {});
    ASSERT_TRUE(shard.start());
    AddTorrent request;
    request.metadata = torrent.metadata;
    request.storage.root = "/nowhere";
    std::promise<bool> added;
    shard.post([&](Session& session, TimePoint now) {
      added.set_value(session.add(now, request).has_value());
    });
    ASSERT_TRUE(added.get_future().get());
    shard.post([](Session&, TimePoint) {});
    const auto begin = std::chrono::steady_clock::now();
    shard.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
  }
  // The answer comes when nobody is there any more.
  ASSERT_FALSE(disk.jobs.empty());
  for (auto& [job, done] : disk.jobs) {
    done(JobResult{job.id, job.torrent, std::move(job.work), {}, {}, {}});
  }
}

std::string peers_reply(const Endpoint& peer) {
  Buffer compact;
  peer.append_compact(compact);
  return "d8:intervali60e5:peers6:" + std::string(as_text(compact)) + "e";
}

AddTorrent with_tracker(const LoopbackTorrent& torrent, const std::string& root,
                        const std::string& url) {
  AddTorrent request;
  request.metadata = torrent.metadata;
  request.torrent_file = torrent.file;
  request.storage.root = root;
  request.trackers = {url};
  return request;
}

TEST(Shard, FindsItsPeersThroughAnHttpTracker) {
  const auto torrent = make_loopback_torrent(TorrentKind::v1, 32 * 1024, {500'000});
  LoopbackNode seed, leech;
  torrent.write_below(seed.root());
  ASSERT_TRUE(seed.shard().start());
  ASSERT_TRUE(leech.shard().start());
  std::mutex mutex;
  std::string requests;
  const TestServer tracker([&](TestPeer& peer, const std::string& request) {
    {
      const std::lock_guard lock(mutex);
      requests += request;
    }
    peer.send(http_reply(peers_reply(seed.endpoint())));
  });
  seed.add(torrent, {}, true);
  ASSERT_TRUE(seed.wait_done());  // who comes before it is turned away, and back only much later
  leech.shard().post([&](Session& session, TimePoint now) {
    ASSERT_TRUE(session.add(now, with_tracker(torrent, leech.root(), tracker.url("/announce"))));
  });
  ASSERT_TRUE(leech.wait_done());
  EXPECT_TRUE(leech.has(torrent));
  leech.shard().stop();
  const std::lock_guard lock(mutex);
  EXPECT_NE(requests.find("event=started"), std::string::npos) << requests;
  EXPECT_NE(requests.find("event=stopped"), std::string::npos) << requests;
  EXPECT_NE(requests.find("port=" + std::to_string(leech.endpoint().port)), std::string::npos);
}

TEST(Shard, AHangingTrackerDelaysTheEndByTwoSecondsAtMost) {
  const auto torrent = make_loopback_torrent(TorrentKind::v1, 32 * 1024, {100'000});
  const TestServer tracker([&](TestPeer& peer, const std::string& request) {
    if (request.find("event=started") != std::string::npos) {
      peer.send(http_reply("d8:intervali60e5:peers0:e"));
    } else {
      peer.pause(seconds(30));
    }
  });
  LoopbackNode node;
  ASSERT_TRUE(node.shard().start());
  node.shard().post([&](Session& session, TimePoint now) {
    ASSERT_TRUE(session.add(now, with_tracker(torrent, node.root(), tracker.url("/announce"))));
  });
  const auto patience = std::chrono::steady_clock::now() + seconds(5);
  while (tracker.connections() == 0 && std::chrono::steady_clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto begin = std::chrono::steady_clock::now();
  node.shard().stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2500));
}

}  // namespace
}  // namespace weir
