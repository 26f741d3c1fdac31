// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrents as JSON: what is taken for one has the hash it was given, and can be read again.
#include <cstdint>
#include <span>

#include "api/torrent_file.h"
#include "base/assert.h"
#include "metainfo/parse.h"

namespace {

using namespace weir;
using namespace weir::api;

void check_torrent(Bytes body) {
  const auto source = read_torrent_json(body);
  if (!source) {
    WEIR_ASSERT(!source.error().empty());
    return;
  }
  WEIR_ASSERT(source->hashes.v1.has_value() && !source->hashes.v2.has_value());
  // Without a name it is known by its hash alone.
  if (!source->metadata) return;
  const auto again = parse_torrent(source->torrent_file);
  WEIR_ASSERT(again && again->info->hashes.v1 == source->hashes.v1);
  WEIR_ASSERT(again->info->layout.piece_count() == again->info->piece_hashes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_torrent(std::as_bytes(std::span(data, size)));
  return 0;
}
