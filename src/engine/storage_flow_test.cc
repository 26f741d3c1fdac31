// SPDX-License-Identifier: MIT OR Apache-2.0
#include "engine/storage_flow.h"

#include <gtest/gtest.h>

#include <utility>

#include "metainfo/create.h"
#include "store/memory_disk.h"
#include "store/memory_state_store.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;

// A torrent of two files, the second executable, with a piece that both share.
struct Made {
  std::shared_ptr<const TorrentInfo> info;
  Buffer content;

  Made() : content(5 * kPiece + 100) {
    Random(5).fill(content);
    CreateOptions options;
    options.kind = TorrentKind::v1;
    options.piece_length = kPiece;
    options.name = "t";
    auto builder = TorrentBuilder::make(
        options, {{{"a"}, 2 * kPiece + 50, {}, {}},
                  {{"b"}, content.size() - 2 * kPiece - 50, {.executable = true}, {}}});
    for (std::uint32_t i = 0; i < builder->layout().piece_count(); ++i) {
      const CreatedPieceInput input{PieceIndex{i}, piece_of(builder->layout(), i)};
      builder->add(hash_created_pieces(builder->layout(), {&input, 1}));
    }
    info = builder->finish()->metadata.info;
  }
  [[nodiscard]] Bytes piece_of(const Layout& layout, std::uint32_t i) const {
    return Bytes(content).subspan(std::size_t{i} * kPiece, layout.piece_size(PieceIndex{i}));
  }
  [[nodiscard]] Bytes piece(std::uint32_t i) const { return piece_of(info->layout, i); }
};

class StorageFlowTest : public testing::Test {
 protected:
  FlowStart start_request(bool part_suffix = false) const {
    FlowStart start;
    start.info = made_.info;
    start.layers = PieceLayers(made_.info->layout, {});
    start.storage = {.root = "/data",
                     .side_root = "/side",
                     .part_suffix = part_suffix,
                     .preallocation = Preallocation::sparse};
    start.wanted = Bitfield(made_.info->layout.files().size(), true);
    return start;
  }
  // A new life: an empty machine over the same disk, with the progress that was saved.
  void begin(FlowStart start) {
    FlowConfig config;
    config.boot_id = boot_;
    flow_ = std::make_unique<StorageFlow>(TorrentKey{1}, "id", config,
                                          [this] { return JobId{++last_job_}; });
    said_.clear();
    held_.reset();
    checks_ = 0;
    if (auto entry = state_.load("id"); entry && *entry) start.saved_progress = (*entry)->progress;
    flow_->start(now_, std::move(start));
    drain();
  }
  void drain() {
    while (auto output = flow_->next()) {
      if (auto* job = std::get_if<Job>(&*output)) {
        if (std::holds_alternative<CheckPiecesJob>(job->work)) ++checks_;
        if (std::holds_alternative<JournalJob>(job->work)) ++saves_;
        if (slow_sync_ && std::holds_alternative<SyncJob>(job->work)) {
          ASSERT_FALSE(held_) << "one sync at a time";
          held_ = std::move(*job);
          continue;
        }
        flow_->handle_job(now_, run_job(std::move(*job), disk_, state_));
      } else {
        said_.push_back(std::move(*output));
      }
    }
  }
  void end_sync() {
    flow_->handle_job(now_, run_job(*std::exchange(held_, std::nullopt), disk_, state_));
    drain();
  }
  // The progress as it would be found if the process died now.
  [[nodiscard]] TorrentProgress saved() {
    const auto entry = state_.load("id").value();
    return decode_progress(entry->progress, made_.info->layout).value();
  }
  void arrive(std::uint32_t piece, bool good = true) {
    const Bytes bytes = made_.piece(piece);
    PieceBuffer buffer = pool_.take(bytes.size());
    std::copy(bytes.begin(), bytes.end(), buffer.bytes().begin());
    if (!good) buffer.bytes()[7] ^= std::byte{1};
    flow_->piece_arrived(now_, PieceIndex{piece}, std::move(buffer));
    drain();
  }
  void pass(Duration span) {
    const TimePoint end = now_ + span;
    while (flow_->next_deadline() <= end) {
      now_ = std::max(now_, flow_->next_deadline());
      flow_->handle_timer(now_);
      drain();
      now_ += std::chrono::milliseconds(1);
    }
    now_ = end;
  }
  template <class Said>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(
        said_.begin(), said_.end(),
        [](const FlowOutput& output) { return std::holds_alternative<Said>(output); }));
  }

  Made made_;
  MemoryDisk disk_;
  MemoryStateStore state_;
  BufferPool pool_{1 << 24, 0};
  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  std::uint64_t last_job_ = 0;
  std::unique_ptr<StorageFlow> flow_;
  std::vector<FlowOutput> said_;
  int checks_ = 0;
  int saves_ = 0;
  std::string boot_ = "first boot";
  bool slow_sync_ = false;
  std::optional<Job> held_;  // the sync under way
};

TEST_F(StorageFlowTest, GoodPiecesAreStoredBadOnesAreNot) {
  begin(start_request());
  ASSERT_TRUE(flow_->ready());
  arrive(0);
  arrive(1, false);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(count<FlowStored>(), 1U);
  EXPECT_EQ(count<FlowBadPiece>(), 1U);
  EXPECT_TRUE(flow_->here().test(0));
  EXPECT_FALSE(flow_->here().test(1));
  EXPECT_FALSE(disk_.contents("/data/t/b").has_value());
}

TEST_F(StorageFlowTest, WhatIsWrittenDuringASyncIsSavedAsWritten) {
  slow_sync_ = true;
  begin(start_request());
  arrive(0);
  pass(std::chrono::seconds(6));
  ASSERT_TRUE(held_) << "due after five seconds";
  for (const std::uint32_t piece : {2U, 3U}) {
    arrive(piece);
    pass(std::chrono::seconds(7));
  }
  EXPECT_EQ(count<FlowStored>(), 3U);
  EXPECT_EQ(saved().have.count(), 0U) << "no sync has ended";
  EXPECT_EQ(saved().written, flow_->here());
  end_sync();
  EXPECT_EQ(saved().have.count(), 1U) << "only what the sync began with";
  EXPECT_TRUE(saved().have.test(0));
  EXPECT_EQ(saved().written.count(), 2U);
  ASSERT_TRUE(held_) << "the next sync was due meanwhile";
  end_sync();
  EXPECT_EQ(saved().have, flow_->here());
  EXPECT_EQ(saved().written.count(), 0U);
  EXPECT_TRUE(saved().written_files.empty());
}

TEST_F(StorageFlowTest, NothingIsDoneBeforeItsSyncHasEndedAndWasSaved) {
  slow_sync_ = true;
  begin(start_request());
  said_.clear();
  flow_->expect_more(false);
  for (std::uint32_t i = 0; i < 6; ++i) arrive(i);
  pass(std::chrono::seconds(20));
  ASSERT_TRUE(held_);
  EXPECT_EQ(saved().written.count(), 6U);
  EXPECT_TRUE(saved().writing) << "files are newer than the record knows";
  EXPECT_EQ(count<FlowSynced>(), 0U);
  flow_->stop(now_);
  drain();
  EXPECT_FALSE(flow_->idle());
  while (held_) end_sync();
  EXPECT_EQ(count<FlowSynced>(), 1U);
  EXPECT_TRUE(saved().have.all());
  EXPECT_FALSE(saved().writing);
  EXPECT_TRUE(flow_->idle());
}

TEST_F(StorageFlowTest, AQuietTorrentIsSavedOnceForEachBatchAndOnceForTheSync) {
  begin(start_request());
  const int before = saves_;
  arrive(0);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(saves_, before + 1);
  pass(std::chrono::minutes(1));
  EXPECT_EQ(saves_, before + 2);
}

TEST_F(StorageFlowTest, AFailedSyncIsToldTriedAgainAndLosesNothing) {
  begin(start_request());
  bool broken = true;
  disk_.set_hook([&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    if (broken && kind == DiskOperation::sync) return DiskErrc::io_error;
    return std::nullopt;
  });
  arrive(0);
  pass(std::chrono::minutes(1));
  EXPECT_EQ(count<FlowFailed>(), 1U);
  EXPECT_EQ(count<FlowRecovered>(), 0U) << "a save that went well says nothing about syncs";
  EXPECT_TRUE(saved().written.test(0));
  EXPECT_FALSE(saved().have.test(0));
  broken = false;
  pass(std::chrono::seconds(10));
  EXPECT_EQ(count<FlowRecovered>(), 1U);
  EXPECT_TRUE(saved().have.test(0));
}

TEST_F(StorageFlowTest, AKilledRunContinuesWithoutCheckingWhatWasWritten) {
  slow_sync_ = true;
  begin(start_request());
  arrive(0);
  pass(std::chrono::seconds(10));
  arrive(1);
  arrive(3);
  pass(std::chrono::seconds(1));
  slow_sync_ = false;
  begin(start_request());
  EXPECT_TRUE(flow_->ready());
  EXPECT_EQ(flow_->check_total(), 0U);
  EXPECT_EQ(flow_->here().count(), 3U);
  EXPECT_EQ(flow_->checked().count(), 0U) << "hashed before they are served";
  EXPECT_EQ(saved().have.count(), 0U) << "not durable by having been found";
  EXPECT_EQ(saved().written, flow_->here());
  begin(start_request());
  EXPECT_EQ(flow_->here().count(), 3U) << "killed again at once";
  pass(std::chrono::seconds(10));
  EXPECT_EQ(saved().have, flow_->here()) << "synced like everything else";
  EXPECT_EQ(checks_, 0);
}

TEST_F(StorageFlowTest, AFileCutAfterAKillHasItsWrittenPiecesHashed) {
  begin(start_request());
  arrive(0);
  arrive(3);
  pass(std::chrono::seconds(1));
  disk_.put_file("/data/t/a", Bytes(made_.content).first(100));
  begin(start_request());
  EXPECT_FALSE(flow_->here().test(0));
  EXPECT_TRUE(flow_->here().test(3));
  EXPECT_EQ(flow_->check_total(), 1U);
}

TEST_F(StorageFlowTest, AfterARebootOnlyWhatWasSyncedIsTrusted) {
  begin(start_request());
  arrive(0);
  arrive(2);
  pass(std::chrono::seconds(10));  // the journal syncs meanwhile
  arrive(3);                       // synced at once: the last sync is long ago
  pass(std::chrono::milliseconds(50));
  arrive(4);
  pass(std::chrono::milliseconds(100));  // written, not synced
  boot_ = "second boot";
  begin(start_request());
  EXPECT_TRUE(flow_->ready());
  EXPECT_EQ(flow_->check_total(), 1U) << "only the unsynced piece is hashed again";
  EXPECT_EQ(flow_->here().count(), 4U);
  EXPECT_FALSE(flow_->checked().test(0)) << "trusted, but not seen in this run";
}

TEST_F(StorageFlowTest, AFullDiskPausesKeepsThePieceAndRecovers) {
  begin(start_request());
  bool full = true;
  disk_.set_hook([&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    if (full && kind == DiskOperation::write) return DiskErrc::no_space;
    return std::nullopt;
  });
  arrive(0);
  pass(std::chrono::seconds(20));
  ASSERT_EQ(count<FlowFailed>(), 1U) << "said once, not at every attempt";
  EXPECT_TRUE(flow_->failed());
  EXPECT_EQ(count<FlowStored>(), 0U);
  full = false;
  pass(std::chrono::seconds(10));
  EXPECT_EQ(count<FlowStored>(), 1U);
  EXPECT_EQ(count<FlowRecovered>(), 1U);
  EXPECT_FALSE(flow_->failed());
}

TEST_F(StorageFlowTest, ADirectoryThatMayNotBeWrittenIsToldAtOnceAndAskedAgain) {
  for (const DiskErrc refusal : {DiskErrc::permission, DiskErrc::read_only}) {
    bool refused = true;
    disk_.set_hook([&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
      if (refused && kind == DiskOperation::check_writable) return refusal;
      return std::nullopt;
    });
    begin(start_request());
    pass(std::chrono::seconds(20));
    ASSERT_EQ(count<FlowFailed>(), 1U) << "said once, not at every attempt";
    EXPECT_FALSE(flow_->ready());
    refused = false;
    pass(std::chrono::seconds(10));
    EXPECT_EQ(count<FlowRecovered>(), 1U);
    EXPECT_TRUE(flow_->ready());
  }
}

TEST_F(StorageFlowTest, FilesLoseTheirSuffixWhenTheyAreComplete) {
  begin(start_request(true));
  for (std::uint32_t i = 0; i < 3; ++i) arrive(i);
  pass(std::chrono::seconds(1));
  EXPECT_TRUE(disk_.exists("/data/t/a"));
  EXPECT_FALSE(disk_.exists("/data/t/a.part"));
  EXPECT_TRUE(disk_.exists("/data/t/b.part"));
  flow_->expect_more(false);
  for (std::uint32_t i = 3; i < 6; ++i) arrive(i);
  pass(std::chrono::seconds(1));
  EXPECT_TRUE(disk_.executable("/data/t/b"));
  EXPECT_EQ(count<FlowFileDone>(), 2U);
  EXPECT_GE(count<FlowSynced>(), 1U);
  EXPECT_TRUE(flow_->idle());
}

TEST_F(StorageFlowTest, EverythingIsJournaledWhenItStops) {
  begin(start_request());
  arrive(4);
  flow_->stop(now_);
  drain();
  EXPECT_TRUE(flow_->idle());
  begin(start_request());
  EXPECT_EQ(flow_->check_total(), 0U);
  EXPECT_TRUE(flow_->here().test(4));
}

TEST_F(StorageFlowTest, STO_11_APieceAlteredBehindOurBackIsFoundBeforeItIsServed) {
  begin(start_request());
  flow_->expect_more(false);
  for (std::uint32_t i = 0; i < 6; ++i) arrive(i);
  pass(std::chrono::seconds(1));
  FlowStart start = start_request();
  start.check = StartCheck::trust;
  disk_.put_file("/data/t/a", Buffer(2 * kPiece + 50));
  begin(std::move(start));
  EXPECT_EQ(checks_, 0);
  flow_->check_for_serving(now_, PieceIndex{0});
  flow_->check_for_serving(now_, PieceIndex{4});
  drain();
  EXPECT_EQ(checks_, 1) << "both in one job";
  EXPECT_FALSE(flow_->here().test(0));
  EXPECT_TRUE(flow_->checked().test(4));
}

TEST_F(StorageFlowTest, APieceThatACheckFindsGoneIsNotJournaledAsHereAnyMore) {
  begin(start_request());
  flow_->expect_more(false);
  for (std::uint32_t i = 0; i < 6; ++i) arrive(i);
  pass(std::chrono::seconds(1));
  disk_.put_file("/data/t/a", Buffer(2 * kPiece + 50));
  flow_->recheck(now_);
  drain();
  const auto entry = state_.load("id").value();
  ASSERT_TRUE(entry.has_value());
  const auto saved = decode_progress(entry->progress, made_.info->layout);
  ASSERT_TRUE(saved.has_value());
  EXPECT_EQ(saved->have, flow_->here());
  EXPECT_EQ(saved->have.count(), 3U);
}

// As after any change its pieces are hashed before they are served, but the next start trusts them.
TEST_F(StorageFlowTest, AFileReplacedByTheSameContentIsJournaledAsItIsNow) {
  begin(start_request());
  EXPECT_EQ(flow_->verified(FileIndex{0}), nullptr) << "not complete";
  flow_->expect_more(false);
  for (std::uint32_t i = 0; i < 6; ++i) arrive(i);
  pass(std::chrono::seconds(1));
  ASSERT_NE(flow_->verified(FileIndex{0}), nullptr);
  disk_.put_file("/data/t/a", Bytes(made_.content).first(2 * kPiece + 50));
  const FileStat now_is = *disk_.stat({"/data", "t/a"});
  flow_->content_replaced(now_, FileIndex{0}, now_is);
  drain();
  EXPECT_EQ(*flow_->verified(FileIndex{0}), now_is);
  EXPECT_FALSE(flow_->checked().test(0));
  EXPECT_TRUE(flow_->here().test(0));
  begin(start_request());
  EXPECT_EQ(flow_->check_total(), 0U);
  EXPECT_EQ(flow_->here().count(), 6U);
}

TEST_F(StorageFlowTest, AFileThatChangedIsNotSaidToBeVerifiedBeforeItWasChecked) {
  begin(start_request());
  flow_->expect_more(false);
  for (std::uint32_t i = 0; i < 6; ++i) arrive(i);
  pass(std::chrono::seconds(1));
  disk_.put_file("/data/t/a", Bytes(made_.content).first(2 * kPiece + 50));
  ASSERT_TRUE(flow_->content_changed(FileIndex{0}, *disk_.stat({"/data", "t/a"})));
  drain();
  EXPECT_EQ(flow_->verified(FileIndex{0}), nullptr);
  EXPECT_NE(flow_->verified(FileIndex{1}), nullptr);
  flow_->recheck(now_);
  drain();
  EXPECT_NE(flow_->verified(FileIndex{0}), nullptr);
}

TEST_F(StorageFlowTest, MoreIsCheckedAheadTheMoreIsServed) {
  begin(start_request());
  flow_->expect_more(false);
  for (std::uint32_t i = 0; i < 6; ++i) arrive(i);
  pass(std::chrono::seconds(1));
  FlowStart start = start_request();
  start.check = StartCheck::trust;
  begin(std::move(start));
  flow_->check_for_serving(now_, PieceIndex{0});
  drain();
  EXPECT_EQ(flow_->checked().count(), 1U) << "the first alone";
  flow_->check_for_serving(now_, PieceIndex{1});
  drain();
  EXPECT_EQ(flow_->checked().count(), 3U) << "then one more";
  flow_->check_for_serving(now_, PieceIndex{3});
  drain();
  EXPECT_EQ(flow_->checked().count(), 6U) << "then as many as are there";
  EXPECT_EQ(checks_, 3);
}

TEST_F(StorageFlowTest, ExistingFilesAreCheckedWhenNothingWasSaved) {
  disk_.put_file("/data/t/a", Bytes(made_.content).first(2 * kPiece + 50));
  begin(start_request());
  EXPECT_EQ(flow_->here().count(), 2U);
  EXPECT_EQ(flow_->check_total(), 3U);
}

TEST_F(StorageFlowTest, AReaderGetsBytesOfAPieceThatIsHere) {
  begin(start_request());
  arrive(1);
  pass(std::chrono::seconds(1));
  flow_->read(now_, 42, PieceIndex{1}, 10, pool_.take(100));
  drain();
  ASSERT_EQ(count<FlowRead>(), 1U);
  const auto& read = std::get<FlowRead>(said_.back());
  EXPECT_EQ(read.token, 42U);
  EXPECT_EQ(to_hex(read.buffer.bytes()), to_hex(made_.piece(1).subspan(10, 100)));
}

}  // namespace
}  // namespace weir
