// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/resume.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/result.h"
#include "bencode/decoder.h"
#include "bencode/encoder.h"

namespace weir {
namespace {

constexpr std::string_view kRecordFormat = "weir-record";
constexpr std::string_view kProgressFormat = "weir-progress";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kStatSize = 24;             // size, mtime, file id, each 8 bytes big-endian
constexpr std::size_t kSeenSize = 4 + kStatSize;  // file index, stat
constexpr std::uint8_t kPriorityMax = 7;
constexpr std::optional<FileStat> kNoFile;

std::unexpected<ResumeError> refuse(ResumeErrc code, std::string_view field) {
  return std::unexpected(ResumeError{code, std::string(field)});
}

// Bencode integers end at 2^63 - 1; a byte counter does not get there.
std::int64_t counter(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

// The top-level dictionary with typed access. Borrows the document.
class Fields {
 public:
  explicit Fields(BencodeNode root) : root_(root) {}

  [[nodiscard]] ResumeResult<void> check_format(std::string_view format) const {
    if (!root_.is_dict()) return refuse(ResumeErrc::not_bencoded, "");
    WEIR_TRY(name, text("format"));
    if (name != format) return refuse(ResumeErrc::bad_field, "format");
    WEIR_TRY(version, integer("version"));
    if (version != kVersion) return refuse(ResumeErrc::wrong_version, "version");
    return {};
  }
  [[nodiscard]] ResumeResult<std::string_view> text(std::string_view key) const {
    const BencodeNode node = root_.find(key);
    if (!node) return refuse(ResumeErrc::missing_field, key);
    const auto value = node.as_string();
    if (!value) return refuse(ResumeErrc::bad_field, key);
    return *value;
  }
  // Absent is as good as empty.
  [[nodiscard]] ResumeResult<std::string_view> text_or_empty(std::string_view key) const {
    if (!root_.find(key)) return std::string_view();
    return text(key);
  }
  [[nodiscard]] ResumeResult<std::int64_t> integer(std::string_view key) const {
    const BencodeNode node = root_.find(key);
    if (!node) return refuse(ResumeErrc::missing_field, key);
    const auto value = node.as_integer();
    if (!value) return refuse(ResumeErrc::bad_field, key);
    return *value;
  }
  [[nodiscard]] ResumeResult<std::uint64_t> count(std::string_view key) const {
    WEIR_TRY(value, integer(key));
    if (value < 0) return refuse(ResumeErrc::bad_field, key);
    return static_cast<std::uint64_t>(value);
  }
  [[nodiscard]] ResumeResult<bool> flag(std::string_view key) const {
    WEIR_TRY(value, integer(key));
    if (value != 0 && value != 1) return refuse(ResumeErrc::bad_field, key);
    return value == 1;
  }
  [[nodiscard]] ResumeResult<Bitfield> pieces(std::string_view key, std::size_t size) const {
    WEIR_TRY(wire, text(key));
    auto bits = Bitfield::from_wire(as_bytes(wire), size);
    if (!bits) return refuse(ResumeErrc::bad_field, key);
    return *std::move(bits);
  }
  // Absent is fine, any other length is not.
  template <class D>
  [[nodiscard]] ResumeResult<std::optional<D>> digest(std::string_view key) const {
    if (!root_.find(key)) return std::nullopt;
    WEIR_TRY(raw, text(key));
    const std::optional<D> value = D::from(as_bytes(raw));
    if (!value) return refuse(ResumeErrc::bad_field, key);
    return value;
  }

 private:
  BencodeNode root_;
};

void append_stat(Buffer& out, const FileStat& stat) {
  append_be(out, stat.size);
  append_be(out, static_cast<std::uint64_t>(stat.mtime_ns));
  append_be(out, stat.file_id);
}

FileStat load_stat(std::span<const std::byte, kStatSize> bytes) {
  return {load_be64(bytes.first<8>()), static_cast<std::int64_t>(load_be64(bytes.subspan<8, 8>())),
          load_be64(bytes.subspan<16, 8>())};
}

// A bitmap of the files that have a stat, then their stats; empty when there are no files.
Buffer encode_files(const std::vector<std::optional<FileStat>>& files) {
  Bitfield present(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i]) present.set(i);
  }
  Buffer out = to_buffer(present.wire());
  for (const auto& file : files) {
    if (file) append_stat(out, *file);
  }
  return out;
}

std::optional<std::vector<std::optional<FileStat>>> decode_files(Bytes bytes, std::size_t count) {
  std::vector<std::optional<FileStat>> files;
  const std::size_t bitmap_size = (count + 7) / 8;
  if (bytes.size() < bitmap_size) return std::nullopt;
  const auto present = Bitfield::from_wire(bytes.first(bitmap_size), count);
  bytes = bytes.subspan(bitmap_size);
  if (!present || bytes.size() != present->count() * kStatSize) return std::nullopt;
  files.resize(count);
  for (std::size_t i = present->find_set(0); i < count; i = present->find_set(i + 1)) {
    files[i] = load_stat(bytes.first<kStatSize>());
    bytes = bytes.subspan(kStatSize);
  }
  return files;
}

Buffer encode_written_files(const std::map<FileIndex, FileStat>& files) {
  Buffer out;
  for (const auto& [file, stat] : files) {
    append_be(out, to_int(file));
    append_stat(out, stat);
  }
  return out;
}

std::optional<std::map<FileIndex, FileStat>> decode_written_files(Bytes bytes, std::size_t count) {
  std::map<FileIndex, FileStat> files;
  if (bytes.size() % kSeenSize != 0) return std::nullopt;
  for (; !bytes.empty(); bytes = bytes.subspan(kSeenSize)) {
    const FileIndex file{load_be32(bytes.first<4>())};
    const bool in_order = files.empty() || files.rbegin()->first < file;
    if (to_int(file) >= count || !in_order) return std::nullopt;
    files.emplace_hint(files.end(), file, load_stat(bytes.subspan<4, kStatSize>()));
  }
  return files;
}

// Whether our own writes since the last save explain the difference.
bool grown(const std::optional<FileStat>& then, const std::optional<FileStat>& now,
           std::uint64_t length) {
  if (!now || now->size > length) return false;
  return !then || (now->size >= then->size && now->mtime_ns >= then->mtime_ns);
}

bool same(const std::optional<FileStat>& then, const std::optional<FileStat>& now) {
  if (!then || !now) return !then && !now;
  // Device numbers may change with a reboot, so the file's id says nothing here.
  return then->size == now->size && then->mtime_ns == now->mtime_ns;
}

// Whether a piece that was only written is still there, on a machine that did not boot since.
bool outlived_us(const Layout& layout, const TorrentProgress& progress,
                 const std::vector<std::optional<FileStat>>& files_now, PieceIndex piece) {
  for (const FileIndex file : layout.files_of(piece)) {
    const auto& now = files_now[to_int(file)];
    const auto then = progress.written_files.find(file);
    const bool known = then != progress.written_files.end();
    if (!known && !now) continue;  // not wanted: kept aside
    // The same device and inode, for without a boot between they have the same numbers: another
    // volume in that place, or a file put there, is not what was written to.
    if (!known || !now || now->file_id != then->second.file_id) return false;
    const bool expected = progress.writing ? grown(then->second, now, layout.file(file).length)
                                           : same(then->second, now);
    if (!expected) return false;
  }
  return true;
}

}  // namespace

const char* error_name(ResumeErrc code) {
  switch (code) {
    case ResumeErrc::not_bencoded:
      return "not_bencoded";
    case ResumeErrc::wrong_version:
      return "wrong_version";
    case ResumeErrc::missing_field:
      return "missing_field";
    case ResumeErrc::bad_field:
      return "bad_field";
  }
  std::unreachable();
}

Buffer encode_record(const TorrentRecord& record) {
  BencodeWriter w;
  w.begin_dict();
  w.key("file_priorities");
  w.string(std::as_bytes(std::span(record.file_priorities)));
  w.entry("format", kRecordFormat);
  w.entry("magnet", record.magnet);
  w.entry("part_suffix", record.part_suffix ? 1 : 0);
  w.entry("paused", record.paused ? 1 : 0);
  w.entry("root", record.root);
  w.entry("sequential", record.sequential ? 1 : 0);
  w.key("torrent_file");
  w.string(Bytes(record.torrent_file));
  if (record.hashes.v1) {
    w.key("v1");
    w.string(record.hashes.v1->view());
  }
  if (record.hashes.v2) {
    w.key("v2");
    w.string(record.hashes.v2->view());
  }
  w.entry("version", kVersion);
  w.end();
  return w.take();
}

ResumeResult<TorrentRecord> decode_record(Bytes bytes) {
  const auto document = decode_bencode(bytes);
  if (!document) return refuse(ResumeErrc::not_bencoded, "");
  const Fields fields(document->root());
  WEIR_CHECK(fields.check_format(kRecordFormat));
  TorrentRecord record;
  WEIR_TRY(torrent_file, fields.text("torrent_file"));
  record.torrent_file = to_buffer(as_bytes(torrent_file));
  WEIR_TRY(magnet, fields.text("magnet"));
  record.magnet = magnet;
  WEIR_TRY(root, fields.text("root"));
  record.root = root;
  WEIR_TRY(v1, fields.digest<Sha1Digest>("v1"));
  WEIR_TRY(v2, fields.digest<Sha256Digest>("v2"));
  if (!v1 && !v2) return refuse(ResumeErrc::missing_field, "v1");
  record.hashes = {v1, v2};
  WEIR_TRY(part_suffix, fields.flag("part_suffix"));
  record.part_suffix = part_suffix;
  WEIR_TRY(paused, fields.flag("paused"));
  record.paused = paused;
  WEIR_TRY(sequential, fields.flag("sequential"));
  record.sequential = sequential;
  WEIR_TRY(priorities, fields.text("file_priorities"));
  for (const char c : priorities) {
    const auto priority = static_cast<std::uint8_t>(c);
    if (priority > kPriorityMax) return refuse(ResumeErrc::bad_field, "file_priorities");
    record.file_priorities.push_back(priority);
  }
  return record;
}

Buffer encode_progress(const TorrentProgress& progress) {
  BencodeWriter w;
  w.begin_dict();
  if (!progress.boot.empty()) w.entry("boot", progress.boot);
  w.entry("downloaded", counter(progress.downloaded_bytes));
  w.entry("file_count", static_cast<std::int64_t>(progress.files.size()));
  w.key("files");
  w.string(Bytes(encode_files(progress.files)));
  w.entry("format", kProgressFormat);
  w.key("have");
  w.string(progress.have.wire());
  w.entry("uploaded", counter(progress.uploaded_bytes));
  w.entry("version", kVersion);
  w.entry("writing", progress.writing ? 1 : 0);
  w.key("written");
  w.string(progress.written.wire());
  if (!progress.written_files.empty()) {
    w.key("written_files");
    w.string(Bytes(encode_written_files(progress.written_files)));
  }
  w.end();
  return w.take();
}

ResumeResult<TorrentProgress> decode_progress(Bytes bytes, const Layout& layout) {
  const auto document = decode_bencode(bytes);
  if (!document) return refuse(ResumeErrc::not_bencoded, "");
  const Fields fields(document->root());
  WEIR_CHECK(fields.check_format(kProgressFormat));
  TorrentProgress progress;
  WEIR_TRY(have, fields.pieces("have", layout.piece_count()));
  progress.have = std::move(have);
  WEIR_TRY(written, fields.pieces("written", layout.piece_count()));
  progress.written = std::move(written);
  WEIR_TRY(file_count, fields.count("file_count"));
  // None when they are not known yet.
  if (file_count != 0 && file_count != layout.files().size()) {
    return refuse(ResumeErrc::bad_field, "file_count");
  }
  WEIR_TRY(raw_files, fields.text("files"));
  auto files = decode_files(as_bytes(raw_files), static_cast<std::size_t>(file_count));
  if (!files) return refuse(ResumeErrc::bad_field, "files");
  progress.files = *std::move(files);
  WEIR_TRY(uploaded, fields.count("uploaded"));
  progress.uploaded_bytes = uploaded;
  WEIR_TRY(downloaded, fields.count("downloaded"));
  progress.downloaded_bytes = downloaded;
  WEIR_TRY(writing, fields.flag("writing"));
  progress.writing = writing;
  WEIR_TRY(boot, fields.text_or_empty("boot"));
  if (boot.size() > kBootIdMax) return refuse(ResumeErrc::bad_field, "boot");
  progress.boot = boot;
  WEIR_TRY(raw_written, fields.text_or_empty("written_files"));
  auto written_files = decode_written_files(as_bytes(raw_written), layout.files().size());
  if (!written_files) return refuse(ResumeErrc::bad_field, "written_files");
  progress.written_files = *std::move(written_files);
  return progress;
}

ResumePlan plan_resume(const Layout& layout, const TorrentProgress& progress,
                       const std::vector<std::optional<FileStat>>& files_now,
                       const Bitfield* wanted, std::string_view boot) {
  const std::size_t count = layout.files().size();
  WEIR_ASSERT(files_now.size() == count);
  ResumePlan plan{.trusted = progress.have,
                  .unsynced = Bitfield(layout.piece_count()),
                  .recheck = Bitfield(layout.piece_count())};
  const auto forget = [&plan](std::size_t piece) {
    plan.trusted.set(piece, false);
    plan.unsynced.set(piece, false);
  };
  const auto distrust = [&plan, &forget](std::size_t piece) {
    forget(piece);
    plan.recheck.set(piece);
  };
  const bool same_boot = !boot.empty() && boot == progress.boot;
  for (std::size_t i = progress.written.find_set(0); i < progress.written.size();
       i = progress.written.find_set(i + 1)) {
    // A piece that is both was synced in this very form: pieces are written once.
    if (progress.have.test(i)) continue;
    if (same_boot && outlived_us(layout, progress, files_now, static_cast<PieceIndex>(i))) {
      plan.trusted.set(i);
      plan.unsynced.set(i);
    } else {
      distrust(i);
    }
  }
  const bool known = progress.files.size() == count;
  for (std::size_t i = 0; i < count; ++i) {
    const auto file = static_cast<FileIndex>(i);
    const TorrentFile& entry = layout.file(file);
    if (entry.length == 0 || entry.attributes.pad) continue;
    const auto& now = files_now[i];
    const auto& then = known ? progress.files[i] : kNoFile;
    const auto pieces = layout.file_pieces(file);
    const std::size_t begin = to_int(pieces.begin);
    const std::size_t end = to_int(pieces.end);
    const bool complete = progress.have.find_clear(begin) >= end;
    const bool expected =
        same(then, now) || (progress.writing && !complete && grown(then, now, entry.length));
    const bool missing = wanted && wanted->test(i) && !now;
    if (expected && !missing) continue;
    for (std::size_t piece = begin; piece < end; ++piece) {
      // Of a file that is gone there is nothing to hash.
      missing ? forget(piece) : distrust(piece);
    }
  }
  return plan;
}

}  // namespace weir
