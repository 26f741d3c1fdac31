// SPDX-License-Identifier: MIT OR Apache-2.0
// Drives a Session in tests: its jobs run on a disk in memory, its connections are byte queues in
// the hands of the test.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/session.h"
#include "metainfo/create.h"
#include "store/memory_disk.h"
#include "store/memory_state_store.h"
#include "wire/handshake.h"

namespace weir {

[[nodiscard]] inline Endpoint test_endpoint(std::uint32_t host, std::uint16_t port = 6881) {
  return {IpAddress::v4(0x05000000U + host), port};
}

struct DriverFile {
  std::string path;
  std::uint64_t length = 0;
};

// A torrent named "t" with random content, whole enough to be fetched from a magnet.
struct DriverTorrent {
  std::shared_ptr<const TorrentMetadata> metadata;
  std::map<std::string, Buffer> contents;  // by path below the root

  DriverTorrent(TorrentKind kind, std::uint32_t piece_length, const std::vector<DriverFile>& files,
                std::uint64_t seed = 1) {
    CreateOptions options;
    options.kind = kind;
    options.piece_length = piece_length;
    options.name = "t";
    std::vector<CreateFile> list;
    for (const DriverFile& file : files) list.push_back({{file.path}, file.length, {}, {}});
    auto builder = TorrentBuilder::make(options, list);
    const Layout& layout = builder->layout();
    Random random(seed);
    Buffer all(layout.total_size());
    for (const TorrentFile& file : layout.files()) {
      if (file.attributes.pad) continue;
      Buffer& content = contents[file.path];
      content.resize(file.length);
      random.fill(content);
      std::copy(content.begin(), content.end(),
                all.begin() + static_cast<std::ptrdiff_t>(file.offset));
    }
    for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
      const auto piece = static_cast<PieceIndex>(i);
      const CreatedPieceInput input{
          piece, Bytes(all).subspan(std::size_t{i} * piece_length, layout.piece_size(piece))};
      builder->add(hash_created_pieces(layout, {&input, 1}));
    }
    metadata = std::make_shared<TorrentMetadata>(builder->finish()->metadata);
  }
  [[nodiscard]] const InfoHashes& hashes() const { return metadata->info->hashes; }
  [[nodiscard]] Sha1Digest hash() const { return hashes().wire_hash(); }
  [[nodiscard]] AddTorrent request(const std::string& root = "/data") const {
    AddTorrent request;
    request.metadata = metadata;
    request.storage.root = root;
    request.storage.side_root = "/side";
    return request;
  }
  [[nodiscard]] AddTorrent magnet(const InfoHashes& by, const std::string& root = "/data") const {
    AddTorrent request;
    request.magnet = Magnet{};
    request.magnet->hashes = by;
    request.storage.root = root;
    request.storage.side_root = "/side";
    return request;
  }
};

class SessionDriver {
 public:
  explicit SessionDriver(SessionConfig config = {}, std::uint64_t seed = 1)
      : session(std::move(config), seed) {}

  void put_content(const DriverTorrent& torrent, const std::string& root = "/data") {
    for (const auto& [path, content] : torrent.contents) disk.put_file(root + "/" + path, content);
  }
  SessionResult<TorrentKey> add(AddTorrent request) {
    auto key = session.add(now, std::move(request));
    drain();
    return key;
  }
  // Carries out everything asked for, jobs too unless they are held.
  void drain() {
    for (;;) {
      while (auto action = session.next()) perform(*action);
      if (hold_jobs || jobs.empty()) return;
      run_one();
    }
  }
  void run_one() {
    Job job = std::move(jobs.front());
    jobs.pop_front();
    session.handle_job(now, run_job(std::move(job), disk, state));
    while (auto action = session.next()) perform(*action);
  }
  // Lets time pass. Returns how often the session wanted its timer.
  int pass(Duration span) {
    const TimePoint end = now + span;
    int turns = 0;
    while (session.next_deadline() <= end && turns < 100'000) {
      now = std::max(now, session.next_deadline());
      session.handle_timer(now);
      drain();
      ++turns;
    }
    now = end;
    return turns;
  }

  // --- Connections, as the other end sees them.
  [[nodiscard]] std::optional<ConnId> accept(const Endpoint& remote) {
    const ConnId conn = session.new_conn_id();
    if (!session.handle_accepted(now, conn, remote)) return std::nullopt;
    drain();
    return conn;
  }
  void dialled(ConnId conn) {
    session.handle_dialled(now, conn, {});
    drain();
  }
  void feed(ConnId conn, Bytes bytes) {
    while (!bytes.empty() && !closed.contains(conn)) {
      std::array<MutableBytes, 8> out;
      const std::size_t count = session.prepare(now, conn, out);
      std::size_t moved = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t n = std::min(out[i].size(), bytes.size());
        std::copy_n(bytes.begin(), n, out[i].begin());
        bytes = bytes.subspan(n);
        moved += n;
      }
      if (moved == 0) return;
      session.commit(now, conn, moved);
      drain();
    }
  }
  Buffer collect(ConnId conn) {
    Buffer all;
    for (;;) {
      std::vector<SendRange> ranges;
      session.collect(now, conn, 1 << 20, ranges);
      const std::size_t before = all.size();
      for (const SendRange& range : ranges) append(all, bytes_of(range));
      if (all.size() == before) return all;
      session.sent(now, conn, all.size() - before);
      drain();
    }
  }
  // Says hello as a peer of that torrent.
  void shake(ConnId conn, const Sha1Digest& hash, std::uint8_t peer) {
    feed(conn, encode_handshake(hello(hash, peer)));
  }
  [[nodiscard]] static Handshake hello(const Sha1Digest& hash, std::uint8_t peer) {
    Handshake handshake;
    handshake.reserved.set_extension(true);
    handshake.reserved.set_fast(true);
    handshake.info_hash = hash;
    handshake.peer_id.bytes.fill(std::byte{peer});
    return handshake;
  }

  template <class Body>
  [[nodiscard]] std::vector<Body> said() const {
    std::vector<Body> out;
    for (const Event& event : events) {
      if (const auto* body = std::get_if<Body>(&event.body)) out.push_back(*body);
    }
    return out;
  }
  [[nodiscard]] TorrentState state_of(TorrentKey key) const {
    return session.status(now, key)->state;
  }

  TimePoint now = TimePoint{} + std::chrono::hours(1);
  Session session;
  MemoryDisk disk;
  MemoryStateStore state;
  bool hold_jobs = false;
  std::deque<Job> jobs;
  std::deque<Dial> dials;
  std::map<ConnId, CloseReason> closed;
  std::vector<Event> events;
  std::vector<HttpGet> gets;
  std::vector<Resolve> lookups;
  std::vector<SendUdp> datagrams;
  std::vector<RequestId> cancelled;  // requests

 private:
  void perform(SessionAction& action) {
    if (auto* job = std::get_if<StartJob>(&action)) jobs.push_back(std::move(job->job));
    if (auto* dial = std::get_if<Dial>(&action)) dials.push_back(*dial);
    if (auto* close = std::get_if<Close>(&action)) closed[close->conn] = close->reason;
    if (auto* get = std::get_if<HttpGet>(&action)) gets.push_back(*get);
    if (auto* lookup = std::get_if<Resolve>(&action)) lookups.push_back(*lookup);
    if (auto* sent = std::get_if<SendUdp>(&action)) datagrams.push_back(std::move(*sent));
    if (auto* cancel = std::get_if<CancelRequest>(&action)) cancelled.push_back(cancel->id);
    if (auto* event = std::get_if<Event>(&action)) events.push_back(std::move(*event));
  }
  [[nodiscard]] Buffer bytes_of(const SendRange& range) {
    if (const auto* bytes = std::get_if<Bytes>(&range)) return to_buffer(*bytes);
    const auto& stored = std::get<StoredRange>(range);
    Buffer out(stored.length);
    if (!stored.zeros()) (void)disk.read(stored.path, stored.offset, out);
    return out;
  }
};

// Lets the bytes of two connections run to each other until both are silent.
inline void join(SessionDriver& a, ConnId conn_a, SessionDriver& b, ConnId conn_b) {
  for (int silent = 0; silent < 2;) {
    const Buffer there = a.collect(conn_a);
    if (!there.empty()) b.feed(conn_b, there);
    const Buffer back = b.collect(conn_b);
    if (!back.empty()) a.feed(conn_a, back);
    silent = there.empty() && back.empty() ? silent + 1 : 0;
  }
}

}  // namespace weir
