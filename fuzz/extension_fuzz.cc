// SPDX-License-Identifier: MIT OR Apache-2.0
// Extension payloads: what decodes must encode to something that decodes to the same value. The
// first byte chooses the kind of payload.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "wire/extension.h"

namespace {

using namespace weir;

void fuzz_handshake(Bytes payload) {
  const auto handshake = decode_extension_handshake(payload);
  if (!handshake) return;
  WEIR_ASSERT(!handshake->client || handshake->client->size() <= kExtensionClientMax);
  WEIR_ASSERT(!handshake->reqq || (*handshake->reqq >= 1 && *handshake->reqq <= 2000));
  WEIR_ASSERT(!handshake->port || *handshake->port != 0);
  const Buffer encoded = encode_extension_handshake(*handshake);
  const auto again = decode_extension_handshake(encoded);
  WEIR_ASSERT(again && *again == *handshake);
  PeerExtensions peer;
  peer.update(*handshake);
}

void fuzz_metadata(Bytes payload) {
  const auto message = decode_metadata_message(payload);
  if (!message) return;
  const Buffer encoded = encode_metadata_message(*message);
  const auto again = decode_metadata_message(encoded);
  WEIR_ASSERT(again && *again == *message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes payload(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0:
      fuzz_handshake(payload);
      break;
    case 1:
      fuzz_metadata(payload);
      break;
    case 2:
      if (const auto piece = decode_dont_have(payload)) {
        WEIR_ASSERT(decode_dont_have(encode_dont_have(*piece)) == *piece);
      }
      break;
    default:
      if (const auto on = decode_upload_only(payload)) {
        WEIR_ASSERT(decode_upload_only(encode_upload_only(*on)) == *on);
      }
  }
  return 0;
}
