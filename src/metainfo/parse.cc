// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/parse.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/result.h"
#include "base/utf8.h"
#include "hash/sha.h"
#include "metainfo/internal/raw_files.h"
#include "metainfo/path.h"

namespace weir {
namespace {

using metainfo_internal::RawFiles;
using metainfo_internal::RawTorrent;
using metainfo_internal::refuse;

MetainfoResult<TorrentKind> read_kind(BencodeNode info) {
  const BencodeNode node = info.find("meta version");
  if (!node) return TorrentKind::v1;
  const auto version = node.as_integer();
  if (!version) return refuse(MetainfoErrc::bad_meta_version, node, "meta version");
  if (*version == 1) return TorrentKind::v1;
  if (*version != 2) return refuse(MetainfoErrc::unsupported_meta_version, node, "meta version");
  // Any v1 key makes it a hybrid, which then needs all of them.
  const bool v1 = info.find("pieces") || info.find("files") || info.find("length");
  return v1 ? TorrentKind::hybrid : TorrentKind::v2;
}

MetainfoResult<std::uint32_t> read_piece_length(BencodeNode info, TorrentKind kind) {
  constexpr const char* kField = "piece length";
  const BencodeNode node = info.find(kField);
  if (!node) return refuse(MetainfoErrc::missing_piece_length, info, kField);
  const auto length = node.as_integer();
  if (!length) return refuse(MetainfoErrc::bad_piece_length, node, kField);
  if (*length < kPieceLengthMin || *length > kPieceLengthMax) {
    return refuse(MetainfoErrc::piece_length_out_of_range, node, kField);
  }
  const auto value = static_cast<std::uint32_t>(*length);
  if (has_v2(kind) && !std::has_single_bit(value)) {
    return refuse(MetainfoErrc::piece_length_no_power_of_two, node, kField);
  }
  return value;
}

// Codex nodes make torrents of uploads without a name, whose info dictionaries have none either:
// three keys and pieces of 256 KiB. Any other without a name is damaged.
bool is_nameless_upload(BencodeNode info) {
  for (const auto& [key, value] : info.as_dict()) {
    if (key != "length" && key != "piece length" && key != "pieces") return false;
  }
  return info.find("piece length").as_integer() == 256 * 1024;
}

// Empty of a nameless upload alone.
MetainfoResult<std::string_view> read_name(BencodeNode info, TorrentKind kind) {
  BencodeNode node = info.find("name");
  const BencodeNode utf8 = info.find("name.utf-8");
  if (kind == TorrentKind::v1 && !utf8.as_string().value_or("").empty()) node = utf8;
  if (!node && is_nameless_upload(info)) return std::string_view();
  if (!node) return refuse(MetainfoErrc::missing_name, info, "name");
  const auto name = node.as_string();
  if (!name) return refuse(MetainfoErrc::bad_name, node, "name");
  if (name->empty()) return refuse(MetainfoErrc::empty_name, node, "name");
  return *name;
}

MetainfoResult<std::vector<Sha1Digest>> read_pieces(BencodeNode info, std::uint32_t piece_count) {
  const BencodeNode node = info.find("pieces");
  if (!node) return refuse(MetainfoErrc::missing_pieces, info, "pieces");
  const auto text = node.as_string();
  if (!text) return refuse(MetainfoErrc::bad_pieces, node, "pieces");
  if (text->size() % Sha1Digest::kSize != 0) {
    return refuse(MetainfoErrc::pieces_not_digests, node, "pieces");
  }
  std::vector<Sha1Digest> hashes(text->size() / Sha1Digest::kSize);
  if (hashes.size() != piece_count) return refuse(MetainfoErrc::wrong_piece_count, node, "pieces");
  std::memcpy(hashes.data(), text->data(), text->size());
  return hashes;
}

MetainfoResult<RawFiles> read_files(BencodeNode info, TorrentKind kind, std::string_view name,
                                    std::uint32_t piece_length, const MetainfoLimits& limits) {
  using namespace metainfo_internal;
  if (kind == TorrentKind::v1) return read_v1_files(info, name, limits);
  WEIR_TRY(v2, read_v2_files(info, name, piece_length, limits));
  if (kind == TorrentKind::v2) return v2;
  WEIR_TRY(v1, read_v1_files(info, name, limits));
  WEIR_CHECK(join_hybrid(v1, v2, info));
  return v1;
}

MetainfoResult<Layout> read_layout(BencodeNode info, const RawTorrent& torrent,
                                   const std::string& name, const MetainfoLimits& limits) {
  const std::uint32_t piece_length = torrent.piece_length;
  std::uint64_t end = 0;
  bool content = false;
  for (const auto& file : torrent.files.files) {
    end = std::max(end, file.offset + file.length);
    content = content || (file.length > 0 && !file.attributes.pad);
  }
  if (!content) return refuse(MetainfoErrc::no_content, info, "files");
  if ((end + piece_length - 1) / piece_length > limits.pieces_max) {
    return refuse(MetainfoErrc::too_many_pieces, info, "piece length");
  }
  WEIR_TRY(files, resolve_files(torrent.files, name, info));
  return Layout(torrent.kind, piece_length, std::move(files));
}

MetainfoResult<std::shared_ptr<const TorrentInfo>> read_info(BencodeNode info,
                                                             const MetainfoLimits& limits) {
  WEIR_TRY(raw, metainfo_internal::read_raw_torrent(info, limits));
  const TorrentKind kind = raw.kind;
  auto out = std::make_shared<TorrentInfo>();
  // As the nodes that make them store them.
  out->name = raw.name.empty() ? sha1(info.raw()).hex() : safe_component(raw.name);
  if (out->name.empty()) out->name = "_";
  WEIR_TRY(layout, read_layout(info, raw, out->name, limits));
  out->layout = std::move(layout);
  if (has_v1(kind)) {
    WEIR_TRY(pieces, read_pieces(info, out->layout.piece_count()));
    out->piece_hashes = std::move(pieces);
  }
  out->is_private = info.find("private").as_integer() == 1;
  out->source = repair_utf8(info.find("source").as_string().value_or(""));
  out->raw_info = to_buffer(info.raw());
  if (has_v1(kind)) out->hashes.v1 = sha1(out->raw_info);
  if (has_v2(kind)) out->hashes.v2 = sha256(out->raw_info);
  return out;
}

MetainfoError from_bencode(const BencodeError& error) {
  return {MetainfoErrc::bad_bencode, error.offset, "", error.code};
}

MetainfoError too_large() { return {MetainfoErrc::input_too_large, 0, "", std::nullopt}; }

}  // namespace

MetainfoResult<RawTorrent> metainfo_internal::read_raw_torrent(BencodeNode info,
                                                               const MetainfoLimits& limits) {
  WEIR_TRY(kind, read_kind(info));
  WEIR_TRY(name, read_name(info, kind));
  WEIR_TRY(piece_length, read_piece_length(info, kind));
  WEIR_TRY(files, read_files(info, kind, name, piece_length, limits));
  return RawTorrent{
      .kind = kind, .name = name, .piece_length = piece_length, .files = std::move(files)};
}

MetainfoResult<TorrentMetadata> parse_torrent(Bytes file, const MetainfoLimits& limits) {
  if (file.size() > limits.torrent_bytes_max) return std::unexpected(too_large());
  const auto document = decode_bencode(file, BencodeLimits::torrent_file());
  if (!document) return std::unexpected(from_bencode(document.error()));
  const BencodeNode root = document->root();
  if (!root.is_dict()) return refuse(MetainfoErrc::root_not_dict, root);
  const BencodeNode info = root.find("info");
  if (!info) return refuse(MetainfoErrc::missing_info, root, "info");
  if (!info.is_dict()) return refuse(MetainfoErrc::info_not_dict, info, "info");
  if (!info.is_sorted()) return refuse(MetainfoErrc::unsorted_info, info, "info");
  TorrentMetadata out;
  WEIR_TRY(parsed, read_info(info, limits));
  out.info = std::move(parsed);
  WEIR_TRY(layers, metainfo_internal::read_piece_layers(root, out.info->layout));
  out.piece_layers = std::move(layers);
  metainfo_internal::read_surroundings(root, limits, out);
  return out;
}

MetainfoResult<std::shared_ptr<const TorrentInfo>> parse_info(Bytes info_dict,
                                                              const MetainfoLimits& limits) {
  if (info_dict.size() > limits.metadata_bytes_max) return std::unexpected(too_large());
  const auto document = decode_bencode(info_dict, BencodeLimits::peer_metadata());
  if (!document) return std::unexpected(from_bencode(document.error()));
  if (!document->root().is_dict()) {
    return refuse(MetainfoErrc::info_not_dict, document->root(), "info");
  }
  return read_info(document->root(), limits);
}

bool info_bytes_match(Bytes info_dict, const InfoHashes& expected) {
  return (!expected.v1 || sha1(info_dict) == *expected.v1) &&
         (!expected.v2 || sha256(info_dict) == *expected.v2);
}

MetainfoResult<void> verify_info_against(const TorrentInfo& info, const InfoHashes& expected) {
  const bool fits = (!expected.v1 || info.hashes.v1 == expected.v1) &&
                    (!expected.v2 || info.hashes.v2 == expected.v2);
  if (fits) return {};
  return std::unexpected(MetainfoError{MetainfoErrc::info_hash_mismatch, 0, "info", std::nullopt});
}

}  // namespace weir
