// SPDX-License-Identifier: MIT OR Apache-2.0
// JSON bodies: what is taken for a torrent is one, and what is read can be written and read again.
#include <boost/json.hpp>
#include <cstdint>

#include "api/internal/torrent_file.h"
#include "api/internal/weir.h"
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
  const Bytes body = std::as_bytes(std::span(data, size));
  check_torrent(body);
  const auto value = read_json(body);
  if (!value) return 0;
  RateLimits limits;
  if (!read_limits(*value, limits)) return 0;
  RateLimits again;
  WEIR_ASSERT(read_limits(limits_json(limits), again));
  WEIR_ASSERT(again.down_bytes_per_second == limits.down_bytes_per_second &&
              again.up_bytes_per_second == limits.up_bytes_per_second);
  return 0;
}
