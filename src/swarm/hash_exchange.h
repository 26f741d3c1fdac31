// SPDX-License-Identifier: MIT OR Apache-2.0
// Piece layers from peers and for peers (BEP 52 "hash request", "hashes", "hash reject").
//
// A v2 torrent started from a magnet link knows the root of each file but not the hashes of its
// pieces. HashFetcher asks for them in runs of at most 512, each with the uncle hashes that lead to
// the root, so that every answer is checked by itself and a lie names its sender. HashServer
// answers the same questions from the layers that are known.
//
// `proof_layers` counts layers above the base layer; those that follow from the run itself are not
// sent. A run of 2^k hashes with p proof layers is hence followed by max(0, p - (k - 1)) uncles.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "metainfo/torrent_info.h"
#include "store/verifier.h"
#include "wire/message.h"

namespace weir {

inline constexpr std::uint32_t kHashRunMax = 512;
// Uncle hashes that follow the run. REQUIRES: length is a power of two.
[[nodiscard]] std::uint32_t hash_run_uncles(const HashRequest& run);

struct HashFetcherConfig {
  std::size_t runs_per_peer = 8;
  Duration timeout = std::chrono::seconds(20);
  Duration back_off = std::chrono::seconds(30);  // after a reject or a timeout
};

class HashFetcher {
 public:
  // Asks for the layers that `known` lacks. `info` is read now only.
  HashFetcher(const TorrentInfo& info, const PieceLayers& known, HashFetcherConfig config = {});

  [[nodiscard]] bool done() const { return todo_.empty() && asked_.empty(); }
  // The next run to ask this peer for, now counted as asked.
  std::optional<HashRequest> next_request(TimePoint now, ConnId peer);

  // late: asked once and given up meanwhile; to be ignored.
  enum class Verdict : std::uint8_t { unsolicited, late, bad, good };
  struct Answer {
    Verdict verdict = Verdict::unsolicited;
    std::optional<PieceLayer> layer;  // now complete, and it fits its root
  };
  // `hashes`: the run, then its uncles. After `bad` the peer has lied.
  Answer handle_hashes(ConnId peer, const HashRequest& run, std::span<const Sha256Digest> hashes);
  // False: nothing of the kind was asked.
  bool handle_reject(TimePoint now, ConnId peer, const HashRequest& run);
  void peer_gone(ConnId peer);
  void handle_timer(TimePoint now);

 private:
  struct RunRef {
    std::uint32_t file = 0;  // index into files_
    std::uint32_t run = 0;
  };
  struct Asked {
    RunRef ref;
    HashRequest run;
    ConnId peer{};
    TimePoint at{};
  };
  struct File {
    Sha256Digest root;
    std::uint32_t pieces = 0;
    std::uint32_t run_length = 0;
    std::uint32_t runs_left = 0;
    std::vector<Sha256Digest> hashes;  // allocated with the first good run
  };
  [[nodiscard]] HashRequest make_run(RunRef ref) const;
  void give_up(std::size_t asked_index);

  HashFetcherConfig config_;
  std::uint32_t base_layer_ = 0;
  std::vector<File> files_;
  std::deque<RunRef> todo_;
  std::vector<Asked> asked_;
  struct Patience {
    TimePoint not_before{};
    std::uint32_t late = 0;  // answers that may still come to runs given up
  };
  [[nodiscard]] bool take_late(ConnId peer);
  std::unordered_map<ConnId, Patience> patience_;
};

class HashServer {
 public:
  explicit HashServer(const TorrentInfo& info);

  struct Answer {
    std::vector<Sha256Digest> hashes;  // the run, then its uncles; empty: reject
    std::uint64_t work_bytes = 0;      // hashed to find them, to be charged to the asker
  };
  [[nodiscard]] Answer answer(const PieceLayers& layers, const HashRequest& run);

 private:
  // All layers of one file above the piece layer.
  struct Tree {
    FileIndex file{};
    std::vector<std::vector<Sha256Digest>> upper;
  };
  const Tree& tree(FileIndex file, std::span<const Sha256Digest> piece_layer,
                   std::uint64_t& work_bytes);

  std::uint32_t piece_layer_ = 0;
  std::map<Sha256Digest, FileIndex> by_root_;
  std::deque<Tree> trees_;  // most recent first; a few, because an asker walks file by file
};

}  // namespace weir
