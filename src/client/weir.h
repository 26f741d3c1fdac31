// SPDX-License-Identifier: MIT OR Apache-2.0
// libweir: the engine as a library. One Client is one running engine with its own thread, listening
// sockets, disk pool and state directory.
//
//   auto client = weir::Client::open({.state_dir = "/var/lib/app/weir"});
//   AddTorrent options;
//   options.storage.root = "downloads";
//   auto torrent = (*client)->add_source("some.torrent", options);
//   while (auto event = (*client)->wait_event(std::chrono::seconds(1))) { ... }
//   (*client)->stop();
//
// A whole program: examples/download.cc. How to link: docs/library.md.
//
// Threads: every method may be called from any thread except from inside a callback; each waits for
// the engine's thread to answer (microseconds). Nothing returned is borrowed. The destructor stops.
// Errors: ClientError carries a stable code name ("already_added", "no_space", "not_bencoded") and
// a text for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "engine/session_types.h"

namespace weir {

class PosixDisk;

struct ClientError {
  std::string code;  // stable
  std::string detail;
};
template <class T>
using ClientResult = std::expected<T, ClientError>;

enum class ReadHandle : std::uint64_t {};
using ReadDoneFunction = std::function<void(ClientResult<std::shared_ptr<const Buffer>>)>;

// Content that lies on the disk and was verified in this run, for sending it without reading it.
// `fd` is open as long as `keep` lives; others use it, so only with positions. Who sends looks
// before each step that the file still is what `stat` says: anything else may hold other bytes.
struct StoredContent {
  int fd = -1;
  std::shared_ptr<const void> keep;
  FileStat stat;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct ClientConfig {
  // Resume records, side files and the database; created when missing. Empty: nothing is kept.
  std::string state_dir;
  // Where to accept peers: port 0 lets the system choose. Empty: no listening.
  std::vector<Endpoint> listen;
  SessionConfig session;
  unsigned disk_threads = 2;
  // The certificates (PEM) trusted for HTTPS trackers; empty: the system's.
  std::string ca_file;
  // Verified copies that torrents may link into place instead of downloading them; may be null.
  std::shared_ptr<ContentCopies> copies;
  // Told what went wrong without ending anything, on some thread of the client's.
  std::function<void(const std::string& text)> warn;
  // Tries the ports above a fixed one that is taken, this many.
  std::uint16_t port_attempts = 0;
  // Events kept for wait_event(); those of an owner that only observes need not be kept.
  std::size_t events_max = 65'536;
};

class Client {
 public:
  [[nodiscard]] static ClientResult<std::unique_ptr<Client>> open(ClientConfig config);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // --- Torrents.
  // ----------------------------------------------------------------------------------
  ClientResult<TorrentKey> add(AddTorrent request);
  // A .torrent file, or a magnet link, or 40 hex / 32 base32 / 64 hex digits of info hash. What
  // `options` leaves empty is filled in: metadata from the file, progress from the state directory
  // when it was saved for the same download directory.
  ClientResult<TorrentKey> add_source(const std::string& source, AddTorrent options);
  // Adds every torrent that the state directory has a record of, with its progress; gives how many.
  // What can't be added is told to `warn`. A torrent added as seed_only leaves no record.
  ClientResult<std::size_t> restore_all();
  void remove(TorrentKey torrent, RemoveContent content);
  void pause(TorrentKey torrent);
  void resume(TorrentKey torrent);
  void recheck(TorrentKey torrent);
  // Asks its trackers for the numbers of seeders and leechers, paused or not; see
  // Session::scrape(). The answers are TrackerScraped events, as many as this returns, and part of
  // trackers() afterwards.
  ClientResult<std::uint32_t> scrape(TorrentKey torrent);
  ClientResult<void> set_file_priorities(TorrentKey torrent, std::vector<std::uint8_t> priorities);
  // See Session::want_files() and want_all().
  ClientResult<void> want_files(TorrentKey torrent, std::vector<FileIndex> files);
  ClientResult<void> want_all(TorrentKey torrent);
  void add_peer(TorrentKey torrent, const Endpoint& peer);
  // See Session::learn().
  ClientResult<void> learn(TorrentKey torrent, TorrentNews news);
  void set_limits(RateLimits limits);
  void set_torrent_limits(TorrentKey torrent, RateLimits limits);

  // --- Content.
  // ----------------------------------------------------------------------------------- Verified
  // bytes of a file, waiting up to `timeout` for pieces still to come; they are fetched first.
  // `range not here in time` is the error "timed_out".
  ClientResult<Buffer> read(TorrentKey torrent, FileIndex file, std::uint64_t offset,
                            std::uint64_t length, std::chrono::milliseconds timeout);

  // The same without waiting: `done` is called once, with verified bytes, at most up to the end of
  // the piece that holds `offset`. Called on the engine's thread, where it must neither block nor
  // call the client; with the error "stopping" also on the thread that asked or stops. Reads that
  // are under way at the same time make their pieces come first, in the order asked.
  ReadHandle read_async(TorrentKey torrent, FileIndex file, std::uint64_t offset,
                        std::uint32_t length, ReadDoneFunction done);
  // Once this has returned, `done` of the read runs no more.
  void cancel_read(ReadHandle read);
  // The first bytes of a range, where they can be sent from the disk (see Session::stored());
  // nothing where read_async() has to give them.
  [[nodiscard]] std::optional<StoredContent> stored(TorrentKey torrent, FileIndex file,
                                                    std::uint64_t offset, std::uint32_t length);

  // --- What happens.
  // -------------------------------------------------------------------------------- The next
  // event, waiting up to `timeout`; nothing when none came. At most `events_max` wait;
  // PieceDone events are dropped first.
  [[nodiscard]] std::optional<Event> wait_event(std::chrono::milliseconds timeout);
  // Called with every event, on the engine's thread, before wait_event() gives it: must neither
  // block nor call the client. Replaces the one before; empty: none.
  void set_observer(std::function<void(const Event& event)> observer);
  [[nodiscard]] std::vector<TorrentKey> torrents();
  // By either hash.
  [[nodiscard]] std::optional<TorrentKey> find(const InfoHashes& hashes);
  [[nodiscard]] std::optional<TorrentStatus> status(TorrentKey torrent);
  // Of several at once, in one turn of the engine; those that are not there are left out. Some
  // hundreds at a time keep the turn short.
  [[nodiscard]] std::vector<TorrentStatus> statuses(std::vector<TorrentKey> torrents);
  [[nodiscard]] std::vector<PeerStatus> peers(TorrentKey torrent);
  [[nodiscard]] std::vector<TrackerStatus> trackers(TorrentKey torrent);
  [[nodiscard]] std::shared_ptr<const TorrentInfo> info(TorrentKey torrent);
  // The .torrent file: the one added, or what peers gave with a magnet's trackers. Empty while the
  // metadata is not known. metadata() is the same, parsed; null then.
  [[nodiscard]] Buffer torrent_file(TorrentKey torrent);
  [[nodiscard]] std::shared_ptr<const TorrentMetadata> metadata(TorrentKey torrent);
  // The pieces that are verified and on disk; nothing while the metadata is not known.
  [[nodiscard]] std::optional<Bitfield> have(TorrentKey torrent);
  // Files that are complete and on stable storage, of a torrent that is not seed_only; see
  // Session::stored_files() and Session::content_replaced().
  [[nodiscard]] std::vector<StoredFile> stored_files(TorrentKey torrent);
  void content_replaced(TorrentKey torrent, FileIndex file, const FileStat& now_is);
  // The disk that the engine's jobs use, thread-safe; lives as long as the client. Who replaces or
  // links a file does it here, so that nothing keeps the old one open.
  [[nodiscard]] PosixDisk& disk();
  // How trackers saw us last (BEP 24); one address of each family at most, and only their word.
  [[nodiscard]] std::vector<IpAddress> external_addresses();
  // Addresses that sent false content and are refused for an hour, the one that ends first in
  // front. They are kept in the state directory and hold after a restart for what is left of them.
  struct Ban {
    IpAddress address;
    std::chrono::system_clock::time_point until;
  };
  [[nodiscard]] std::vector<Ban> bans();
  // Ends one, here and in the state directory. False: it was not banned.
  bool unban(const IpAddress& address);
  // Of piece buffers in use, over all torrents.
  [[nodiscard]] std::size_t buffer_bytes();
  // The endpoints really listened on.
  [[nodiscard]] std::vector<Endpoint> listening() const;

  // Saves, tells trackers, closes everything; at most 5 s. Idempotent.
  void stop();

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
