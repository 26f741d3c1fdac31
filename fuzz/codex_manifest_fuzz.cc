// SPDX-License-Identifier: MIT OR Apache-2.0
// What Codex peers send as blocks and metadata: manifests, directories, BitTorrent manifests,
// proofs and trees. What decodes is valid, encodes, and decodes from that to the same value.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "codex/content_hasher.h"
#include "codex/info_hash_text.h"
#include "codex/rest_json.h"

namespace weir::codex {
namespace {

// Both ends of [0, count), where arithmetic goes wrong if it does.
template <class Visit>
void visit_ends(std::uint64_t count, const Visit& visit) {
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, 3); ++i) visit(i);
  for (std::uint64_t i = count - std::min<std::uint64_t>(count, 3); i < count; ++i) visit(i);
}

void check_manifest_input(Bytes input) {
  const auto manifest = decode_manifest(input);
  if (!manifest) {
    WEIR_ASSERT(manifest.error().offset <= input.size());
    return;
  }
  WEIR_ASSERT(check_manifest(*manifest));
  WEIR_ASSERT(decode_manifest(encode_manifest(*manifest)) == *manifest);
  const std::uint64_t blocks = manifest->blocks_count();
  WEIR_ASSERT(blocks > 0 && blocks <= kDatasetBlocksMax);
  visit_ends(blocks, [&](std::uint64_t block) {
    const BlockExtent extent = manifest->extent(block);
    WEIR_ASSERT(extent.length > 0 && extent.length <= manifest->block_size);
    WEIR_ASSERT(extent.offset + extent.length <= manifest->dataset_size);
  });
  (void)manifest->tree_root();
  (void)data_item_json(manifest_cid(input), *manifest);
}

void check_directory_input(Bytes input) {
  const auto directory = decode_directory(input);
  if (!directory) {
    WEIR_ASSERT(directory.error().offset <= input.size());
    return;
  }
  WEIR_ASSERT(decode_directory(encode_directory(*directory)) == *directory);
  (void)directory_item_json(manifest_cid(input), *directory);
}

void check_torrent_input(Bytes input) {
  const auto torrent = decode_torrent_block(input);
  if (!torrent) {
    WEIR_ASSERT(torrent.error().offset <= input.size());
    return;
  }
  WEIR_ASSERT(decode_torrent_block(encode_torrent_block(*torrent)) == *torrent);
  const Sha1Digest hash = info_hash(torrent->info);
  WEIR_ASSERT(check_block(info_hash_cid(hash), input));
  (void)torrent_item_json(hash, *torrent);
  // The manifest that would go with it, in blocks of several sizes.
  Manifest manifest;
  manifest.tree_cid = tree_cid({});
  manifest.dataset_size = torrent->info.length;
  for (const std::uint32_t block_size : {1U, kTorrentBlockSize, kDefaultBlockSize}) {
    manifest.block_size = block_size;
    const auto map = PieceMap::make(torrent->info, manifest);
    if (!map) continue;
    visit_ends(map->piece_count(), [&](std::uint64_t index) {
      const PieceIndex piece{static_cast<std::uint32_t>(index)};
      const BlockRange range = map->blocks_of(piece);
      WEIR_ASSERT(range.begin < range.end && range.end <= map->block_count());
      WEIR_ASSERT(map->piece_of(range.begin) == piece && map->piece_of(range.end - 1) == piece);
      const BlockExtent last = manifest.extent(range.end - 1);
      WEIR_ASSERT(manifest.extent(range.begin).offset + map->piece_size(piece) ==
                  last.offset + last.length);
    });
  }
}

void check_proof_input(Bytes input) {
  if (const auto tree = Tree::decode(input)) {
    WEIR_ASSERT(Tree::decode(tree->encode())->root() == tree->root());
    visit_ends(tree->leaf_count(), [&](std::uint64_t index) {
      const TreeLeaf leaf{index, tree->leaf_count(), tree->leaves()[index]};
      WEIR_ASSERT(verify_proof(tree->proof(index), leaf, tree->root()));
    });
  }
  const auto proof = decode_proof(input);
  if (!proof) {
    WEIR_ASSERT(proof.error().offset <= input.size());
    return;
  }
  WEIR_ASSERT(decode_proof(encode_proof(*proof)) == *proof);
  WEIR_ASSERT(!verify_proof(*proof, {proof->index, proof->leaf_count, proof->path[0]}, {}));
}

}  // namespace
}  // namespace weir::codex

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  codex::check_manifest_input(input);
  codex::check_directory_input(input);
  codex::check_torrent_input(input);
  codex::check_proof_input(input);
  if (const auto hash = codex::parse_info_hash_text(as_text(input))) {
    WEIR_ASSERT(codex::parse_info_hash_text(hash->text()) == *hash);
  }
  return 0;
}
