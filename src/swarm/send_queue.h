// SPDX-License-Identifier: MIT OR Apache-2.0
// What one peer is to be sent, in order: encoded messages, and blocks of content between them.
//
// Messages are encoded onto control() at any time. list() fixes their place: what was listed once
// keeps its order and its bytes until it is sent, so a block is never cut by a message, and spans
// handed out stay valid while other connections add messages here. Blocks are added only when the
// socket has room for them, so that a message waits behind little content, and a cancel or a choke
// still finds most requests unsent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "swarm/swarm.h"

namespace weir {

class SendQueue {
 public:
  struct Sent {
    std::uint64_t content_bytes = 0;
    std::uint32_t blocks = 0;  // finished
  };

  // Encode messages onto its end, never change what is there.
  [[nodiscard]] Buffer& control() { return pending_; }
  // Bytes of messages, block headers included, not sent yet (LIM-09).
  [[nodiscard]] std::size_t control_bytes() const {
    return pending_.size() + (text_.size() - text_begin_);
  }
  // Bytes whose place is fixed.
  [[nodiscard]] std::size_t fixed_bytes() const { return fixed_bytes_; }
  [[nodiscard]] bool empty() const { return pending_.empty() && fixed_bytes_ == 0; }
  // Whether a part of the piece is fixed for sending.
  [[nodiscard]] bool holds(PieceIndex piece) const { return holds(piece, next(piece)); }
  [[nodiscard]] bool holds(PieceIndex begin, PieceIndex end) const;  // any of [begin, end)

  // Fixes the messages' place behind all that is fixed already.
  void fix_control();
  // Fixes a `piece` message behind the messages encoded so far.
  void add_block(const ContentRef& block);
  // Lists everything fixed, up to about `bytes_max` (at least one item). Returns its bytes. Message
  // bytes are borrowed until the next call except control().
  std::size_t list(std::size_t bytes_max, std::vector<SendItem>& out) const;
  // REQUIRES: bytes <= fixed_bytes().
  Sent sent(std::size_t bytes);

 private:
  struct Segment {
    bool is_text = true;
    std::uint32_t length = 0;  // not sent yet
    ContentRef content;        // not text: what remains
  };
  void add_text(std::size_t bytes);

  Buffer pending_;
  Buffer text_;
  std::size_t text_begin_ = 0;
  std::vector<Segment> segments_;
  std::size_t first_ = 0;  // segments before it are sent
  std::size_t fixed_bytes_ = 0;
};

}  // namespace weir
