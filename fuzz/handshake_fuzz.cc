// SPDX-License-Identifier: MIT OR Apache-2.0
// The first byte says where to cut the rest; whole and cut must agree, and what decodes must encode
// to the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "wire/handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  if (size == 0) return 0;
  const Bytes input(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const std::size_t cut = data[0] % (input.size() + 1);

  HandshakeDecoder whole;
  const auto taken = whole.feed(input);
  HandshakeDecoder halves;
  const auto first = halves.feed(input.first(cut));
  const auto second = halves.feed(input.subspan(cut));
  WEIR_ASSERT(taken.has_value() == second.has_value());
  WEIR_ASSERT(whole.handshake() == halves.handshake());
  WEIR_ASSERT(whole.info_hash() == halves.info_hash());
  if (!taken) {
    WEIR_ASSERT(taken.error() == second.error());
    return 0;
  }
  WEIR_ASSERT(*taken == *first + *second);
  if (const auto handshake = whole.handshake()) {
    const auto encoded = encode_handshake(*handshake);
    WEIR_ASSERT(std::equal(encoded.begin(), encoded.end(), input.begin()));
  }
  return 0;
}
