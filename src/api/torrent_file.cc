// SPDX-License-Identifier: MIT OR Apache-2.0
#include "api/torrent_file.h"

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "bencode/decoder.h"
#include "codex/torrent.h"
#include "hash/sha.h"
#include "metainfo/parse.h"
#include "multiformats/multihash.h"

namespace weir::api {
namespace {

namespace json = boost::json;
using Read = std::expected<FetchSource, std::string>;

constexpr const char* kInvalidJson = "Invalid torrent JSON file content.";
constexpr const char* kIncomplete = "The torrent file is invalid or incomplete.";
constexpr std::size_t kJsonDepthMax = 64;  // LIM-13

// A torrent without a name that is not one of an upload in the reference's form is no valid
// torrent: it can be found here by its hash, but not be fetched from peers.
Read by_hash_alone(Bytes file) {
  const auto document = decode_bencode(file, BencodeLimits::torrent_file());
  const BencodeNode info = document ? document->root().find("info") : BencodeNode();
  if (!info || !info.is_dict()) {
    return std::unexpected("Failed extracting info directory from the torrent file.");
  }
  FetchSource out;
  out.hashes.v1 = sha1(info.raw());
  return out;
}

std::optional<std::uint64_t> number_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (!value || value->is_null()) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

std::optional<Sha1Digest> piece_of(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  const auto bytes = from_hex(std::string_view(value.get_string()));
  const auto hash = bytes ? Multihash::decode(*bytes)
                          : std::unexpected(MultiformatError{MultiformatErrc::empty_input});
  return hash ? hash->as_sha1() : std::nullopt;
}

std::expected<codex::BitTorrentInfo, std::string> info_of(const json::object& object) {
  codex::BitTorrentInfo out;
  const auto length = number_at(object, "length");
  const auto piece_length = number_at(object, "pieceLength");
  const json::value* pieces = object.if_contains("pieces");
  if (!length || !piece_length || !pieces || !pieces->is_array()) {
    return std::unexpected(kInvalidJson);
  }
  if (*length == 0 || *piece_length == 0 || pieces->get_array().empty() ||
      *piece_length > std::numeric_limits<std::uint32_t>::max()) {
    return std::unexpected(kIncomplete);
  }
  out.length = *length;
  out.piece_length = static_cast<std::uint32_t>(*piece_length);
  for (const json::value& piece : pieces->get_array()) {
    const auto digest = piece_of(piece);
    if (!digest) return std::unexpected(kInvalidJson);
    out.pieces.push_back(*digest);
  }
  if (const json::value* name = object.if_contains("name"); name && !name->is_null()) {
    if (!name->is_string()) return std::unexpected(kInvalidJson);
    out.name = std::string_view(name->get_string());
  }
  if (!codex::check_info(out)) return std::unexpected(kIncomplete);
  return out;
}

}  // namespace

Read read_torrent_file(Buffer bytes) {
  auto metadata = parse_torrent(bytes);
  if (!metadata && metadata.error().code == MetainfoErrc::missing_name) {
    return by_hash_alone(bytes);
  }
  if (!metadata) {
    return std::unexpected("Failed extracting info directory from the torrent file.");
  }
  FetchSource out;
  out.hashes = metadata->info->hashes;
  out.metadata = std::make_shared<const TorrentMetadata>(std::move(*metadata));
  out.torrent_file = std::move(bytes);
  return out;
}

Read read_torrent_json(Bytes bytes) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  const json::value root = json::parse(std::string(as_text(bytes)), error, {}, options);
  const json::object* object = error ? nullptr : root.if_object();
  const json::value* info = object ? object->if_contains("info") : nullptr;
  if (!info || !info->is_object()) return std::unexpected(kInvalidJson);
  const auto parsed = info_of(info->get_object());
  if (!parsed) return std::unexpected(parsed.error());
  Buffer file;
  append(file, "d4:info");
  append(file, Bytes(codex::bencode_info(*parsed)));
  append(file, "e");
  return read_torrent_file(std::move(file));
}

}  // namespace weir::api
