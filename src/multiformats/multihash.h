// SPDX-License-Identifier: MIT OR Apache-2.0
// A hash that says which hash it is: uvarint(code), uvarint(length), digest (multihash).
//
// A value of fixed size, cheap to copy and without allocation; digests are at most 64 bytes, the
// identity "hash" included, so that nobody can pass data off as a hash.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "multiformats/multiformat_error.h"

namespace weir {

enum class HashCode : std::uint32_t {
  identity = 0x00,  // the bytes themselves; any length
  sha1 = 0x11,
  sha2_256 = 0x12,
  sha2_512 = 0x13,
  poseidon2_sponge = 0xcd10,  // poseidon2-alt_bn_128-sponge-r2
  poseidon2_merkle = 0xcd11,  // poseidon2-alt_bn_128-merkle-2kb
};

// The only digest length of a hash; nothing for identity and for codes not listed above.
[[nodiscard]] std::optional<std::size_t> digest_length(HashCode code);

class Multihash {
 public:
  static constexpr std::size_t kDigestMax = 64;

  // The identity multihash of nothing.
  Multihash() = default;
  static Multihash of(const Sha1Digest& digest);
  static Multihash of(const Sha256Digest& digest);

  // unknown_hash or bad_digest_length when there is no such multihash.
  static MultiformatResult<Multihash> make(HashCode code, Bytes digest);
  // All of `bytes`.
  static MultiformatResult<Multihash> decode(Bytes bytes);
  // The one at `offset`, which moves behind it on success only. REQUIRES: offset <= bytes.size().
  static MultiformatResult<Multihash> read(Bytes bytes, std::size_t& offset);

  [[nodiscard]] HashCode code() const { return code_; }
  // Borrowed from this value.
  [[nodiscard]] Bytes digest() const { return Bytes(digest_).first(size_); }
  // Nothing when it is another hash.
  [[nodiscard]] std::optional<Sha1Digest> as_sha1() const;
  [[nodiscard]] std::optional<Sha256Digest> as_sha256() const;

  void append_to(Buffer& out) const;
  [[nodiscard]] Buffer bytes() const;
  // The REST form: upper-case hexadecimal of the whole multihash.
  [[nodiscard]] std::string text() const;

  // Whether `data` hashes to this; nothing for hashes we can't compute (SHA-512, Poseidon2).
  [[nodiscard]] std::optional<bool> matches(Bytes data) const;

  auto operator<=>(const Multihash&) const = default;

 private:
  HashCode code_ = HashCode::identity;
  std::uint8_t size_ = 0;
  std::array<std::byte, kDigestMax> digest_{};  // zero beyond size_, which comparison relies on
};

}  // namespace weir
