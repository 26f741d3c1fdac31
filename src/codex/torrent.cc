// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/torrent.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "base/result.h"
#include "bencode/encoder.h"
#include "codex/internal/protobuf.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

constexpr std::uint64_t kLengthMax = std::numeric_limits<std::int64_t>::max();

CodexResult<Sha1Digest> read_piece(const Field& message) {
  std::optional<Sha1Digest> out;
  FieldReader reader(message);
  while (true) {
    WEIR_TRY(field, reader.next());
    if (!field) break;
    if (!field->is_bytes(1)) continue;
    const auto hash = Multihash::decode(field->bytes);
    out = hash ? hash->as_sha1() : std::nullopt;
    if (!out) return refuse(CodexErrc::bad_piece_hash, field->offset, "pieces");
  }
  if (!out) return refuse(CodexErrc::bad_piece_hash, message.offset, "pieces");
  return *out;
}

CodexResult<BitTorrentInfo> read_info(const Field& message) {
  BitTorrentInfo out;
  out.piece_length = 0;
  FieldReader reader(message);
  while (true) {
    WEIR_TRY(field, reader.next());
    if (!field) return out;
    if (field->is_number(1)) out.length = field->number;
    if (field->is_number(2)) {
      WEIR_TRY(piece_length, read_u32(*field, "pieceLength"));
      out.piece_length = piece_length;
    }
    if (field->is_bytes(3)) {
      if (out.pieces.size() == kTorrentPiecesMax) {
        return refuse(CodexErrc::too_many_pieces, field->offset, "pieces");
      }
      WEIR_TRY(piece, read_piece(*field));
      out.pieces.push_back(piece);
    }
    if (field->is_bytes(4)) out.name = as_text(field->bytes);
  }
}

// Of a non-empty length; the sum can't wrap, whatever the length.
std::uint64_t pieces_in(std::uint64_t length, std::uint32_t piece_length) {
  return (length - 1) / piece_length + 1;
}

}  // namespace

CodexResult<void> check_info(const BitTorrentInfo& info) {
  if (info.length == 0 || info.length > kLengthMax) {
    return refuse(CodexErrc::bad_length, 0, "length");
  }
  if (info.piece_length == 0) return refuse(CodexErrc::bad_piece_length, 0, "pieceLength");
  if (info.pieces.size() > kTorrentPiecesMax) {
    return refuse(CodexErrc::too_many_pieces, 0, "pieces");
  }
  if (info.pieces.size() != pieces_in(info.length, info.piece_length)) {
    return refuse(CodexErrc::wrong_piece_count, 0, "pieces");
  }
  if (info.name.size() > kManifestTextMax) return refuse(CodexErrc::text_too_long, 0, "name");
  return {};
}

Buffer bencode_info(const BitTorrentInfo& info) {
  WEIR_ASSERT(check_info(info));
  BencodeWriter writer;
  writer.begin_dict();
  writer.entry("length", static_cast<std::int64_t>(info.length));
  if (!info.name.empty()) writer.entry("name", info.name);
  writer.entry("piece length", std::int64_t{info.piece_length});
  static_assert(sizeof(Sha1Digest) == Sha1Digest::kSize);
  writer.key("pieces");
  writer.string(std::as_bytes(std::span(info.pieces)));
  writer.end();
  return writer.take();
}

Sha1Digest info_hash(const BitTorrentInfo& info) { return sha1(bencode_info(info)); }

Buffer encode_torrent_block(const BitTorrentManifest& manifest) {
  WEIR_ASSERT(check_info(manifest.info));
  std::string info;
  protozero::pbf_writer writer(info);
  writer.add_uint64(1, manifest.info.length);
  writer.add_uint32(2, manifest.info.piece_length);
  std::string piece;
  for (const Sha1Digest& digest : manifest.info.pieces) {
    piece.clear();
    protozero::pbf_writer(piece).add_bytes(1, to_view(Multihash::of(digest).bytes()));
    writer.add_message(3, piece);
  }
  if (!manifest.info.name.empty()) writer.add_string(4, manifest.info.name);
  std::string out;
  protozero::pbf_writer outer(out);
  outer.add_message(1, info);
  outer.add_bytes(2, to_view(manifest.codex_manifest.bytes()));
  return to_buffer(as_bytes(out));
}

CodexResult<BitTorrentManifest> decode_torrent_block(Bytes bytes) {
  if (bytes.size() > kTorrentBlockBytesMax) return refuse(CodexErrc::input_too_large);
  std::optional<BitTorrentInfo> info;
  std::optional<Cid> manifest;
  FieldReader reader(bytes);
  while (true) {
    WEIR_TRY(field, reader.next());
    if (!field) break;
    if (field->is_bytes(1)) {
      WEIR_TRY(read, read_info(*field));
      info = std::move(read);
    }
    if (field->is_bytes(2)) {
      WEIR_TRY(cid, read_cid(*field, "codexManifestCid"));
      manifest = cid;
    }
  }
  if (!info) return refuse(CodexErrc::missing_field, 0, "info");
  if (!manifest) return refuse(CodexErrc::missing_field, 0, "codexManifestCid");
  WEIR_CHECK(check_info(*info));
  if (manifest->codec() != Multicodec::codex_manifest) {
    return refuse(CodexErrc::wrong_codec, 0, "codexManifestCid");
  }
  if (manifest->hash().code() != HashCode::sha2_256) {
    return refuse(CodexErrc::wrong_hash, 0, "codexManifestCid");
  }
  return BitTorrentManifest{std::move(*info), *manifest};
}

CodexResult<BitTorrentManifest> check_torrent_block(const Sha1Digest& info_hash, Bytes bytes) {
  auto manifest = decode_torrent_block(bytes);
  if (manifest && codex::info_hash(manifest->info) != info_hash) {
    return refuse(CodexErrc::info_hash_mismatch, 0, "info");
  }
  return manifest;
}

CodexResult<PieceMap> PieceMap::make(const BitTorrentInfo& info, const Manifest& manifest) {
  WEIR_CHECK(check_info(info));
  WEIR_CHECK(check_manifest(manifest));
  if (manifest.erasure) return refuse(CodexErrc::is_protected, 0, "codexManifestCid");
  if (info.length != manifest.dataset_size) {
    return refuse(CodexErrc::length_mismatch, 0, "datasetSize");
  }
  if (info.piece_length % manifest.block_size != 0) {
    return refuse(CodexErrc::bad_piece_length, 0, "pieceLength");
  }
  PieceMap out;
  out.length_ = info.length;
  out.blocks_ = manifest.blocks_count();
  out.pieces_ = static_cast<std::uint32_t>(info.pieces.size());
  out.piece_length_ = info.piece_length;
  out.blocks_per_piece_ = info.piece_length / manifest.block_size;
  return out;
}

BlockRange PieceMap::blocks_of(PieceIndex piece) const {
  WEIR_ASSERT(to_int(piece) < pieces_);
  const std::uint64_t begin = std::uint64_t{to_int(piece)} * blocks_per_piece_;
  return {begin, std::min(begin + blocks_per_piece_, blocks_)};
}

std::uint32_t PieceMap::piece_size(PieceIndex piece) const {
  WEIR_ASSERT(to_int(piece) < pieces_);
  const std::uint64_t begin = std::uint64_t{to_int(piece)} * piece_length_;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_length_, length_ - begin));
}

PieceIndex PieceMap::piece_of(std::uint64_t block) const {
  WEIR_ASSERT(block < blocks_);
  return PieceIndex{static_cast<std::uint32_t>(block / blocks_per_piece_)};
}

CodexResult<void> check_piece(const PieceMap& map, const BitTorrentInfo& info, PieceIndex piece,
                              std::span<const Bytes> blocks) {
  WEIR_ASSERT(to_int(piece) < map.piece_count() && map.piece_count() == info.pieces.size());
  Sha1Stream stream;
  std::uint64_t size = 0;
  for (const Bytes block : blocks) {
    stream.update(block);
    size += block.size();
  }
  if (size != map.piece_size(piece)) return refuse(CodexErrc::wrong_block_length, 0, "piece");
  if (stream.finish() != info.pieces[to_int(piece)]) {
    return refuse(CodexErrc::piece_mismatch, 0, "piece");
  }
  return {};
}

}  // namespace weir::codex
