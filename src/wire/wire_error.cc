// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/wire_error.h"

#include <utility>

namespace weir {

const char* error_name(WireErrc code) {
  switch (code) {
    case WireErrc::bad_protocol_name:
      return "bad_protocol_name";
    case WireErrc::message_too_long:
      return "message_too_long";
    case WireErrc::extension_too_long:
      return "extension_too_long";
    case WireErrc::block_too_long:
      return "block_too_long";
    case WireErrc::bad_length:
      return "bad_length";
    case WireErrc::unknown_message:
      return "unknown_message";
    case WireErrc::not_negotiated:
      return "not_negotiated";
    case WireErrc::bad_bitfield:
      return "bad_bitfield";
    case WireErrc::piece_out_of_range:
      return "piece_out_of_range";
  }
  std::unreachable();
}

WireBlame blame(WireErrc code) {
  switch (code) {
    case WireErrc::bad_protocol_name:
      return WireBlame::environment;
    case WireErrc::message_too_long:
    case WireErrc::extension_too_long:
    case WireErrc::block_too_long:
    case WireErrc::bad_length:
    case WireErrc::unknown_message:
    case WireErrc::not_negotiated:
    case WireErrc::bad_bitfield:
    case WireErrc::piece_out_of_range:
      return WireBlame::peer;
  }
  std::unreachable();
}

}  // namespace weir
