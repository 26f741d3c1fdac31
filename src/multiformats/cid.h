// SPDX-License-Identifier: MIT OR Apache-2.0
// Content identifiers, versions 0 and 1 (multiformats CID specification).
//
// Binary: CIDv1 is uvarint(1), uvarint(codec), multihash; CIDv0 is a bare SHA-256 multihash.
// Text: a multibase text, base58btc by default; CIDv0 is bare base58btc of 46 characters.
// A value without allocation. Two CIDs are equal when version, codec and multihash are.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"

namespace weir {

// What the named bytes are. Any other code is kept as it is, so a switch over it needs a default.
enum class Multicodec : std::uint64_t {
  raw = 0x55,
  dag_pb = 0x70,
  libp2p_key = 0x72,
  torrent_info = 0x7b,  // the multihash is a BitTorrent v1 info hash
  torrent_file = 0x7c,
  codex_manifest = 0xcd01,
  codex_block = 0xcd02,
  codex_root = 0xcd03,
  codex_slot_root = 0xcd04,
  codex_proving_root = 0xcd05,
  codex_slot_cell = 0xcd06,
};

class Cid {
 public:
  // The longest text that is looked at; the longest there can be has 153 characters.
  static constexpr std::size_t kTextMax = 256;

  // A CIDv1 of no use, for containers and members that are set later.
  Cid() = default;
  static Cid v1(Multicodec codec, const Multihash& hash);
  static Cid v0(const Sha256Digest& digest);

  // All of `bytes`; trailing ones are refused.
  static MultiformatResult<Cid> decode(Bytes bytes);
  // Any multibase, or the 46 characters of a CIDv0.
  static MultiformatResult<Cid> parse(std::string_view text);

  [[nodiscard]] std::uint8_t version() const { return version_; }
  [[nodiscard]] Multicodec codec() const { return codec_; }
  [[nodiscard]] const Multihash& hash() const { return hash_; }

  [[nodiscard]] Buffer bytes() const;
  // A CIDv0 has one text only, whatever the base.
  [[nodiscard]] std::string text(Multibase base = Multibase::base58btc) const;

  auto operator<=>(const Cid&) const = default;

 private:
  std::uint8_t version_ = 1;
  Multicodec codec_ = Multicodec::raw;
  Multihash hash_;
};

// For unordered containers. A CID can be made up freely (identity multihash), so a table of CIDs
// from peers needs its own limit on size.
struct CidHash {
  std::size_t operator()(const Cid& cid) const;
};

}  // namespace weir
