// SPDX-License-Identifier: MIT OR Apache-2.0
// Content-Disposition and Content-Type: what is read can be written and read again, and what is
// written stays one line.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "http/content_disposition.h"
#include "http/presentation.h"
#include "metainfo/path.h"

namespace {

using namespace weir;
using namespace weir::http;

bool is_plain_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void check_name(std::string_view name) {
  const std::string field = format_content_disposition(Disposition::attachment, name);
  WEIR_ASSERT(is_plain_line(field));
  if (field.size() <= kFieldBytesMax && !name.empty()) {
    const auto again = parse_content_disposition(field);
    WEIR_ASSERT(again && again->file_name == repair_utf8(name));
  }
  const auto safe = safe_file_name(name);
  if (!safe) return;
  WEIR_ASSERT(!safe->empty() && safe->size() <= kComponentBytesMax && is_utf8(*safe));
  WEIR_ASSERT(safe->find_first_of("/\\") == std::string::npos && *safe != "." && *safe != "..");
}

void check_media_type(std::string_view text) {
  const auto media = parse_media_type(text);
  if (!media) return;
  const std::string written = format_media_type(*media);
  WEIR_ASSERT(written.find_first_of("\r\n") == std::string::npos);
  // Quotes and spaces may make it longer than what was read.
  if (written.size() <= kMediaTypeBytesMax) WEIR_ASSERT(parse_media_type(written) == *media);
  const auto fields = present(*media, text, {});
  if (media->type == "text" && media->subtype == "html") {
    WEIR_ASSERT(fields[1].second.starts_with("attachment"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_name(text);
  check_media_type(text);
  const auto parsed = parse_content_disposition(text);
  if (!parsed) return 0;
  WEIR_ASSERT(size <= kFieldBytesMax);
  if (parsed->file_name) {
    WEIR_ASSERT(is_utf8(*parsed->file_name));
    check_name(*parsed->file_name);
  }
  return 0;
}
