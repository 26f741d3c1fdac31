// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads a tar archive from somebody we don't trust, as it arrives.
//
// Understood are ustar, pax headers with path, size and mtime, and long names of GNU tar. Links,
// devices, sparse files and everything unknown are refused, as is every path that would leave the
// folder it is unpacked into, a path that comes twice, and an archive that ends before its end
// mark. Memory is bounded by the limits; content is passed through, never kept.
//
// Call feed() with some bytes, then next() until it gives nothing, then feed() again; the bytes are
// borrowed until then. At the end of the stream call finish(). An error is final: every later call
// repeats it.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "http/tar.h"

namespace weir::http {

enum class TarErrc : std::uint8_t {
  not_tar,        // the header has no ustar mark
  bad_checksum,   // the header's sum is wrong
  bad_number,     // a field that is no number, or one beyond 63 bits
  bad_pax,        // a malformed pax header
  bad_path,       // empty, absolute, with "..", not UTF-8, too deep, or with a NUL
  duplicate,      // a path that is there already, or a file where a folder has to be
  link,           // a hard or symbolic link
  special,        // a device, a pipe or another thing that is neither file nor folder
  sparse,         // a sparse file
  unsupported,    // a type of entry that is not known
  misplaced,      // extended headers without entry, or more of them than an entry has
  bad_end,        // a lone block of zeroes, or data after the end mark
  truncated,      // the stream ended too early
  too_many,       // more entries than the limit
  path_too_long,  // a path, or the memory for all of them
  header_too_long,
  file_too_large,
  total_too_large,
};

// Stable: "not_tar", "link", …
[[nodiscard]] const char* error_name(TarErrc code);
// A sentence for people, without its end.
[[nodiscard]] const char* text_of(TarErrc code);
// Whether a smaller archive would have been taken.
[[nodiscard]] bool is_limit(TarErrc code);

struct TarError {
  TarErrc code;
  std::uint64_t offset;  // how far the stream was read when it was noticed
  bool operator==(const TarError&) const = default;
};
template <class T>
using TarResult = std::expected<T, TarError>;

// What remembering one path costs beside its bytes; folders that are only named inside paths count.
inline constexpr std::size_t kTarKnownOverhead = 128;

struct TarLimits {
  std::size_t entries_max = 100'000;
  std::uint64_t file_bytes_max = std::uint64_t{1} << 42;   // 4 TiB
  std::uint64_t total_bytes_max = std::uint64_t{1} << 42;  // content of all files
  std::size_t header_bytes_max = 64 * 1024;                // one extended header's data
  std::size_t known_bytes_max = 64 * 1024 * 1024;          // all paths, kTarKnownOverhead for each
  std::uint64_t trailing_bytes_max = 1024 * 1024;          // zeroes after the end mark
};

// An entry begins. Exactly `size` bytes of TarContent follow for a file, nothing for a directory.
struct TarEntry {
  std::string path;  // relative, made of safe components (metainfo/path.h), without a final '/'
  TarKind kind = TarKind::file;
  std::uint64_t size = 0;
  std::int64_t mtime_s = 0;
  bool executable = false;
  bool renamed = false;  // the path in the archive was not safe as it was
};
struct TarContent {
  Bytes bytes;        // borrowed from feed(); not empty
  bool last = false;  // the file is complete with these
};
// After the end mark; comes once.
struct TarEnd {};
using TarEvent = std::variant<TarEntry, TarContent, TarEnd>;

class TarReader {
 public:
  explicit TarReader(const TarLimits& limits = {}) : limits_(limits) {}

  // REQUIRES: the bytes fed before are used up (next() gave nothing), unless there was an error.
  void feed(Bytes bytes);
  // A file of no bytes gives its TarEntry alone.
  [[nodiscard]] TarResult<std::optional<TarEvent>> next();
  // Whether the stream may end here. Errors: truncated, or the error there was.
  [[nodiscard]] TarResult<void> finish() const;

 private:
  enum class State : std::uint8_t { header, extended, content, padding, end_mark, ended };
  // What extended headers said about the entry to come.
  struct Extended {
    std::optional<std::string> path;
    std::optional<std::uint64_t> size;
    std::optional<std::int64_t> mtime_s;
    bool seen_pax = false;
    bool seen_long_name = false;
  };

  using Step = TarResult<std::optional<TarEvent>>;
  Step fail(TarErrc code);
  Step step();
  Bytes take(std::size_t size_max);
  bool collect(std::size_t size);
  Step read_header();
  Step read_extended();
  Step read_content();
  Step read_end();
  Step begin_entry(Bytes block);
  Step begin_extended(Bytes block, char type);
  std::optional<TarErrc> apply_extended();
  std::optional<TarErrc> apply_pax(std::string_view data);
  std::optional<TarErrc> apply_record(std::string_view key, std::string_view value);
  std::optional<TarErrc> admit(TarEntry& entry);
  std::optional<TarErrc> remember(const TarEntry& entry);
  bool has_room_for(std::string_view path);
  void skip_to_block(std::uint64_t content_size);

  TarLimits limits_;
  State state_ = State::header;
  Bytes input_;                  // not used yet
  std::uint64_t offset_ = 0;     // of input_ in the stream
  Buffer pending_;               // a header block or an extended header, until it is whole
  std::uint64_t remaining_ = 0;  // of content or padding
  std::uint64_t padding_ = 0;    // after the content
  std::uint64_t total_ = 0;
  std::uint64_t trailing_ = 0;
  std::size_t extended_size_ = 0;
  char extended_type_ = 0;
  Extended extended_;
  std::size_t entries_ = 0;
  std::size_t known_bytes_ = 0;
  struct Known {
    TarKind kind;
    bool listed;  // had an entry of its own, not only one below it
  };
  std::map<std::string, Known, std::less<>> known_;
  std::optional<TarError> error_;
};

}  // namespace weir::http
