// SPDX-License-Identifier: MIT OR Apache-2.0
// Swarms wired together in memory, for tests and the fuzz target: every byte goes through
// prepare/commit and collect/sent, cut at random places. Tests only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/assert.h"
#include "hash/merkle.h"
#include "hash/sha.h"
#include "store/torrent_storage.h"
#include "store/verifier.h"
#include "swarm/swarm.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/extension.h"

namespace weir::swarm_test {

// A torrent with content that fits its hashes. `raw_info` is no real dictionary.
struct Content {
  std::shared_ptr<const TorrentInfo> info;
  std::vector<PieceLayer> piece_layers;
  std::vector<Buffer> pieces;

  [[nodiscard]] const Layout& layout() const { return info->layout; }
  [[nodiscard]] PieceLayers layers() const { return {info->layout, piece_layers}; }
};

inline Layout make_layout(TorrentKind kind, std::uint32_t piece_length,
                          const std::vector<std::uint64_t>& lengths,
                          const std::vector<Sha256Digest>& roots) {
  std::vector<TorrentFile> files;
  std::uint64_t offset = 0;
  const auto add = [&](std::uint64_t length, bool pad) -> TorrentFile& {
    TorrentFile file;
    file.path = "root/" + std::to_string(files.size());
    file.length = length;
    file.offset = offset;
    file.attributes.pad = pad;
    offset += length;
    files.push_back(std::move(file));
    return files.back();
  };
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const std::uint64_t gap = (piece_length - offset % piece_length) % piece_length;
    if (has_v2(kind) && gap > 0) {
      if (kind == TorrentKind::hybrid) {
        add(gap, true);
      } else {
        offset += gap;
      }
    }
    TorrentFile& file = add(lengths[i], false);
    if (has_v2(kind) && i < roots.size()) file.pieces_root = roots[i];
  }
  return Layout(kind, piece_length, std::move(files));
}

// Behind the end of a piece there are zeros, as the storage says.
inline Buffer read_block(Bytes piece, const ContentRef& block) {
  Buffer bytes = to_buffer(piece);
  bytes.resize(std::max<std::size_t>(bytes.size(), block.offset + block.length));
  return to_buffer(Bytes(bytes).subspan(block.offset, block.length));
}

inline Content make_content(TorrentKind kind, std::uint32_t piece_length,
                            const std::vector<std::uint64_t>& lengths, std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<Buffer> files;
  std::vector<Sha256Digest> roots;
  Content content;
  auto info = std::make_shared<TorrentInfo>();
  for (const std::uint64_t length : lengths) {
    Buffer bytes(length);
    random.fill(bytes);
    if (has_v2(kind)) {
      roots.push_back(merkle_file_root(bytes));
      if (length > piece_length) {
        PieceLayer layer{roots.back(), {}};
        for (std::size_t at = 0; at < length; at += piece_length) {
          layer.hashes.push_back(merkle_piece_root(
              Bytes(bytes).subspan(at, std::min<std::size_t>(piece_length, length - at)),
              piece_length));
        }
        content.piece_layers.push_back(std::move(layer));
      }
    }
    files.push_back(std::move(bytes));
  }
  info->layout = make_layout(kind, piece_length, lengths, roots);
  const Layout& layout = info->layout;
  Buffer linear(std::size_t{layout.piece_count()} * piece_length);
  std::size_t next_file = 0;
  for (const TorrentFile& file : layout.files()) {
    if (file.attributes.pad) continue;
    std::copy(files[next_file].begin(), files[next_file].end(),
              linear.begin() + static_cast<std::ptrdiff_t>(file.offset));
    ++next_file;
  }
  for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
    const Bytes piece =
        Bytes(linear).subspan(std::size_t{i} * piece_length, layout.piece_size(PieceIndex{i}));
    content.pieces.push_back(to_buffer(piece));
    if (has_v1(kind)) info->piece_hashes.push_back(sha1(piece));
  }
  info->raw_info.resize(40'000);
  random.fill(info->raw_info);
  if (has_v1(kind)) info->hashes.v1 = sha1(info->raw_info);
  if (has_v2(kind)) info->hashes.v2 = sha256(info->raw_info);
  content.info = std::move(info);
  return content;
}

inline Handshake make_handshake(std::uint64_t id, bool fast = true, bool extended = true,
                                bool v2 = true) {
  Handshake handshake;
  handshake.reserved.set_fast(fast);
  handshake.reserved.set_extension(extended);
  handshake.reserved.set_v2(v2);
  store_be<std::uint64_t>(std::span(handshake.peer_id.bytes).first<8>(), id);
  return handshake;
}

inline Bitfield all_files(const Content& content) {
  return Bitfield(content.layout().files().size(), true);
}

// One torrent's swarm with its owner's duties: checks and keeps pieces, answers every action.
class Node {
 public:
  Node(const Content& torrent, std::uint64_t seed, SwarmConfig config = {},
       std::size_t pool_bytes = 64u << 20)
      : content(torrent),
        random(seed),
        pool(pool_bytes, 8u << 20),
        swarm(config, torrent.info->hashes, pool, random),
        storage(torrent.info, {.root = "/content", .side_root = "/side"}, all_files(torrent),
                all_files(torrent)),
        disk(torrent.pieces.size()) {}

  // A seed, a leech, or anything between.
  void start(TimePoint now, const Bitfield& have, bool with_layers = true) {
    start(now, have, have, with_layers);
  }
  void start(TimePoint now, const Bitfield& have, const Bitfield& checked, bool with_layers) {
    for (std::uint32_t i = 0; i < have.size(); ++i) {
      if (have.test(i)) disk[i] = content.pieces[i];
    }
    swarm.set_metadata(now, content.info, with_layers ? content.layers() : PieceLayers{}, have,
                       checked);
  }
  void start_seed(TimePoint now) { start(now, Bitfield(content.pieces.size(), true)); }
  void start_leech(TimePoint now) { start(now, Bitfield(content.pieces.size())); }

  // Does what the swarm asks, except for connections: those are noted below.
  void drain(TimePoint now) {
    while (auto action = swarm.next()) handle(now, std::move(*action));
  }

  // What collect() lists, from where the storage says it is.
  [[nodiscard]] Buffer read(const ContentRef& ref) const {
    Buffer out;
    for (const StoredRange& range : storage.locate(ref.piece, ref.offset, ref.length)) {
      if (range.zeros()) {
        out.resize(out.size() + range.length);
        continue;
      }
      const Bytes piece = disk[to_int(ref.piece)];
      const std::size_t at = ref.offset + out.size();
      WEIR_ASSERT(at <= piece.size() && range.length <= piece.size() - at);
      append(out, piece.subspan(at, range.length));
    }
    WEIR_ASSERT(out.size() == ref.length);
    return out;
  }

  [[nodiscard]] bool whole() const {
    for (std::size_t i = 0; i < disk.size(); ++i) {
      if (disk[i] != content.pieces[i]) return false;
    }
    return true;
  }

  const Content& content;
  Random random;
  BufferPool pool;
  Swarm swarm;
  TorrentStorage storage;
  std::vector<Buffer> disk;
  bool poisons = false;           // sends garbage for content
  bool answers_needed = true;     // PieceNeeded is answered at once
  std::vector<ClosePeer> closes;  // not carried out yet
  std::vector<ClosePeer> closed;  // all, since start
  std::vector<IpAddress> bans;
  std::set<ConnId> writable;
  std::set<ConnId> readable;  // not read for a while, and may be again
  std::vector<PieceIndex> needed;
  std::vector<PieceIndex> arrived;
  std::optional<Buffer> metadata;
  std::size_t layers_arrived = 0;
  bool keeps_arrivals = false;  // PieceArrived waits in `kept` for the test's verdict
  std::deque<std::pair<PieceIndex, PieceBuffer>> kept;

  // Checks a piece that arrived, and keeps it if it is good.
  void verify(TimePoint now, PieceIndex piece, PieceBuffer buffer) {
    arrived.push_back(piece);
    const PieceData data{piece, std::as_const(buffer).bytes()};
    PieceVerdict verdict = PieceVerdict::bad;
    verify_pieces(*content.info, swarm.layers(), std::span(&data, 1), std::span(&verdict, 1));
    if (verdict == PieceVerdict::good) {
      disk[to_int(piece)] = to_buffer(data.data);
      swarm.piece_stored(now, piece, std::move(buffer));
    } else if (verdict == PieceVerdict::unverifiable) {
      swarm.piece_dropped(now, piece, std::move(buffer));
    } else {
      swarm.piece_failed(now, piece, std::move(buffer));
    }
  }

 private:
  void handle(TimePoint now, SwarmAction action) {
    if (auto* close = std::get_if<ClosePeer>(&action)) {
      closes.push_back(*close);
      closed.push_back(*close);
    } else if (auto* ban = std::get_if<BanPeer>(&action)) {
      bans.push_back(ban->address);
    } else if (auto* write = std::get_if<WantWrite>(&action)) {
      writable.insert(write->conn);
    } else if (auto* read = std::get_if<WantRead>(&action)) {
      readable.insert(read->conn);
    } else if (auto* piece = std::get_if<PieceArrived>(&action)) {
      if (keeps_arrivals) {
        kept.emplace_back(piece->piece, std::move(piece->buffer));
      } else {
        verify(now, piece->piece, std::move(piece->buffer));
      }
    } else if (auto* need = std::get_if<PieceNeeded>(&action)) {
      needed.push_back(need->piece);
      if (answers_needed) {
        const auto i = to_int(need->piece);
        swarm.piece_checked(now, need->piece, disk[i] == content.pieces[i]);
      }
    } else if (auto* arrived_metadata = std::get_if<MetadataArrived>(&action)) {
      metadata = std::move(arrived_metadata->info);
      if (*metadata == content.info->raw_info) {
        swarm.set_metadata(now, content.info, {}, Bitfield(disk.size()), Bitfield(disk.size()));
      } else {
        swarm.metadata_rejected(now);
      }
    } else if (std::holds_alternative<LayersArrived>(action)) {
      ++layers_arrived;
    }
  }
};

// Connects nodes and moves their bytes.
class Net {
 public:
  explicit Net(std::uint64_t seed = 1) : random(seed) {}

  Node& add(const Content& content, SwarmConfig config = {}, std::size_t pool_bytes = 64u << 20) {
    nodes.push_back(std::make_unique<Node>(content, random.next(), std::move(config), pool_bytes));
    return *nodes.back();
  }

  struct Options {
    bool fast = true;
    bool extended = true;
    bool v2 = true;
    std::size_t bytes_per_step = 1u << 20;  // of each direction
  };
  struct Link {
    Node* from = nullptr;
    ConnId from_conn{};
    Node* to = nullptr;
    ConnId to_conn{};
    std::size_t bytes_per_step = 0;
    Buffer pipe;
  };

  // `a` dials `b`.
  void connect(Node& a, Node& b) { connect(a, b, Options()); }
  void connect(Node& a, Node& b, Options options) {
    const ConnId at_a{next_conn++};
    const ConnId at_b{next_conn++};
    links.push_back({&a, at_a, &b, at_b, options.bytes_per_step, {}});
    links.push_back({&b, at_b, &a, at_a, options.bytes_per_step, {}});
    a.swarm.add_peer(now, init(at_a, b, PeerDirection::outgoing, options));
    b.swarm.add_peer(now, init(at_b, a, PeerDirection::incoming, options));
    drain();
  }

  void disconnect(Node& a, Node& b) {
    for (const Link& link : std::vector<Link>(links)) {
      if (link.from == &a && link.to == &b) cut(link.from_conn, CloseReason::remote_closed);
    }
    drain();
  }

  // Moves bytes and time until `done` or for at most `steps`; false when it did not get done.
  bool run(const std::function<bool()>& done, std::size_t steps = 20'000) {
    for (std::size_t i = 0; i < steps; ++i) {
      if (done()) return true;
      step();
    }
    return done();
  }
  void run_for(Duration time) {
    for (const TimePoint end = now + time; now < end;) step();
  }

  void step() {
    for (std::size_t i = 0; i < links.size(); ++i) {
      send(i);
      if (i < links.size()) receive(i);
    }
    now += step_time;
    for (const auto& node : nodes) {
      if (now >= node->swarm.next_deadline()) node->swarm.handle_timer(now);
      if (checks_invariants) node->swarm.check_invariants();
    }
    drain();
  }

  void drain() {
    for (bool again = true; again;) {
      again = false;
      for (const auto& node : nodes) {
        node->drain(now);
        for (const ClosePeer& close : std::exchange(node->closes, {})) {
          cut(close.conn, CloseReason::remote_closed);
          again = true;
        }
      }
    }
  }

  static Endpoint endpoint(std::uint32_t host) { return {IpAddress::v4(0x0a000000u + host), 6881}; }
  [[nodiscard]] Endpoint endpoint_of(const Node& node) const {
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].get() == &node) return endpoint(i + 1);
    }
    return endpoint(0);
  }

  Random random;
  TimePoint now{std::chrono::hours(1)};
  Duration step_time = std::chrono::milliseconds(5);
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<Link> links;
  std::uint64_t next_conn = 1;
  bool checks_invariants = true;

 private:
  PeerInit init(ConnId conn, const Node& remote, PeerDirection direction, const Options& options) {
    PeerInit peer;
    peer.conn = conn;
    peer.remote = endpoint_of(remote);
    peer.direction = direction;
    peer.handshake = make_handshake(to_int(conn), options.fast, options.extended, options.v2);
    peer.v2 = options.v2 && remote.content.info->hashes.v2 && !remote.content.info->hashes.v1;
    return peer;
  }

  // Ends the connection that either side calls `conn`.
  void cut(ConnId conn, CloseReason reason) {
    for (const Link& link : links) {
      if (link.from_conn == conn || link.to_conn == conn) {
        link.from->swarm.remove_peer(now, link.from_conn, reason);
      }
    }
    std::erase_if(links, [&](const Link& l) { return l.from_conn == conn || l.to_conn == conn; });
  }

  void send(std::size_t index) {
    Link& link = links[index];
    if (link.pipe.size() > link.bytes_per_step) return;
    std::vector<SendItem> items;
    const std::size_t listed =
        link.from->swarm.collect(now, link.from_conn, link.bytes_per_step, items);
    if (listed == 0) return;
    Buffer bytes;
    for (const SendItem& item : items) {
      if (const auto* text = std::get_if<Bytes>(&item)) {
        append(bytes, *text);
      } else {
        const auto& ref = std::get<ContentRef>(item);
        Buffer part = link.from->read(ref);
        if (link.from->poisons) random.fill(part);
        append(bytes, part);
      }
    }
    const std::size_t sent = random.chance(0.3) ? 1 + random.below(listed) : listed;
    append(link.pipe, Bytes(bytes).first(sent));
    link.from->swarm.sent(now, link.from_conn, sent);
  }

  void receive(std::size_t index) {
    const ConnId conn = links[index].to_conn;
    std::size_t moved = 0;
    while (moved < links[index].bytes_per_step && !links[index].pipe.empty()) {
      Link& link = links[index];
      MutableBytes spans[kWireScatterMax];
      const std::size_t count = link.to->swarm.prepare(now, conn, spans);
      std::size_t room = 0;
      for (std::size_t i = 0; i < count; ++i) room += spans[i].size();
      std::size_t n = std::min(room, link.pipe.size());
      if (n > 1 && random.chance(0.5)) n = 1 + random.below(n);
      std::size_t done = 0;
      for (std::size_t i = 0; i < count && done < n; ++i) {
        const std::size_t part = std::min(spans[i].size(), n - done);
        std::copy_n(link.pipe.begin() + static_cast<std::ptrdiff_t>(done), part, spans[i].begin());
        done += part;
      }
      link.pipe.erase(link.pipe.begin(), link.pipe.begin() + static_cast<std::ptrdiff_t>(done));
      moved += done;
      link.to->swarm.commit(now, conn, done);
      drain();
      if (index >= links.size() || links[index].to_conn != conn) return;
      if (done == 0) return;
    }
  }
};

}  // namespace weir::swarm_test
