// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/content_hasher.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/result.h"
#include "hash/merkle.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

// As many messages as the widest kernel hashes at a time.
constexpr std::size_t kLanes = 16;

std::vector<Bytes> cut(Bytes bytes, std::size_t size) {
  std::vector<Bytes> out;
  out.reserve(bytes.size() / size + 1);
  for (; !bytes.empty(); bytes = bytes.subspan(out.back().size())) {
    out.push_back(bytes.first(std::min(size, bytes.size())));
  }
  return out;
}

bool has_piece_roots(const HashPlan& plan) {
  return plan.block_size == kTorrentBlockSize && plan.last_block == LastBlock::as_is &&
         std::has_single_bit(plan.piece_length / kTorrentBlockSize);
}

}  // namespace

std::optional<Sha256Digest> HashedContent::bep52_root() const {
  if (piece_roots.empty()) return std::nullopt;
  if (piece_roots.size() == 1) return piece_roots[0];
  return merkle_root(piece_roots, merkle_width(piece_roots.size()),
                     merkle_depth(plan.piece_length / kTorrentBlockSize));
}

ContentHasher::ContentHasher(HashPlan plan) : out_{plan, 0, TreeBuilder(plan.keep_leaves), {}, {}} {
  WEIR_ASSERT(plan.block_size > 0 && plan.block_size <= kBlockSizeMax);
  WEIR_ASSERT(plan.piece_length % plan.block_size == 0);
  // A block of 100 MiB needs no neighbours to be worth hashing.
  constexpr std::size_t kBatchMax = 16 * 1024 * 1024;
  const std::size_t unit = plan.piece_length > 0 ? plan.piece_length : plan.block_size;
  batch_size_ = std::max<std::size_t>(1, std::min(kLanes, kBatchMax / unit)) * unit;
}

void ContentHasher::feed(Bytes bytes) {
  if (!held_.empty()) {
    const Bytes head = bytes.first(std::min(bytes.size(), batch_size_ - held_.size()));
    append(held_, head);
    bytes = bytes.subspan(head.size());
    if (held_.size() < batch_size_) return;
    hash(held_);
    held_.clear();
  }
  for (; bytes.size() >= batch_size_; bytes = bytes.subspan(batch_size_)) {
    hash(bytes.first(batch_size_));
  }
  // All of it at once, so that the buffer is never copied while it grows.
  if (!bytes.empty()) held_.reserve(batch_size_);
  append(held_, bytes);
}

// Whole blocks and pieces, but for the end of the content.
void ContentHasher::hash(Bytes batch) {
  const HashPlan& plan = out_.plan;
  out_.size += batch.size();
  std::vector<Bytes> messages = cut(batch, plan.block_size);
  Buffer padded;
  if (plan.last_block == LastBlock::padded && messages.back().size() < plan.block_size) {
    padded = to_buffer(messages.back());
    padded.resize(plan.block_size);
    messages.back() = padded;
  }
  std::vector<Sha256Digest> leaves(messages.size());
  sha256_many(messages, leaves);
  out_.tree.add(leaves);
  if (plan.piece_length == 0) return;
  if (has_piece_roots(plan)) add_piece_roots(leaves);
  messages = cut(batch, plan.piece_length);
  const std::size_t before = out_.pieces.size();
  out_.pieces.resize(before + messages.size());
  sha1_many(messages, std::span(out_.pieces).subspan(before));
}

void ContentHasher::add_piece_roots(std::span<const Sha256Digest> leaves) {
  const std::size_t per_piece = out_.plan.piece_length / kTorrentBlockSize;
  // Content within one piece has a tree of its own width only. It comes in one batch.
  const std::size_t width = out_.piece_roots.empty() && leaves.size() < per_piece
                                ? merkle_width(leaves.size())
                                : per_piece;
  for (; !leaves.empty(); leaves = leaves.subspan(std::min(per_piece, leaves.size()))) {
    out_.piece_roots.push_back(
        merkle_root(leaves.first(std::min(per_piece, leaves.size())), width, 0));
  }
}

HashedContent ContentHasher::finish() {
  if (!held_.empty()) hash(held_);
  held_ = Buffer();
  return std::move(out_);
}

CodexResult<PublishedData> publish_data(const HashedContent& content, PublishText text) {
  PublishedData out;
  if (content.size == 0) {
    return std::unexpected(CodexError{CodexErrc::empty_dataset, 0, "datasetSize"});
  }
  out.manifest.tree_cid = tree_cid(content.tree.root());
  out.manifest.block_size = content.plan.block_size;
  out.manifest.dataset_size = content.size;
  out.manifest.filename = std::move(text.filename);
  out.manifest.mimetype = std::move(text.mimetype);
  WEIR_CHECK(check_manifest(out.manifest));
  out.block = encode_manifest(out.manifest);
  out.cid = manifest_cid(out.block);
  return out;
}

CodexResult<PublishedTorrent> publish_torrent(HashedContent content, PublishText text) {
  WEIR_ASSERT(content.plan.piece_length > 0 && content.plan.last_block == LastBlock::as_is);
  PublishedTorrent out;
  WEIR_TRY(data, publish_data(content, std::move(text)));
  out.data = std::move(data);
  out.manifest.info.length = content.size;
  out.manifest.info.piece_length = content.plan.piece_length;
  out.manifest.info.pieces = std::move(content.pieces);
  out.manifest.info.name = out.data.manifest.filename;
  out.manifest.codex_manifest = out.data.cid;
  WEIR_CHECK(check_info(out.manifest.info));
  out.block = encode_torrent_block(out.manifest);
  out.info_hash = info_hash(out.manifest.info);
  out.cid = info_hash_cid(out.info_hash);
  return out;
}

}  // namespace weir::codex
