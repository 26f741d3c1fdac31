// SPDX-License-Identifier: MIT OR Apache-2.0
// A tar archive as a plan: its exact length is known before the first byte, and any part of it can
// be made without what lies before it, so an archive can be sent with Content-Length and by ranges.
//
// Entries become ustar headers; a path that is long or not ASCII, a size of 8 GiB or more and an
// unusual time go into a pax header before them. Owner, group and mode are fixed, so the same
// entries give the same bytes everywhere.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "http/tar.h"

namespace weir::http {

inline constexpr std::size_t kTarWriteEntriesMax = 1'000'000;
inline constexpr std::size_t kTarWritePathMax = 4096;  // bytes

struct TarWriteEntry {
  std::string path;  // relative, '/'-separated, safe; a directory without a final '/'
  TarKind kind = TarKind::file;
  std::uint64_t size = 0;  // 0 for a directory
  std::int64_t mtime_s = 0;
  bool executable = false;
};

enum class TarWriteErrc : std::uint8_t {
  bad_path,   // empty, absolute, too long, with an empty or dot component, or with a NUL
  bad_size,   // a directory with content
  too_large,  // the archive would be longer than 2^63 - 1 bytes
  too_many,   // more than kTarWriteEntriesMax entries
};

// One stretch of the archive.
struct TarFileBytes {
  std::size_t entry = 0;  // index of the entry whose content it is
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
using TarSegment = std::variant<std::string, TarFileBytes>;

class TarPlan {
 public:
  [[nodiscard]] static std::expected<TarPlan, TarWriteErrc> make(
      std::vector<TarWriteEntry> entries);

  // The whole archive with its two blocks of zeroes at the end.
  [[nodiscard]] std::uint64_t length() const { return length_; }
  [[nodiscard]] const std::vector<TarWriteEntry>& entries() const { return entries_; }
  // The stretch that begins at `offset`, at most `length_max` bytes and never empty; the next one
  // begins where it ends. O(log entries). REQUIRES: offset < length(), length_max > 0.
  [[nodiscard]] TarSegment segment_at(std::uint64_t offset, std::uint64_t length_max) const;

 private:
  TarPlan() = default;

  std::vector<TarWriteEntry> entries_;
  std::vector<std::uint64_t> starts_;  // where each entry's header begins
  std::uint64_t length_ = 0;
};

// The header blocks of one entry: pax header and data where needed, then the ustar header. The
// entry must be one that TarPlan::make accepts.
[[nodiscard]] std::string tar_header(const TarWriteEntry& entry);

}  // namespace weir::http
