// SPDX-License-Identifier: MIT OR Apache-2.0
// Magnet links: what is accepted is bounded, and printing it gives the same link back.
#include <cstdint>

#include "base/assert.h"
#include "base/utf8.h"
#include "metainfo/magnet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = parse_magnet(text);
  if (!first) {
    WEIR_ASSERT(first.error().offset <= size);
    return 0;
  }
  WEIR_ASSERT(size <= kMagnetBytesMax && is_utf8(first->name));
  WEIR_ASSERT(first->hashes.v1 || first->hashes.v2);
  WEIR_ASSERT(first->trackers.size() <= kMagnetTrackersMax);
  const std::string printed = format_magnet(*first);
  // Escapes make the text longer, so a link near the limit may not fit again.
  if (printed.size() > kMagnetBytesMax) return 0;
  const auto second = parse_magnet(printed);
  WEIR_ASSERT(second && *second == *first);
  return 0;
}
