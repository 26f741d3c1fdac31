// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/encoder.h"

#include <cstdint>

namespace weir {
namespace {

void open(Buffer& out, MessageId id, std::size_t body) {
  append_be(out, static_cast<std::uint32_t>(1 + body));
  out.push_back(static_cast<std::byte>(id));
}

void append_piece(Buffer& out, MessageId id, PieceIndex piece) {
  open(out, id, 4);
  append_be(out, to_int(piece));
}

void append_block(Buffer& out, MessageId id, const BlockRequest& block) {
  open(out, id, 12);
  append_be(out, to_int(block.piece));
  append_be(out, block.begin);
  append_be(out, block.length);
}

void append_hash_request(Buffer& out, MessageId id, const HashRequest& request,
                         std::size_t following = 0) {
  open(out, id, 48 + following);
  append(out, request.pieces_root.view());
  append_be(out, request.base_layer);
  append_be(out, request.index);
  append_be(out, request.length);
  append_be(out, request.proof_layers);
}

// One overload a message: a message without one does not compile.
struct Appender {
  Buffer& out;

  void operator()(const KeepAliveMessage&) const { append_be(out, std::uint32_t{0}); }
  void operator()(const ChokeMessage&) const { open(out, MessageId::choke, 0); }
  void operator()(const UnchokeMessage&) const { open(out, MessageId::unchoke, 0); }
  void operator()(const InterestedMessage&) const { open(out, MessageId::interested, 0); }
  void operator()(const NotInterestedMessage&) const { open(out, MessageId::not_interested, 0); }
  void operator()(const HaveMessage& m) const { append_piece(out, MessageId::have, m.piece); }
  void operator()(const BitfieldMessage& m) const {
    open(out, MessageId::bitfield, m.bits.size());
    append(out, m.bits);
  }
  void operator()(const RequestMessage& m) const { append_block(out, MessageId::request, m.block); }
  void operator()(const CancelMessage& m) const { append_block(out, MessageId::cancel, m.block); }
  void operator()(const PortMessage& m) const {
    open(out, MessageId::port, 2);
    append_be(out, m.port);
  }
  void operator()(const SuggestMessage& m) const { append_piece(out, MessageId::suggest, m.piece); }
  void operator()(const HaveAllMessage&) const { open(out, MessageId::have_all, 0); }
  void operator()(const HaveNoneMessage&) const { open(out, MessageId::have_none, 0); }
  void operator()(const RejectMessage& m) const { append_block(out, MessageId::reject, m.block); }
  void operator()(const AllowedFastMessage& m) const {
    append_piece(out, MessageId::allowed_fast, m.piece);
  }
  void operator()(const ExtendedMessage& m) const {
    open(out, MessageId::extended, 1 + m.payload.size());
    out.push_back(std::byte{m.id});
    append(out, m.payload);
  }
  void operator()(const HashRequestMessage& m) const {
    append_hash_request(out, MessageId::hash_request, m.request);
  }
  void operator()(const HashesMessage& m) const {
    append_hash_request(out, MessageId::hashes, m.request, std::as_bytes(m.hashes).size());
    append(out, std::as_bytes(m.hashes));
  }
  void operator()(const HashRejectMessage& m) const {
    append_hash_request(out, MessageId::hash_reject, m.request);
  }
};

}  // namespace

void append_message(Buffer& out, const WireMessage& message) { std::visit(Appender{out}, message); }

void append_block_header(Buffer& out, const BlockHeader& header) {
  open(out, MessageId::piece, 8 + std::size_t{header.length});
  append_be(out, to_int(header.piece));
  append_be(out, header.begin);
}

}  // namespace weir
