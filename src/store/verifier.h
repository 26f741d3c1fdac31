// SPDX-License-Identifier: MIT OR Apache-2.0
// Says whether bytes are the piece they claim to be: against the v1 piece hash, the v2 tree, or
// both for a hybrid (BEP 52: a hybrid whose two answers differ is broken and its data is refused).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "hash/sha_streams.h"
#include "metainfo/torrent_info.h"

namespace weir {

// The v2 hashes of pieces, as far as they are known: a torrent added by magnet learns its piece
// layers from peers (BEP 52 "hash request"). Values that share the layers they have in common: a
// torrent that learns thousands of them copies this for each, since jobs hold what was known
// before.
class PieceLayers {
 public:
  PieceLayers() = default;
  PieceLayers(const Layout& layout, std::span<const PieceLayer> known);

  // Adds a layer that was checked against its root, to every file that has it. False when no file
  // has that root and length.
  bool add(const Layout& layout, const PieceLayer& layer);
  // The expected root of a piece's subtree: from the layer, or the file's own root when the file is
  // no longer than a piece. Nothing while its layer is unknown.
  [[nodiscard]] std::optional<Sha256Digest> piece_root(const Layout& layout,
                                                       PieceIndex piece) const;
  [[nodiscard]] bool complete(const Layout& layout) const;
  // The known layer of the file, empty when unknown or not needed.
  [[nodiscard]] std::span<const Sha256Digest> layer(FileIndex file) const;

 private:
  using Layer = std::shared_ptr<const std::vector<Sha256Digest>>;
  std::vector<Layer> by_file_;          // null for unknown layers
  std::vector<std::uint32_t> by_root_;  // files longer than a piece, ordered by pieces_root
};

enum class PieceVerdict : std::uint8_t {
  good,
  bad,
  unverifiable,  // v2-only piece whose layer is not known yet
  inconsistent,  // hybrid: one hash kind agrees, the other does not
};

struct PieceData {
  PieceIndex piece{};
  Bytes data;  // exactly piece_size(piece) bytes, pads as zeros
};

// Verdicts for many pieces at once, hashed side by side in SIMD lanes. A hybrid whose layer is not
// known yet is judged by its v1 hash alone.
// Data of any other size than the piece's is bad.
// REQUIRES: out.size() == pieces.size().
void verify_pieces(const TorrentInfo& info, const PieceLayers& layers,
                   std::span<const PieceData> pieces, std::span<PieceVerdict> out);

// The same verdicts for pieces of one size that are read strip by strip: each strip is hashed while
// it is in the cache, so memory is passed once and no piece is ever whole in it.
class StripVerifier {
 public:
  // What strips are multiples of, but the last of a piece.
  static constexpr std::size_t kStripUnit = 16 * 1024;

  // `info` and `layers` must outlive this.
  // REQUIRES: every piece has the same piece_size(), the pieces are not empty.
  StripVerifier(const TorrentInfo& info, const PieceLayers& layers, std::vector<PieceIndex> pieces);

  // The next bytes of each piece. REQUIRES: as many strips as pieces, all of one length.
  void update(std::span<const Bytes> strips);
  // Once, after all bytes of the pieces. REQUIRES: out.size() is the number of pieces.
  void finish(std::span<PieceVerdict> out);

 private:
  const TorrentInfo& info_;
  const PieceLayers& layers_;
  std::vector<PieceIndex> pieces_;
  std::optional<Sha1Streams> v1_;
  std::vector<std::vector<Sha256Digest>> leaves_;  // of each piece so far
  std::vector<std::size_t> leaf_bytes_;            // of each piece: what v2 hashes of it
  std::size_t size_ = 0;                           // bytes of each piece so far
};

}  // namespace weir
