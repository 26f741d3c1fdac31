// SPDX-License-Identifier: MIT OR Apache-2.0
// What is remembered of a torrent between runs, and its encoding.
//
// The order that makes it safe: bytes are written; the piece is journaled as `written`; the files
// are synced; only then is it journaled as `have`. After a kill or a power cut `have` pieces need
// no check. `written` ones (the last few seconds) need none either while the machine still runs
// that had them in its memory; after another boot they are hashed again before they count. All
// others are not trusted. docs/decisions/0005-progress-journal.md says what that rests on.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bitfield.h"
#include "base/bytes.h"
#include "metainfo/torrent_info.h"
#include "store/disk.h"

namespace weir {

// What names a boot of the machine, opaque here. A longer one says nothing.
inline constexpr std::size_t kBootIdMax = 64;

// Changes with every batch of pieces.
struct TorrentProgress {
  Bitfield have;     // synced
  Bitfield written;  // verified and written since the last sync
  // Size and mtime of each file when last synced; a difference leads to a recheck of its pieces.
  std::vector<std::optional<FileStat>> files;
  std::uint64_t uploaded_bytes = 0;
  std::uint64_t downloaded_bytes = 0;
  // Set in every save that more writes may follow without another save: after a kill the files that
  // are not complete then differ from `files` by our own writes. Clear in the last save before a
  // pause, a clean stop or when all is done: any difference is someone else's then.
  bool writing = false;
  // The boot in which this was saved; empty: unknown, as in records of earlier versions.
  std::string boot;
  // The files with bytes of `written` pieces, as they were at some moment after those were written.
  std::map<FileIndex, FileStat> written_files;
  bool operator==(const TorrentProgress&) const = default;
};

// Changes when the user changes something.
struct TorrentRecord {
  Buffer torrent_file;  // complete .torrent, or empty while only the magnet is known
  std::string magnet;   // as added, when it was one
  InfoHashes hashes;
  std::string root;
  bool part_suffix = false;
  bool paused = false;
  bool sequential = false;
  std::vector<std::uint8_t> file_priorities;  // 0 not wanted, 1 low, 4 normal, 7 high; empty: all 4
  bool operator==(const TorrentRecord&) const = default;
};

enum class ResumeErrc : std::uint8_t { not_bencoded, wrong_version, missing_field, bad_field };
// Stable names, part of the interface ("wrong_version").
[[nodiscard]] const char* error_name(ResumeErrc code);
struct ResumeError {
  ResumeErrc code{};
  std::string field;
  bool operator==(const ResumeError&) const = default;
};
template <class T>
using ResumeResult = std::expected<T, ResumeError>;

// "weir-record" and "weir-progress", version 1: bencoded dictionaries, unknown keys ignored,
// described in docs/formats/resume.md.
[[nodiscard]] Buffer encode_record(const TorrentRecord& record);
[[nodiscard]] ResumeResult<TorrentRecord> decode_record(Bytes bytes);
[[nodiscard]] Buffer encode_progress(const TorrentProgress& progress);
// Sizes are checked against the layout, so a record of another torrent is refused.
[[nodiscard]] ResumeResult<TorrentProgress> decode_progress(Bytes bytes, const Layout& layout);

// Pieces that must be hashed again before they count, given the files as they are now: those only
// `written`, and all pieces of a file whose size or mtime changed, which appeared or disappeared.
// With `writing`, an incomplete file may have grown and become newer, no more.
// `wanted`, when known, guards against a selection that was saved before the bytes were adopted:
// pieces of a wanted file that is not there are not trusted.
// `boot`, when known and the one in which the progress was saved, makes `written` pieces trusted
// too, as long as each of their files is still the same one and has neither shrunk nor become older
// since: what was written is in the kernel's memory, whoever was killed. They are yet to be synced.
struct ResumePlan {
  Bitfield trusted;
  Bitfield unsynced;  // of them
  Bitfield recheck;
};
[[nodiscard]] ResumePlan plan_resume(const Layout& layout, const TorrentProgress& progress,
                                     const std::vector<std::optional<FileStat>>& files_now,
                                     const Bitfield* wanted = nullptr, std::string_view boot = {});

// Where records are kept: SQLite in `io`, a crashable map in the simulator. Blocking, called from
// jobs, thread-safe. A save is atomic: after a crash the old or the new value is there, whole, and
// saves become durable in the order they were made.
class StateStore {
 public:
  struct Entry {
    std::string id;  // hex of the wire info hash
    Buffer record;
    Buffer progress;  // may be empty
  };
  virtual ~StateStore() = default;
  virtual DiskResult<std::vector<Entry>> load_all() = 0;
  virtual DiskResult<std::optional<Entry>> load(const std::string& id) = 0;
  virtual DiskResult<void> save_record(const std::string& id, Bytes record) = 0;
  virtual DiskResult<void> save_progress(const std::string& id, Bytes progress) = 0;
  virtual DiskResult<void> remove(const std::string& id) = 0;
};

}  // namespace weir
