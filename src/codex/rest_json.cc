// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/rest_json.h"

#include <string_view>

#include "base/utf8.h"

namespace weir::codex {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : repair_utf8(text)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      out += "\\u00";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string text_or_null(std::string_view text) { return text.empty() ? "null" : quoted(text); }

std::string in_array(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) out += (out.size() > 1 ? "," : "") + quoted(item);
  return out + "]";
}

}  // namespace

std::string data_item_json(const Cid& cid, const Manifest& manifest) {
  std::string out = "{\"cid\":" + quoted(cid.text());
  out += ",\"manifest\":{\"treeCid\":" + quoted(manifest.tree_cid.text());
  out += ",\"datasetSize\":" + std::to_string(manifest.dataset_size);
  out += ",\"blockSize\":" + std::to_string(manifest.block_size);
  out += ",\"filename\":" + text_or_null(manifest.filename);
  out += ",\"mimetype\":" + text_or_null(manifest.mimetype);
  out += ",\"protected\":";
  out += manifest.erasure ? "true" : "false";
  if (manifest.erasure) {
    out += ",\"verifiable\":";
    out += manifest.erasure->verification ? "true" : "false";
  }
  return out + "}}";
}

std::string torrent_item_json(const Sha1Digest& info_hash, const BitTorrentManifest& manifest) {
  std::vector<std::string> pieces;
  for (const Sha1Digest& piece : manifest.info.pieces)
    pieces.push_back(Multihash::of(piece).text());
  std::string out = "{\"infoHash\":" + quoted(Multihash::of(info_hash).text());
  out += ",\"torrentManifest\":{\"info\":{\"length\":" + std::to_string(manifest.info.length);
  out += ",\"pieceLength\":" + std::to_string(manifest.info.piece_length);
  out += ",\"pieces\":" + in_array(pieces);
  out += ",\"name\":" + text_or_null(manifest.info.name);
  out += "},\"codexManifestCid\":" + quoted(manifest.codex_manifest.text());
  return out + "}}";
}

std::string directory_item_json(const Cid& cid, const Directory& directory) {
  std::vector<std::string> entries;
  for (const Cid& entry : directory.entries) entries.push_back(entry.text());
  return "{\"cid\":" + quoted(cid.text()) + ",\"manifest\":{\"name\":" + quoted(directory.name) +
         ",\"cids\":" + in_array(entries) + "}}";
}

}  // namespace weir::codex
