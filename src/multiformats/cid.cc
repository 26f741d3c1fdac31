// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/cid.h"

#include <functional>

#include "base/result.h"
#include "multiformats/uvarint.h"

namespace weir {
namespace {

constexpr std::size_t kV0TextSize = 46;
constexpr std::size_t kV0BytesSize = 34;
constexpr std::byte kV0First{0x12};
constexpr std::byte kV0Second{0x20};

bool is_v0(Bytes bytes) {
  return bytes.size() >= 2 && bytes[0] == kV0First && bytes[1] == kV0Second;
}

std::unexpected<MultiformatError> refuse(MultiformatErrc code, std::size_t offset) {
  return std::unexpected(MultiformatError{code, offset});
}

}  // namespace

Cid Cid::v1(Multicodec codec, const Multihash& hash) {
  Cid out;
  out.codec_ = codec;
  out.hash_ = hash;
  return out;
}

Cid Cid::v0(const Sha256Digest& digest) {
  Cid out = v1(Multicodec::dag_pb, Multihash::of(digest));
  out.version_ = 0;
  return out;
}

MultiformatResult<Cid> Cid::decode(Bytes bytes) {
  if (bytes.empty()) return refuse(MultiformatErrc::empty_input, 0);
  if (is_v0(bytes)) {
    if (bytes.size() < kV0BytesSize) return refuse(MultiformatErrc::unexpected_end, bytes.size());
    if (bytes.size() > kV0BytesSize) return refuse(MultiformatErrc::trailing_data, kV0BytesSize);
    return v0(*Sha256Digest::from(bytes.subspan(2)));
  }
  std::size_t offset = 0;
  WEIR_TRY(version, read_uvarint(bytes, offset));
  if (version != 1) return refuse(MultiformatErrc::unsupported_version, 0);
  WEIR_TRY(codec, read_uvarint(bytes, offset));
  WEIR_TRY(hash, Multihash::read(bytes, offset));
  if (offset != bytes.size()) return refuse(MultiformatErrc::trailing_data, offset);
  return v1(static_cast<Multicodec>(codec), hash);
}

MultiformatResult<Cid> Cid::parse(std::string_view text) {
  if (text.empty()) return refuse(MultiformatErrc::empty_input, 0);
  if (text.size() > kTextMax) return refuse(MultiformatErrc::input_too_large, 0);
  if (text.size() == kV0TextSize && text.starts_with("Qm")) {
    WEIR_TRY(bytes, base_decode(Multibase::base58btc, text));
    if (!is_v0(bytes)) return refuse(MultiformatErrc::unsupported_version, 0);
    return decode(bytes);
  }
  WEIR_TRY(decoded, multibase_decode(text));
  if (is_v0(decoded.bytes)) return refuse(MultiformatErrc::version_0_in_base, 1);
  return decode(decoded.bytes);
}

Buffer Cid::bytes() const {
  Buffer out;
  if (version_ == 1) {
    append_uvarint(out, 1);
    append_uvarint(out, static_cast<std::uint64_t>(codec_));
  }
  hash_.append_to(out);
  return out;
}

std::string Cid::text(Multibase base) const {
  if (version_ == 0) return base_encode(Multibase::base58btc, bytes());
  return multibase_encode(base, bytes());
}

std::size_t CidHash::operator()(const Cid& cid) const {
  const std::size_t digest = std::hash<std::string_view>()(as_text(cid.hash().digest()));
  // The codec tells a block from a manifest or a tree with the same digest.
  return digest ^ (static_cast<std::size_t>(cid.codec()) * 0x9e3779b97f4a7c15U);
}

}  // namespace weir
