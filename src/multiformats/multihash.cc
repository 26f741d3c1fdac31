// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/multihash.h"

#include <algorithm>

#include "base/result.h"
#include "hash/sha.h"
#include "multiformats/uvarint.h"

namespace weir {
namespace {

std::unexpected<MultiformatError> refuse(MultiformatErrc code, std::size_t offset) {
  return std::unexpected(MultiformatError{code, offset});
}

// Whether a digest of this length belongs to the code, or why not.
MultiformatResult<void> check_digest(std::uint64_t code, std::uint64_t size) {
  if (code == std::uint64_t{0}) {
    if (size > Multihash::kDigestMax) return refuse(MultiformatErrc::bad_digest_length, 0);
    return {};
  }
  const auto wanted = code <= UINT32_MAX ? digest_length(static_cast<HashCode>(code))
                                         : std::optional<std::size_t>();
  if (!wanted) return refuse(MultiformatErrc::unknown_hash, 0);
  if (*wanted != size) return refuse(MultiformatErrc::bad_digest_length, 0);
  return {};
}

}  // namespace

std::optional<std::size_t> digest_length(HashCode code) {
  switch (code) {
    case HashCode::sha1:
      return 20;
    case HashCode::sha2_256:
    case HashCode::poseidon2_sponge:
    case HashCode::poseidon2_merkle:
      return 32;
    case HashCode::sha2_512:
      return 64;
    case HashCode::identity:
      break;
  }
  return std::nullopt;
}

Multihash Multihash::of(const Sha1Digest& digest) { return *make(HashCode::sha1, digest.view()); }

Multihash Multihash::of(const Sha256Digest& digest) {
  return *make(HashCode::sha2_256, digest.view());
}

MultiformatResult<Multihash> Multihash::make(HashCode code, Bytes digest) {
  WEIR_CHECK(check_digest(static_cast<std::uint64_t>(code), digest.size()));
  Multihash out;
  out.code_ = code;
  out.size_ = static_cast<std::uint8_t>(digest.size());
  std::copy(digest.begin(), digest.end(), out.digest_.begin());
  return out;
}

MultiformatResult<Multihash> Multihash::read(Bytes bytes, std::size_t& offset) {
  std::size_t at = offset;
  WEIR_TRY(code, read_uvarint(bytes, at));
  const std::size_t length_at = at;
  WEIR_TRY(size, read_uvarint(bytes, at));
  if (const auto fits = check_digest(code, size); !fits) {
    const bool unknown = fits.error().code == MultiformatErrc::unknown_hash;
    return refuse(fits.error().code, unknown ? offset : length_at);
  }
  if (size > bytes.size() - at) return refuse(MultiformatErrc::unexpected_end, bytes.size());
  auto out = make(static_cast<HashCode>(code), bytes.subspan(at, size));
  offset = at + size;
  return out;
}

MultiformatResult<Multihash> Multihash::decode(Bytes bytes) {
  std::size_t offset = 0;
  WEIR_TRY(out, read(bytes, offset));
  if (offset != bytes.size()) return refuse(MultiformatErrc::trailing_data, offset);
  return out;
}

std::optional<Sha1Digest> Multihash::as_sha1() const {
  return code_ == HashCode::sha1 ? Sha1Digest::from(digest()) : std::nullopt;
}

std::optional<Sha256Digest> Multihash::as_sha256() const {
  return code_ == HashCode::sha2_256 ? Sha256Digest::from(digest()) : std::nullopt;
}

void Multihash::append_to(Buffer& out) const {
  append_uvarint(out, static_cast<std::uint32_t>(code_));
  append_uvarint(out, size_);
  append(out, digest());
}

Buffer Multihash::bytes() const {
  Buffer out;
  append_to(out);
  return out;
}

std::string Multihash::text() const {
  std::string out = to_hex(bytes());
  for (char& c : out) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::optional<bool> Multihash::matches(Bytes data) const {
  switch (code_) {
    case HashCode::identity:
      return std::ranges::equal(data, digest());
    case HashCode::sha1:
      return std::ranges::equal(sha1(data).view(), digest());
    case HashCode::sha2_256:
      return std::ranges::equal(sha256(data).view(), digest());
    case HashCode::sha2_512:
    case HashCode::poseidon2_sponge:
    case HashCode::poseidon2_merkle:
      break;
  }
  return std::nullopt;
}

}  // namespace weir
