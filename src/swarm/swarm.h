// SPDX-License-Identifier: MIT OR Apache-2.0
// One torrent's peers as a state machine: who is connected, who has what, what is asked of whom,
// what is sent to whom.
//
// Owner: the engine's torrent. Call order: one input (add_peer, commit, handle_*, ...), then drain
// next() until it yields nothing, then the next input. All calls come from the torrent's shard.
//
// Receiving: prepare(conn) says where the next bytes shall land (block payloads directly in their
// piece's buffer), the caller reads into those spans and calls commit(conn, n); nothing else may be
// called in between. Sending: when next() said WantWrite, collect() lists what to send, in order;
// sent() takes off what went out. Header bytes listed by collect() are borrowed until the next call
// that names the same connection.
//
// Without metadata (magnet start) the swarm runs its peers, fetches the info dictionary (BEP 9) and
// yields MetadataArrived; the owner parses it and calls set_metadata().
//
// Never: touches sockets, files or clocks; counts a piece as had before piece_stored(); sends a
// byte of a piece that is not servable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/bitfield.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/piece_buffer.h"
#include "base/random.h"
#include "base/time.h"
#include "metainfo/torrent_info.h"
#include "store/verifier.h"
#include "swarm/piece_picker.h"
#include "swarm/smart_ban.h"
#include "wire/handshake.h"

namespace weir {

enum class PeerDirection : std::uint8_t { incoming, outgoing };

enum class PeerSource : std::uint8_t { tracker, user, incoming, resume, pex, dht, lsd };

// Why a connection ended. Names are stable: they are counters in the status.
enum class CloseReason : std::uint8_t {
  remote_closed,
  network_error,
  handshake_timeout,
  bad_handshake,
  unknown_torrent,
  self_connection,
  duplicate_peer,
  too_many_connections,
  banned,
  protocol_error,     // WireErrc, bad sizes, messages never negotiated
  bad_request_flood,  // LIM-07
  unrequested_data,
  message_flood,
  bad_data,  // sent poison
  bad_metadata,
  idle,
  both_seeds,
  not_useful,  // no interest either way for long; or of more use when it connects anew
  gave_up,     // rejects or ignores every request
  torrent_stopped,
  disk_error,
};
[[nodiscard]] const char* close_reason_name(CloseReason reason);

struct SwarmConfig {
  std::string client_version;      // extension handshake "v"
  std::uint16_t listen_port = 0;   // extension handshake "p", outgoing only
  std::uint32_t reqq = 500;        // announced request queue; LIM-07 hard limit is 2,000
  std::uint32_t upload_slots = 0;  // 0: adaptive
  bool sequential = false;
  std::size_t metadata_max = 8u << 20;
  Duration idle_timeout = std::chrono::seconds(120);
  Duration keepalive_interval = std::chrono::seconds(55);
  std::size_t open_pieces_max = 1024;  // also bounded by the buffer pool
};

struct PeerInit {
  ConnId conn{};
  Endpoint remote;
  PeerDirection direction = PeerDirection::incoming;
  PeerSource source = PeerSource::incoming;
  Handshake handshake;  // the peer's
  bool v2 = false;      // the connection runs under the (truncated) v2 info hash
};

// A run of bytes to send: header bytes, or content of a servable piece.
struct ContentRef {
  PieceIndex piece{};
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};
using SendItem = std::variant<Bytes, ContentRef>;

// What the swarm asks its owner to do.
struct ClosePeer {
  ConnId conn{};
  CloseReason reason{};
  std::string detail;
};
struct BanPeer {
  IpAddress address;
};
struct WantWrite {  // collect() has something for this connection that it had not before
  ConnId conn{};
};
struct WantRead {  // prepare() gave nothing earlier, as the peer had asked too much; it may now
  ConnId conn{};
};
struct PieceArrived {  // complete: hash it, write it, then call piece_stored() or piece_failed()
  PieceIndex piece{};
  PieceBuffer buffer;
};
struct PieceNeeded {  // a peer wants to download it but it was not checked in this run yet
  PieceIndex piece{};
};
struct MetadataArrived {  // call set_metadata() or metadata_rejected()
  Buffer info;
};
struct LayersArrived {  // piece layers learned from peers (BEP 52), already added to layers()
  PieceLayer layer;
};
using SwarmAction = std::variant<ClosePeer, BanPeer, WantWrite, WantRead, PieceArrived, PieceNeeded,
                                 MetadataArrived, LayersArrived>;

struct PeerStatus {
  ConnId conn{};
  Endpoint remote;
  PeerDirection direction{};
  PeerSource source{};
  PeerId peer_id;
  std::string client;
  bool v2 = false;
  bool am_choking = true, am_interested = false, peer_choking = true, peer_interested = false;
  bool snubbed = false;
  double progress = 0;  // of the pieces, 0 to 1
  double down_rate = 0, up_rate = 0;
  std::uint64_t downloaded_bytes = 0, uploaded_bytes = 0;
  std::uint32_t requests_out = 0, requests_in = 0;
  std::uint32_t strikes = 0;
};

struct SwarmStats {
  std::uint64_t downloaded_bytes = 0;  // block payload, wasted included
  std::uint64_t uploaded_bytes = 0;
  std::uint64_t wasted_bytes = 0;  // duplicates, failed pieces, unwanted blocks
  std::uint64_t failed_pieces = 0;
  std::uint64_t failed_bytes = 0;  // of them
  double down_rate = 0, up_rate = 0;
  std::uint32_t peers = 0, seeds = 0;
  double distributed_copies = 0;
  std::map<CloseReason, std::uint64_t> closed;  // by reason, since start
};

class Swarm {
 public:
  // `pool` and `random` outlive the swarm.
  Swarm(SwarmConfig config, InfoHashes hashes, BufferPool& pool, Random& random);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  // Metadata known: at start, or after MetadataArrived. `have` pieces are stored; `checked` ones of
  // them were hashed in this run and may be served at once, the others yield PieceNeeded first.
  void set_metadata(TimePoint now, std::shared_ptr<const TorrentInfo> info, PieceLayers layers,
                    const Bitfield& have, const Bitfield& checked);
  void metadata_rejected(TimePoint now);
  [[nodiscard]] const TorrentInfo* info() const;
  [[nodiscard]] const PieceLayers& layers() const;

  // Peers. The connection is established and both handshakes are done.
  void add_peer(TimePoint now, PeerInit init);
  // The connection is gone; no ClosePeer follows.
  void remove_peer(TimePoint now, ConnId conn, CloseReason reason);
  [[nodiscard]] bool has_peer(ConnId conn) const;
  [[nodiscard]] std::size_t peer_count() const;

  // Zero when the connection shall not be read now (WantRead follows when it may be).
  [[nodiscard]] std::size_t prepare(TimePoint now, ConnId conn, std::span<MutableBytes> out);
  void commit(TimePoint now, ConnId conn, std::size_t bytes);

  // Appends up to about `bytes_max` bytes' worth of items. Returns how many bytes they are.
  std::size_t collect(TimePoint now, ConnId conn, std::size_t bytes_max,
                      std::vector<SendItem>& out);
  void sent(TimePoint now, ConnId conn, std::size_t bytes);

  // Answers to PieceArrived: stored (verified and written), or failed with its bytes for blame.
  void piece_stored(TimePoint now, PieceIndex piece, PieceBuffer buffer);
  void piece_failed(TimePoint now, PieceIndex piece, PieceBuffer buffer);
  // The piece could not be written: its blocks are fetched again later; nobody is to blame.
  void piece_dropped(TimePoint now, PieceIndex piece, PieceBuffer buffer);
  // Answer to PieceNeeded, also after a recheck: the piece on disk is good, or it is not (any
  // more): then it is taken back with lt_donthave (BEP 54) and fetched again.
  void piece_checked(TimePoint now, PieceIndex piece, bool good);
  // The pieces [begin, end) may not be on disk any more what they were when they were checked: none
  // of their bytes goes out before they are checked again.
  void pieces_unchecked(TimePoint now, PieceIndex begin, PieceIndex end);
  // A piece turned up without a peer sending it (found on disk by a recheck).
  void piece_found(TimePoint now, PieceIndex piece);

  // Control.
  void set_downloading(TimePoint now, bool on);  // false: no requests (disk full, paused)
  void set_order(PickOrder order);
  // By piece; size must match piece_count.
  void set_piece_priorities(TimePoint now, std::span<const PiecePriority> priorities);
  void set_deadline(TimePoint now, PieceIndex piece, TimePoint deadline);
  void clear_deadline(PieceIndex piece);
  void set_upload_limit(double bytes_per_second) { upload_limit_ = bytes_per_second; }
  // Closes the peers of that address and refuses new ones for an hour.
  void ban(const IpAddress& address);
  // What it has sent so far, that is still being judged too, bans it no more.
  void unban(const IpAddress& address);

  // Everything wanted is here (and stored).
  [[nodiscard]] bool complete() const;
  [[nodiscard]] const Bitfield& have() const;
  [[nodiscard]] const PiecePicker* picker() const;

  // Time.
  void handle_timer(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;

  [[nodiscard]] std::optional<SwarmAction> next();

  [[nodiscard]] SwarmStats stats(TimePoint now) const;
  [[nodiscard]] std::vector<PeerStatus> peers(TimePoint now) const;

  // For tests: aborts when the parts of the state contradict each other. Cost: O(everything).
  void check_invariants() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  double upload_limit_ = 0;
};

}  // namespace weir
