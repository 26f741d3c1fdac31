// SPDX-License-Identifier: MIT OR Apache-2.0
// A torrent's metadata, parsed and checked: what a .torrent file says, or its info dictionary alone
// when it came from peers (BEP 9).
//
// Values; a TorrentInfo is immutable once parsed and is shared by shared_ptr<const TorrentInfo>
// between a torrent's parts because it is large and read from the disk pool too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ids.h"
#include "metainfo/layout.h"

namespace weir {

// The names a torrent goes by. At least one is set.
struct InfoHashes {
  std::optional<Sha1Digest> v1;
  std::optional<Sha256Digest> v2;

  // The 20 bytes that stand for the v2 hash in handshakes, trackers and the DHT (BEP 52).
  [[nodiscard]] std::optional<Sha1Digest> v2_truncated() const;
  // Whether a 20-byte hash from a handshake or tracker names this torrent.
  [[nodiscard]] bool matches(const Sha1Digest& wire_hash) const;
  // Each of them as 20 bytes, v1 first: what is announced.
  [[nodiscard]] std::vector<Sha1Digest> wire_hashes() const;
  // v1 when there is one, else truncated v2: the hash to use where only one can be.
  [[nodiscard]] Sha1Digest wire_hash() const;
  bool operator==(const InfoHashes&) const = default;
};

// The merkle layer of piece hashes of one file that is longer than a piece (BEP 52 "piece layers").
struct PieceLayer {
  Sha256Digest pieces_root;
  std::vector<Sha256Digest> hashes;  // one for each piece of the file
};

struct TorrentInfo {
  InfoHashes hashes;
  std::string name;  // valid UTF-8, sanitized; the root directory or the single file's name
  Layout layout;
  bool is_private = false;  // BEP 27: only `private` = integer 1
  std::string source;
  // BEP 3 "pieces": piece_count digests; empty for v2-only torrents.
  std::vector<Sha1Digest> piece_hashes;
  // Exactly the bytes that were hashed.
  Buffer raw_info;
};

// Everything outside the info dictionary.
struct TorrentMetadata {
  std::shared_ptr<const TorrentInfo> info;
  std::vector<std::vector<std::string>> tracker_tiers;  // BEP 12; at most 200 URLs in all
  std::vector<std::string> web_seeds;                   // BEP 19; at most 20, no duplicates
  struct Node {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const Node&) const = default;
  };
  std::vector<Node> nodes;  // BEP 5; at most 50
  // One for each v2 file longer than a piece, where the .torrent has it and it fits its root.
  std::vector<PieceLayer> piece_layers;
  std::string comment;
  std::string created_by;
  std::optional<std::int64_t> creation_date;  // seconds since 1970
};

}  // namespace weir
