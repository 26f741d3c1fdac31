// SPDX-License-Identifier: MIT OR Apache-2.0
#include "page/page.h"

#include <algorithm>

namespace weir {

const PageFile* find_page_file(std::string_view name) {
  const auto files = page_files();
  const auto it = std::find_if(files.begin(), files.end(),
                               [name](const PageFile& file) { return file.name == name; });
  return it == files.end() ? nullptr : &*it;
}

std::string_view media_type_of(const PageFile& file) {
  if (file.name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (file.name.ends_with(".css")) return "text/css; charset=utf-8";
  if (file.name.ends_with(".html")) return "text/html; charset=utf-8";
  if (file.name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

}  // namespace weir
