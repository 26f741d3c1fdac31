// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/content_hasher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/random.h"
#include "codex/testing/reference_vectors.h"
#include "hash/merkle.h"
#include "hash/sha.h"
#include "metainfo/create.h"

namespace weir::codex {
namespace {

using testing::TorrentVector;

void feed_in_parts(ContentHasher& hasher, Bytes bytes, Random& random, std::size_t part_max) {
  while (!bytes.empty()) {
    const auto size = std::min<std::size_t>(bytes.size(), random.below(part_max + 1));
    hasher.feed(bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

PublishedTorrent publish(const TorrentVector& vector) {
  ContentHasher hasher(HashPlan::torrent());
  hasher.feed(content_of(vector));
  return *publish_torrent(hasher.finish(),
                          {std::string(vector.filename), std::string(vector.mimetype)});
}

TEST(Publish, TV_5_6_7_AndTheRecordedTorrentByteForByte) {
  for (const TorrentVector& vector : testing::torrent_vectors()) {
    SCOPED_TRACE(vector.name);
    const PublishedTorrent torrent = publish(vector);
    const auto& info = torrent.manifest.info;
    EXPECT_EQ(torrent.data.manifest.tree_cid.text(), vector.tree_cid);
    EXPECT_EQ(to_hex(torrent.data.block), vector.manifest);
    EXPECT_EQ(torrent.data.cid.text(), vector.manifest_cid);
    std::string pieces;
    for (const Sha1Digest& piece : info.pieces) pieces += piece.hex();
    EXPECT_EQ(pieces, vector.pieces);
    EXPECT_EQ(to_hex(bencode_info(info)), vector.info);
    EXPECT_EQ(torrent.info_hash.hex(), vector.info_hash);
    EXPECT_EQ(Multihash::of(torrent.info_hash).text(), vector.rest_text);
    EXPECT_EQ(torrent.cid.text(), vector.torrent_cid);
    EXPECT_EQ(to_hex(torrent.block), vector.torrent_block);
    EXPECT_TRUE(check_block(torrent.cid, torrent.block));
  }
}

TEST(Publish, TV_5_6_7_AndTheRecordedProofsAreOurProofs) {
  for (const TorrentVector& vector : testing::torrent_vectors()) {
    SCOPED_TRACE(vector.name);
    ContentHasher hasher(HashPlan::torrent(KeepLeaves::yes));
    hasher.feed(content_of(vector));
    HashedContent content = hasher.finish();
    const Sha256Digest root = content.tree.root();
    const Tree tree = Tree::over(content.tree.take_leaves());
    ASSERT_EQ(tree.leaf_count(), vector.leaves);
    EXPECT_EQ(tree.root(), root);
    for (const auto& expected : vector.proofs) {
      EXPECT_EQ(to_hex(encode_proof(tree.proof(expected.index))), expected.hex);
      const auto proof = decode_proof(*from_hex(expected.hex));
      ASSERT_TRUE(proof);
      EXPECT_TRUE(verify_proof(
          *proof, {expected.index, vector.leaves, tree.leaves()[expected.index]}, root));
    }
  }
}

TEST(Publish, TV_3_AndTheRecordedUploadAsData) {
  ContentHasher hasher(HashPlan::data());
  hasher.feed(as_bytes("some file contents"));
  EXPECT_EQ(publish_data(hasher.finish(), {})->cid.text(),
            "zDvZRwzm1ePSzKSXt57D5YxHwcSDmsCyYN65wW4HT7fuX9HrzFXy");
  ContentHasher recorded(HashPlan::data());
  recorded.feed(testing::make_content({40960, 7, 3}));
  const auto data = publish_data(recorded.finish(), {"v40960.bin", "application/octet-stream"});
  ASSERT_TRUE(data);
  EXPECT_EQ(to_hex(data->block), testing::kDataManifest);
  EXPECT_EQ(data->cid.text(), testing::kDataManifestCid);
  EXPECT_EQ(data->manifest.tree_cid.text(), testing::kDataTreeCid);
}

TEST(ContentHasher, AnyCutOfTheContentGivesTheSame) {
  Random random(41);
  // Around the size of a batch, where feeding changes from gathering to hashing in place.
  const std::size_t batch = 16 * kTorrentPieceLength;
  for (const std::size_t size : {batch - 1, batch, batch + 1, 2 * batch + 70000}) {
    const Buffer content = testing::make_content({size, 11, 5});
    ContentHasher whole(HashPlan::torrent(KeepLeaves::yes));
    whole.feed(content);
    const HashedContent expected = whole.finish();
    for (const std::size_t part_max : {std::size_t{70000}, batch + 5}) {
      ContentHasher parts(HashPlan::torrent(KeepLeaves::yes));
      feed_in_parts(parts, content, random, part_max);
      EXPECT_EQ(parts.size(), size);
      const HashedContent got = parts.finish();
      EXPECT_EQ(got.size, size);
      EXPECT_EQ(got.pieces, expected.pieces);
      EXPECT_EQ(got.piece_roots, expected.piece_roots);
      EXPECT_EQ(got.tree.leaves(), expected.tree.leaves());
      EXPECT_EQ(got.tree.root(), expected.tree.root());
    }
  }
}

TEST(ContentHasher, LeavesOfATorrentAreThoseOfBep52) {
  const Buffer content = testing::make_content({300000});
  ContentHasher hasher(HashPlan::torrent(KeepLeaves::yes));
  hasher.feed(content);
  const HashedContent out = hasher.finish();
  std::vector<Sha256Digest> leaves;
  merkle_leaves(content, leaves);
  EXPECT_EQ(out.tree.leaves(), leaves);
}

TEST(ContentHasher, AnExactMultipleOfTheBlockIsNotPaddedAndMakesNoPieceMore) {
  const Buffer content = testing::make_content({2 * kTorrentPieceLength});
  ContentHasher torrent(HashPlan::torrent(KeepLeaves::yes));
  torrent.feed(content);
  const HashedContent out = torrent.finish();
  EXPECT_EQ(out.pieces.size(), 2U);
  EXPECT_EQ(out.tree.leaf_count(), 32U);
  ContentHasher data(HashPlan{.keep_leaves = KeepLeaves::yes});
  data.feed(content);
  const HashedContent blocks = data.finish();
  ASSERT_EQ(blocks.tree.leaf_count(), 8U);
  EXPECT_FALSE(blocks.bep52_root());
  EXPECT_EQ(blocks.tree.leaves()[7],
            sha256(Bytes(content).subspan(content.size() - kDefaultBlockSize)));
}

// One upload, two torrents: the reference form and a hybrid, without a second look at the bytes.
TEST(ContentHasher, OnePassIsEnoughForAHybridTorrentToo) {
  for (const std::size_t size : {5UL, 40000UL, 262144UL, 262145UL, 2000000UL, 6000000UL}) {
    const Buffer content = testing::make_content({size, 3, 2});
    ContentHasher hasher(HashPlan::torrent());
    hasher.feed(content);
    const HashedContent hashed = hasher.finish();
    CreateOptions options;
    options.piece_length = kTorrentPieceLength;
    options.name = "content.bin";
    CreateFile file;
    file.length = size;
    const auto make = [&] { return *TorrentBuilder::make(options, {file}); };
    TorrentBuilder from_hashes = make(), from_bytes = make();
    const Layout& layout = from_hashes.layout();
    Bytes rest = content;
    for (std::uint32_t p = 0; p < layout.piece_count(); ++p) {
      const PieceIndex piece{p};
      from_hashes.add({{{piece, hashed.pieces[p], hashed.piece_roots[p], {}}}});
      const CreatedPieceInput input{piece, rest.first(layout.piece_size(piece))};
      from_bytes.add(hash_created_pieces(layout, {&input, 1}));
      rest = rest.subspan(input.data.size());
    }
    EXPECT_EQ(hashed.bep52_root(), merkle_file_root(content)) << size;
    EXPECT_EQ(from_hashes.finish()->bytes, from_bytes.finish()->bytes) << size;
  }
}

TEST(Publish, EmptyContentIsRefused) {
  EXPECT_EQ(publish_torrent(ContentHasher(HashPlan::torrent()).finish(), {}).error(),
            CodexErrc::empty_dataset);
  EXPECT_EQ(publish_data(ContentHasher(HashPlan::data()).finish(), {}).error(),
            CodexErrc::empty_dataset);
}

TEST(Publish, ATextThatIsTooLongIsRefused) {
  for (const std::size_t size : {kManifestTextMax, kManifestTextMax + 1}) {
    ContentHasher hasher(HashPlan::torrent());
    hasher.feed(as_bytes("x"));
    const auto torrent = publish_torrent(hasher.finish(), {std::string(size, 'n'), ""});
    EXPECT_EQ(torrent.has_value(), size == kManifestTextMax);
  }
}

}  // namespace
}  // namespace weir::codex
