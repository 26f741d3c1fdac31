// SPDX-License-Identifier: MIT OR Apache-2.0
// The handshake that opens a peer connection (BEP 3 "peer protocol"): one byte 19, the text
// "BitTorrent protocol", 8 reserved bytes, the 20-byte info hash, the 20-byte peer id.
//
// A v2 torrent's handshake carries its SHA-256 info hash cut to 20 bytes (BEP 52).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/digest.h"
#include "wire/wire_error.h"

namespace weir {

inline constexpr std::size_t kHandshakeSize = 68;

// Capability bits. Bits without a name here are kept as received and mean nothing to us.
struct ReservedBits {
  std::array<std::byte, 8> bytes{};

  [[nodiscard]] bool extension() const { return test(5, 0x10); }  // BEP 10
  [[nodiscard]] bool fast() const { return test(7, 0x04); }       // BEP 6
  [[nodiscard]] bool dht() const { return test(7, 0x01); }        // BEP 5
  [[nodiscard]] bool v2() const { return test(7, 0x10); }         // BEP 52 "upgrade"
  void set_extension(bool on) { set(5, 0x10, on); }
  void set_fast(bool on) { set(7, 0x04, on); }
  void set_dht(bool on) { set(7, 0x01, on); }
  void set_v2(bool on) { set(7, 0x10, on); }

  bool operator==(const ReservedBits&) const = default;

 private:
  [[nodiscard]] bool test(std::size_t index, unsigned char mask) const {
    return (bytes[index] & std::byte{mask}) != std::byte{0};
  }
  void set(std::size_t index, unsigned char mask, bool on) {
    bytes[index] = on ? bytes[index] | std::byte{mask} : bytes[index] & ~std::byte{mask};
  }
};

struct Handshake {
  ReservedBits reserved;
  Sha1Digest info_hash;
  PeerId peer_id;
  bool operator==(const Handshake&) const = default;
};

[[nodiscard]] std::array<std::byte, kHandshakeSize> encode_handshake(const Handshake& handshake);

// Cuts the handshake off the front of a connection's bytes, however they arrive. An error is final.
class HandshakeDecoder {
 public:
  // Takes at most the bytes still missing and returns how many it took; the rest belongs to the
  // WireDecoder. The error comes with the first byte that differs from the protocol name.
  [[nodiscard]] WireResult<std::size_t> feed(Bytes bytes);

  // Bytes taken so far.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool done() const { return size_ == kHandshakeSize; }
  // Known after 48 bytes: time to answer, some peers send their id only then.
  [[nodiscard]] std::optional<ReservedBits> reserved() const;
  [[nodiscard]] std::optional<Sha1Digest> info_hash() const;
  // Known after all 68.
  [[nodiscard]] std::optional<Handshake> handshake() const;

 private:
  std::array<std::byte, kHandshakeSize> bytes_{};
  std::size_t size_ = 0;
  std::optional<WireError> error_;
};

}  // namespace weir
