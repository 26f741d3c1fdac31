// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/write.h"

#include <algorithm>

#include "base/assert.h"
#include "bencode/encoder.h"

namespace weir {
namespace {

void write_trackers(BencodeWriter& writer, const TorrentMetadata& metadata) {
  const auto& tiers = metadata.tracker_tiers;
  if (tiers.empty()) return;
  if (!tiers.front().empty()) writer.entry("announce", tiers.front().front());
  if (tiers.size() == 1 && tiers.front().size() == 1) return;
  writer.key("announce-list");
  writer.begin_list();
  for (const auto& tier : tiers) {
    writer.begin_list();
    for (const std::string& url : tier) writer.string(url);
    writer.end();
  }
  writer.end();
}

void write_nodes(BencodeWriter& writer, const TorrentMetadata& metadata) {
  if (metadata.nodes.empty()) return;
  writer.key("nodes");
  writer.begin_list();
  for (const TorrentMetadata::Node& node : metadata.nodes) {
    writer.begin_list();
    writer.string(node.host);
    writer.integer(node.port);
    writer.end();
  }
  writer.end();
}

void write_piece_layers(BencodeWriter& writer, const TorrentMetadata& metadata) {
  std::vector<const PieceLayer*> layers;
  for (const PieceLayer& layer : metadata.piece_layers) layers.push_back(&layer);
  const auto before = [](const PieceLayer* a, const PieceLayer* b) {
    return a->pieces_root < b->pieces_root;
  };
  const auto same = [](const PieceLayer* a, const PieceLayer* b) {
    return a->pieces_root == b->pieces_root;
  };
  std::sort(layers.begin(), layers.end(), before);
  layers.erase(std::unique(layers.begin(), layers.end(), same), layers.end());
  writer.key("piece layers");
  writer.begin_dict();
  for (const PieceLayer* layer : layers) {
    writer.key(as_text(layer->pieces_root.view()));
    writer.string(std::string_view(reinterpret_cast<const char*>(layer->hashes.data()),
                                   layer->hashes.size() * Sha256Digest::kSize));
  }
  writer.end();
}

void write_web_seeds(BencodeWriter& writer, const TorrentMetadata& metadata) {
  if (metadata.web_seeds.empty()) return;
  writer.key("url-list");
  writer.begin_list();
  for (const std::string& url : metadata.web_seeds) writer.string(url);
  writer.end();
}

}  // namespace

Buffer write_torrent(const TorrentMetadata& metadata) {
  WEIR_ASSERT(metadata.info && !metadata.info->raw_info.empty());
  BencodeWriter writer;
  writer.begin_dict();
  write_trackers(writer, metadata);
  if (!metadata.comment.empty()) writer.entry("comment", metadata.comment);
  if (!metadata.created_by.empty()) writer.entry("created by", metadata.created_by);
  if (metadata.creation_date) writer.entry("creation date", *metadata.creation_date);
  writer.key("info");
  writer.raw(metadata.info->raw_info);
  write_nodes(writer, metadata);
  if (has_v2(metadata.info->layout.kind())) write_piece_layers(writer, metadata);
  write_web_seeds(writer, metadata);
  writer.end();
  return writer.take();
}

}  // namespace weir
