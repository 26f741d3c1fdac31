// SPDX-License-Identifier: MIT OR Apache-2.0
// One torrent of a session: its swarm, its way to the disk, its trackers, the addresses it may dial
// and the readers that wait for it, wired together.
//
// Owner: the session, which calls pump() after every input that may have concerned the torrent;
// pump drains all machines into each other and into the session's actions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/peer_list.h"
#include "engine/read_windows.h"
#include "engine/session_types.h"
#include "engine/storage_flow.h"
#include "swarm/swarm.h"
#include "tracker/announce_budget.h"
#include "tracker/announcer.h"
#include "tracker/scraper.h"

namespace weir {

enum class PathUse : std::uint8_t { reads, writes };

// What a torrent may ask of its session.
class TorrentHost {
 public:
  virtual ~TorrentHost() = default;
  [[nodiscard]] virtual const SessionConfig& config() const = 0;
  [[nodiscard]] virtual std::uint16_t listen_port() const = 0;
  virtual BufferPool& pool() = 0;
  virtual Random& random() = 0;
  virtual JobId next_job() = 0;
  virtual void act(SessionAction action) = 0;
  // Whether the session has room for another dial now. To be asked first: choosing whom to dial
  // looks at every known address, and a full session is asked by every torrent every second.
  [[nodiscard]] virtual bool may_dial() const = 0;
  // False when there is no room.
  virtual bool dial(TimePoint now, TorrentKey torrent, const Endpoint& peer) = 0;
  virtual void close(TimePoint now, ConnId conn, CloseReason reason) = 0;
  // Returns for how long.
  virtual Duration ban(TimePoint now, const IpAddress& address) = 0;
  [[nodiscard]] virtual bool banned(TimePoint now, const IpAddress& address) const = 0;
  // Takes the paths of a torrent whose files became known. False when another torrent has one of
  // them, unless both only read.
  virtual bool claim_paths(TorrentKey torrent, const TorrentInfo& info,
                           const StorageOptions& storage, PathUse use) = 0;
  // The torrent has another name now (a magnet's other half). A magnet of that name, which has no
  // metadata yet, gives up; false when a torrent with metadata has it.
  virtual bool add_hashes(TimePoint now, TorrentKey torrent, const InfoHashes& hashes) = 0;
  // The announcer has something to ask, or does not care for an answer any more.
  virtual void want_announce(TorrentKey torrent, AnnounceUrgency urgency) = 0;
  virtual void cancel_announce(TorrentKey torrent, AnnounceId announce) = 0;
  virtual void cancel_scrapes(TorrentKey torrent) = 0;
};

// What trackers know it by; both of a hybrid, v1 first.
[[nodiscard]] std::vector<Sha1Digest> announced_hashes(const InfoHashes& hashes);

enum class DialPhase : std::uint8_t { connecting, peer };

class Torrent {
 public:
  Torrent(TimePoint now, TorrentKey key, TorrentHost& host, AddTorrent request);
  ~Torrent() { flow_.give_back(host_.pool()); }
  Torrent(const Torrent&) = delete;
  Torrent& operator=(const Torrent&) = delete;

  [[nodiscard]] TorrentKey key() const { return key_; }
  [[nodiscard]] const InfoHashes& hashes() const { return hashes_; }
  // Its name in the state store, the same for its whole life.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const PeerId& peer_id() const { return peer_id_; }
  [[nodiscard]] Swarm& swarm() { return *swarm_; }
  [[nodiscard]] const Swarm& swarm() const { return *swarm_; }
  [[nodiscard]] const TorrentStorage& storage() const { return flow_.storage(); }
  [[nodiscard]] bool has_storage() const { return storage_started_; }
  [[nodiscard]] std::shared_ptr<const TorrentStorage> shared_storage() const {
    return flow_.shared_storage();
  }
  [[nodiscard]] std::shared_ptr<const TorrentInfo> info() const { return info_; }
  [[nodiscard]] Buffer torrent_file() const;  // see Session::torrent_file()
  [[nodiscard]] const Bitfield* have() const { return flow_.ready() ? &flow_.here() : nullptr; }
  // Peers are welcome: running, and either without metadata or with its disk ready.
  [[nodiscard]] bool accepts_peers() const;
  [[nodiscard]] bool can_accept() const;

  // Connections, as far as the torrent must know.
  void peer_connected(TimePoint now, PeerInit init);
  void peer_gone(TimePoint now, ConnId conn, CloseReason reason);
  // A connection we dialled has ended; its address is one to try again.
  void dial_ended(TimePoint now, const Endpoint& remote, CloseReason reason, DialPhase phase);
  void dial_failed(TimePoint now, const Endpoint& remote);
  [[nodiscard]] PeerSource source_of(const Endpoint& peer) const {
    return peers_.source(peer).value_or(PeerSource::tracker);
  }
  void add_peer_address(TimePoint now, const Endpoint& peer, PeerSource source);
  // It is banned no more.
  void readmit(TimePoint now, const IpAddress& address);
  // The info hash to greet that address with.
  [[nodiscard]] Sha1Digest hash_for(const Endpoint& peer) const;

  // Commands.
  void pause(TimePoint now);
  void resume(TimePoint now);
  void recheck(TimePoint now);
  SessionResult<void> set_file_priorities(TimePoint now, std::vector<std::uint8_t> priorities);
  // See Session::want_files().
  SessionResult<void> want_files(TimePoint now, std::span<const FileIndex> files);
  SessionResult<void> want_all(TimePoint now);
  void set_order(PickOrder order);
  // See Session::learn().
  SessionResult<void> learn(TimePoint now, TorrentNews news);
  SessionResult<void> read(TimePoint now, ReadId id, FileIndex file, std::uint64_t offset,
                           std::uint32_t length);
  bool cancel_read(ReadId id);
  // See Session::stored().
  [[nodiscard]] std::optional<StoredRange> stored(FileIndex file, std::uint64_t offset,
                                                  std::uint32_t length) const;
  void piece_unreadable(TimePoint now, PieceIndex piece);
  // See StorageFlow.
  [[nodiscard]] const FileStat* seen(FileIndex file) const { return flow_.seen(file); }
  void content_changed(FileIndex file, const FileStat& now_is);
  [[nodiscard]] std::vector<StoredFile> stored_files() const;
  void content_replaced(TimePoint now, FileIndex file, const FileStat& now_is) {
    if (storage_started_) flow_.content_replaced(now, file, now_is);
  }
  // Ends all work but keeps the torrent and its error for the user to see.
  void give_up(TimePoint now, std::string code, std::string detail);
  // Begins the end. stopped() once progress is saved and trackers were told (or given up on).
  void stop(TimePoint now);
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] bool storage_idle() const { return flow_.idle(); }

  void handle_job(TimePoint now, JobResult result);
  Announcer& announcer() { return announcer_; }
  [[nodiscard]] const Announcer& announcer() const { return announcer_; }
  [[nodiscard]] AnnounceStats announce_stats(TimePoint now) const;
  Scraper& scraper() { return scraper_; }
  [[nodiscard]] const Scraper& scraper() const { return scraper_; }
  // See Session::scrape().
  std::uint32_t scrape(TimePoint now);

  void handle_timer(TimePoint now);
  [[nodiscard]] TimePoint next_deadline() const;
  void pump(TimePoint now);

  [[nodiscard]] TorrentStatus status(TimePoint now) const;

 private:
  struct Reader {
    ReadId id{};
    PieceIndex piece{};
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    bool reading = false;
  };

  // torrent_learn.cc
  void on_metadata(TimePoint now, Buffer info);
  void use_metadata(TimePoint now, std::shared_ptr<const TorrentInfo> info);
  void learn_trackers(TimePoint now, const std::vector<std::string>& urls);
  // torrent.cc
  void start_storage(TimePoint now);
  void apply_priorities(TimePoint now);
  [[nodiscard]] Bitfield wanted_files() const;
  void fail(std::string code, std::string detail, bool recovers);
  void close_peers(TimePoint now);
  void event(EventBody body);
  [[nodiscard]] TorrentRecord record();
  [[nodiscard]] Buffer write_torrent_file() const;
  void save_record();
  void issue_record();
  void on_record_saved(TimePoint now, const JobResult& result);
  void add_totals(TimePoint now, TorrentProgress& progress);
  void save_totals(TimePoint now);
  void maybe_done(TimePoint now);
  void dial_more(TimePoint now);
  void end_dial();
  void start_announcing(TimePoint now);
  void save_layers(const PieceLayer& layer);
  // torrent_pump.cc
  bool pump_swarm(TimePoint now);
  bool pump_flow(TimePoint now);
  bool pump_trackers(TimePoint now);
  void tell_announced(TimePoint now, const AnnounceResult& result);
  void tell_scraped(const ScrapeResult& result);
  void on_swarm(TimePoint now, SwarmAction action);
  void on_flow(TimePoint now, FlowOutput output);
  void on_flow_ready(TimePoint now);
  void on_checked(TimePoint now, const FlowChecked& checked);
  void on_flow_failed(TimePoint now, FlowFailed failed);
  // torrent_reads.cc
  void serve_readers(TimePoint now);
  void advance_reader(TimePoint now, Reader& reader);
  void on_read(TimePoint now, FlowRead read);
  void release(const ReadWindows::Released& pieces);
  void fail_readers(SessionErrc code, const std::string& detail);
  // Readers that wait for this piece learn that the disk does not give it.
  void fail_readers_of(PieceIndex piece, const DiskError& error);
  void hurry_for_readers(TimePoint now, PieceIndex piece);

  TorrentKey key_;
  TorrentHost& host_;
  InfoHashes hashes_;
  PeerId peer_id_;
  AddTorrent request_;
  std::string id_;
  std::shared_ptr<const TorrentInfo> info_;
  std::unique_ptr<Swarm> swarm_;
  StorageFlow flow_;
  Announcer announcer_;
  Scraper scraper_;
  PeerList peers_;
  std::uint32_t connecting_ = 0;  // dialled, not peers yet
  TimePoint dial_again_{};        // the session had no room for a dial
  std::uint32_t arrived_ = 0;     // pieces the flow has not answered yet
  bool storage_started_ = false;
  bool paused_ = false;
  bool stopping_ = false;
  bool was_incomplete_ = false;
  bool done_said_ = false;
  bool checking_ = false;
  std::optional<TorrentFailed> error_;
  std::vector<Reader> readers_;
  ReadWindows windows_;
  std::vector<PieceLayer> learned_layers_;
  bool torrent_file_stale_ = false;
  // At most one save of the record is under way, so that they can't overtake each other.
  bool record_dirty_ = false;
  bool record_running_ = false;
  bool record_failed_ = false;
  TimePoint record_retry_at_ = kNever;
  // What went up and down in this run is part of every journal entry; without any for a while, it
  // is a reason for one.
  TimePoint totals_due_ = kNever;
  std::uint64_t totals_saved_ = 0;  // both together
};

}  // namespace weir
