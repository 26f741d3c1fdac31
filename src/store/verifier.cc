// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/verifier.h"

#include <algorithm>

#include "base/assert.h"
#include "hash/merkle.h"
#include "hash/sha.h"

namespace weir {
namespace {

constexpr std::uint32_t kLeafSize = 16 * 1024;  // BEP 52

std::uint64_t pieces_in_file(const Layout& layout, std::uint32_t file) {
  const std::uint64_t length = layout.files()[file].length;
  return (length + layout.piece_length() - 1) / layout.piece_length();
}

// A piece's merkle tree while it is reduced, one layer after the other.
struct TreeUnderWay {
  std::size_t piece = 0;  // index into the batch
  Sha256Digest expected;
  std::uint64_t width = 0;  // entries in the current layer, padding included
  std::size_t begin = 0;    // first hash of the current layer in the common list
  std::size_t count = 0;  // hashes there that cover data, and one of padding when that makes a pair
};

// Hashes neighbours in pairs, for all trees in one batch, until every tree has come to its root.
// `hashes` holds the trees' current layers one after another.
std::vector<Sha256Digest> reduce(std::vector<TreeUnderWay>& trees,
                                 std::vector<Sha256Digest> hashes) {
  std::uint32_t layer = 0;
  std::vector<Sha256Digest> current;
  std::vector<Bytes> messages;
  while (std::any_of(trees.begin(), trees.end(), [](const auto& t) { return t.width > 1; })) {
    // Each pair lies in memory as the 64 bytes that are to be hashed.
    current.clear();
    for (TreeUnderWay& tree : trees) {
      const std::size_t begin = current.size();
      current.insert(current.end(), hashes.begin() + static_cast<std::ptrdiff_t>(tree.begin),
                     hashes.begin() + static_cast<std::ptrdiff_t>(tree.begin + tree.count));
      if (tree.width > 1 && tree.count % 2 == 1) current.push_back(merkle_pad(layer));
      tree.begin = begin;
      tree.count = current.size() - begin;
    }
    messages.clear();
    for (const TreeUnderWay& tree : trees) {
      if (tree.width == 1) continue;
      for (std::size_t i = 0; i < tree.count; i += 2) {
        messages.push_back(std::as_bytes(std::span(current).subspan(tree.begin + i, 2)));
      }
    }
    std::vector<Sha256Digest> parents(messages.size());
    sha256_many(messages, parents);
    // Trees that have their root keep it; the others go up a layer.
    hashes.clear();
    std::size_t taken = 0;
    for (TreeUnderWay& tree : trees) {
      const std::size_t begin = hashes.size();
      if (tree.width == 1) {
        hashes.push_back(current[tree.begin]);
      } else {
        tree.count /= 2;
        tree.width /= 2;
        hashes.insert(hashes.end(), parents.begin() + static_cast<std::ptrdiff_t>(taken),
                      parents.begin() + static_cast<std::ptrdiff_t>(taken + tree.count));
        taken += tree.count;
      }
      tree.begin = begin;
    }
    ++layer;
  }
  return hashes;
}

void judge_digests(const TorrentInfo& info, std::span<const PieceIndex> pieces,
                   std::span<const Sha1Digest> digests, std::span<PieceVerdict> out) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool good = digests[i] == info.piece_hashes[to_int(pieces[i])];
    out[i] = good ? PieceVerdict::good : PieceVerdict::bad;
  }
}

void verify_v1(const TorrentInfo& info, std::span<const PieceData> pieces,
               std::span<PieceVerdict> out) {
  std::vector<PieceIndex> indices;
  std::vector<Bytes> messages;
  for (const PieceData& piece : pieces) {
    indices.push_back(piece.piece);
    messages.push_back(piece.data);
  }
  std::vector<Sha1Digest> digests(pieces.size());
  sha1_many(messages, digests);
  judge_digests(info, indices, digests, out);
}

// How many bytes of the piece v2 has leaves of: none while there is nothing to compare with, or
// where it is padding only.
std::uint32_t leaf_bytes(const Layout& layout, const PieceLayers& layers, PieceIndex piece) {
  return layers.piece_root(layout, piece) ? layout.piece_payload(piece) : 0;
}

// Adds the leaf blocks of `data`, which lies in its piece where a leaf begins.
void add_leaves(Bytes data, std::vector<Bytes>& blocks) {
  for (std::size_t at = 0; at < data.size(); at += kLeafSize) {
    blocks.push_back(data.subspan(at, std::min<std::size_t>(kLeafSize, data.size() - at)));
  }
}

// `leaves` holds those of all pieces one after another, without what leaf_bytes() leaves out.
void judge_trees(const TorrentInfo& info, const PieceLayers& layers,
                 std::span<const PieceIndex> pieces, std::vector<Sha256Digest> leaves,
                 std::span<PieceVerdict> out) {
  const Layout& layout = info.layout;
  std::vector<TreeUnderWay> trees;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    out[i] = PieceVerdict::unverifiable;
    const std::size_t count = (leaf_bytes(layout, layers, pieces[i]) + kLeafSize - 1) / kLeafSize;
    if (count == 0) continue;
    // A file no longer than a piece has a tree of its own, only as wide as it needs to be.
    const auto& file = layout.file(layout.piece_file(pieces[i]));
    const std::uint64_t width = file.length <= layout.piece_length()
                                    ? merkle_width(count)
                                    : layout.piece_length() / kLeafSize;
    trees.push_back({i, *layers.piece_root(layout, pieces[i]), width, begin, count});
    begin += count;
  }
  const std::vector<Sha256Digest> roots = reduce(trees, std::move(leaves));
  for (const TreeUnderWay& tree : trees) {
    const bool good = roots[tree.begin] == tree.expected;
    out[tree.piece] = good ? PieceVerdict::good : PieceVerdict::bad;
  }
}

void verify_v2(const TorrentInfo& info, const PieceLayers& layers,
               std::span<const PieceData> pieces, std::span<PieceVerdict> out) {
  std::vector<PieceIndex> indices;
  std::vector<Bytes> blocks;
  for (const PieceData& piece : pieces) {
    indices.push_back(piece.piece);
    add_leaves(piece.data.first(leaf_bytes(info.layout, layers, piece.piece)), blocks);
  }
  std::vector<Sha256Digest> leaves(blocks.size());
  sha256_many(blocks, leaves);
  judge_trees(info, layers, indices, std::move(leaves), out);
}

PieceVerdict combine(TorrentKind kind, PieceVerdict v1, PieceVerdict v2) {
  if (!has_v1(kind)) return v2;
  if (v2 == PieceVerdict::unverifiable || v1 == v2) return v1;
  return PieceVerdict::inconsistent;
}

}  // namespace

PieceLayers::PieceLayers(const Layout& layout, std::span<const PieceLayer> known) {
  if (!has_v2(layout.kind())) return;
  by_file_.resize(layout.files().size());
  for (std::uint32_t i = 0; i < by_file_.size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (!file.attributes.pad && file.length > layout.piece_length()) by_root_.push_back(i);
  }
  std::sort(by_root_.begin(), by_root_.end(), [&layout](std::uint32_t a, std::uint32_t b) {
    return layout.files()[a].pieces_root < layout.files()[b].pieces_root;
  });
  for (const PieceLayer& layer : known) add(layout, layer);
}

bool PieceLayers::add(const Layout& layout, const PieceLayer& layer) {
  if (by_file_.empty()) *this = PieceLayers(layout, {});
  auto file = std::lower_bound(by_root_.begin(), by_root_.end(), layer.pieces_root,
                               [&layout](std::uint32_t a, const Sha256Digest& root) {
                                 return layout.files()[a].pieces_root < root;
                               });
  Layer shared;
  for (; file != by_root_.end() && layout.files()[*file].pieces_root == layer.pieces_root; ++file) {
    if (layer.hashes.size() != pieces_in_file(layout, *file)) continue;
    if (!shared) shared = std::make_shared<const std::vector<Sha256Digest>>(layer.hashes);
    by_file_[*file] = shared;
  }
  return shared != nullptr;
}

std::optional<Sha256Digest> PieceLayers::piece_root(const Layout& layout, PieceIndex piece) const {
  const FileIndex file = layout.piece_file(piece);
  const TorrentFile& entry = layout.file(file);
  if (entry.length <= layout.piece_length()) return entry.pieces_root;
  const auto known = layer(file);
  if (known.empty()) return std::nullopt;
  return known[layout.piece_in_file(piece)];
}

bool PieceLayers::complete(const Layout& layout) const {
  if (!has_v2(layout.kind())) return true;
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (file.attributes.pad || file.length <= layout.piece_length()) continue;
    if (layer(FileIndex{i}).empty()) return false;
  }
  return true;
}

std::span<const Sha256Digest> PieceLayers::layer(FileIndex file) const {
  if (to_int(file) >= by_file_.size() || !by_file_[to_int(file)]) return {};
  return *by_file_[to_int(file)];
}

void verify_pieces(const TorrentInfo& info, const PieceLayers& layers,
                   std::span<const PieceData> pieces, std::span<PieceVerdict> out) {
  WEIR_ASSERT(out.size() == pieces.size());
  // Only data of the right size goes on, so that no payload is cut out of a buffer too short.
  std::vector<std::size_t> whole;
  std::vector<PieceData> batch;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    out[i] = PieceVerdict::bad;
    if (pieces[i].data.size() != info.layout.piece_size(pieces[i].piece)) continue;
    whole.push_back(i);
    batch.push_back(pieces[i]);
  }
  std::vector<PieceVerdict> v1(batch.size(), PieceVerdict::unverifiable);
  std::vector<PieceVerdict> v2(batch.size(), PieceVerdict::unverifiable);
  const TorrentKind kind = info.layout.kind();
  if (has_v1(kind)) verify_v1(info, batch, v1);
  if (has_v2(kind)) verify_v2(info, layers, batch, v2);
  for (std::size_t i = 0; i < batch.size(); ++i) out[whole[i]] = combine(kind, v1[i], v2[i]);
}

StripVerifier::StripVerifier(const TorrentInfo& info, const PieceLayers& layers,
                             std::vector<PieceIndex> pieces)
    : info_(info), layers_(layers), pieces_(std::move(pieces)) {
  const TorrentKind kind = info.layout.kind();
  if (has_v1(kind)) v1_.emplace(pieces_.size());
  if (!has_v2(kind)) return;
  leaves_.resize(pieces_.size());
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    leaf_bytes_.push_back(leaf_bytes(info.layout, layers, pieces_[i]));
    leaves_[i].reserve((leaf_bytes_[i] + kLeafSize - 1) / kLeafSize);
  }
}

void StripVerifier::update(std::span<const Bytes> strips) {
  WEIR_ASSERT(strips.size() == pieces_.size() && size_ % kStripUnit == 0);
  if (v1_) v1_->update(strips);
  std::vector<Bytes> blocks;
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    WEIR_ASSERT(strips[i].size() == strips[0].size());
    const std::size_t left = leaf_bytes_[i] - std::min(leaf_bytes_[i], size_);
    add_leaves(strips[i].first(std::min(left, strips[i].size())), blocks);
    owners.resize(blocks.size(), i);
  }
  std::vector<Sha256Digest> hashes(blocks.size());
  sha256_many(blocks, hashes);
  for (std::size_t i = 0; i < hashes.size(); ++i) leaves_[owners[i]].push_back(hashes[i]);
  size_ += strips[0].size();
}

void StripVerifier::finish(std::span<PieceVerdict> out) {
  WEIR_ASSERT(out.size() == pieces_.size());
  WEIR_ASSERT(size_ == info_.layout.piece_size(pieces_[0]));
  const TorrentKind kind = info_.layout.kind();
  std::vector<PieceVerdict> v1(pieces_.size(), PieceVerdict::unverifiable);
  std::vector<PieceVerdict> v2(pieces_.size(), PieceVerdict::unverifiable);
  if (v1_) {
    std::vector<Sha1Digest> digests(pieces_.size());
    v1_->finish(digests);
    judge_digests(info_, pieces_, digests, v1);
  }
  if (has_v2(kind)) {
    std::vector<Sha256Digest> leaves;
    for (const auto& piece : leaves_) leaves.insert(leaves.end(), piece.begin(), piece.end());
    judge_trees(info_, layers_, pieces_, std::move(leaves), v2);
  }
  for (std::size_t i = 0; i < pieces_.size(); ++i) out[i] = combine(kind, v1[i], v2[i]);
}

}  // namespace weir
