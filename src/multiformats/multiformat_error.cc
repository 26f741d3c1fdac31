// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/multiformat_error.h"

#include <utility>

namespace weir {

const char* error_name(MultiformatErrc code) {
  switch (code) {
    case MultiformatErrc::empty_input:
      return "empty_input";
    case MultiformatErrc::input_too_large:
      return "input_too_large";
    case MultiformatErrc::unexpected_end:
      return "unexpected_end";
    case MultiformatErrc::trailing_data:
      return "trailing_data";
    case MultiformatErrc::varint_not_minimal:
      return "varint_not_minimal";
    case MultiformatErrc::varint_too_large:
      return "varint_too_large";
    case MultiformatErrc::unknown_multibase:
      return "unknown_multibase";
    case MultiformatErrc::bad_character:
      return "bad_character";
    case MultiformatErrc::bad_text_length:
      return "bad_text_length";
    case MultiformatErrc::spare_bits_set:
      return "spare_bits_set";
    case MultiformatErrc::unknown_hash:
      return "unknown_hash";
    case MultiformatErrc::bad_digest_length:
      return "bad_digest_length";
    case MultiformatErrc::unsupported_version:
      return "unsupported_version";
    case MultiformatErrc::version_0_in_base:
      return "version_0_in_base";
    case MultiformatErrc::bad_peer_id:
      return "bad_peer_id";
    case MultiformatErrc::bad_multiaddr:
      return "bad_multiaddr";
    case MultiformatErrc::unknown_protocol:
      return "unknown_protocol";
    case MultiformatErrc::bad_protocol_value:
      return "bad_protocol_value";
    case MultiformatErrc::too_many_protocols:
      return "too_many_protocols";
  }
  std::unreachable();
}

}  // namespace weir
