// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads along everything a node sends on one connection and holds it against the truth.
//
// It decodes the byte stream itself, so it does not matter where a byte came from: a file, the side
// file, the zeros of a pad, a wrong offset.
//
// Checked (safety): every block sent is the true content; every piece announced (have, bitfield,
// have all) is on the sender's disk; the stream is a valid one; a private torrent offers no peer
// exchange.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sim/content.h"
#include "sim/world.h"
#include "wire/decoder.h"
#include "wire/handshake.h"

namespace weir::sim {

class UploadChecker : BlockSink {
 public:
  struct Questions {
    std::function<const Content*(const Sha1Digest&)> content;  // of a handshake's info hash
    std::function<bool(const Content&, PieceIndex)> stored;
  };
  UploadChecker(World& world, std::string who, Questions ask);

  void sent(Bytes bytes);

 private:
  std::size_t predict(std::span<BlockPrediction>) override { return 0; }
  MutableBytes destination(const BlockHeader& block) override;
  void begin(const Handshake& handshake);
  void on_message(const WireMessage& message);
  void on_block(const BlockHeader& block);
  void on_claim(PieceIndex piece);
  void accuse(const std::string& what);

  World& world_;
  std::string who_;
  Questions ask_;
  HandshakeDecoder handshake_;
  std::unique_ptr<WireDecoder> decoder_;
  const Content* content_ = nullptr;
  Buffer block_;
  bool broken_ = false;
};

}  // namespace weir::sim
