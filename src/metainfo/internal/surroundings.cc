// SPDX-License-Identifier: MIT OR Apache-2.0
// What a .torrent says outside its info dictionary: piece layers, which are checked, and trackers,
// web seeds and nodes, which are only offers and cut to their limits.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "base/result.h"
#include "base/utf8.h"
#include "hash/merkle.h"
#include "metainfo/internal/raw_files.h"
#include "metainfo/url.h"

namespace weir::metainfo_internal {
namespace {

struct LayeredFile {
  Sha256Digest root;
  std::uint64_t length = 0;
};

std::vector<LayeredFile> layered_files(const Layout& layout) {
  std::vector<LayeredFile> out;
  for (const TorrentFile& file : layout.files()) {
    if (file.attributes.pad || file.length == 0) continue;
    out.push_back({file.pieces_root, file.length});
  }
  std::sort(out.begin(), out.end(), [](const LayeredFile& a, const LayeredFile& b) {
    return a.root != b.root ? a.root < b.root : a.length < b.length;
  });
  return out;
}

// Trackers seen so far, to keep each once and to stop at the limit.
class TrackerList {
 public:
  explicit TrackerList(std::size_t limit) : limit_(limit) {}
  void add(std::string_view url, std::vector<std::string>& tier) {
    if (seen_.size() >= limit_ || !is_tracker_url(url)) return;
    if (seen_.emplace(url).second) tier.emplace_back(url);
  }
  [[nodiscard]] bool full() const { return seen_.size() >= limit_; }

 private:
  std::size_t limit_;
  std::set<std::string, std::less<>> seen_;
};

void read_trackers(BencodeNode root, std::size_t limit, TorrentMetadata& out) {
  TrackerList list(limit);
  for (const BencodeNode tier : root.find("announce-list").as_list()) {
    std::vector<std::string> urls;
    for (const BencodeNode url : tier.as_list()) {
      if (list.full()) break;
      if (const auto text = url.as_string()) list.add(*text, urls);
    }
    if (!urls.empty()) out.tracker_tiers.push_back(std::move(urls));
    if (list.full()) break;
  }
  // BEP 12: `announce` only counts when there is no list.
  if (!out.tracker_tiers.empty()) return;
  std::vector<std::string> urls;
  if (const auto text = root.find("announce").as_string()) list.add(*text, urls);
  if (!urls.empty()) out.tracker_tiers.push_back(std::move(urls));
}

void read_web_seeds(BencodeNode root, std::size_t limit, std::vector<std::string>& out) {
  const auto add = [&](BencodeNode node) {
    const auto url = node.as_string();
    if (!url || !is_web_seed_url(*url)) return;
    if (std::find(out.begin(), out.end(), *url) == out.end()) out.emplace_back(*url);
  };
  const BencodeNode list = root.find("url-list");
  add(list);
  for (const BencodeNode url : list.as_list()) {
    if (out.size() >= limit) return;
    add(url);
  }
}

void read_nodes(BencodeNode root, std::size_t limit, std::vector<TorrentMetadata::Node>& out) {
  for (const BencodeNode pair : root.find("nodes").as_list()) {
    if (out.size() >= limit) return;
    std::array<BencodeNode, 2> items;
    std::size_t count = 0;
    for (const BencodeNode item : pair.as_list()) {
      if (count < 2) items[count] = item;
      if (++count > 2) break;
    }
    const auto host = items[0].as_string();
    const auto port = items[1].as_integer();
    if (count != 2 || !host || !port || *port < 1 || *port > 65535) continue;
    if (!is_host_text(*host)) continue;
    const TorrentMetadata::Node node{std::string(*host), static_cast<std::uint16_t>(*port)};
    if (std::find(out.begin(), out.end(), node) == out.end()) out.push_back(node);
  }
}

}  // namespace

MetainfoResult<std::vector<PieceLayer>> read_piece_layers(BencodeNode root, const Layout& layout) {
  std::vector<PieceLayer> out;
  const BencodeNode layers = root.find("piece layers");
  if (!layers || !has_v2(layout.kind())) return out;
  constexpr const char* kField = "piece layers";
  if (!layers.is_dict()) return refuse(MetainfoErrc::bad_piece_layers, layers, kField);
  const std::vector<LayeredFile> files = layered_files(layout);
  const std::uint64_t piece_length = layout.piece_length();
  const std::uint32_t layer = merkle_depth(piece_length / kBlockSize);
  for (const BencodeEntry entry : layers.as_dict()) {
    const auto text = entry.value.as_string();
    if (!text) return refuse(MetainfoErrc::bad_piece_layers, entry.value, kField);
    const auto key = Sha256Digest::from(as_bytes(entry.key));
    if (!key) return refuse(MetainfoErrc::unknown_piece_layer, entry.value, kField);
    auto file = std::lower_bound(
        files.begin(), files.end(), *key,
        [](const LayeredFile& f, const Sha256Digest& wanted) { return f.root < wanted; });
    if (file == files.end() || file->root != *key) {
      return refuse(MetainfoErrc::unknown_piece_layer, entry.value, kField);
    }
    // Files may share content and so a root; the layer then has to fit each of them.
    for (; file != files.end() && file->root == *key; ++file) {
      if (file->length <= piece_length) {
        return refuse(MetainfoErrc::unneeded_piece_layer, entry.value, kField);
      }
      const std::uint64_t pieces = (file->length + piece_length - 1) / piece_length;
      if (text->size() != pieces * Sha256Digest::kSize) {
        return refuse(MetainfoErrc::piece_layer_size, entry.value, kField);
      }
    }
    PieceLayer found{*key, std::vector<Sha256Digest>(text->size() / Sha256Digest::kSize)};
    std::memcpy(found.hashes.data(), text->data(), text->size());
    if (merkle_root(found.hashes, merkle_width(found.hashes.size()), layer) != *key) {
      return refuse(MetainfoErrc::piece_layer_mismatch, entry.value, kField);
    }
    out.push_back(std::move(found));
  }
  return out;
}

void read_surroundings(BencodeNode root, const MetainfoLimits& limits, TorrentMetadata& out) {
  read_trackers(root, limits.trackers_max, out);
  read_web_seeds(root, limits.web_seeds_max, out.web_seeds);
  read_nodes(root, limits.nodes_max, out.nodes);
  out.comment = repair_utf8(root.find("comment").as_string().value_or(""));
  out.created_by = repair_utf8(root.find("created by").as_string().value_or(""));
  out.creation_date = root.find("creation date").as_integer();
}

}  // namespace weir::metainfo_internal
