// SPDX-License-Identifier: MIT OR Apache-2.0
// The inside of Session: connections, routing, and the services torrents share. Private to engine/.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "engine/bandwidth.h"
#include "engine/session.h"
#include "engine/torrent.h"
#include "engine/tracker_driver.h"
#include "tracker/announce_budget.h"
#include "wire/handshake.h"

namespace weir {

struct Session::Impl : TorrentHost {
  // A connection before, during and after its handshakes.
  struct Conn {
    ConnId id{};
    Endpoint remote;
    PeerDirection direction{};
    std::optional<TorrentKey> torrent;  // known at once when we dial
    bool peer = false;                  // handed to the swarm
    TimePoint deadline = kNever;        // of the dial, then of the handshake; set by set_deadline()
    HandshakeDecoder decoder;
    std::array<std::byte, kHandshakeSize> incoming{};
    Buffer outgoing;  // our handshake, until sent
    std::size_t outgoing_sent = 0;
    bool answered = false;
    bool v2 = false;
    std::vector<SendItem> items;  // scratch for collect()
  };

  Impl(SessionConfig config, std::uint64_t seed);

  // TorrentHost
  [[nodiscard]] const SessionConfig& config() const override { return config_; }
  [[nodiscard]] std::uint16_t listen_port() const override { return listen_port_; }
  BufferPool& pool() override { return pool_; }
  Random& random() override { return random_; }
  JobId next_job() override { return static_cast<JobId>(next_job_++); }
  void act(SessionAction action) override { actions_.push_back(std::move(action)); }
  [[nodiscard]] bool may_dial() const override {
    return !stopping_ && conns_.size() < config_.total_max && dialling_ < config_.dials_at_once;
  }
  bool dial(TimePoint now, TorrentKey torrent, const Endpoint& peer) override;
  void close(TimePoint now, ConnId conn, CloseReason reason) override;
  [[nodiscard]] bool drop_oldest_arrival(TimePoint now);  // false: nobody waits who came to us
  Duration ban(TimePoint now, const IpAddress& address) override;
  void close_banned(TimePoint now, const IpAddress& address);
  [[nodiscard]] bool banned(TimePoint now, const IpAddress& address) const override {
    return bans_.banned(address, now);
  }
  bool claim_paths(TorrentKey torrent, const TorrentInfo& info, const StorageOptions& storage,
                   PathUse use) override;
  bool add_hashes(TimePoint now, TorrentKey torrent, const InfoHashes& hashes) override;
  void want_announce(TorrentKey torrent, AnnounceUrgency urgency) override {
    budget_.want(torrent, urgency);
  }
  void cancel_announce(TorrentKey torrent, AnnounceId announce) override {
    // One that ended already gives its place back with its outcome.
    if (trackers_.cancel(torrent, announce)) budget_.finished(torrent);
  }

  void cancel_scrapes(TorrentKey torrent) override {
    for (std::size_t n = trackers_.cancel_scrapes(torrent); n > 0; --n) budget_.finished(torrent);
  }

  // session_connections.cc
  Conn* find_conn(ConnId id);
  // close() and this only touch() the torrent, so that it may call close() itself.
  void forget_conn(TimePoint now, ConnId id, CloseReason reason);
  void queue_handshake(Conn& conn, const Torrent& torrent, const Sha1Digest& hash);
  void commit_handshake(TimePoint now, Conn& conn, Bytes bytes);
  void on_info_hash(TimePoint now, Conn& conn, const Sha1Digest& hash);
  void on_handshake(TimePoint now, Conn& conn, const Handshake& handshake);
  struct Admission {
    std::optional<CloseReason> refused;
    std::optional<ConnId> replaces;  // the other one of two that were dialled at the same time
  };
  [[nodiscard]] Admission judge(TimePoint now, const Conn& conn, const Torrent& torrent,
                                const Handshake& handshake) const;
  void set_deadline(Conn& conn, TimePoint at);
  void time_out_conns(TimePoint now);

  // session.cc
  Torrent* find(TorrentKey key);
  [[nodiscard]] const Torrent* find(TorrentKey key) const;

  // session_names.cc
  [[nodiscard]] std::optional<std::vector<std::size_t>> free_paths(TorrentKey torrent,
                                                                   const TorrentInfo& info,
                                                                   const StorageOptions& storage,
                                                                   PathUse use) const;
  // A removed torrent's names and paths are free when its last job is done.
  void release_names(TorrentKey torrent);

  // session_settle.cc
  // Something concerned the torrent. It is worked off by settle() at the end of the input, because
  // one of its methods may be on the stack now.
  void touch(TorrentKey key) {
    if (touched_.empty() || touched_.back() != key) touched_.push_back(key);
  }
  // Ends every input: drains all torrents touched, announces, and removes what is to be removed.
  void settle(TimePoint now);
  void schedule(TorrentKey key);
  void pump_announces(TimePoint now);
  // False: it has nothing to ask of a tracker.
  bool begin_request(TimePoint now, TorrentKey key);
  void finish_removals();
  void forget_torrent(TorrentKey key);

  SessionConfig config_;
  Random random_;
  BufferPool pool_;
  BanList bans_;
  Bandwidth down_;
  Bandwidth up_;
  AnnounceBudget budget_;
  TrackerDriver trackers_;
  std::uint16_t listen_port_ = 0;
  std::map<AddressFamily, IpAddress> external_;  // how a tracker saw us last
  bool stopping_ = false;

  std::unordered_map<TorrentKey, std::unique_ptr<Torrent>> torrents_;
  std::map<Sha1Digest, TorrentKey> by_hash_;  // chosen by others, so no hash table
  struct PathClaim {
    TorrentKey torrent{};
    PathUse use{};
  };
  std::unordered_multimap<std::size_t, PathClaim> paths_;  // by hash of root and path
  struct Removal {
    TorrentKey torrent{};
    RemoveContent content{};
  };
  std::vector<Removal> removals_;
  // When each torrent wants its timer, so that idle torrents cost nothing until then.
  std::set<std::pair<TimePoint, TorrentKey>> deadlines_;
  std::unordered_map<TorrentKey, TimePoint> deadline_of_;
  std::unordered_map<JobId, TorrentKey> remove_jobs_;
  std::unordered_map<ConnId, std::unique_ptr<Conn>> conns_;
  std::unordered_map<ReadId, TorrentKey> reads_;
  std::deque<SessionAction> actions_;
  std::set<std::pair<TimePoint, ConnId>> handshakes_;  // not peers yet, by deadline
  std::size_t dialling_ = 0;                           // of them, those we dialled
  std::vector<TorrentKey> touched_;
  std::uint64_t next_job_ = 1;
  std::uint64_t next_conn_ = 1;
  std::uint64_t next_read_ = 1;
  std::uint32_t next_torrent_ = 1;
};

}  // namespace weir
