// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/info_hash_text.h"

namespace weir::codex {
namespace {

constexpr std::size_t kTextMax = 128;
constexpr std::size_t kBase32Size = 32;  // of 20 bytes

std::optional<Multihash> read(std::string_view text) {
  if (text.size() > kTextMax) return std::nullopt;
  if (text.size() == kBase32Size) {
    const auto bytes = from_base32(text);
    const auto digest = bytes ? Sha1Digest::from(*bytes) : std::nullopt;
    return digest ? std::optional(Multihash::of(*digest)) : std::nullopt;
  }
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  const auto bytes = from_hex(text);
  if (!bytes) return std::nullopt;
  if (const auto v1 = Sha1Digest::from(*bytes)) return Multihash::of(*v1);
  if (const auto v2 = Sha256Digest::from(*bytes)) return Multihash::of(*v2);
  const auto tagged = Multihash::decode(*bytes);
  const bool fits = tagged && (tagged->as_sha1() || tagged->as_sha256());
  return fits ? std::optional(*tagged) : std::nullopt;
}

}  // namespace

CodexResult<Multihash> parse_info_hash_text(std::string_view text) {
  const auto hash = read(text);
  if (!hash) return std::unexpected(CodexError{CodexErrc::bad_info_hash_text, 0, "infoHash"});
  return *hash;
}

}  // namespace weir::codex
