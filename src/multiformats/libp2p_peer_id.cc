// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/libp2p_peer_id.h"

#include <algorithm>
#include <array>

#include "base/result.h"
#include "hash/sha.h"
#include "multiformats/multibase.h"

namespace weir {
namespace {

// The protobuf of a secp256k1 public key: field 1 the key type 2, field 2 of 33 bytes.
constexpr std::array<std::byte, 4> kSecp256k1Head = {std::byte{0x08}, std::byte{0x02},
                                                     std::byte{0x12}, std::byte{0x21}};

}  // namespace

Libp2pPeerId Libp2pPeerId::of_public_key(Bytes encoded) {
  if (encoded.size() > kInlineKeyMax) return Libp2pPeerId(Multihash::of(sha256(encoded)));
  return Libp2pPeerId(*Multihash::make(HashCode::identity, encoded));
}

Libp2pPeerId Libp2pPeerId::of_secp256k1(Secp256k1Key key) {
  Buffer encoded = to_buffer(kSecp256k1Head);
  append(encoded, Bytes(key));
  return of_public_key(encoded);
}

MultiformatResult<Libp2pPeerId> Libp2pPeerId::decode(Bytes bytes) {
  WEIR_TRY(hash, Multihash::decode(bytes));
  const bool inlined = hash.code() == HashCode::identity && !hash.digest().empty() &&
                       hash.digest().size() <= kInlineKeyMax;
  if (!inlined && hash.code() != HashCode::sha2_256) {
    return std::unexpected(MultiformatError{MultiformatErrc::bad_peer_id, 0});
  }
  return Libp2pPeerId(hash);
}

MultiformatResult<Libp2pPeerId> Libp2pPeerId::parse(std::string_view text) {
  if (text.empty()) return std::unexpected(MultiformatError{MultiformatErrc::empty_input, 0});
  if (text.size() > kTextMax) {
    return std::unexpected(MultiformatError{MultiformatErrc::input_too_large, 0});
  }
  WEIR_TRY(bytes, base_decode(Multibase::base58btc, text));
  return decode(bytes);
}

std::string Libp2pPeerId::text() const { return base_encode(Multibase::base58btc, bytes()); }

std::optional<Bytes> Libp2pPeerId::secp256k1_key() const {
  const Bytes key = hash_.digest();
  if (hash_.code() != HashCode::identity ||
      key.size() != kSecp256k1Head.size() + kSecp256k1KeySize ||
      !std::ranges::equal(key.first(kSecp256k1Head.size()), kSecp256k1Head)) {
    return std::nullopt;
  }
  return key.subspan(kSecp256k1Head.size());
}

}  // namespace weir
