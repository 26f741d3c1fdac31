// SPDX-License-Identifier: MIT OR Apache-2.0
// All that the swarm knows of one connected peer. Plain state: the swarm's code changes it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bitfield.h"
#include "base/ids.h"
#include "base/rate.h"
#include "base/time.h"
#include "swarm/request_list.h"
#include "swarm/request_window.h"
#include "swarm/send_queue.h"
#include "swarm/swarm.h"
#include "wire/decoder.h"
#include "wire/extension.h"

namespace weir {

// A block whose payload has begun to arrive.
struct Landing {
  enum class Where : std::uint8_t { in_place, scratch, nowhere };
  BlockRef block;
  TimePoint asked_at{};
  bool asked = false;  // else it comes on a credit
  Where where = Where::nowhere;
};

// What a peer told of its pieces before we knew how many there are.
struct EarlyPieces {
  bool all = false;
  bool has_bitfield = false;
  Buffer bitfield;                // at most kEarlyBitfieldMax bytes (WIR-06)
  std::vector<PieceIndex> haves;  // at most kEarlyHavesMax
};
inline constexpr std::size_t kEarlyBitfieldMax = 256 * 1024;
inline constexpr std::size_t kEarlyHavesMax = 64 * 1024;

// A set of a few pieces (allowed fast, suggestions), in the order given.
struct FewPieces {
  std::vector<PieceIndex> pieces;

  [[nodiscard]] bool contains(PieceIndex piece) const {
    return std::find(pieces.begin(), pieces.end(), piece) != pieces.end();
  }
  void remove(PieceIndex piece) { std::erase(pieces, piece); }
};

// LIM-07, hard: how many requests of a peer are kept. With BEP 6 one more is rejected; without, no
// more is read, and the read that filled the queue may have brought kHeldRequestsMax besides.
inline constexpr std::size_t kRequestQueueMax = 2000;
inline constexpr std::size_t kRequestMessageSize = 17;
inline constexpr std::size_t kHeldRequestsMax = kWireReadAhead / kRequestMessageSize + 1;

struct PeerState {
  PeerState(PeerInit peer_init, WireDecoderOptions decoder_options, TimePoint now)
      : init(std::move(peer_init)),
        conn(init.conn),
        decoder(decoder_options),
        connected_at(now),
        heard_at(now),
        sent_at(now),
        choke_changed_at(now),
        peer_choke_changed_at(now),
        useful_at(now),
        block_at(now) {}

  PeerInit init;
  ConnId conn;
  WireDecoder decoder;
  SendQueue sends;
  TimePoint connected_at;
  TimePoint heard_at;       // last byte received
  TimePoint sent_at;        // last byte sent
  bool closing = false;     // ClosePeer was said; kept until the end of the current input
  bool overflowed = false;  // its send queue is over LIM-09; closed when the input is handled
  bool signalled = false;   // WantWrite was said and nothing was collected since

  // What both sides speak.
  bool fast = false;
  bool extended = false;
  bool hashes = false;  // BEP 52 hash messages
  PeerExtensions extensions;
  std::string client;
  bool upload_only = false;
  TimePoint extension_minute{};  // EXT-01: ten handshakes a minute
  std::uint32_t extension_handshakes = 0;

  // Pieces.
  EarlyPieces early;
  Bitfield has;
  bool pieces_told = false;  // bitfield, have-all, have-none or have was seen
  bool counted_as_seed = false;
  FewPieces suggested;
  FewPieces allowed_to_us;                    // allowed fast: what we may ask while choked
  FewPieces allowed_to_peer;                  // and what the peer may ask
  std::vector<std::uint32_t> allowed_served;  // blocks served while choked, by place in that set

  // Choking and interest.
  bool am_choking = true, am_interested = false, peer_choking = true, peer_interested = false;
  TimePoint choke_changed_at;  // ours
  TimePoint peer_choke_changed_at;
  bool ever_unchoked = false;
  std::uint64_t sent_since_unchoke_bytes = 0;
  TimePoint useful_at;  // last time anyone was interested or a block moved

  // Asking.
  RequestList<AskedBlock> asked;
  RequestWindow window;
  std::uint32_t credits = 0;  // blocks that may come though they are not asked any more (WIR-14)
  std::uint32_t good_pieces = 0;  // it had a part in
  std::uint32_t rejects_in_row = 0;
  std::uint32_t timeouts_in_row = 0;
  bool snubbed = false;
  TimePoint block_at;        // last block received, or when the first request of a series was made
  TimePoint silent_since{};  // when the first of the timeouts in a row began
  TimePoint retry_at{};      // no requests before, after rejects
  std::uint64_t dry_epoch = 0;           // the picker had nothing for it in this epoch
  std::deque<Landing> landings;          // begun, in stream order
  std::unique_ptr<std::byte[]> scratch;  // one block, for a second copy of what lands elsewhere
  const char* unwelcome = nullptr;       // why its block breaks the rules

  // Serving.
  RequestList<BlockRequest> queue;
  RequestList<HashRequest> hash_queue;  // waits for hash_budget
  bool reading_held = false;            // its queue is full and it knows no reject (LIM-07)
  std::uint32_t bad_requests = 0;
  std::uint32_t choked_requests = 0;  // after the grace period

  // Budgets.
  TokenBucket message_budget{2000};  // messages that move nothing (WIR-19)
  TokenBucket hash_budget{256 * 1024, std::chrono::seconds(1)};  // WIR-26

  RateMeter down{std::chrono::seconds(10)};
  RateMeter up{std::chrono::seconds(10)};

  [[nodiscard]] const IpAddress& address() const { return init.remote.address; }
  [[nodiscard]] bool is_seed() const { return has.size() > 0 && has.all(); }
};

}  // namespace weir
