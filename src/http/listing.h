// SPDX-License-Identifier: MIT OR Apache-2.0
// A folder of a torrent as a page or as JSON.
//
// The markup has no scripts, no styles and no handlers of its own, so it shows under kOwnPagePolicy
// (presentation.h). Links are relative to the folder's own address, which has to end in '/'.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

inline constexpr std::size_t kListingEntriesMax = 100'000;

// One file of the torrent, borrowed while a listing is made.
struct ListedFile {
  std::string_view path;  // '/'-separated, below the torrent's root
  std::uint64_t size = 0;
};

struct ListingEntry {
  std::string name;
  bool folder = false;
  std::uint64_t size = 0;   // of a folder: of everything below it
  std::uint64_t files = 1;  // of a folder: how many are below it

  bool operator==(const ListingEntry&) const = default;
};

struct Listing {
  std::string title;                  // the torrent's name
  std::vector<std::string> path;      // from the torrent's root to this folder
  std::vector<ListingEntry> entries;  // folders first, then by name
  bool cut = false;                   // there are more than kListingEntriesMax
};

// The folder `path` of a torrent; nothing when no file is below it, except that the root of a
// torrent without files is an empty folder. O(files + entries log entries).
[[nodiscard]] std::optional<Listing> list_folder(std::string_view title,
                                                 std::span<const ListedFile> files,
                                                 std::span<const std::string> path);

// Another form of the folder, offered on its page.
struct ListingLink {
  std::string_view href;
  std::string_view text;
};
// A whole page. `stylesheet` is the address of ours, or empty.
[[nodiscard]] std::string listing_html(const Listing& listing, std::string_view stylesheet,
                                       std::span<const ListingLink> links = {});
// {"name", "path": [...], "entries": [{"name", "type", "size", "files"?, "href"}], "truncated"}
[[nodiscard]] std::string listing_json(const Listing& listing);

// "0 B", "1023 B", "1.0 KiB", "15.3 MiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace weir::http
