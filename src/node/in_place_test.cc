// SPDX-License-Identifier: MIT OR Apache-2.0
// Publishing in place; what it looks like from outside is in tests/cli/test_remote.py.
#include "node/in_place.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "node/testing/node_fixture.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class InPlaceTest : public NodeFixture {
 protected:
  std::string put(const std::string& name, Bytes bytes) {
    fs::create_directories((base_ / name).parent_path());
    std::ofstream(base_ / name, std::ios::binary) << as_text(bytes);
    return base_ / name;
  }
  // As large as it says, without a block on the disk.
  std::string put_hollow(const std::string& name, std::uint64_t size) {
    const std::string path = put(name, {});
    fs::resize_file(path, size);
    return path;
  }
};

TEST_F(InPlaceTest, AFileIsReadFromWhereItLiesInThisRunAndTheNext) {
  const Buffer content = counted_bytes(600'000);
  const std::string path = put("a.bin", content);
  auto node = open("n");
  const PublishJob job = publish_in_place(*node, path + "/");
  ASSERT_EQ(job.state, PublishState::done) << job.error->detail;
  EXPECT_EQ(job.done, 600'000u);
  EXPECT_EQ(node->in_place().path_of(*job.torrent), path);
  EXPECT_EQ(node->in_place().path_of({job.torrent->v1, std::nullopt}), path);
  for (int run = 0; run < 2; ++run) {
    const auto found = node->find(*job.torrent);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(read(*node, *found, 0, content.size()), content);
    const auto status = node->client().status(found->key);
    EXPECT_EQ(node->removal(*status).frees, 0u);
    node.reset();
    node = open("n");
  }
  EXPECT_EQ(publish_in_place(*node, path).torrent, job.torrent) << "again is the same";
  node->remove(node->find(*job.torrent)->key, RemoveContent::remove);
  EXPECT_TRUE(fs::exists(path)) << "whatever is asked for";
  EXPECT_EQ(node->in_place().path_of(*job.torrent), std::nullopt);
  node.reset();
  EXPECT_FALSE(open("n")->find(*job.torrent).has_value());
}

TEST_F(InPlaceTest, WhatIsHereWithItsContentElsewhereIsNotPublishedTwice) {
  const Buffer content = counted_bytes(600'000);
  auto node = open("n");
  const PublishJob first = publish_in_place(*node, put("one/a.bin", content));
  ASSERT_EQ(first.state, PublishState::done);
  const PublishJob second = publish_in_place(*node, put("two/a.bin", content));
  ASSERT_EQ(second.state, PublishState::failed);
  EXPECT_EQ(second.error->code, NodeErrc::already_here);
  EXPECT_EQ(node->in_place().path_of(*first.torrent), (base_ / "one/a.bin").string());
}

TEST_F(InPlaceTest, NeitherRelativePathsNorTheRootAreTaken) {
  auto node = open("n");
  for (const char* path : {"", "a", "./a", "/", "//", "/a/.."}) {
    const auto job = node->in_place().begin({.path = path});
    ASSERT_FALSE(job.has_value()) << path;
    EXPECT_EQ(job.error().code, NodeErrc::bad_path) << path;
  }
  EXPECT_EQ(publish_in_place(*node, base_ / "absent").error->code, NodeErrc::not_found);
}

TEST_F(InPlaceTest, AsManyAsTheLimitWaitAndOneMoreIsRefused) {
  auto node = open("n");
  // The first one keeps the thread busy until it is cancelled.
  const auto busy = node->in_place().begin({.path = put_hollow("busy", 64ull << 30)});
  ASSERT_TRUE(busy.has_value());
  const std::string path = put("a.bin", counted_bytes(1000));
  std::vector<std::uint64_t> waiting;
  for (std::size_t i = 1; i < InPlace::kJobsMax; ++i) {
    const auto job = node->in_place().begin({.path = path});
    ASSERT_TRUE(job.has_value()) << i;
    waiting.push_back(job->number);
  }
  const auto more = node->in_place().begin({.path = path});
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code, NodeErrc::too_many);
  EXPECT_TRUE(node->in_place().cancel(waiting[0]));
  EXPECT_TRUE(node->in_place().cancel(busy->number));
  EXPECT_EQ(ended(*node, busy->number).error->code, NodeErrc::cancelled);
  EXPECT_EQ(ended(*node, waiting[0]).error->code, NodeErrc::cancelled);
  EXPECT_EQ(ended(*node, waiting.back()).state, PublishState::done);
  EXPECT_FALSE(node->in_place().cancel(busy->number)) << "it has ended";
  EXPECT_FALSE(node->in_place().cancel(1'000'000));
}

TEST_F(InPlaceTest, TheNodesEndCutsShortWhatIsUnderWay) {
  auto node = open("n");
  ASSERT_TRUE(node->in_place().begin({.path = put_hollow("busy", 64ull << 30)}).has_value());
  node->stop();
  EXPECT_EQ(node->in_place().begin({.path = "/a"}).error().code, NodeErrc::stopping);
  EXPECT_EQ(node->in_place().jobs().at(0).error->code, NodeErrc::cancelled);
}

}  // namespace
}  // namespace weir
