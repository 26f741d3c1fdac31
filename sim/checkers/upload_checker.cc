// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/checkers/upload_checker.h"

#include <algorithm>
#include <utility>

#include "base/bitfield.h"
#include "wire/extension.h"

namespace weir::sim {

UploadChecker::UploadChecker(World& world, std::string who, Questions ask)
    : world_(world), who_(std::move(who)), ask_(std::move(ask)) {}

void UploadChecker::accuse(const std::string& what) { world_.violation(who_ + " " + what); }

void UploadChecker::sent(Bytes bytes) {
  if (broken_) return;
  if (!handshake_.done()) {
    const auto taken = handshake_.feed(bytes);
    if (!taken) {
      broken_ = true;
      return accuse("sends a broken handshake");
    }
    bytes = bytes.subspan(*taken);
    if (!handshake_.done()) return;
    begin(*handshake_.handshake());
  }
  if (decoder_ == nullptr || bytes.empty()) return;
  decoder_->feed(bytes);
  while (true) {
    auto event = decoder_->next(*this);
    if (!event) {
      broken_ = true;
      return accuse(std::string("sends what is no message: ") + error_name(event.error().code));
    }
    if (!*event) return;
    if (const auto* message = std::get_if<WireMessage>(&**event)) {
      on_message(*message);
    } else {
      on_block(std::get<BlockReceived>(**event).block);
    }
  }
}

void UploadChecker::begin(const Handshake& handshake) {
  content_ = ask_.content(handshake.info_hash);
  if (content_ == nullptr) {
    broken_ = true;
    return accuse("answers for a torrent it does not have");
  }
  WireDecoderOptions options;
  options.negotiated = {.fast = true, .extended = true, .v2 = true};
  decoder_ = std::make_unique<WireDecoder>(options);
}

MutableBytes UploadChecker::destination(const BlockHeader& block) {
  block_.resize(block.length);
  return block_;
}

void UploadChecker::on_block(const BlockHeader& block) {
  const Layout& layout = content_->layout();
  if (to_int(block.piece) >= layout.piece_count() ||
      block.begin + block.length > layout.piece_size(block.piece)) {
    return accuse("sends a block outside the torrent");
  }
  const Buffer truth = content_->piece(block.piece);
  if (!std::equal(block_.begin(), block_.end(), truth.begin() + block.begin)) {
    accuse("uploads bytes of piece " + std::to_string(to_int(block.piece)) +
           " that are not the content");
  }
}

void UploadChecker::on_claim(PieceIndex piece) {
  if (to_int(piece) >= content_->layout().piece_count()) return accuse("claims a piece too many");
  if (!ask_.stored(*content_, piece)) {
    accuse("announces piece " + std::to_string(to_int(piece)) + ", which its disk does not hold");
  }
}

void UploadChecker::on_message(const WireMessage& message) {
  const std::uint32_t pieces = content_->layout().piece_count();
  if (const auto* have = std::get_if<HaveMessage>(&message)) return on_claim(have->piece);
  if (std::holds_alternative<HaveAllMessage>(message)) {
    for (std::uint32_t i = 0; i < pieces; ++i) on_claim(PieceIndex{i});
  }
  if (const auto* bits = std::get_if<BitfieldMessage>(&message)) {
    const auto have = Bitfield::from_wire(bits->bits, pieces);
    if (!have) return accuse("sends a bitfield of a wrong size");
    for (std::size_t i = have->find_set(0); i < have->size(); i = have->find_set(i + 1)) {
      on_claim(static_cast<PieceIndex>(i));
    }
  }
  const auto* extended = std::get_if<ExtendedMessage>(&message);
  if (extended != nullptr && extended->id == kExtensionHandshakeId && content_->info().is_private) {
    const auto handshake = decode_extension_handshake(extended->payload);
    if (handshake && handshake->id(Extension::ut_pex).value_or(0) != 0) {
      accuse("offers peer exchange for a private torrent");
    }
  }
}

}  // namespace weir::sim
