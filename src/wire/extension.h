// SPDX-License-Identifier: MIT OR Apache-2.0
// The payloads of extended messages: the extension handshake (BEP 10, with BEP 9, 21 and the fields
// real clients add), and the small messages of the extensions we speak.
//
// Each side numbers the extensions it accepts: we send under the peer's number (PeerExtensions) and
// receive under ours (LocalExtension). All text and bytes come from a peer; decoded values are
// owned unless a comment says otherwise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"

namespace weir {

enum class ExtensionErrc : std::uint8_t {
  too_long,        // above the limit of LIM-06
  bad_bencode,     // does not decode
  not_dictionary,  // decodes to something else
  missing_field,   // a field the message cannot do without
  bad_field,       // a field with an impossible value
  bad_size,        // a fixed-size payload of another size, or a block above 16 KiB
  unknown_type,    // a ut_metadata message type from the future: to be ignored
};
[[nodiscard]] const char* error_name(ExtensionErrc code);

struct ExtensionError {
  ExtensionErrc code{};
  std::size_t offset = 0;  // within the payload
  bool operator==(const ExtensionError&) const = default;
};
template <class T>
using ExtensionResult = std::expected<T, ExtensionError>;

enum class ExtensionBlame : std::uint8_t { peer, nobody };
[[nodiscard]] ExtensionBlame blame(ExtensionErrc code);

// The extensions we know by name.
enum class Extension : std::uint8_t { ut_pex, ut_metadata, upload_only, lt_donthave };
inline constexpr std::size_t kExtensionCount = 4;
[[nodiscard]] const char* extension_name(Extension extension);

// The number under which peers send us each of them; the same in every connection. WireLimits
// knows the sizes that go with them.
[[nodiscard]] constexpr std::uint8_t local_extension_id(Extension extension) {
  switch (extension) {
    case Extension::ut_pex:
      return 1;
    case Extension::ut_metadata:
      return 2;
    case Extension::upload_only:
      return 3;
    case Extension::lt_donthave:
      return 7;
  }
  return 0;
}
inline constexpr std::uint8_t kExtensionHandshakeId = 0;
// Nothing for a number we never announced (EXT-05: to be ignored).
[[nodiscard]] std::optional<Extension> local_extension(std::uint8_t id);

inline constexpr std::size_t kExtensionHandshakeMax = 128 * 1024;  // LIM-06
inline constexpr std::size_t kExtensionClientMax = 64;             // bytes of `v` that are kept
inline constexpr std::uint32_t kExtensionReqqMax = 2000;           // LIM-07

// A handshake as sent or received. Absent fields say nothing, so a later handshake is an update.
struct ExtensionHandshake {
  // `m`, by Extension. Absent: not mentioned; 0: switched off.
  std::array<std::optional<std::uint8_t>, kExtensionCount> ids;
  std::optional<std::string> client;  // `v`: valid UTF-8 without control characters
  std::optional<std::uint16_t> port;  // `p`: never 0
  std::optional<std::uint32_t> reqq;  // 1 to kExtensionReqqMax (EXT-02)
  std::optional<IpAddress> your_ip;   // `yourip`: how the sender sees the receiver
  std::optional<IpAddress> ipv4;      // the sender's other addresses
  std::optional<IpAddress> ipv6;
  std::optional<std::uint64_t> metadata_size;  // bytes; positive; MetadataFetcher judges it
  std::optional<bool> upload_only;             // BEP 21
  std::optional<std::uint32_t> complete_ago_seconds;
  std::optional<bool> prefers_encryption;  // `e`

  [[nodiscard]] std::optional<std::uint8_t> id(Extension extension) const {
    return ids[static_cast<std::size_t>(extension)];
  }
  void set_id(Extension extension, std::uint8_t id) {
    ids[static_cast<std::size_t>(extension)] = id;
  }
  // Announces `extension` under our number.
  void offer(Extension extension) { set_id(extension, local_extension_id(extension)); }

  bool operator==(const ExtensionHandshake&) const = default;
};

[[nodiscard]] Buffer encode_extension_handshake(const ExtensionHandshake& handshake);
// Values out of range or of another type count as absent (reqq is clamped); only a payload that is
// too long or no dictionary at all is an error.
[[nodiscard]] ExtensionResult<ExtensionHandshake> decode_extension_handshake(Bytes payload);

// The peer's numbers, gathered from all of its handshakes.
class PeerExtensions {
 public:
  // Additive; id 0 switches off. When two extensions end up under one number, the one not mentioned
  // in this handshake loses it.
  void update(const ExtensionHandshake& handshake);
  // 0 when the peer does not speak it.
  [[nodiscard]] std::uint8_t id(Extension extension) const {
    return ids_[static_cast<std::size_t>(extension)];
  }
  [[nodiscard]] bool speaks(Extension extension) const { return id(extension) != 0; }

 private:
  std::array<std::uint8_t, kExtensionCount> ids_{};
};

// lt_donthave (BEP 54): the index of a piece the sender lost. Its range is the receiver's to check.
[[nodiscard]] Buffer encode_dont_have(PieceIndex piece);
[[nodiscard]] ExtensionResult<PieceIndex> decode_dont_have(Bytes payload);

// upload_only as a message: one byte, zero or not.
[[nodiscard]] Buffer encode_upload_only(bool on);
[[nodiscard]] ExtensionResult<bool> decode_upload_only(Bytes payload);

// ut_metadata (BEP 9).
inline constexpr std::uint32_t kMetadataPieceSize = 16 * 1024;
inline constexpr std::size_t kMetadataMessageMax = 17 * 1024;  // LIM-06

enum class MetadataMessageType : std::uint8_t { request = 0, data = 1, reject = 2 };

struct MetadataMessage {
  MetadataMessageType type{};
  std::uint32_t piece = 0;
  std::optional<std::uint64_t> total_size{};  // data only; some clients leave it out
  Bytes data{};                               // data only; borrowed from the payload or the caller
};
bool operator==(const MetadataMessage& a, const MetadataMessage& b);

[[nodiscard]] Buffer encode_metadata_message(const MetadataMessage& message);
[[nodiscard]] ExtensionResult<MetadataMessage> decode_metadata_message(Bytes payload);

}  // namespace weir
