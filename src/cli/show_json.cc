// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/show_json.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/utf8.h"
#include "bencode/decoder.h"
#include "cli/json.h"

namespace weir {
namespace {

namespace json = boost::json;

// Those that the other fields show.
constexpr std::array kRootKeys = {"announce",   "announce-list", "comment",
                                  "created by", "creation date", "info",
                                  "nodes",      "piece layers",  "url-list"};
constexpr std::array kInfoKeys = {"attr",         "file tree", "files",  "length",
                                  "meta version", "mtime",     "name",   "piece length",
                                  "pieces",       "private",   "source", "symlink path"};

template <class Digests>
json::array hex_of(const Digests& digests) {
  json::array out;
  out.reserve(digests.size());
  for (const auto& digest : digests) out.emplace_back(digest.hex());
  return out;
}

json::value value_of(BencodeNode node) {
  if (const auto number = node.as_integer()) return *number;
  if (const auto text = node.as_string(); text && is_utf8(*text)) return json_text(*text);
  return json::object{{"bencoded", to_hex(node.raw())}};
}

template <std::size_t N>
void add_others(json::array& out, BencodeNode dict, const std::array<const char*, N>& known,
                const char* prefix) {
  for (const auto& [key, node] : dict.as_dict()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    out.push_back(
        json::object{{"key", json_text(prefix + std::string(key))}, {"value", value_of(node)}});
  }
}

}  // namespace

void add_whole_torrent(json::object& object, const TorrentMetadata& metadata, Bytes torrent_file) {
  const TorrentInfo& info = *metadata.info;
  object["piece_hashes"] =
      info.piece_hashes.empty() ? json::value(nullptr) : json::value(hex_of(info.piece_hashes));
  json::array layers;
  for (const PieceLayer& layer : metadata.piece_layers) {
    layers.push_back(
        json::object{{"pieces_root", layer.pieces_root.hex()}, {"hashes", hex_of(layer.hashes)}});
  }
  object["layers"] = std::move(layers);
  json::array others;
  if (const auto document = decode_bencode(torrent_file, BencodeLimits::torrent_file())) {
    add_others(others, document->root(), kRootKeys, "");
    add_others(others, document->root().find("info"), kInfoKeys, "info.");
  }
  object["other_keys"] = std::move(others);
}

}  // namespace weir
