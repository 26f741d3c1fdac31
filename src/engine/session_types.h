// SPDX-License-Identifier: MIT OR Apache-2.0
// The values that go into and come out of a Session: configuration, commands, actions, events,
// status.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "metainfo/magnet.h"
#include "metainfo/torrent_info.h"
#include "store/jobs.h"
#include "swarm/swarm.h"
#include "tracker/tracker_types.h"

namespace weir {

enum class RequestId : std::uint64_t {};  // a tracker request under way, never reused
enum class ReadId : std::uint64_t {};     // a reader's request under way, never reused

// --- Errors. ------------------------------------------------------------------------------------
enum class SessionErrc : std::uint8_t {
  already_added,
  no_such_torrent,
  no_such_file,
  no_metadata,    // the magnet's metadata is not here yet
  path_conflict,  // another torrent owns one of these files
  bad_metadata,   // the info dictionary is no valid torrent, or not this one
  bad_request,
  stopping,
  torrents_max,
};
[[nodiscard]] const char* error_name(SessionErrc code);
struct SessionError {
  SessionErrc code{};
  std::string detail;
};
template <class T>
using SessionResult = std::expected<T, SessionError>;

// --- Configuration. ------------------------------------------------------------------------------
struct RateLimits {
  std::uint64_t down_bytes_per_second = 0;  // 0: unlimited
  std::uint64_t up_bytes_per_second = 0;
  bool operator==(const RateLimits&) const = default;
};

struct SessionConfig {
  std::string client_version = "weir";  // extension handshake and User-Agent
  std::string side_root;                // where side files live (state directory)
  std::uint32_t torrents_max = 100'000;
  // Connections of one torrent: dialling goes on until `dial_below`, more than `per_torrent_max`
  // are refused. Over all torrents: `total_max`.
  std::uint32_t dial_below = 30;
  std::uint32_t per_torrent_max = 55;
  std::uint32_t total_max = 500;
  std::uint32_t per_address_max = 1;           // incoming connections of one address to one torrent
  std::uint32_t pending_handshakes_max = 256;  // LIM-08
  Duration handshake_timeout = std::chrono::seconds(4);  // ours; LIM-08 allows 10
  Duration dial_timeout = std::chrono::seconds(10);
  std::uint32_t dials_at_once = 16;
  std::size_t buffer_bytes_max = 100u << 20;  // LIM-09
  std::size_t buffer_idle_max = 32u << 20;
  bool allow_loopback_peers = false;  // only when the tracker itself is on loopback, by default
  bool ipv4 = true;                   // families to announce over
  bool ipv6 = true;
  RateLimits limits;
  Duration journal_interval = std::chrono::seconds(5);
  std::uint64_t journal_bytes = 256u << 20;
  // Names this boot of the machine: progress saved in it needs no recheck after a kill. Empty: not
  // known.
  std::string boot_id;
  std::uint32_t upload_slots = 0;  // 0: adaptive
  std::uint32_t reqq = 500;
};

// --- Adding.
// --------------------------------------------------------------------------------------
enum class StartCheck : std::uint8_t {
  resume,  // trust the saved progress as far as it goes; without any, check what is on disk
  full,    // hash everything
  trust,   // the content is said to be complete: each piece is checked before it is first served
};
enum class RemoveContent : std::uint8_t { keep, remove };

struct AddTorrent {
  // One of the two. A magnet with a saved record continues from it.
  std::shared_ptr<const TorrentMetadata> metadata;
  std::optional<Magnet> magnet;
  Buffer torrent_file;  // the bytes `metadata` came from, kept for the record
  StorageOptions storage;
  StartCheck check = StartCheck::resume;
  bool seed_only = false;  // never creates or writes a file
  bool paused = false;
  bool sequential = false;
  std::vector<std::uint8_t> file_priorities;  // by file; empty: all wanted
  // Decides file_priorities, where they are empty, as soon as the metadata is known and before any
  // file is created: what a magnet's files are called is not known earlier. Called once; pure.
  std::function<std::vector<std::uint8_t>(const TorrentInfo&)> select_files;
  std::vector<Endpoint> peers;        // named by the user
  std::vector<std::string> trackers;  // in addition to the metadata's, as one tier
  RateLimits limits;
  Buffer saved_progress;  // from the StateStore, may be empty
  std::string saved_id;   // under which it was saved; empty: the hex of the wire info hash
};

// What became known of a torrent that is here.
struct TorrentNews {
  std::shared_ptr<const TorrentMetadata> metadata;  // may be null
  Buffer torrent_file;                              // the bytes `metadata` came from
  std::vector<std::string> trackers;
  std::vector<Endpoint> peers;
};

// --- Trackers.
// ------------------------------------------------------------------------------------
struct HttpReply {
  // 0: the request failed before an HTTP status came; `error` says why.
  int status = 0;
  Buffer body;
  std::string error;
  IpAddress remote;
  TrackerErrc failure = TrackerErrc::connection_failed;  // what kind of error
};

// --- Actions: what the owner must do.
// ---------------------------------------------------------------
struct Dial {
  ConnId conn{};
  Endpoint remote;
};
struct Close {
  ConnId conn{};
  CloseReason reason{};
};
struct WakeRead {
  ConnId conn{};
};
struct WakeWrite {
  ConnId conn{};
};
struct StartJob {
  Job job;
};
struct HttpGet {
  RequestId id{};
  std::string url;
  AddressFamily family{};  // connect over this family only
  Duration timeout{};
  std::size_t body_max = 1u << 20;
  bool allow_local = false;  // loopback and private targets are fine: the user named one
};
struct CancelRequest {
  RequestId id{};
};
struct Resolve {  // without a time limit: CancelRequest comes when it is up
  RequestId id{};
  std::string host;
  AddressFamily family{};
};
struct SendUdp {
  Endpoint to;
  Buffer packet;
};

// --- Events: what the user may want to know.
// ---------------------------------------------------------
struct TorrentAdded {  // said before anything else of the torrent
  InfoHashes hashes;
  std::string name;  // as far as it is known
};
struct MetadataReady {};
struct CheckDone {};
struct PieceDone {
  PieceIndex piece{};
};
struct FileDone {
  FileIndex file{};
};
struct TorrentDone {};  // everything wanted is verified, on disk and journaled
struct TorrentFailed {  // paused with an error; continues by itself when `recovers`
  std::string code;     // stable: a DiskErrc or SessionErrc name
  std::string detail;
  bool recovers = false;
};
struct TorrentRecovered {};
struct TorrentRemoved {};
struct TrackerWarning {
  std::string url;
  std::string text;
};
// One announce ended: each address family and each info hash of a torrent has announces of its own,
// so `state` is the news and not a single failure. Also said once of a tracker that can't be asked.
struct TrackerAnnounced {
  std::string url;  // whole: what a private tracker's URL holds is a secret
  AddressFamily family{};
  std::string event;  // "started", "completed", "stopped", or "" for a regular one
  struct Failure {
    std::string code;  // stable: a TrackerErrc name
    std::string text;  // for people; in parts the tracker's own words, cleaned
  };
  std::optional<Failure> failure;                  // nothing: the tracker answered
  std::uint32_t peers = 0;                         // in the answer
  std::optional<std::uint32_t> seeders, leechers;  // where the answer tells
  std::optional<Duration> next_in;  // nothing: it will not be asked again, or stands behind another
  std::string state;                // of the tracker as a whole, as in TrackerStatus
};
// One scrape ended (Session::scrape): each address family of a tracker is asked by itself.
struct TrackerScraped {
  std::string url;  // whole, as above
  AddressFamily family{};
  std::optional<TrackerAnnounced::Failure> failure;  // nothing: the tracker answered
  std::uint32_t seeders = 0, leechers = 0, downloads = 0;
};
struct PeerBanned {
  IpAddress address;
  Duration lasts{};  // from now
};
struct ReadDone {
  ReadId id{};
  std::shared_ptr<const Buffer> data;  // verified; empty with an error
  std::optional<SessionError> error;
};
using EventBody =
    std::variant<TorrentAdded, MetadataReady, CheckDone, PieceDone, FileDone, TorrentDone,
                 TorrentFailed, TorrentRecovered, TorrentRemoved, TrackerWarning, TrackerAnnounced,
                 TrackerScraped, PeerBanned, ReadDone>;
struct Event {
  TorrentKey torrent{};
  EventBody body;
};

using SessionAction = std::variant<Dial, Close, WakeRead, WakeWrite, StartJob, HttpGet,
                                   CancelRequest, Resolve, SendUdp, Event>;

// What to send on a connection: bytes borrowed until the next call that names it, or a stored
// range.
using SendRange = std::variant<Bytes, StoredRange>;

// --- Status.
// ----------------------------------------------------------------------------------------
enum class TorrentState : std::uint8_t {
  fetching_metadata,
  preparing,  // preflight, creating files
  checking,
  downloading,
  seeding,
  paused,
  failed,  // see error
  stopping,
};
[[nodiscard]] const char* state_name(TorrentState state);

struct TrackerStatus {
  std::string url;
  std::uint32_t tier = 0;
  std::string state;  // "idle", "announcing", "working", "failing", "unsupported", "refused"
  std::string last_error;
  std::optional<Duration> next_announce_in;
  // Of its latest answer, to an announce or a scrape.
  std::uint32_t seeders = 0, leechers = 0, downloads = 0;
  std::uint32_t peers_received = 0;
  std::uint32_t failures = 0;
  std::optional<Duration> last_scrape_ago;  // since its latest answer to one
  std::optional<IpAddress> external_ip;     // BEP 24: how it saw us last
};

struct TorrentStatus {
  TorrentKey key{};
  InfoHashes hashes;
  std::string name;
  TorrentState state{};
  std::optional<TorrentFailed> error;
  bool has_metadata = false;
  std::uint64_t total_bytes = 0;  // wanted content, without padding
  std::uint64_t done_bytes = 0;   // of it, verified and written
  std::uint32_t pieces_total = 0, pieces_done = 0;
  std::uint32_t check_done = 0, check_total = 0;  // pieces, while checking
  SwarmStats swarm;
  std::uint32_t known_peers = 0;  // addresses we could dial
  std::uint32_t connecting = 0;
  std::map<PeerSource, std::uint32_t> sources;
  std::optional<IpAddress> external_ip;  // how a tracker saw us last (BEP 24), if one said so
};

// A file of which every byte is verified and on stable storage.
struct StoredFile {
  FileIndex file{};
  DiskPath path;
  FileStat seen;  // what it was then
};

}  // namespace weir
