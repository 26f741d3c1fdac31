// SPDX-License-Identifier: MIT OR Apache-2.0
// Appends messages to a send buffer, length prefix included.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "wire/message.h"

namespace weir {

// Length prefix, id, piece and begin of a `piece` message.
inline constexpr std::size_t kBlockHeaderSize = 13;

// Takes any message struct: append_message(out, HaveMessage{piece}).
void append_message(Buffer& out, const WireMessage& message);

// The start of a `piece` message; exactly `header.length` bytes of payload must follow it on the
// wire, usually as a file range.
void append_block_header(Buffer& out, const BlockHeader& header);

}  // namespace weir
