// SPDX-License-Identifier: MIT OR Apache-2.0
// The info dictionary from and for peers (BEP 9 "ut_metadata"), as two machines.
//
// MetadataFetcher collects it from many peers at once and finds out who lied when its hash is
// wrong. MetadataServer answers requests. Neither knows sockets or message ids: the swarm decodes
// and encodes (extension.h) and passes what concerns metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/rate.h"
#include "base/time.h"
#include "wire/extension.h"

namespace weir {

inline constexpr std::uint64_t kMetadataSizeCeiling = 32u << 20;

struct MetadataFetcherConfig {
  std::uint64_t size_max = 8u << 20;    // LIM-01; at most kMetadataSizeCeiling
  std::uint32_t requests_per_peer = 8;  // outstanding
  std::uint32_t sizes_max = 4;          // different announced sizes fetched at the same time
  Duration request_timeout = std::chrono::seconds(20);
  Duration back_off_min = std::chrono::seconds(20);  // after a reject or a time-out, random between
  Duration back_off_max = std::chrono::seconds(70);
  Duration repeat_after = std::chrono::seconds(3);    // before a piece is asked a second time
  Duration stall_timeout = std::chrono::seconds(60);  // then another size gets the turn
};

// Send this request to the peer.
struct MetadataWanted {
  ConnId peer{};
  std::uint32_t piece = 0;
};

// All pieces of one announced size are here. Check the hash, then call accepted() or rejected().
struct MetadataCollected {
  Buffer info;
  std::vector<ConnId> contributors;  // by piece
};

enum class MetadataFault : std::uint8_t {
  bad_hash,            // proven to have sent false metadata: ban
  bad_piece_size,      // UTM-04
  piece_out_of_range,  // UTM-04
  size_changed,        // total_size differs from what the peer announced
};
// The peer broke the protocol, and was forgotten by the fetcher. It may have disconnected already.
struct MetadataPeerFault {
  ConnId peer{};
  MetadataFault fault{};
};

using MetadataAction = std::variant<MetadataWanted, MetadataCollected, MetadataPeerFault>;

// Fetches one torrent's info dictionary. Peers are grouped by the size they announce: only peers of
// one group can contribute to one result, so a false size costs nothing but its sender's answers.
//
// After rejected(): a group with one contributor has found the liar. With several, the dictionary
// is fetched again whole from one peer at a time; each failure then convicts one peer, and after
// success every earlier contributor whose piece differs is convicted too.
//
// Call order: one input, then next() until it yields nothing. After MetadataCollected nothing is
// asked until accepted() or rejected(). After accepted() the machine is done and stays silent.
// Memory: what was received, at most sizes_max results; nothing is allocated for a size announced.
class MetadataFetcher {
 public:
  // `random` outlives the machine.
  MetadataFetcher(const MetadataFetcherConfig& config, Random& random);

  // The peer speaks ut_metadata and announced this size, now or again. Sizes outside 1 to size_max
  // make it a peer without metadata (UTM-01).
  void set_peer(TimePoint now, ConnId peer, std::uint64_t announced_size);
  // The peer left or no longer speaks ut_metadata.
  void remove_peer(TimePoint now, ConnId peer);
  // Data or reject; requests belong to the MetadataServer and are ignored here, like everything we
  // did not ask for (UTM-06).
  void handle_message(TimePoint now, ConnId peer, const MetadataMessage& message);
  void handle_timer(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;

  [[nodiscard]] std::optional<MetadataAction> next();

  // The caller's verdict on the last MetadataCollected. A dictionary with the right hash is
  // accepted even when it is not usable: fetching it again gives the same bytes (UTM-07).
  void accepted();
  void rejected(TimePoint now);

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] std::size_t peer_count() const { return peers_.size(); }
  // Payload bytes held, and of which size, for the group that is furthest.
  struct Progress {
    std::uint64_t received_bytes = 0;
    std::uint64_t size = 0;
  };
  [[nodiscard]] Progress progress() const;
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Outstanding {
    std::uint32_t piece = 0;
    TimePoint asked_at{};
    bool timed_out = false;  // no longer counted, but its data is still welcome
  };
  struct Peer {
    std::uint64_t size = 0;
    std::vector<Outstanding> outstanding;
    TimePoint free_at{};         // no request before
    std::uint32_t failures = 0;  // rejects and time-outs
  };
  struct Piece {
    Buffer data;  // empty: not here
    ConnId contributor{};
    TimePoint asked_at{};
    std::uint32_t outstanding = 0;
  };
  // Who sent what in a result that was rejected.
  struct Testimony {
    ConnId peer{};
    std::uint32_t piece = 0;
    Sha1Digest hash;
  };
  // All that is known of one announced size.
  struct Group {
    std::map<std::uint32_t, Piece> pieces;  // asked or here
    std::uint32_t here = 0;
    std::uint64_t received_bytes = 0;
    bool active = false;           // being fetched
    std::uint32_t stalls = 0;      // how often it lost its turn
    bool whole = false;            // from one peer at a time, because a mixed result was false
    std::optional<ConnId> source;  // that peer
    std::vector<Testimony> testimonies;
    TimePoint progress_at{};
  };

  void drop_peer(ConnId id);
  void forget_requests(Peer& peer);
  void drop_data(std::uint64_t size, Group& group);
  void forget_unused(std::uint64_t size);
  void convict(ConnId peer, MetadataFault fault);
  void back_off(TimePoint now, Peer& peer);
  void handle_data(TimePoint now, ConnId id, Peer& peer, const MetadataMessage& message);
  void handle_reject(TimePoint now, Peer& peer, std::uint32_t piece);
  void collect_complete();
  void collect(std::uint64_t size, Group& group);
  void convict_contradicted(std::uint64_t true_size);

  // metadata_schedule.cc
  void schedule(TimePoint now);
  void choose_groups(TimePoint now);
  void choose_source(TimePoint now, std::uint64_t size, Group& group);
  void ask(TimePoint now, ConnId id, Peer& peer, Group& group);
  [[nodiscard]] std::optional<std::uint32_t> pick(TimePoint now, const Peer& peer,
                                                  const Group& group) const;
  [[nodiscard]] std::size_t peers_of(std::uint64_t size) const;

  MetadataFetcherConfig config_;
  Random& random_;
  std::map<ConnId, Peer> peers_;
  std::map<std::uint64_t, Group> groups_;  // by size
  std::set<ConnId> convicted_;
  std::deque<MetadataAction> actions_;
  std::optional<std::uint64_t> judging_;  // the size handed out, until the verdict
  std::vector<Testimony> judged_;         // who sent what in it
  TimePoint last_now_{};                  // deadlines before it have been dealt with
  bool done_ = false;
};

struct MetadataServerConfig {
  std::size_t queue_max = 64;                 // requests waiting per peer; more are rejected
  std::uint64_t bytes_per_second = 1u << 20;  // per peer; 0: unlimited
};

// Send this answer to the peer. `message.data` is borrowed from the info dictionary.
struct MetadataReply {
  ConnId peer{};
  MetadataMessage message;
};

// Answers metadata requests of all peers of one torrent; rejects while there is no metadata.
class MetadataServer {
 public:
  explicit MetadataServer(MetadataServerConfig config = {}) : config_(config) {}

  // The raw info dictionary, which must outlive the server or the next set_info(). Empty: none, and
  // then every request is rejected.
  void set_info(Bytes info);

  // Other messages than requests are ignored. Drain next() after each.
  void handle_message(TimePoint now, ConnId peer, const MetadataMessage& message);
  void remove_peer(ConnId peer);

  // The next answer that may go out now, peers in turn; nothing when all are waiting.
  [[nodiscard]] std::optional<MetadataReply> next(TimePoint now);
  // When next() will have something again; kNever when no request waits.
  [[nodiscard]] TimePoint next_deadline(TimePoint now);

 private:
  struct Queue {
    std::deque<std::uint32_t> pieces;
    TokenBucket allowance;
  };
  [[nodiscard]] MetadataReply answer(ConnId peer, std::uint32_t piece) const;

  MetadataServerConfig config_;
  Bytes info_;
  std::map<ConnId, Queue> queues_;
  std::deque<MetadataReply> rejects_;
  ConnId turn_{};  // the peer answered last
};

}  // namespace weir
