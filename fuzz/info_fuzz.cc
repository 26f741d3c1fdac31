// SPDX-License-Identifier: MIT OR Apache-2.0
// Info dictionaries as they come from peers.
#include <cstdint>

#include "fuzz/metainfo_checks.h"
#include "metainfo/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const auto info = parse_info(input);
  if (!info) {
    WEIR_ASSERT(info.error().offset <= size);
    return 0;
  }
  fuzz::check_info(**info);
  WEIR_ASSERT((*info)->raw_info == to_buffer(input));
  WEIR_ASSERT(info_bytes_match(input, (*info)->hashes));
  WEIR_ASSERT(verify_info_against(**info, (*info)->hashes));
  return 0;
}
