// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/handshake.h"

#include <algorithm>
#include <string_view>

namespace weir {
namespace {

constexpr std::string_view kProtocolName =
    "\x13"
    "BitTorrent protocol";
constexpr std::size_t kReservedAt = 20;
constexpr std::size_t kInfoHashAt = 28;
constexpr std::size_t kPeerIdAt = 48;
static_assert(kProtocolName.size() == kReservedAt);

}  // namespace

std::array<std::byte, kHandshakeSize> encode_handshake(const Handshake& handshake) {
  std::array<std::byte, kHandshakeSize> out;
  auto at = std::ranges::copy(as_bytes(kProtocolName), out.begin()).out;
  at = std::ranges::copy(handshake.reserved.bytes, at).out;
  at = std::ranges::copy(handshake.info_hash.bytes, at).out;
  std::ranges::copy(handshake.peer_id.bytes, at);
  return out;
}

WireResult<std::size_t> HandshakeDecoder::feed(Bytes bytes) {
  if (error_) return std::unexpected(*error_);
  const std::size_t taken = std::min(bytes.size(), kHandshakeSize - size_);
  std::ranges::copy(bytes.first(taken), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
  const std::size_t checked = size_;
  size_ += taken;
  for (std::size_t i = checked; i < std::min(size_, kProtocolName.size()); ++i) {
    if (bytes_[i] == static_cast<std::byte>(kProtocolName[i])) continue;
    error_ = WireError{WireErrc::bad_protocol_name, i};
    return std::unexpected(*error_);
  }
  return taken;
}

std::optional<ReservedBits> HandshakeDecoder::reserved() const {
  if (error_ || size_ < kInfoHashAt) return std::nullopt;
  ReservedBits reserved;
  std::copy_n(bytes_.begin() + kReservedAt, reserved.bytes.size(), reserved.bytes.begin());
  return reserved;
}

std::optional<Sha1Digest> HandshakeDecoder::info_hash() const {
  if (error_ || size_ < kPeerIdAt) return std::nullopt;
  return Sha1Digest::from(Bytes(bytes_).subspan(kInfoHashAt, Sha1Digest::kSize));
}

std::optional<Handshake> HandshakeDecoder::handshake() const {
  if (error_ || !done()) return std::nullopt;
  return Handshake{.reserved = *reserved(),
                   .info_hash = *info_hash(),
                   .peer_id = *PeerId::from(Bytes(bytes_).subspan(kPeerIdAt))};
}

}  // namespace weir
