// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers, names and progress as text for people. Pure functions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/session_types.h"
#include "metainfo/layout.h"

namespace weir {

// "512 B", "1.50 KiB", "2.00 GiB": three digits.
[[nodiscard]] std::string render_bytes(std::uint64_t bytes);
[[nodiscard]] std::string render_rate(double bytes_per_second);
// "12s", "3m05s", "2h07m", "9d03h".
[[nodiscard]] std::string render_duration(std::chrono::seconds duration);
// RFC 3339 in UTC: "2024-02-29T12:00:00Z". Nothing outside the years 1970 to 9999.
[[nodiscard]] std::optional<std::string> render_date(std::int64_t seconds_since_1970);
// "1 piece", "2 pieces".
[[nodiscard]] std::string count_of(std::uint64_t count, std::string_view noun);
[[nodiscard]] const char* kind_name(TorrentKind kind);

// Valid UTF-8 without control characters, which could act on a terminal: each becomes U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);
// How many bytes the character at the start of valid UTF-8 has, when it could act on a terminal: C0
// and C1 controls, DEL, and marks that change the direction of writing. 0 for all others.
[[nodiscard]] std::size_t control_length(std::string_view text);
// At most `columns` characters, the middle left out of longer text.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t columns);
// "12.3%"; never 100.0% before everything is done.
[[nodiscard]] std::string render_percent(std::uint64_t done, std::uint64_t total);

// What it means that everything is here: it is uploaded from now on, the last of it is being
// brought to safety, or that is all that was wanted.
enum class WhenComplete : unsigned char { seeds, finishes, is_done };

// One line on a transfer: what it does, how far it is, how fast, for how long, with how many
// peers. `columns` 0: as long as it takes.
[[nodiscard]] std::string render_transfer(const TorrentStatus& status, std::size_t columns,
                                          WhenComplete complete = WhenComplete::seeds);

// One line on hashing.
struct HashingProgress {
  std::string_view what;  // "hashing"
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::chrono::milliseconds elapsed{};
};
[[nodiscard]] std::string render_hashing(const HashingProgress& progress, std::size_t columns);

}  // namespace weir
