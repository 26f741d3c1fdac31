// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrents of a session that end, pause or fail while something is under way.
#include <gtest/gtest.h>

#include "engine/session.h"
#include "engine/session_driver.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPiece = 16 * 1024;

DriverTorrent large() { return {TorrentKind::v1, 1 << 20, {{"a", 200U << 20}}}; }
DriverTorrent small() { return {TorrentKind::v1, kPiece, {{"a", 7 * kPiece + 5}}}; }

template <class Work>
std::size_t count_jobs(const SessionDriver& node) {
  return static_cast<std::size_t>(
      std::count_if(node.jobs.begin(), node.jobs.end(),
                    [](const Job& job) { return std::holds_alternative<Work>(job.work); }));
}

TEST(SessionEnd, ACheckUnderWayDoesNotHoldUpTheEndAndLosesNothing) {
  const DriverTorrent torrent = large();
  SessionDriver node;
  node.put_content(torrent);
  node.hold_jobs = true;
  ASSERT_TRUE(node.add(torrent.request()));
  while (count_jobs<CheckPiecesJob>(node) == 0) node.run_one();
  node.session.stop(node.now);
  node.drain();
  int ran = 0;
  for (; !node.jobs.empty(); ++ran) node.run_one();
  EXPECT_LE(ran, 6) << "what had begun, not the rest";
  EXPECT_TRUE(node.session.stopped());
  const auto saved = node.state.load_all().value();
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_TRUE(saved[0].progress.empty()) << "half a check would look like half a download";
}

TEST(SessionEnd, WhatTheLastCheckFindsIsSavedAndDoesNotHoldUpTheEnd) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  node.put_content(torrent);
  const TorrentKey key = node.add(torrent.request()).value();
  ASSERT_EQ(node.state_of(key), TorrentState::seeding);
  node.disk.put_file("/data/t/a", Buffer(7 * kPiece + 5));
  node.hold_jobs = true;
  node.session.recheck(node.now, key);
  node.session.stop(node.now);
  node.drain();
  ASSERT_EQ(count_jobs<CheckPiecesJob>(node), 1U);
  std::swap(node.jobs.front(), node.jobs.back());  // the check ends last
  while (!node.jobs.empty()) node.run_one();
  EXPECT_TRUE(node.session.stopped());
  const auto saved = node.state.load_all().value();
  ASSERT_EQ(saved.size(), 1U);
  const auto progress = decode_progress(saved[0].progress, torrent.metadata->info->layout);
  ASSERT_TRUE(progress.has_value());
  EXPECT_TRUE(progress->have.none());
}

TEST(SessionEnd, WIR_32_RemovingWithJobsUnderWayWaitsForThem) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  node.put_content(torrent);
  node.hold_jobs = true;
  const TorrentKey key = node.add(torrent.request()).value();
  while (count_jobs<CheckPiecesJob>(node) == 0) node.run_one();
  node.session.remove(node.now, key, RemoveContent::remove);
  node.drain();
  EXPECT_EQ(count_jobs<RemoveJob>(node), 0U);
  while (count_jobs<RemoveJob>(node) == 0) node.run_one();
  EXPECT_EQ(node.jobs.size(), 1U) << "nothing else runs beside it";
  EXPECT_EQ(node.add(torrent.request()).error().code, SessionErrc::already_added)
      << "what the job removes is not free yet";
  node.run_one();
  EXPECT_EQ(node.said<TorrentRemoved>().size(), 1U);
  EXPECT_TRUE(node.disk.names().empty());
  EXPECT_TRUE(node.add(torrent.request()));
}

TEST(SessionEnd, RemovingTwiceRemovesOnceAndTheContentIfEitherAskedForIt) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  node.put_content(torrent);
  const TorrentKey key = node.add(torrent.request()).value();
  node.hold_jobs = true;
  node.session.recheck(node.now, key);
  for (const RemoveContent content : {RemoveContent::remove, RemoveContent::keep}) {
    node.session.remove(node.now, key, content);
  }
  node.hold_jobs = false;
  node.drain();
  EXPECT_EQ(node.said<TorrentRemoved>().size(), 1U);
  EXPECT_TRUE(node.disk.names().empty());
}

TEST(SessionEnd, RecordsDoNotOvertakeEachOther) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  node.hold_jobs = true;
  const TorrentKey key = node.add(torrent.request()).value();
  node.session.pause(node.now, key);
  node.session.resume(node.now, key);
  node.session.pause(node.now, key);
  node.drain();
  EXPECT_EQ(count_jobs<SaveRecordJob>(node), 1U);
  while (!node.jobs.empty()) node.run_one();
  const auto saved = node.state.load_all().value();
  EXPECT_TRUE(decode_record(saved.at(0).record)->paused) << "the last word";
}

TEST(SessionEnd, ARecordThatCouldNotBeSavedIsSavedLater) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  bool full = true;
  node.state.set_hook([&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    if (full && kind == DiskOperation::save_record) return DiskErrc::no_space;
    return std::nullopt;
  });
  const TorrentKey key = node.add(torrent.request()).value();
  EXPECT_EQ(node.state_of(key), TorrentState::failed);
  full = false;
  node.pass(seconds(10));
  EXPECT_EQ(node.state_of(key), TorrentState::downloading);
  EXPECT_EQ(node.said<TorrentRecovered>().size(), 1U);
}

TEST(SessionEnd, AReaderLearnsThatTheDiskDoesNotAnswer) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  node.put_content(torrent);
  AddTorrent request = torrent.request();
  request.check = StartCheck::trust;
  request.seed_only = true;
  const TorrentKey key = node.add(std::move(request)).value();
  int reads = 0;
  bool broken = true;
  node.disk.set_hook([&](DiskOperation kind, const std::string&) -> std::optional<DiskErrc> {
    if (kind != DiskOperation::read || !broken) return std::nullopt;
    return ++reads > 1000 ? DiskErrc::too_large : DiskErrc::io_error;
  });
  ASSERT_TRUE(node.session.read(node.now, key, FileIndex{0}, 0, 100));
  node.drain();
  ASSERT_EQ(node.said<ReadDone>().size(), 1U);
  EXPECT_TRUE(node.said<ReadDone>()[0].error);
  EXPECT_LT(reads, 50);
  node.pass(seconds(21));
  EXPECT_EQ(node.said<TorrentFailed>().size(), 1U) << "said once, not at every attempt";
  broken = false;
  node.pass(seconds(6));
  EXPECT_EQ(node.said<TorrentRecovered>().size(), 1U);
  ASSERT_TRUE(node.session.read(node.now, key, FileIndex{0}, 0, 100));
  node.drain();
  ASSERT_EQ(node.said<ReadDone>().size(), 2U);
  EXPECT_FALSE(node.said<ReadDone>()[1].error);
  EXPECT_EQ(node.state_of(key), TorrentState::seeding);
}

TEST(SessionEnd, StopTellsTrackersForTwoSecondsAtMost) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  AddTorrent request = torrent.request();
  request.trackers = {"http://tracker.example/announce"};
  ASSERT_TRUE(node.add(std::move(request)));
  ASSERT_FALSE(node.gets.empty());
  const Buffer body = to_buffer(as_bytes("d8:intervali60e5:peers0:e"));
  for (const HttpGet& get : node.gets) {
    node.session.handle_http_reply(node.now, get.id,
                                   {.status = 200, .body = body, .error = {}, .remote = {}});
  }
  node.drain();
  node.session.stop(node.now);
  node.drain();
  EXPECT_FALSE(node.session.stopped());
  node.pass(milliseconds(2100));
  EXPECT_TRUE(node.session.stopped());
}

TEST(SessionEnd, ReadersAreAnsweredWhenATorrentIsRemoved) {
  const DriverTorrent torrent = small();
  SessionDriver node;
  const TorrentKey key = node.add(torrent.request()).value();
  ASSERT_TRUE(node.session.read(node.now, key, FileIndex{0}, 0, 100));
  node.session.remove(node.now, key, RemoveContent::keep);
  node.drain();
  ASSERT_EQ(node.said<ReadDone>().size(), 1U);
  EXPECT_EQ(node.said<ReadDone>()[0].error->code, SessionErrc::stopping);
  EXPECT_TRUE(node.session.torrents().empty());
}

}  // namespace
}  // namespace weir
