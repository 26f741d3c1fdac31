// SPDX-License-Identifier: MIT OR Apache-2.0
// A shard: all torrents of one thread, their peers, trackers and background work, as one state
// machine without I/O.
//
// Owner: the daemon's shard loop, or the simulator's node. Call order: one input (a command or a
// handle_*), then drain next() until it yields nothing, then the next input; prepare(), the read
// and commit() of one connection happen without another call in between.
//
// Connections are named by ConnId: the session chooses it for those it dials, the caller asks
// new_conn_id() for those it accepts. Both ends of a connection's life are explicit: the session
// says Close, or the caller says handle_closed(); after either, the id is never heard of again.
//
// Time is monotonic (`now`); nothing here knows the date. Never: touches sockets, files, clocks.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/piece_buffer.h"
#include "base/random.h"
#include "base/time.h"
#include "engine/session_types.h"
#include "metainfo/torrent_info.h"
#include "store/jobs.h"

namespace weir {

class Session {
 public:
  Session(SessionConfig config, std::uint64_t random_seed);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- Commands. -------------------------------------------------------------------------------
  // Adds a torrent; what happens next is told by events. Refuses a torrent that is here already
  // (by either hash), two torrents whose files collide (STO-04), and a full session.
  SessionResult<TorrentKey> add(TimePoint now, AddTorrent request);
  // Closes its peers, sends `stopped`, forgets its state; with `content` removes its files too.
  void remove(TimePoint now, TorrentKey torrent, RemoveContent content);
  void pause(TimePoint now, TorrentKey torrent);
  void resume(TimePoint now, TorrentKey torrent);
  // Hashes everything on disk again.
  void recheck(TimePoint now, TorrentKey torrent);
  SessionResult<void> set_file_priorities(TimePoint now, TorrentKey torrent,
                                          std::vector<std::uint8_t> priorities);
  // Gives a torrent that is here what has become known of it since: its metadata (when it was added
  // by a magnet), more trackers, more peers. What it knows already is ignored; a private torrent
  // keeps to its own trackers (BEP 27). Errors: no_such_torrent, stopping, bad_metadata (of another
  // torrent), bad_request (it has failed; `detail` is its code).
  SessionResult<void> learn(TimePoint now, TorrentKey torrent, TorrentNews news);
  void set_sequential(TimePoint now, TorrentKey torrent, PickOrder order);
  void add_peer(TimePoint now, TorrentKey torrent, const Endpoint& peer, PeerSource source);
  void set_global_limits(TimePoint now, RateLimits limits);
  void set_torrent_limits(TimePoint now, TorrentKey torrent, RateLimits limits);
  // Which ports we listen on, once known (announced to trackers and peers).
  void set_listen_port(std::uint16_t port);
  // Asks the torrent's trackers how many peers they know, paused or not. Returns how many requests
  // that takes, each of which ends in one TrackerScraped event unless the torrent is removed first;
  // a tracker is left out until its min interval, at least a minute, has passed since it was asked.
  SessionResult<std::uint32_t> scrape(TimePoint now, TorrentKey torrent);
  // Bans an address for what is left of a ban of an earlier run, at most an hour.
  void restore_ban(TimePoint now, const IpAddress& address, Duration left);
  // Ends a ban: the address may connect and is dialled again. False: it was not banned.
  bool unban(TimePoint now, const IpAddress& address);
  // Reads content of a torrent, waiting for pieces not here yet (they move to the front). The
  // answer is a ReadDone event with this id. At most one piece is delivered per ReadDone; the
  // reader asks again for the rest.
  SessionResult<ReadId> read(TimePoint now, TorrentKey torrent, FileIndex file,
                             std::uint64_t offset, std::uint32_t length);
  void cancel_read(ReadId id);
  // Where the first bytes of a range lie that may be given away as they are: `seen` tells what the
  // file was when they were verified, in this run, and who sends them looks that it is still that.
  // Nothing when the first of them is not here, not verified in this run, or the file is not
  // complete: then read() gives them.
  [[nodiscard]] std::optional<StoredRange> stored(TorrentKey torrent, FileIndex file,
                                                  std::uint64_t offset, std::uint32_t length) const;
  // Files that are to be fetched from now on too, beside those that are wanted already; those that
  // are keep their priorities. want_all() also makes a magnet's selection void that was to be made
  // once its metadata is known.
  SessionResult<void> want_files(TimePoint now, TorrentKey torrent,
                                 std::span<const FileIndex> files);
  SessionResult<void> want_all(TimePoint now, TorrentKey torrent);
  // Begins the end: saves progress, tells trackers `stopped`, closes everything. Drained when
  // stopped() is true, at the latest 2 s later for trackers; jobs under way are waited for.
  void stop(TimePoint now);
  [[nodiscard]] bool stopped() const;

  // --- Network. ---------------------------------------------------------------------------------
  [[nodiscard]] ConnId new_conn_id();
  // An accepted connection. False: refused (limits, ban); close it without a word.
  [[nodiscard]] bool handle_accepted(TimePoint now, ConnId conn, const Endpoint& remote);
  void handle_dialled(TimePoint now, ConnId conn, const Endpoint& local);
  void handle_dial_failed(TimePoint now, ConnId conn);
  void handle_closed(TimePoint now, ConnId conn, CloseReason reason);
  // Where the next bytes shall land; zero: do not read until WakeRead. The total is within the rate
  // limits.
  [[nodiscard]] std::size_t prepare(TimePoint now, ConnId conn, std::span<MutableBytes> out);
  void commit(TimePoint now, ConnId conn, std::size_t bytes);
  // Appends what to send now, within the rate limits; empty: nothing until WakeWrite.
  void collect(TimePoint now, ConnId conn, std::size_t bytes_max, std::vector<SendRange>& out);
  void sent(TimePoint now, ConnId conn, std::size_t bytes);
  // Where the content is that collect() said to be at a path where nothing is now; ask before
  // handle_send_failed(). Nothing: nowhere.
  [[nodiscard]] std::optional<DiskPath> moved_path(ConnId conn, const DiskPath& path) const;
  // The file of a range that collect() gave is not what it was (StoredRange::seen): closes the
  // connection, and nothing of the file is served before it was checked again.
  void handle_content_changed(TimePoint now, ConnId conn, const StoredRange& range,
                              const FileStat& now_is);
  // Content could not be read for sending: closes the connection, checks the piece again.
  void handle_send_failed(TimePoint now, ConnId conn, const DiskError& error);

  // --- Trackers. --------------------------------------------------------------------------------
  void handle_http_reply(TimePoint now, RequestId id, HttpReply reply);
  void handle_resolved(TimePoint now, RequestId id, std::span<const IpAddress> addresses);
  void handle_udp(TimePoint now, const Endpoint& from, Bytes packet);

  // --- Background work and time.
  // ------------------------------------------------------------------
  void handle_job(TimePoint now, JobResult result);
  void handle_timer(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;

  // --- Output.
  // ------------------------------------------------------------------------------------
  [[nodiscard]] std::optional<SessionAction> next();

  // --- Status.
  // ------------------------------------------------------------------------------------
  [[nodiscard]] std::vector<TorrentKey> torrents() const;
  [[nodiscard]] std::optional<TorrentKey> find(const InfoHashes& hashes) const;
  [[nodiscard]] std::optional<TorrentStatus> status(TimePoint now, TorrentKey torrent) const;
  [[nodiscard]] std::vector<PeerStatus> peers(TimePoint now, TorrentKey torrent) const;
  [[nodiscard]] std::vector<TrackerStatus> trackers(TimePoint now, TorrentKey torrent) const;
  // How trackers saw us last (BEP 24), one address of each family at most; theirs to say, so not to
  // be relied on.
  [[nodiscard]] std::vector<IpAddress> external_addresses() const;
  [[nodiscard]] std::vector<BanList::Entry> bans(TimePoint now) const;
  [[nodiscard]] std::shared_ptr<const TorrentInfo> info(TorrentKey torrent) const;
  // The .torrent file, as added or as learned from peers; empty while the metadata is not known.
  [[nodiscard]] Buffer torrent_file(TorrentKey torrent) const;
  [[nodiscard]] const Bitfield* have(TorrentKey torrent) const;
  // Its complete files; not those of a torrent that was added as seed_only, whose files are
  // somebody else's.
  [[nodiscard]] std::vector<StoredFile> stored_files(TorrentKey torrent) const;
  // A complete file was replaced, at its place, by another of the same verified content.
  void content_replaced(TimePoint now, TorrentKey torrent, FileIndex file, const FileStat& now_is);
  // Bytes of piece buffers in use, by peers, jobs and readers of all torrents.
  [[nodiscard]] std::size_t buffer_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
