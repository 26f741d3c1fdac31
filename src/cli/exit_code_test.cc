// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "cli/content_check.h"
#include "cli/json.h"
#include "cli/transfer_state.h"
#include "cli/workers.h"

namespace weir {
namespace {

TEST(ExitCodeOf, EveryDiskErrorHasItsCode) {
  EXPECT_EQ(exit_code_of(error_name(DiskErrc::no_space)), ExitCode::disk_full);
  EXPECT_EQ(exit_code_of(error_name(DiskErrc::permission)), ExitCode::permission);
  EXPECT_EQ(exit_code_of(error_name(DiskErrc::read_only)), ExitCode::permission);
  EXPECT_EQ(exit_code_of(error_name(DiskErrc::not_found)), ExitCode::not_found);
  EXPECT_EQ(exit_code_of(error_name(DiskErrc::already_exists)), ExitCode::conflict);
  EXPECT_EQ(exit_code_of(error_name(DiskErrc::io_error)), ExitCode::failure);
  EXPECT_EQ(exit_code_of(error_name(SessionErrc::bad_metadata)), ExitCode::bad_input);
  EXPECT_EQ(exit_code_of(error_name(SessionErrc::already_added)), ExitCode::conflict);
  EXPECT_EQ(exit_code_of("network"), ExitCode::network);
  EXPECT_EQ(exit_code_of("web_address"), ExitCode::bad_input);
  EXPECT_EQ(exit_code_of("never heard of"), ExitCode::failure);
}

TEST(ErrnoError, KnowsWhatUsersCanDoSomethingAbout) {
  EXPECT_EQ(errno_error(ENOENT, "f").exit, ExitCode::not_found);
  EXPECT_EQ(errno_error(EACCES, "f").exit, ExitCode::permission);
  EXPECT_EQ(errno_error(EROFS, "f").exit, ExitCode::permission);
  EXPECT_EQ(errno_error(ENOSPC, "f").exit, ExitCode::disk_full);
  EXPECT_EQ(errno_error(EDQUOT, "f").exit, ExitCode::disk_full);
  EXPECT_EQ(errno_error(EEXIST, "f").exit, ExitCode::conflict);
  EXPECT_EQ(errno_error(EIO, "f").exit, ExitCode::failure);
  EXPECT_EQ(errno_error(ENOENT, "a\x1b").text.find('\x1b'), std::string::npos);
}

WatchedTorrent torrent(bool done) {
  WatchedTorrent out;
  out.done = done;
  return out;
}

TEST(TransferExit, DoneInterruptedAndTimedOut) {
  const std::vector done{torrent(true), torrent(true)};
  const std::vector half{torrent(true), torrent(false)};
  EXPECT_EQ(transfer_exit({}, TransferEnd::all_ended, done), ExitCode::done);
  EXPECT_EQ(transfer_exit({}, TransferEnd::interrupted, done), ExitCode::done);
  EXPECT_EQ(transfer_exit({}, TransferEnd::interrupted, half), ExitCode::unfinished);
  EXPECT_EQ(transfer_exit({}, TransferEnd::timed_out, half), ExitCode::timed_out);
}

TEST(TransferExit, AFullDiskIsTheReasonForRunningOutOfTime) {
  std::vector waiting{torrent(false)};
  waiting[0].waiting = TorrentFailed{"no_space", "", true};
  EXPECT_EQ(transfer_exit({}, TransferEnd::timed_out, waiting), ExitCode::disk_full);
  EXPECT_EQ(transfer_exit({}, TransferEnd::interrupted, waiting), ExitCode::unfinished);
}

TEST(TransferExit, AFailureGoesBeforeEverything) {
  std::vector mixed{torrent(true), torrent(false)};
  mixed[1].failed = TorrentFailed{"permission", "", false};
  EXPECT_EQ(transfer_exit({}, TransferEnd::all_ended, mixed), ExitCode::permission);
}

TEST(TransferExit, ASeedIsJudgedByItsContent) {
  const TransferGoal seed{.seed_only = true, .seed_after = false, .timeout = {}, .patterns = {}};
  std::vector seeds{torrent(false)};
  EXPECT_EQ(transfer_exit(seed, TransferEnd::interrupted, seeds), ExitCode::done);
  seeds[0].incomplete = true;
  EXPECT_EQ(transfer_exit(seed, TransferEnd::interrupted, seeds), ExitCode::verification_failed);
}

TEST(ErrorJson, EscapesWhatActsOnATerminal) {
  const CliError error{.exit = ExitCode::bad_input,
                       .code = "bad_name",
                       .text = "a\x7f \xc2\x9b \xe2\x80\xae \x1b \xff",
                       .offset = 7,
                       .field = "name"};
  EXPECT_EQ(error_json(error),
            "{\"error\":{\"code\":\"bad_name\",\"message\":\"a\\u007f \\u009b \\u202e \\u001b "
            "\xef\xbf\xbd\",\"exit_code\":12,\"offset\":7,\"field\":\"name\"}}\n");
}

TEST(PiecesPerRun, FillsTheLanesWithinTheMemoryBound) {
  EXPECT_EQ(pieces_per_run(16 * 1024), 256u);
  EXPECT_EQ(pieces_per_run(1 << 20), 16u);
  EXPECT_EQ(pieces_per_run(4 << 20), 16u);
  EXPECT_EQ(pieces_per_run(16 << 20), 4u);
  EXPECT_EQ(pieces_per_run(256u << 20), 1u);
}

TEST(ThreadCount, IsFrom1To64) {
  EXPECT_EQ(thread_count("1"), 1u);
  EXPECT_EQ(thread_count("64"), 64u);
  EXPECT_GE(thread_count(std::nullopt).value(), 2u);
  for (const char* text : {"0", "65", "", "x", "2x", "-1"})
    EXPECT_FALSE(thread_count(text)) << text;
}

// Two files that share the second of three pieces.
Layout shared_piece() {
  TorrentFile a;
  a.path = "t/a";
  a.length = 24 * 1024;
  TorrentFile b = a;
  b.path = "t/b";
  b.offset = a.length;
  return Layout(TorrentKind::v1, 16 * 1024, {a, b});
}

TEST(JudgeFiles, BlamesTheMissingFileForTheSharedPiece) {
  const std::vector<PieceCheck> pieces{
      {PieceVerdict::good, false}, {PieceVerdict::bad, false}, {PieceVerdict::bad, false}};
  FileStat stat;
  stat.size = 24 * 1024;
  auto files = judge_files(shared_piece(), pieces, std::vector<std::optional<FileStat>>{stat, {}});
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].verdict, FileVerdict::doubtful);
  EXPECT_EQ(files[1].verdict, FileVerdict::missing);
  files = judge_files(shared_piece(), pieces, std::vector<std::optional<FileStat>>{stat, stat});
  EXPECT_EQ(files[0].verdict, FileVerdict::bad);
  EXPECT_EQ(files[1].verdict, FileVerdict::bad);
  EXPECT_EQ(files[1].bad_pieces, 2u);
  stat.size += 1;
  const std::vector<PieceCheck> good(3, {PieceVerdict::good, false});
  files = judge_files(shared_piece(), good, std::vector<std::optional<FileStat>>{stat, stat});
  EXPECT_EQ(files[0].verdict, FileVerdict::wrong_size);
}

}  // namespace
}  // namespace weir
