// SPDX-License-Identifier: MIT OR Apache-2.0
// CIDs, multihashes, peer ids, multiaddresses and varints, each as bytes and as text. What decodes
// must encode to the very same bytes, and its text must lead back to it.
#include <cstdint>

#include "base/assert.h"
#include "multiformats/cid.h"
#include "multiformats/libp2p_peer_id.h"
#include "multiformats/multiaddr.h"
#include "multiformats/multibase.h"
#include "multiformats/uvarint.h"

namespace weir {
namespace {

constexpr Multibase kBases[] = {Multibase::base58btc, Multibase::base32, Multibase::base36,
                                Multibase::base16,    Multibase::base64, Multibase::base64_pad};

void check_varint(Bytes input) {
  std::size_t offset = 0;
  const auto value = read_uvarint(input, offset);
  if (!value) {
    WEIR_ASSERT(offset == 0 && value.error().offset <= input.size());
    return;
  }
  Buffer again;
  append_uvarint(again, *value);
  WEIR_ASSERT(again == to_buffer(input.first(offset)));
}

void check_cid(Bytes input) {
  const auto cid = Cid::decode(input);
  if (!cid) {
    WEIR_ASSERT(cid.error().offset <= input.size());
    return;
  }
  WEIR_ASSERT(cid->bytes() == to_buffer(input));
  for (const Multibase base : kBases) {
    const std::string text = cid->text(base);
    WEIR_ASSERT(text.size() <= Cid::kTextMax && Cid::parse(text) == *cid);
  }
}

void check_text(std::string_view text) {
  if (const auto decoded = multibase_decode(text)) {
    WEIR_ASSERT(multibase_encode(decoded->base, decoded->bytes) == text);
  } else {
    WEIR_ASSERT(decoded.error().offset <= text.size());
  }
  if (const auto cid = Cid::parse(text)) WEIR_ASSERT(Cid::decode(cid->bytes()) == *cid);
  if (const auto peer = Libp2pPeerId::parse(text)) WEIR_ASSERT(peer->text() == text);
  if (const auto address = Multiaddr::parse(text)) {
    WEIR_ASSERT(Multiaddr::decode(address->bytes()) == *address);
    WEIR_ASSERT(Multiaddr::parse(address->text()) == *address);
  }
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  check_varint(input);
  check_cid(input);
  check_text(as_text(input));
  if (const auto hash = Multihash::decode(input)) {
    WEIR_ASSERT(hash->bytes() == to_buffer(input));
  }
  if (const auto peer = Libp2pPeerId::decode(input)) {
    WEIR_ASSERT(Libp2pPeerId::parse(peer->text()) == *peer);
    (void)peer->secp256k1_key();
  }
  if (const auto address = Multiaddr::decode(input)) {
    WEIR_ASSERT(to_buffer(address->bytes()) == to_buffer(input));
    WEIR_ASSERT(Multiaddr::parse(address->text()) == *address);
    (void)address->endpoint();
    (void)address->peer();
  }
  return 0;
}
