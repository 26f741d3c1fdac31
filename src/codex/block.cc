// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/block.h"

#include <optional>

#include "base/result.h"
#include "codex/torrent.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

std::unexpected<CodexError> refuse(CodexErrc code) {
  return std::unexpected(CodexError{code, 0, "cid"});
}

}  // namespace

Cid block_cid(const Sha256Digest& digest) {
  return Cid::v1(Multicodec::codex_block, Multihash::of(digest));
}

Cid manifest_cid(Bytes encoded_manifest) {
  return Cid::v1(Multicodec::codex_manifest, Multihash::of(sha256(encoded_manifest)));
}

Cid info_hash_cid(const Sha1Digest& info_hash) {
  return Cid::v1(Multicodec::torrent_info, Multihash::of(info_hash));
}

bool is_empty_block(const Cid& cid) {
  if (cid.version() != 1 || cid.codec() != Multicodec::codex_block) return false;
  // SHA-512 of nothing (FIPS 180-4), the other form the reference knows.
  const auto sha512 = from_hex(
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
      "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
  return cid.hash() == Multihash::of(sha256({})) ||
         cid.hash() == *Multihash::make(HashCode::sha2_512, *sha512);
}

CodexResult<void> check_block(const Cid& cid, Bytes data) {
  if (cid.version() != 1) return refuse(CodexErrc::bad_cid_version);
  if (cid.codec() == Multicodec::torrent_info) {
    const auto info_hash = cid.hash().as_sha1();
    if (!info_hash) return refuse(CodexErrc::wrong_hash);
    WEIR_CHECK(check_torrent_block(*info_hash, data));
    return {};
  }
  if (cid.codec() != Multicodec::codex_block && cid.codec() != Multicodec::codex_manifest) {
    return refuse(CodexErrc::wrong_codec);
  }
  if (data.size() > kBlockSizeMax) return refuse(CodexErrc::input_too_large);
  if (data.empty() && is_empty_block(cid)) return {};
  if (cid.hash().code() != HashCode::sha2_256) return refuse(CodexErrc::wrong_hash);
  if (cid.hash().matches(data) != true) return refuse(CodexErrc::block_mismatch);
  return {};
}

}  // namespace weir::codex
