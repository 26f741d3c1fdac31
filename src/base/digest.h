// SPDX-License-Identifier: MIT OR Apache-2.0
// Fixed-size hash values as distinct types, so that a SHA-1 can't be passed for a SHA-256.
//
// Containers keyed by digests are ordered ones: a magnet link or a file tree may name any bytes as
// a hash, so whoever chooses them could put all keys into one bucket of a hash table.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace weir {

template <std::size_t N>
struct Digest {
  std::array<std::byte, N> bytes{};

  static constexpr std::size_t kSize = N;

  // Nothing when `source` is not exactly N bytes long.
  static std::optional<Digest> from(Bytes source) {
    if (source.size() != N) return std::nullopt;
    Digest digest;
    std::copy(source.begin(), source.end(), digest.bytes.begin());
    return digest;
  }
  static std::optional<Digest> from_hex_text(std::string_view text) {
    const auto raw = from_hex(text);
    return raw ? from(*raw) : std::nullopt;
  }
  [[nodiscard]] Bytes view() const { return bytes; }
  [[nodiscard]] std::string hex() const { return to_hex(bytes); }
  [[nodiscard]] bool is_zero() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }
  auto operator<=>(const Digest&) const = default;
};

using Sha1Digest = Digest<20>;
using Sha256Digest = Digest<32>;

// A BitTorrent peer id (BEP 3, BEP 20): 20 bytes chosen by the peer.
using PeerId = Digest<20>;

}  // namespace weir
