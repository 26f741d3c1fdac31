// SPDX-License-Identifier: MIT OR Apache-2.0
// The files of the node's page, as they are in web/ (docs/page.md), inside the program.
//
// All of it is constant and lives as long as the program. Whoever serves it gives index.html at
// some address and the others below "page/<version>/" beside it, which index.html names.
#pragma once

#include <span>
#include <string_view>

namespace weir {

struct PageFile {
  std::string_view name;  // "app.js", without a folder
  std::string_view bytes;
};

// Sorted by name.
[[nodiscard]] std::span<const PageFile> page_files();
// Sixteen hexadecimal digits that are others when any of the files is another.
[[nodiscard]] std::string_view page_version();

// Nothing when there is no such file.
[[nodiscard]] const PageFile* find_page_file(std::string_view name);
// Its media type, by the ending of its name.
[[nodiscard]] std::string_view media_type_of(const PageFile& file);

}  // namespace weir
