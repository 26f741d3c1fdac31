// SPDX-License-Identifier: MIT OR Apache-2.0
// .torrent files: what is accepted is safe, consistent and survives being written again.
#include <cstdint>

#include "fuzz/metainfo_checks.h"
#include "metainfo/parse.h"
#include "metainfo/write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const auto first = parse_torrent(input);
  if (!first) {
    WEIR_ASSERT(first.error().offset <= size);
    return 0;
  }
  fuzz::check_info(*first->info);
  WEIR_ASSERT(first->web_seeds.size() <= 20 && first->nodes.size() <= 50);
  const Buffer written = write_torrent(*first);
  MetainfoLimits limits;
  limits.torrent_bytes_max = written.size();
  const auto second = parse_torrent(written, limits);
  WEIR_ASSERT(second);
  WEIR_ASSERT(second->info->hashes == first->info->hashes);
  WEIR_ASSERT(second->tracker_tiers == first->tracker_tiers);
  WEIR_ASSERT(second->web_seeds == first->web_seeds && second->nodes == first->nodes);
  WEIR_ASSERT(second->piece_layers.size() == first->piece_layers.size());
  return 0;
}
