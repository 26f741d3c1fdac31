// SPDX-License-Identifier: MIT OR Apache-2.0
// The swarm's state and its parts, spread over the swarm_*.cc files by what they are about. For
// those files only.
//
// Closing a peer marks it and takes everything back from it at once; its object stays until the
// public call ends (sweep()), so code that walks peers or holds one may close any of them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "swarm/availability.h"
#include "swarm/choker.h"
#include "swarm/hash_exchange.h"
#include "swarm/peer.h"
#include "swarm/piece_progress.h"
#include "swarm/swarm.h"
#include "wire/message.h"
#include "wire/metadata_exchange.h"

namespace weir {

struct Swarm::Impl {
  Impl(SwarmConfig swarm_config, InfoHashes info_hashes, BufferPool& buffer_pool,
       Random& random_source);

  // --- Peers: swarm_peers.cc ---
  [[nodiscard]] PeerState* find(ConnId conn);
  void add_peer(PeerInit init);
  void send_extension_handshake(PeerState& peer);
  void send_allowed_fast(PeerState& peer);
  void send_pieces(PeerState& peer);
  void close(PeerState& peer, CloseReason reason, std::string detail = {});
  void forget(PeerState& peer);
  void sweep();
  void want_write(PeerState& peer);
  void send(PeerState& peer, const WireMessage& message);
  void say(SwarmAction action) { actions.push_back(std::move(action)); }
  // Counts a message that moves nothing. False: the peer was closed for flooding.
  bool charge(PeerState& peer);
  void ban(const IpAddress& address);

  // --- Receiving: swarm_receive.cc ---
  class Sink;
  std::size_t prepare(PeerState& peer, std::span<MutableBytes> out);
  MutableBytes begin_block(PeerState& peer, const BlockHeader& header);
  void end_block(PeerState& peer, const BlockReceived& received);
  void abandon_landing(PeerState& peer, PieceIndex piece_index);
  void abandon_landing_of(BlockRef block);
  void commit(PeerState& peer, std::size_t bytes);
  void dispatch(PeerState& peer, const WireMessage& message);

  // --- Messages: swarm_messages.cc ---
  void on_choke(PeerState& peer);
  void on_unchoke(PeerState& peer);
  void on_interested(PeerState& peer, bool interested);
  void on_have(PeerState& peer, PieceIndex piece);
  void on_dont_have(PeerState& peer, PieceIndex piece);
  void on_bitfield(PeerState& peer, Bytes wire);
  void on_have_all(PeerState& peer, bool all);
  void on_suggest(PeerState& peer, PieceIndex piece);
  void on_allowed_fast(PeerState& peer, PieceIndex piece);
  void set_peer_pieces(PeerState& peer, Bitfield has);
  void apply_early(PeerState& peer);
  void update_interest(PeerState& peer);
  void set_interested(PeerState& peer, bool interested);

  // --- Extensions and metadata: swarm_metadata.cc ---
  void on_extended(PeerState& peer, std::uint8_t id, Bytes payload);
  void on_extension_handshake(PeerState& peer, Bytes payload);
  void on_metadata_message(PeerState& peer, Bytes payload);
  void pump_metadata();
  void metadata_collected(MetadataCollected collected);
  void metadata_rejected();
  void metadata_known(PeerState& peer);
  void set_metadata(std::shared_ptr<const TorrentInfo> new_info, PieceLayers known_layers,
                    const Bitfield& have, const Bitfield& checked_pieces);

  // --- Hashes: swarm_hashes.cc ---
  void on_hash_request(PeerState& peer, const HashRequest& run);
  void serve_hashes(PeerState& peer);
  void on_hashes(PeerState& peer, const HashRequest& run, std::span<const Sha256Digest> hashes);
  void on_hash_reject(PeerState& peer, const HashRequest& run);
  void ask_hashes();
  void ask_hashes(PeerState& peer);
  void layer_arrived(PieceLayer layer);
  void hold_unverifiable();
  [[nodiscard]] bool verifiable(PieceIndex piece) const;

  // --- Asking: swarm_requests.cc ---
  [[nodiscard]] bool may_ask(const PeerState& peer) const;
  [[nodiscard]] bool slow(const PeerState& peer) const;
  void fill_requests(PeerState& peer);
  void fill_all();
  bool ask(PeerState& peer, BlockRef block);
  void on_reject(PeerState& peer, const BlockRequest& request);
  // The peer no longer owes the block; it may come all the same.
  void release(BlockRef block);
  void release_all(PeerState& peer, bool send_cancel);
  void cancel_elsewhere(const PeerState& except, BlockRef block);
  bool withdraw(PeerState& peer, BlockRef block);
  void discard_open(PieceIndex piece);
  void check_timeouts(PeerState& peer);

  // --- The end game: swarm_endgame.cc ---
  // Fills `repeats` with at most `count` blocks.
  void find_repeats(const PeerState& candidate, std::size_t count);
  void find_kept(const PeerState& asking);
  [[nodiscard]] Duration rest_time(Duration candidate_block_time) const;

  // --- Arriving: swarm_pieces.cc ---
  void block_arrived(PeerState& peer, const Landing& landing, std::uint32_t length, Bytes copied);
  void piece_complete(OpenPiece& piece);
  void piece_stored(PieceIndex piece, PieceBuffer buffer);
  void piece_failed(PieceIndex piece, PieceBuffer buffer);
  void praise(const std::vector<BlockOrigin>& origins);
  void piece_is_here(PieceIndex piece);
  void piece_lost(PieceIndex piece);
  void pieces_unchecked(PieceIndex begin, PieceIndex end);
  void piece_confirmed(PieceIndex piece);
  void flush_haves();
  void completion_changed();
  void pardon(const IpAddress& address);
  void convict(const std::vector<IpAddress>& liars);
  [[nodiscard]] IpAddress address_of(ConnId conn) const;
  void remember_sender(const PeerState& peer);

  // --- Serving: swarm_upload.cc ---
  void on_request(PeerState& peer, const BlockRequest& request);
  void on_cancel(PeerState& peer, const BlockRequest& request);
  void refuse(PeerState& peer, const BlockRequest& request);
  bool bad_request(PeerState& peer, const BlockRequest& request);
  bool may_serve_choked(PeerState& peer, PieceIndex piece);
  [[nodiscard]] bool hold_reading(PeerState& peer);  // true: its queue is full, do not read
  void resume_reading(PeerState& peer);
  void need_piece(PieceIndex piece);
  void set_choking(PeerState& peer, bool choke);
  std::size_t collect(PeerState& peer, std::size_t bytes_max, std::vector<SendItem>& out);
  void sent(PeerState& peer, std::size_t bytes);
  void run_choker(bool full_round);

  // --- Status and control: swarm_status.cc ---
  [[nodiscard]] SwarmStats stats(TimePoint at) const;
  [[nodiscard]] std::vector<PeerStatus> status(TimePoint at) const;
  void set_piece_priorities(std::span<const PiecePriority> priorities);
  void set_deadline(PieceIndex piece, TimePoint deadline);
  void wants_changed();

  // --- For tests: swarm_invariants.cc ---
  void check_invariants() const;

  // --- Time: swarm_timers.cc ---
  void handle_timer();
  [[nodiscard]] TimePoint next_deadline() const;
  void tick();
  void tick_peer(PeerState& peer);
  [[nodiscard]] bool redundant(const PeerState& peer) const;

  [[nodiscard]] bool complete() const { return picker && picker->missing_wanted() == 0; }
  [[nodiscard]] const Layout& layout() const { return info->layout; }
  [[nodiscard]] bool servable(PieceIndex piece) const {
    return picker->has(piece) && checked.test(piece);
  }

  SwarmConfig config;
  InfoHashes hashes;
  BufferPool& pool;
  Random& random;
  TimePoint now{};  // of the input being handled

  std::unordered_map<ConnId, std::unique_ptr<PeerState>> peers;
  std::size_t closing = 0;
  std::deque<SwarmAction> actions;
  BanList banned;

  // With metadata.
  std::shared_ptr<const TorrentInfo> info;
  PieceLayers layers;
  std::optional<Availability> availability;
  std::optional<PiecePicker> picker;
  std::optional<HashFetcher> hash_fetcher;
  std::optional<HashServer> hash_server;
  OpenPieces open;
  Bitfield checked;  // hashed in this run
  Bitfield needed;   // PieceNeeded was said
  // Handed out as PieceArrived: who sent each block.
  std::map<PieceIndex, std::vector<BlockOrigin>> verifying;
  std::map<ConnId, IpAddress> departed;  // senders of blocks of open pieces, now gone
  // How often pieces failed that are not here yet: each is fetched from one peer at a time.
  std::map<PieceIndex, std::uint32_t> suspicious;
  std::vector<PieceIndex> haves;  // to be announced
  TimePoint haves_at = kNever;
  bool was_complete = false;
  TimePoint complete_since{};

  // Without metadata.
  MetadataServer metadata_server;
  TimePoint metadata_at = kNever;  // the server's next answer
  std::optional<MetadataFetcher> metadata_fetcher;
  bool judging_metadata = false;  // MetadataArrived was said

  bool downloading = true;
  // Grows whenever a peer that found nothing to ask for may find something.
  std::uint64_t epoch = 1;
  Choker choker;
  SmartBan smart_ban;
  TimePoint next_tick = kNever;
  double fastest_rate = 0;  // of the peers we download from, at the last tick
  double line_rate = 0;     // the best of the whole download, forgotten slowly
  double upload_limit = 0;

  bool overflows = false;  // some peer is over LIM-09
  std::uint64_t wasted_bytes = 0, failed_pieces = 0;
  RateMeter down, up;
  std::map<CloseReason, std::uint64_t> closed;

  // Kept between calls so that a block costs no allocation.
  struct LateBlock {
    Duration time;
    BlockRef block;
  };
  std::vector<BlockRef> picks, already, repeats;
  std::vector<PieceIndex> kept_pieces;
  std::vector<LateBlock> late_blocks;
  std::vector<ChokeCandidate> candidates;
};

}  // namespace weir
