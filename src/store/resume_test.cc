// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/resume.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "store/test_torrent.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 16 * 1024;

// Pieces 0-1 in a, 1-2 in b, 2-4 in c.
Layout three_files() {
  return make_test_layout(TorrentKind::v1, kPiece,
                          {{"t/a", 20000}, {"t/b", 20000}, {"t/c", 40000}});
}

Bitfield bits(std::size_t size, std::initializer_list<std::size_t> set) {
  Bitfield field(size);
  for (const std::size_t i : set) field.set(i);
  return field;
}

TorrentProgress progress_of(const Layout& layout) {
  TorrentProgress progress;
  progress.have = bits(layout.piece_count(), {0, 1, 2});
  progress.written = bits(layout.piece_count(), {3});
  progress.files = {FileStat{20000, 1000, 1}, FileStat{20000, -5, 2}, std::nullopt};
  progress.files[2] = FileStat{9152, 3000, ~std::uint64_t{0}};
  progress.uploaded_bytes = 7;
  progress.downloaded_bytes = 1'000'000'000'000;
  return progress;
}

TorrentRecord record() {
  TorrentRecord record;
  record.torrent_file = to_buffer(as_bytes("d4:infode"));
  record.magnet = "magnet:?xt=urn:btih:00";
  record.hashes.v1 = Sha1Digest{};
  record.root = "/somewhere\xff";
  record.part_suffix = true;
  record.sequential = true;
  record.file_priorities = {0, 1, 4, 7};
  return record;
}

TEST(ResumeRecord, DecodesToWhatWasEncoded) {
  TorrentRecord original = record();
  EXPECT_EQ(decode_record(encode_record(original)), original);
  original.hashes.v2 = Sha256Digest{};
  original.paused = true;
  original.file_priorities.clear();
  EXPECT_EQ(decode_record(encode_record(original)), original);
  original.hashes.v1.reset();
  original.torrent_file.clear();
  EXPECT_EQ(decode_record(encode_record(original)), original);
}

TEST(ResumeProgress, DecodesToWhatWasEncoded) {
  const Layout layout = three_files();
  TorrentProgress original = progress_of(layout);
  EXPECT_EQ(decode_progress(encode_progress(original), layout), original);
  original.writing = true;
  original.files[1].reset();
  EXPECT_EQ(decode_progress(encode_progress(original), layout), original);
  original.files.clear();
  EXPECT_EQ(decode_progress(encode_progress(original), layout), original);
  original.uploaded_bytes = ~std::uint64_t{0};
  EXPECT_EQ(decode_progress(encode_progress(original), layout)->uploaded_bytes,
            (std::uint64_t{1} << 63) - 1);
}

TEST(ResumeProgress, WhatIsKnownOfWrittenPiecesIsKept) {
  const Layout layout = three_files();
  TorrentProgress original = progress_of(layout);
  original.boot = std::string(kBootIdMax, 'b');
  original.written_files = {{FileIndex{0}, FileStat{1, -2, 3}}, {FileIndex{2}, FileStat{4, 5, 6}}};
  EXPECT_EQ(decode_progress(encode_progress(original), layout), original);
  original.boot += 'b';
  EXPECT_EQ(decode_progress(encode_progress(original), layout).error(),
            (ResumeError{ResumeErrc::bad_field, "boot"}));
  original.boot = "b";
  original.written_files = {{FileIndex{3}, FileStat{}}};
  EXPECT_EQ(decode_progress(encode_progress(original), layout).error(),
            (ResumeError{ResumeErrc::bad_field, "written_files"}));
}

TEST(ResumeProgress, ARecordFromBeforeBootsWereKnownLoads) {
  const Layout layout = three_files();
  const Buffer encoded = encode_progress(progress_of(layout));
  EXPECT_EQ(as_text(encoded).find("boot"), std::string_view::npos);
  const auto decoded = decode_progress(encoded, layout);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->boot.empty());
  EXPECT_EQ(plan_resume(layout, *decoded, decoded->files, nullptr, "now").recheck,
            decoded->written);
  EXPECT_EQ(plan_resume(layout, *decoded, decoded->files, nullptr, "").recheck, decoded->written)
      << "two unknown boots are not the same one";
}

TEST(ResumeProgress, WrittenFilesComeOnceEachAndInOrder) {
  const Layout layout = three_files();
  TorrentProgress progress = progress_of(layout);
  progress.written_files = {{FileIndex{0}, FileStat{}}, {FileIndex{1}, FileStat{}}};
  const Buffer encoded = encode_progress(progress);
  for (const std::size_t other : {1u, 2u}) {  // twice, and descending
    Buffer altered = encoded;
    const std::size_t first = as_text(encoded).find("13:written_files56:") + 19;
    altered[first + 3] = std::byte{static_cast<unsigned char>(other)};
    EXPECT_EQ(decode_progress(altered, layout).error(),
              (ResumeError{ResumeErrc::bad_field, "written_files"}));
  }
  const std::string text(as_text(encoded));
  const std::string shorter =
      std::string(text).replace(text.find("written_files56:"), 17, "written_files55:");
  EXPECT_EQ(decode_progress(as_bytes(shorter), layout).error(),
            (ResumeError{ResumeErrc::bad_field, "written_files"}));
}

TEST(ResumeProgress, AnotherTorrentsProgressIsRefused) {
  const Layout layout = three_files();
  const Layout fewer_pieces =
      make_test_layout(TorrentKind::v1, kPiece, {{"t/a", 1}, {"t/b", 1}, {"t/c", 1}});
  const Layout more_files = make_test_layout(
      TorrentKind::v1, kPiece, {{"t/a", 20000}, {"t/b", 20000}, {"t/c", 39999}, {"t/d", 1}});
  const Buffer encoded = encode_progress(progress_of(layout));
  EXPECT_EQ(decode_progress(encoded, fewer_pieces).error(),
            (ResumeError{ResumeErrc::bad_field, "have"}));
  EXPECT_EQ(decode_progress(encoded, more_files).error(),
            (ResumeError{ResumeErrc::bad_field, "file_count"}));
}

TEST(Resume, BEN_01_ABombIsRefused) {
  const Layout layout = three_files();
  for (const std::size_t depth : {20'000u, 200'000u}) {
    const std::string open(depth, 'l');
    const std::string closed = open + std::string(depth, 'e');
    const std::string hidden = "d1:z" + closed + "e";
    for (const std::string& bomb : {open, closed, hidden}) {
      EXPECT_EQ(decode_progress(as_bytes(bomb), layout).error().code, ResumeErrc::not_bencoded);
      EXPECT_EQ(decode_record(as_bytes(bomb)).error().code, ResumeErrc::not_bencoded);
    }
  }
}

TEST(Resume, EveryCutAndEveryChangedByteIsRefusedOrReadAsSomethingElse) {
  const Layout layout = three_files();
  const Buffer progress = encode_progress(progress_of(layout));
  const Buffer settings = encode_record(record());
  for (std::size_t i = 0; i < progress.size(); ++i) {
    EXPECT_FALSE(decode_progress(Bytes(progress).first(i), layout));
    Buffer altered = progress;
    altered[i] ^= std::byte{0x10};
    const auto decoded = decode_progress(altered, layout);
    EXPECT_TRUE(!decoded || *decoded != progress_of(layout)) << i;
  }
  for (std::size_t i = 0; i < settings.size(); ++i) {
    EXPECT_FALSE(decode_record(Bytes(settings).first(i)));
  }
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Resume, EachFieldIsChecked) {
  const Layout layout = three_files();
  const Buffer encoded = encode_progress(progress_of(layout));
  const std::string progress(as_text(encoded));
  const auto error_of = [&](const std::string& from, const std::string& to) {
    return decode_progress(as_bytes(with(progress, from, to)), layout).error();
  };
  EXPECT_EQ(error_of("7:versioni1e", "7:versioni2e"),
            (ResumeError{ResumeErrc::wrong_version, "version"}));
  EXPECT_EQ(error_of("7:versioni1e", ""), (ResumeError{ResumeErrc::missing_field, "version"}));
  EXPECT_EQ(error_of("weir-progress", "weir-regress!"),
            (ResumeError{ResumeErrc::bad_field, "format"}));
  EXPECT_EQ(error_of("8:uploadedi7e", "8:uploadedi-7e"),
            (ResumeError{ResumeErrc::bad_field, "uploaded"}));
  EXPECT_EQ(error_of("8:uploadedi7e", "8:uploaded1:7"),
            (ResumeError{ResumeErrc::bad_field, "uploaded"}));
  EXPECT_EQ(error_of("10:file_counti3e", "10:file_counti0e"),
            (ResumeError{ResumeErrc::bad_field, "files"}));
  EXPECT_EQ(error_of("7:writingi0e", "7:writingi2e"),
            (ResumeError{ResumeErrc::bad_field, "writing"}));
  EXPECT_EQ(error_of("7:written1:", "7:writteni1e1:x1:"),
            (ResumeError{ResumeErrc::bad_field, "written"}));
  EXPECT_EQ(decode_progress(as_bytes("le"), layout).error().code, ResumeErrc::not_bencoded);

  const Buffer encoded_record = encode_record(record());
  const std::string settings(as_text(encoded_record));
  EXPECT_EQ(decode_record(as_bytes(with(settings, "6:pausedi0e", "6:pausedi7e"))).error(),
            (ResumeError{ResumeErrc::bad_field, "paused"}));
  TorrentRecord wrong = record();
  wrong.file_priorities = {8};
  EXPECT_EQ(decode_record(encode_record(wrong)).error(),
            (ResumeError{ResumeErrc::bad_field, "file_priorities"}));
  wrong = record();
  wrong.hashes = {};
  EXPECT_EQ(decode_record(encode_record(wrong)).error(),
            (ResumeError{ResumeErrc::missing_field, "v1"}));
  EXPECT_EQ(decode_record(as_bytes(with(settings, "2:v120:", "2:v121:x"))).error(),
            (ResumeError{ResumeErrc::bad_field, "v1"}));
  EXPECT_TRUE(decode_record(as_bytes(with(settings, "2:v1", "7:unknown0:2:v1"))));
}

TEST(Resume, EveryErrorHasItsOwnName) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(ResumeErrc::bad_field); ++i) {
    names.insert(error_name(static_cast<ResumeErrc>(i)));
  }
  EXPECT_EQ(names.size(), 4u);
}

TEST(PlanResume, UnchangedFilesNeedNoCheckButWrittenPiecesDo) {
  const Layout layout = three_files();
  const TorrentProgress progress = progress_of(layout);
  auto now = progress.files;
  now[0]->file_id = 99;  // another device number after a reboot
  const ResumePlan plan = plan_resume(layout, progress, now);
  EXPECT_EQ(plan.trusted, progress.have);
  EXPECT_EQ(plan.recheck, progress.written);
}

TEST(PlanResume, AChangedFileHasAllItsPiecesChecked) {
  const Layout layout = three_files();
  const TorrentProgress progress = progress_of(layout);
  for (const int change : {0, 1, 2}) {
    auto now = progress.files;
    if (change == 0) now[1]->mtime_ns += 1;
    if (change == 1) now[1]->size -= 1;
    if (change == 2) now[1].reset();
    const ResumePlan plan = plan_resume(layout, progress, now);
    EXPECT_EQ(plan.trusted, bits(5, {0}));
    EXPECT_EQ(plan.recheck, bits(5, {1, 2, 3}));
  }
}

TEST(PlanResume, AFileThatAppearedIsChecked) {
  const Layout layout = three_files();
  TorrentProgress progress = progress_of(layout);
  const auto now = progress.files;
  progress.files[2].reset();
  const ResumePlan plan = plan_resume(layout, progress, now);
  EXPECT_EQ(plan.trusted, bits(5, {0, 1}));
  EXPECT_EQ(plan.recheck, bits(5, {2, 3, 4}));
  progress.files.clear();
  EXPECT_EQ(plan_resume(layout, progress, now).recheck, Bitfield(5, true));
}

TEST(PlanResume, OurOwnWritesBeforeAKillNeedNoCheck) {
  const Layout layout = three_files();
  TorrentProgress progress = progress_of(layout);
  progress.writing = true;
  auto now = progress.files;
  now[2] = FileStat{30000, 9999, 1};
  EXPECT_EQ(plan_resume(layout, progress, now).trusted, progress.have);
  now[2]->size = 40001;  // longer than the file can be
  EXPECT_EQ(plan_resume(layout, progress, now).trusted, bits(5, {0, 1}));
  now[2] = FileStat{30000, 2999, 1};  // older
  EXPECT_EQ(plan_resume(layout, progress, now).trusted, bits(5, {0, 1}));
  now[2] = FileStat{9151, 9999, 1};  // shorter
  EXPECT_EQ(plan_resume(layout, progress, now).trusted, bits(5, {0, 1}));
  // A complete file has no reason to change.
  now = progress.files;
  now[0]->mtime_ns += 1;
  EXPECT_EQ(plan_resume(layout, progress, now).trusted, bits(5, {2}));
}

// As a kill leaves it: piece 3 was written to c, and saved, and more may have followed.
struct Killed {
  Layout layout = three_files();
  TorrentProgress progress = progress_of(layout);
  std::vector<std::optional<FileStat>> now;
  static constexpr FileStat kC{30000, 9999, 7};

  Killed() {
    progress.writing = true;
    progress.boot = "this";
    progress.written_files = {{FileIndex{2}, kC}};
    now = progress.files;
    now[2] = kC;
  }
  [[nodiscard]] ResumePlan plan(std::string_view boot = "this") const {
    return plan_resume(layout, progress, now, nullptr, boot);
  }
};

TEST(PlanResume, AfterAKillWrittenPiecesAreTrustedAndStillToBeSynced) {
  Killed killed;
  ResumePlan plan = killed.plan();
  EXPECT_EQ(plan.trusted, bits(5, {0, 1, 2, 3}));
  EXPECT_EQ(plan.unsynced, bits(5, {3}));
  EXPECT_EQ(plan.recheck, Bitfield(5));
  killed.now[2] = FileStat{40000, 10000, 7};  // writes that no save knew of yet
  EXPECT_EQ(killed.plan().trusted, bits(5, {0, 1, 2, 3}));
  killed.progress.writing = false;
  EXPECT_FALSE(killed.plan().trusted.test(3)) << "no writes of ours followed";
}

TEST(PlanResume, AfterAnotherBootWrittenPiecesAreHashedAgain) {
  const Killed killed;
  for (const char* boot : {"another", ""}) {
    const ResumePlan plan = killed.plan(boot);
    EXPECT_EQ(plan.trusted, bits(5, {0, 1, 2}));
    EXPECT_EQ(plan.unsynced, Bitfield(5));
    EXPECT_EQ(plan.recheck, bits(5, {3}));
  }
}

TEST(PlanResume, WrittenPiecesOfAFileThatIsNotAsItWasAreHashedAgain) {
  const FileStat c = Killed::kC;
  const std::vector<std::optional<FileStat>> others = {
      FileStat{c.size - 1, c.mtime_ns, c.file_id},  // cut
      FileStat{c.size, c.mtime_ns - 1, c.file_id},  // an older state of it
      FileStat{c.size, c.mtime_ns, c.file_id + 1},  // another file, or another volume
      FileStat{40001, c.mtime_ns + 1, c.file_id},   // longer than it can be
      FileStat{0, c.mtime_ns + 1, c.file_id},      std::nullopt};
  for (const auto& other : others) {
    Killed killed;
    killed.now[2] = other;
    EXPECT_FALSE(killed.plan().trusted.test(3));
    EXPECT_FALSE(killed.plan().unsynced.test(3));
    EXPECT_TRUE(killed.plan().recheck.test(3));
  }
  Killed killed;
  killed.progress.written_files.clear();
  EXPECT_TRUE(killed.plan().recheck.test(3)) << "nobody looked at the file";
}

TEST(PlanResume, AWrittenPieceNeedsEachOfItsFiles) {
  Killed killed;  // piece 2 has bytes of b and c
  killed.progress.have = bits(5, {0, 1});
  killed.progress.written = bits(5, {2, 3});
  EXPECT_EQ(killed.plan().recheck, bits(5, {2}));
  killed.progress.written_files[FileIndex{1}] = *killed.now[1];
  EXPECT_EQ(killed.plan().unsynced, bits(5, {2, 3}));
  // Bytes of a file that is not wanted are kept aside.
  killed.progress.written_files.erase(FileIndex{1});
  killed.progress.files[1].reset();
  killed.now[1].reset();
  EXPECT_EQ(killed.plan().unsynced, bits(5, {2, 3}));
}

TEST(PlanResume, AWantedFileThatIsNotThereIsNotTrusted) {
  const Layout layout = three_files();
  TorrentProgress progress = progress_of(layout);
  progress.files[1].reset();  // was unwanted: its bytes are in the side file
  const auto now = progress.files;
  EXPECT_EQ(plan_resume(layout, progress, now).trusted, progress.have);
  Bitfield wanted = bits(3, {0, 2});
  EXPECT_EQ(plan_resume(layout, progress, now, &wanted).trusted, progress.have);
  wanted.set(std::size_t{1});
  EXPECT_EQ(plan_resume(layout, progress, now, &wanted).trusted, bits(5, {0}));
}

}  // namespace
}  // namespace weir
