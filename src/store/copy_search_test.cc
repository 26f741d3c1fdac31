// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/copy_search.h"

#include <gtest/gtest.h>

#include "store/jobs.h"
#include "store/memory_disk.h"
#include "store/memory_state_store.h"
#include "store/test_torrent.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;

// Copies that a test says there are, below /own.
class Copies : public ContentCopies {
 public:
  explicit Copies(MemoryDisk& disk) : disk_(disk) {}
  void put(const std::string& name, const Buffer& bytes, Sha256Digest root = {}) {
    disk_.put_file("/own/" + name, bytes);
    const DiskPath path{"/own", name};
    places_.push_back({{root, bytes.size()}, {path, *disk_.stat(path)}});
  }
  std::vector<Place> by_content(const ContentId& content) override {
    std::vector<Place> out;
    for (const auto& [id, place] : places_) {
      if (id == content) out.push_back(place);
    }
    return out;
  }
  std::vector<Place> by_length(std::uint64_t length) override {
    std::vector<Place> out;
    for (const auto& [id, place] : places_) {
      if (id.length == length) out.push_back(place);
    }
    return out;
  }

 private:
  MemoryDisk& disk_;
  std::vector<std::pair<ContentId, Place>> places_;
};

class CopySearchTest : public testing::Test {
 protected:
  void use(TestTorrent torrent, std::vector<std::string> unwanted = {}) {
    torrent_ = std::move(torrent);
    storage_ = std::make_shared<const TorrentStorage>(torrent_.storage(unwanted));
  }
  // As many steps as it takes; the files that were linked.
  std::size_t search(std::shared_ptr<const PieceLayers> layers) {
    CopySearch search(storage_, std::move(layers), copies_);
    while (search.step(disk_)) ++steps_;
    return search.linked();
  }
  std::size_t search() { return search(std::make_shared<PieceLayers>(torrent_.layers())); }
  void put(const std::string& path) {
    const FileIndex file = torrent_.file(path);
    copies_->put(path, torrent_.content(path), torrent_.layout().file(file).pieces_root);
  }
  bool same_file(const std::string& path) {
    const auto a = disk_.stat({"/own", path}), b = disk_.stat({kTestRoot, path});
    return a && b && a->file_id == b->file_id;
  }
  std::size_t stored() {
    std::size_t count = 0;
    for (const std::string& name : disk_.names()) count += name.starts_with("/data/") ? 1 : 0;
    return count;
  }

  MemoryDisk disk_;
  std::shared_ptr<Copies> copies_ = std::make_shared<Copies>(disk_);
  TestTorrent torrent_;
  std::shared_ptr<const TorrentStorage> storage_;
  std::size_t steps_ = 0;
};

const std::vector<TestFile> kFiles{{"t/a", 40'000}, {"t/b", 100}, {"t/c", 70'000}};

TEST_F(CopySearchTest, FilesOfV2AreKnownByTheirRoots) {
  for (const TorrentKind kind : {TorrentKind::v2, TorrentKind::hybrid}) {
    disk_ = MemoryDisk();
    copies_ = std::make_shared<Copies>(disk_);
    use(make_test_torrent(kind, kPiece, kFiles));
    put("t/a");
    put("t/b");
    EXPECT_EQ(search(), 2u);
    EXPECT_TRUE(same_file("t/a"));
    EXPECT_TRUE(same_file("t/b"));
    EXPECT_EQ(stored(), 2u);
  }
}

TEST_F(CopySearchTest, AV1FileIsLinkedOnceAllItsPiecesWereHashed) {
  use(make_test_torrent(TorrentKind::v1, kPiece, kFiles));
  for (const char* path : {"t/a", "t/b", "t/c"}) put(path);
  EXPECT_EQ(search(), 3u);
  for (const char* path : {"t/a", "t/b", "t/c"}) EXPECT_TRUE(same_file(path)) << path;
}

// The piece they share can't be judged, so nothing says that the end of the first is right.
TEST_F(CopySearchTest, AV1FileBesideOneThatIsMissingIsNotLinked) {
  use(make_test_torrent(TorrentKind::v1, kPiece, kFiles));
  put("t/a");
  EXPECT_EQ(search(), 0u);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(CopySearchTest, AV1FileThatEndsWithItsPieceNeedsNoNeighbour) {
  use(make_test_torrent(TorrentKind::v1, kPiece, {{"t/a", 2 * kPiece}, {"t/b", 50'000}}));
  put("t/a");
  EXPECT_EQ(search(), 1u);
  EXPECT_TRUE(same_file("t/a"));
}

TEST_F(CopySearchTest, OtherBytesOfTheSameLengthAreNeverLinked) {
  const std::vector<TestFile> one{{"t", 100'000}};
  use(make_test_torrent(TorrentKind::v1, kPiece, one));
  for (const std::size_t at : {std::size_t{0}, std::size_t{50'000}, std::size_t{99'999}}) {
    Buffer other = torrent_.content("t");
    other[at] ^= std::byte{1};
    copies_->put("other" + std::to_string(at), other);
    EXPECT_EQ(search(), 0u) << at;
    EXPECT_EQ(stored(), 0u) << at;
  }
  put("t");
  EXPECT_EQ(search(), 1u) << "the others are passed over";
  EXPECT_TRUE(same_file("t"));
}

TEST_F(CopySearchTest, OfOneLengthNoMoreThanTheLimitAreTried) {
  use(make_test_torrent(TorrentKind::v1, kPiece, {{"t", 40'000}}));
  for (std::size_t i = 1; i < CopySearch::kPlacesMax; ++i) {
    copies_->put("other" + std::to_string(i), Buffer(40'000, static_cast<std::byte>(i)));
  }
  put("t");
  EXPECT_EQ(search(), 1u) << "the last that is tried";
  ASSERT_TRUE(disk_.remove({kTestRoot, "t"}));
  copies_ = std::make_shared<Copies>(disk_);
  for (std::size_t i = 0; i < CopySearch::kPlacesMax; ++i) {
    copies_->put("other" + std::to_string(i), Buffer(40'000, static_cast<std::byte>(i)));
  }
  put("t");
  EXPECT_EQ(search(), 0u) << "one too many";
}

TEST_F(CopySearchTest, ACopyThatChangedSinceItWasVerifiedIsNotUsed) {
  use(make_test_torrent(TorrentKind::hybrid, kPiece, {{"t", 100'000}}));
  put("t");
  const Buffer byte(1, std::byte{7});
  const Bytes part = byte;
  ASSERT_TRUE(disk_.write({"/own", "t"}, 5, {&part, 1}));
  EXPECT_EQ(search(), 0u);
  EXPECT_EQ(stored(), 0u);
}

// Another file was put into its place between the look and the link.
TEST_F(CopySearchTest, ACopyThatIsReplacedAtThatMomentIsTakenAway) {
  use(make_test_torrent(TorrentKind::hybrid, kPiece, {{"t", 100'000}}));
  put("t");
  disk_.set_hook([this](DiskOperation operation, const std::string&) -> std::optional<DiskErrc> {
    if (operation == DiskOperation::link) disk_.put_file("/own/t", Buffer(100'000));
    return std::nullopt;
  });
  EXPECT_EQ(search(), 0u);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(CopySearchTest, WhatIsThereStays) {
  use(make_test_torrent(TorrentKind::hybrid, kPiece, {{"t", 100'000}}));
  put("t");
  disk_.put_file("/data/t", Buffer(10));
  EXPECT_EQ(search(), 0u);
  EXPECT_EQ(disk_.contents("/data/t"), Buffer(10));
}

TEST_F(CopySearchTest, UnwantedAndExecutableFilesAreLeftAlone) {
  std::vector<TestFile> files = kFiles;
  files[2].attributes.executable = true;
  use(make_test_torrent(TorrentKind::hybrid, kPiece, files), {"t/a"});
  for (const char* path : {"t/a", "t/b", "t/c"}) put(path);
  EXPECT_EQ(search(), 1u);
  EXPECT_TRUE(same_file("t/b"));
}

TEST_F(CopySearchTest, WithoutLinksEverythingIsDownloaded) {
  use(make_test_torrent(TorrentKind::hybrid, kPiece, kFiles));
  for (const char* path : {"t/a", "t/b", "t/c"}) put(path);
  disk_.set_hook([](DiskOperation operation, const std::string&) -> std::optional<DiskErrc> {
    if (operation == DiskOperation::link) return DiskErrc::permission;
    return std::nullopt;
  });
  EXPECT_EQ(search(), 0u);
  EXPECT_EQ(stored(), 0u);
}

// Nothing in it could be found good, and all of it would be fetched though it is here.
TEST_F(CopySearchTest, AV2FileWithoutItsLayerIsLeftAlone) {
  use(make_test_torrent(TorrentKind::v2, kPiece, kFiles));
  for (const char* path : {"t/a", "t/b", "t/c"}) put(path);
  EXPECT_EQ(search(std::make_shared<PieceLayers>()), 1u);
  EXPECT_TRUE(same_file("t/b")) << "its root is that of its only piece";
}

TEST_F(CopySearchTest, AStepReadsNoMoreThanItMay) {
  constexpr std::uint32_t kLarge = 8u << 20;
  use(make_test_torrent(TorrentKind::v1, kLarge, {{"t", 5ull * kLarge}}));
  put("t");
  EXPECT_EQ(search(), 1u);
  EXPECT_EQ(steps_, 1u) << "four pieces, then the fifth";
}

TEST_F(CopySearchTest, V1PiecesBeyondTheLimitAreNotRead) {
  use(make_test_torrent(TorrentKind::v1, 2 * CopySearch::kPieceMax, {{"t", 40'000}}));
  put("t");
  EXPECT_EQ(search(), 0u);
  use(make_test_torrent(TorrentKind::v1, CopySearch::kPieceMax, {{"u", 40'000}}));
  put("u");
  EXPECT_EQ(search(), 1u);
}

TEST_F(CopySearchTest, AJobThatIsNotThroughAsksToBeIssuedAgain) {
  constexpr std::uint32_t kLarge = 8u << 20;
  use(make_test_torrent(TorrentKind::v1, kLarge, {{"t", 5ull * kLarge}}));
  put("t");
  MemoryStateStore state;
  PrepareJob job{.storage = storage_, .create = true, .search = nullptr};
  job.search = std::make_shared<CopySearch>(storage_, std::make_shared<PieceLayers>(), copies_);
  JobResult first = run_job({JobId{1}, TorrentKey{1}, job}, disk_, state);
  EXPECT_TRUE(first.again);
  const JobResult second = run_job({JobId{2}, TorrentKey{1}, std::move(first.work)}, disk_, state);
  EXPECT_FALSE(second.again);
  ASSERT_TRUE(second.files.at(0).has_value());
  EXPECT_EQ(second.files[0]->size, 5ull * kLarge);
}

// A kill or a power cut between the link and the record of it: the file is there or is not, whole.
TEST_F(CopySearchTest, AfterACrashTheLinkIsThereOrNot) {
  use(make_test_torrent(TorrentKind::hybrid, kPiece, {{"t", 100'000}}));
  put("t");
  const Buffer content = torrent_.content("t");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    (void)search();
    ASSERT_TRUE(same_file("t")) << seed;
    Random random(seed);
    disk_.crash(random);
    EXPECT_EQ(disk_.contents("/own/t"), content) << seed;
    EXPECT_EQ(disk_.contents("/data/t").value_or(content), content) << seed;
  }
}

}  // namespace
}  // namespace weir
