// SPDX-License-Identifier: MIT OR Apache-2.0
// From bytes to messages and blocks: where payloads land, and which handler a message goes to.
//
// A block's memory is its place in the open piece. When two peers send the same block, only the
// first may land there; the other lands in its own scratch and is copied when it is whole first.
#include <algorithm>

#include "base/assert.h"
#include "swarm/swarm_impl.h"

namespace weir {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

CloseReason reason_of(WireErrc code) {
  return code == WireErrc::block_too_long ? CloseReason::unrequested_data
                                          : CloseReason::protocol_error;
}

}  // namespace

// Tells one peer's decoder where payloads go.
class Swarm::Impl::Sink final : public BlockSink {
 public:
  Sink(Impl& swarm, PeerState& peer) : swarm_(swarm), peer_(peer) {}

  std::size_t predict(std::span<BlockPrediction> out) override {
    std::size_t count = 0;
    OpenPiece* piece = nullptr;
    for (const AskedBlock& asked : peer_.asked.all().first(std::min(out.size(), asked_count()))) {
      const BlockRef block = asked.block;
      if (piece == nullptr || piece->piece() != block.piece) piece = swarm_.open.find(block.piece);
      if (piece == nullptr || piece->landing(block.block) ||
          piece->state(block.block) == BlockState::received) {
        break;
      }
      const MutableBytes memory = piece->destination(block.block);
      out[count++] = {{block.piece, to_int(block.block) * kBlockSize,
                       static_cast<std::uint32_t>(memory.size())},
                      memory};
    }
    return count;
  }

  MutableBytes destination(const BlockHeader& header) override {
    return swarm_.begin_block(peer_, header);
  }

 private:
  [[nodiscard]] std::size_t asked_count() const { return peer_.asked.size(); }

  Impl& swarm_;
  PeerState& peer_;
};

// Every block that begins gets an entry in `landings`, so that its end finds it there.
MutableBytes Swarm::Impl::begin_block(PeerState& peer, const BlockHeader& header) {
  Landing landing{.block = {header.piece, BlockIndex{header.begin / kBlockSize}}};
  // We ask for whole blocks only: what begins within one was not asked for, nor was it cancelled.
  const bool aligned = header.begin % kBlockSize == 0;
  const auto taken =
      peer.asked.take([&](const AskedBlock& a) { return aligned && a.block == landing.block; });
  if (taken) {
    landing.asked = true;
    landing.asked_at = taken->at;
  } else if (aligned && peer.credits > 0) {
    --peer.credits;
  } else {
    peer.unwelcome = "a block nobody asked for";
  }
  MutableBytes memory;
  OpenPiece* piece = picker ? open.find(header.piece) : nullptr;
  if (peer.unwelcome == nullptr && piece != nullptr &&
      to_int(landing.block.block) < piece->block_count() &&
      header.length == layout().block_size(landing.block) &&
      piece->state(landing.block.block) != BlockState::received) {
    if (piece->landing(landing.block.block)) {
      if (!peer.scratch) peer.scratch = std::make_unique<std::byte[]>(kBlockSize);
      landing.where = Landing::Where::scratch;
      memory = MutableBytes(peer.scratch.get(), header.length);
    } else {
      piece->set_landing(landing.block.block, true);
      landing.where = Landing::Where::in_place;
      memory = piece->destination(landing.block.block);
    }
  } else if (landing.asked && picker && header.length != layout().block_size(landing.block)) {
    peer.unwelcome = "a block of the wrong length";
  }
  peer.landings.push_back(landing);
  return memory;
}

void Swarm::Impl::end_block(PeerState& peer, const BlockReceived& received) {
  WEIR_ASSERT(!peer.landings.empty());
  Landing landing = peer.landings.front();
  peer.landings.pop_front();
  if (landing.where == Landing::Where::in_place) {
    OpenPiece* piece = open.find(landing.block.piece);
    WEIR_ASSERT(piece != nullptr);
    piece->set_landing(landing.block.block, false);
  }
  Bytes copied;
  if (landing.where == Landing::Where::scratch) {
    copied = Bytes(peer.scratch.get(), received.block.length);
  }
  block_arrived(peer, landing, received.block.length, copied);
}

// The peer loses the memory its current block lands in; what follows of it is dropped.
void Swarm::Impl::abandon_landing(PeerState& peer, PieceIndex piece_index) {
  for (Landing& landing : peer.landings) {
    if (landing.block.piece != piece_index || landing.where != Landing::Where::in_place) continue;
    // Finished blocks are taken in by the input that brought them, so only the current one is left.
    peer.decoder.abandon_current();
    landing.where = Landing::Where::nowhere;
    OpenPiece* piece = open.find(piece_index);
    if (piece != nullptr) piece->set_landing(landing.block.block, false);
    if (landing.asked) release(landing.block);
    landing.asked = false;
  }
}

void Swarm::Impl::abandon_landing_of(BlockRef block) {
  for (auto& [conn, peer] : peers) {
    const auto lands_here = [&](const Landing& landing) {
      return landing.block == block && landing.where == Landing::Where::in_place;
    };
    if (std::any_of(peer->landings.begin(), peer->landings.end(), lands_here)) {
      abandon_landing(*peer, block.piece);
    }
  }
}

std::size_t Swarm::Impl::prepare(PeerState& peer, std::span<MutableBytes> out) {
  if (hold_reading(peer)) return 0;
  Sink sink(*this, peer);
  return peer.decoder.prepare(sink, out);
}

void Swarm::Impl::commit(PeerState& peer, std::size_t bytes) {
  Sink sink(*this, peer);
  if (bytes > 0) peer.heard_at = now;
  peer.decoder.commit(sink, bytes);
  bool blocks = false;
  while (!peer.closing) {
    const auto event = peer.decoder.next(sink);
    if (!event) {
      close(peer, reason_of(event.error().code), error_name(event.error().code));
      return;
    }
    if (peer.unwelcome != nullptr) {
      close(peer, CloseReason::unrequested_data, peer.unwelcome);
      return;
    }
    if (!*event) break;
    if (const auto* received = std::get_if<BlockReceived>(&**event)) {
      end_block(peer, *received);
      blocks = true;
    } else {
      dispatch(peer, std::get<WireMessage>(**event));
    }
  }
  if (blocks) fill_requests(peer);
}

void Swarm::Impl::dispatch(PeerState& peer, const WireMessage& message) {
  const auto handlers = Overloaded{
      [&](const KeepAliveMessage&) { charge(peer); },
      [&](const ChokeMessage&) { on_choke(peer); },
      [&](const UnchokeMessage&) { on_unchoke(peer); },
      [&](const InterestedMessage&) { on_interested(peer, true); },
      [&](const NotInterestedMessage&) { on_interested(peer, false); },
      [&](const HaveMessage& m) { on_have(peer, m.piece); },
      [&](const BitfieldMessage& m) { on_bitfield(peer, m.bits); },
      [&](const RequestMessage& m) { on_request(peer, m.block); },
      [&](const CancelMessage& m) { on_cancel(peer, m.block); },
      [&](const PortMessage&) { charge(peer); },  // no DHT here: never answered, port 0 or not
      [&](const SuggestMessage& m) { on_suggest(peer, m.piece); },
      [&](const HaveAllMessage&) { on_have_all(peer, true); },
      [&](const HaveNoneMessage&) { on_have_all(peer, false); },
      [&](const RejectMessage& m) { on_reject(peer, m.block); },
      [&](const AllowedFastMessage& m) { on_allowed_fast(peer, m.piece); },
      [&](const ExtendedMessage& m) { on_extended(peer, m.id, m.payload); },
      [&](const HashRequestMessage& m) { on_hash_request(peer, m.request); },
      [&](const HashesMessage& m) { on_hashes(peer, m.request, m.hashes); },
      [&](const HashRejectMessage& m) { on_hash_reject(peer, m.request); },
  };
  std::visit(handlers, message);
}

}  // namespace weir
