// SPDX-License-Identifier: MIT OR Apache-2.0
// The name of a libp2p node (libp2p peer-ids specification): a multihash of its public key. Keys of
// up to 42 encoded bytes are inlined with the identity hash, longer ones hashed with SHA-256. Not
// to be mixed up with weir::PeerId, the 20 bytes of the BitTorrent handshake.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "multiformats/multihash.h"

namespace weir {

class Libp2pPeerId {
 public:
  static constexpr std::size_t kInlineKeyMax = 42;
  static constexpr std::size_t kTextMax = 128;
  static constexpr std::size_t kSecp256k1KeySize = 33;  // a compressed point
  using Secp256k1Key = std::span<const std::byte, kSecp256k1KeySize>;

  // `encoded` is the protobuf form of a public key.
  static Libp2pPeerId of_public_key(Bytes encoded);
  static Libp2pPeerId of_secp256k1(Secp256k1Key key);

  // All of `bytes`, the multihash.
  static MultiformatResult<Libp2pPeerId> decode(Bytes bytes);
  // Base58btc without a multibase letter, as Codex nodes write it.
  static MultiformatResult<Libp2pPeerId> parse(std::string_view text);

  [[nodiscard]] const Multihash& hash() const { return hash_; }
  [[nodiscard]] Buffer bytes() const { return hash_.bytes(); }
  [[nodiscard]] std::string text() const;
  // The 33 bytes of an inlined secp256k1 key, borrowed from this value; nothing for other keys.
  [[nodiscard]] std::optional<Bytes> secp256k1_key() const;

  auto operator<=>(const Libp2pPeerId&) const = default;

 private:
  explicit Libp2pPeerId(const Multihash& hash) : hash_(hash) {}
  Multihash hash_;
};

}  // namespace weir
