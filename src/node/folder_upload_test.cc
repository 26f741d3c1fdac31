// SPDX-License-Identifier: MIT OR Apache-2.0
// Folders that come in file by file; tar archives are the matter of api/folder_uploads_test.cc.
#include "node/folder_upload.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "metainfo/parse.h"
#include "node/testing/node_fixture.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

struct PutFile {
  std::string path;
  Buffer content;
};

class FolderUploadTest : public NodeFixture {
 protected:
  using Answer = NodeResult<PublishedFolder>;

  static Answer put(Node& node, const std::vector<PutFile>& files,
                    const std::string& name = "named") {
    auto upload = node.begin_folder();
    if (!upload) return std::unexpected(upload.error());
    for (const PutFile& file : files) {
      if (auto added = (*upload)->add_file(file.path, false); !added) {
        return std::unexpected(added.error());
      }
      if (file.content.empty()) continue;
      if (auto written = (*upload)->write(file.content); !written) {
        return std::unexpected(written.error());
      }
    }
    return wait<Answer>(
        [&](auto done) { (*upload)->finish(name, [] { return true; }, std::move(done)); });
  }
  static std::vector<PutFile> album() {
    return {{"album/b", counted_bytes(300'000)},
            {"album/a/c", counted_bytes(70'000)},
            {"album/empty", {}}};
  }
  static std::vector<std::string> paths(const TorrentInfo& info) {
    std::vector<std::string> out;
    for (const TorrentFile& file : info.layout.files()) {
      if (!file.attributes.pad) out.push_back(file.path);
    }
    return out;
  }
  static Buffer content_of(Node& node, const PublishedFolder& folder, std::string_view path) {
    const auto& files = folder.info->layout.files();
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].path != path) continue;
      const auto reader = node.read({folder.key, folder.info, nullptr}, static_cast<FileIndex>(i),
                                    0, files[i].length);
      Buffer out;
      while (true) {
        const auto part = wait<NodeResult<std::shared_ptr<const Buffer>>>(
            [&](auto done) { reader->next(100'000, std::move(done)); });
        if (!part || !*part) return out;
        append(out, **part);
      }
    }
    return {};
  }
  // Nothing of an upload is left, but for what the nodes owns.
  [[nodiscard]] bool clean(const std::string& name) const {
    return fs::is_empty(base_ / name / "content" / "folders");
  }
  static void await(const std::function<bool()>& reached) {
    while (!reached()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
};

TEST_F(FolderUploadTest, AFolderBecomesOneHybridTorrentThatIsReadAtOnceAndInTheNextRun) {
  auto node = open("n");
  const Answer answer = put(*node, album());
  ASSERT_TRUE(answer.has_value()) << answer.error().detail;
  EXPECT_TRUE(answer->is_new);
  EXPECT_EQ(answer->info->layout.kind(), TorrentKind::hybrid);
  EXPECT_EQ(paths(*answer->info),
            (std::vector<std::string>{"album/a/c", "album/b", "album/empty"}));
  for (int run = 0; run < 2; ++run) {
    const auto found = node->find(answer->info->hashes);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(content_of(*node, {found->key, found->info, false}, "album/b"),
              counted_bytes(300'000));
    EXPECT_EQ(node->space().used_bytes, 370'000u);
    EXPECT_EQ(node->space().reserved_bytes, 0u);
    const auto status = node->client().status(found->key);
    EXPECT_EQ(status->pieces_done, status->pieces_total);
    node.reset();
    EXPECT_TRUE(clean("n"));
    node = open("n");
  }
}

TEST_F(FolderUploadTest, FilesThatLieInNoOneFolderGetOneOfTheNameGiven) {
  const auto node = open("n");
  for (const auto& files : {std::vector<PutFile>{{"a", counted_bytes(10)}},
                            std::vector<PutFile>{{"x/a", counted_bytes(10)}, {"y/b", {}}},
                            std::vector<PutFile>{{"x/a", counted_bytes(10)}, {"b", {}}}}) {
    const Answer answer = put(*node, files);
    ASSERT_TRUE(answer.has_value()) << answer.error().detail;
    EXPECT_EQ(answer->info->name, "named");
    EXPECT_EQ(content_of(*node, *answer, "named/" + files[0].path), counted_bytes(10));
  }
}

TEST_F(FolderUploadTest, NamesThatDifferInCaseAloneAreKeptApart) {
  const auto node = open("n");
  const Answer answer = put(*node, {{"d/a.txt", counted_bytes(10)},
                                    {"d/A.txt", counted_bytes(20)},
                                    {"d/sub/x", counted_bytes(30)},
                                    {"d/Sub/y", counted_bytes(40)}});
  ASSERT_TRUE(answer.has_value()) << answer.error().detail;
  std::size_t bytes = 0;
  for (const std::string& path : paths(*answer->info)) {
    const std::size_t size = content_of(*node, *answer, path).size();
    EXPECT_GT(size, 0u) << path;
    bytes += size;
  }
  EXPECT_EQ(bytes, 100u);
}

TEST_F(FolderUploadTest, WhatIsHereIsAnsweredAndNotKeptTwice) {
  const auto node = open("n");
  const Answer first = put(*node, album());
  ASSERT_TRUE(first.has_value());
  const Answer again = put(*node, album());
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->key, first->key);
  await([&] { return clean("n"); });
  EXPECT_EQ(files("n"), 3u);
  EXPECT_EQ(node->space().used_bytes, 370'000u);
}

TEST_F(FolderUploadTest, ADownloadThatIsNotWholeGivesWay) {
  Buffer torrent;
  InfoHashes hashes;
  {
    const auto other = open("other");
    const Answer answer = put(*other, album());
    ASSERT_TRUE(answer.has_value());
    torrent = other->client().torrent_file(answer->key);
    hashes = answer->info->hashes;
  }
  const auto node = open("n");
  FetchSource source;
  source.hashes = hashes;
  source.metadata = std::make_shared<const TorrentMetadata>(*parse_torrent(torrent));
  source.torrent_file = torrent;
  const auto added = node->add(source, {});
  ASSERT_TRUE(added.has_value());
  const Answer answer = put(*node, album());
  ASSERT_TRUE(answer.has_value()) << answer.error().detail;
  EXPECT_NE(answer->key, added->key);
  EXPECT_EQ(content_of(*node, *answer, "album/b"), counted_bytes(300'000));
  await([&] { return node->space().used_bytes == 370'000; });
}

TEST_F(FolderUploadTest, AFolderAsLargeAsTheQuotaIsTakenAndOneByteMoreLeavesNothing) {
  NodeConfig with = config("n");
  with.quota_bytes = 1000;
  const auto node = open(with);
  const Answer refused = put(*node, {{"d/a", counted_bytes(999)}, {"d/b", counted_bytes(2)}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, NodeErrc::quota_exceeded);
  EXPECT_EQ(node->space().reserved_bytes, 0u);
  EXPECT_EQ(files("n"), 0u);
  EXPECT_TRUE(put(*node, {{"d/a", counted_bytes(999)}, {"d/b", counted_bytes(1)}}).has_value());
  EXPECT_EQ(node->space().used_bytes, 1000u);
}

TEST_F(FolderUploadTest, NothingButEmptyFilesIsNoContent) {
  const auto node = open("n");
  const Answer answer = put(*node, {{"d/a", {}}, {"d/b", {}}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, NodeErrc::empty_content);
  EXPECT_EQ(files("n"), 0u);
}

TEST_F(FolderUploadTest, WhatNobodyWaitsForIsNotPublished) {
  const auto node = open("n");
  {
    auto upload = node->begin_folder();
    ASSERT_TRUE((*upload)->add_file("d/a", false).has_value());
    ASSERT_TRUE((*upload)->write(counted_bytes(10)).has_value());
    const auto answer = wait<Answer>(
        [&](auto done) { (*upload)->finish("d", [] { return false; }, std::move(done)); });
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, NodeErrc::cancelled);
  }
  EXPECT_TRUE(clean("n"));
  EXPECT_EQ(node->space().reserved_bytes, 0u);
  EXPECT_TRUE(node->client().torrents().empty());
}

TEST_F(FolderUploadTest, FoldersCountAmongTheUploadsThatRunAtATime) {
  NodeConfig with = config("n");
  with.uploads_max = 2;
  const auto node = open(with);
  auto file = node->begin_upload({});
  auto folder = node->begin_folder();
  EXPECT_TRUE(folder.has_value());
  const auto refused = node->begin_folder();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, NodeErrc::too_many);
  folder->reset();
  EXPECT_TRUE(node->begin_folder().has_value());
}

// The node was killed when the folder had its place, and the engine had not saved that yet.
TEST_F(FolderUploadTest, AFolderWhosePlaceIsAllThatWasSavedIsTakenUpAgain) {
  Buffer torrent;
  std::string hash;
  {
    const auto node = open("n");
    const Answer answer = put(*node, album());
    ASSERT_TRUE(answer.has_value());
    torrent = node->client().torrent_file(answer->key);
    hash = answer->info->hashes.v1->hex();
  }
  fs::remove_all(base_ / "n" / "state");
  const auto marked = [&](const std::string& name, Bytes bytes) {
    std::ofstream(base_ / "n/content/folders" / (name + ".torrent"), std::ios::binary)
        << as_text(bytes);
  };
  marked(hash, torrent);
  marked(std::string(40, '0'), torrent);
  marked(std::string(40, '1'), as_bytes("no torrent"));
  fs::create_directories(base_ / "n/content/folders/3/tree");
  const auto node = open("n");
  const auto found = node->find({Sha1Digest::from_hex_text(hash), std::nullopt});
  ASSERT_TRUE(found.has_value());
  await([&] { return clean("n"); });
  EXPECT_EQ(content_of(*node, {found->key, found->info, false}, "album/b"), counted_bytes(300'000));
  EXPECT_EQ(node->client().torrents().size(), 1u);
}

}  // namespace
}  // namespace weir
