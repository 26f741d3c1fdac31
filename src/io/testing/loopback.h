// SPDX-License-Identifier: MIT OR Apache-2.0
// Shards on loopback with real disks, and a torrent for them to move.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/random.h"
#include "io/job_pool.h"
#include "io/os_random.h"
#include "io/pooled_disk.h"
#include "io/posix_disk.h"
#include "io/shard.h"
#include "io/testing/scratch.h"
#include "metainfo/create.h"
#include "store/memory_state_store.h"

namespace weir {

struct LoopbackTorrent {
  std::shared_ptr<const TorrentMetadata> metadata;
  Buffer file;
  std::map<std::string, std::string> contents;  // by path below the root

  void write_below(const std::string& root) const {
    for (const auto& [path, bytes] : contents) {
      std::filesystem::create_directories(std::filesystem::path(root + '/' + path).parent_path());
      put_file(root + '/' + path, bytes);
    }
  }
};

inline LoopbackTorrent make_loopback_torrent(TorrentKind kind, std::uint32_t piece_length,
                                             const std::vector<std::uint64_t>& lengths) {
  CreateOptions options;
  options.kind = kind;
  options.piece_length = piece_length;
  options.name = "content";
  std::vector<CreateFile> files;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    files.push_back({{"dir", "file" + std::to_string(i)}, lengths[i], {}, {}});
  }
  auto builder = TorrentBuilder::make(options, files);
  WEIR_ASSERT(builder.has_value());
  Random random(7);
  LoopbackTorrent torrent;
  const Layout& layout = builder->layout();
  Buffer all(layout.total_size());
  for (std::size_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (file.attributes.pad) continue;
    const MutableBytes bytes = MutableBytes(all).subspan(file.offset, file.length);
    random.fill(bytes);
    torrent.contents[file.path] = std::string(as_text(bytes));
  }
  for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
    const auto piece = static_cast<PieceIndex>(i);
    const CreatedPieceInput input{
        piece, Bytes(all).subspan(std::uint64_t{i} * piece_length, layout.piece_size(piece))};
    builder->add(hash_created_pieces(layout, {&input, 1}));
  }
  auto created = builder->finish();
  WEIR_ASSERT(created.has_value());
  torrent.file = std::move(created->bytes);
  torrent.metadata = std::make_shared<const TorrentMetadata>(std::move(created->metadata));
  return torrent;
}

// A shard with everything around it. The last member goes first.
class LoopbackNode {
 public:
  explicit LoopbackNode(SessionConfig session = {},
                        std::vector<Endpoint> listen = {Endpoint{IpAddress::v4(0x7f000001), 0}}) {
    std::filesystem::create_directories(dir_.at("data"));
    std::filesystem::create_directories(dir_.at("side"));
    session.side_root = dir_.at("side");
    session.allow_loopback_peers = true;
    ShardConfig config;
    config.session = std::move(session);
    config.random_seed = os_random_seed();
    config.listen = std::move(listen);
    shard_ = std::make_unique<Shard>(std::move(config), pooled_,
                                     [this](const Event& event) { note(event); });
  }
  ~LoopbackNode() { shard_->stop(); }

  [[nodiscard]] Shard& shard() { return *shard_; }
  [[nodiscard]] std::string root() const { return dir_.at("data"); }
  [[nodiscard]] Endpoint endpoint() const { return shard_->listening().at(0); }

  void add(const LoopbackTorrent& torrent, std::vector<Endpoint> peers = {},
           bool seed_only = false) {
    AddTorrent request;
    request.metadata = torrent.metadata;
    request.torrent_file = torrent.file;
    request.storage.root = root();
    request.check = seed_only ? StartCheck::trust : StartCheck::resume;
    request.seed_only = seed_only;
    request.peers = std::move(peers);
    shard_->post([request = std::move(request)](Session& session, TimePoint now) mutable {
      WEIR_ASSERT(session.add(now, std::move(request)).has_value());
    });
  }
  [[nodiscard]] bool wait_done(std::chrono::seconds patience = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return done_; });
  }
  [[nodiscard]] bool wait_piece(std::chrono::seconds patience = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return pieces_ > 0; });
  }
  [[nodiscard]] bool has(const LoopbackTorrent& torrent) const {
    for (const auto& [path, bytes] : torrent.contents) {
      if (get_file(root() + '/' + path) != bytes) return false;
    }
    return true;
  }

 private:
  void note(const Event& event) {
    const std::lock_guard lock(mutex_);
    if (std::holds_alternative<TorrentDone>(event.body)) done_ = true;
    if (std::holds_alternative<PieceDone>(event.body)) ++pieces_;
    changed_.notify_all();
  }

  ScratchDir dir_;
  PosixDisk disk_;
  MemoryStateStore state_;
  JobPool jobs_{2, disk_, state_};
  PooledDisk pooled_{disk_.files(), jobs_};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  int pieces_ = 0;
  std::unique_ptr<Shard> shard_;
};

}  // namespace weir
