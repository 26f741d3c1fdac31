// SPDX-License-Identifier: MIT OR Apache-2.0
// Spells out bencode for the metainfo tests, valid or not: plain strings put together.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metainfo/parse.h"

namespace weir::testing_text {

inline std::string s(std::string_view text) {
  return std::to_string(text.size()) + ":" + std::string(text);
}
inline std::string i(std::int64_t value) { return "i" + std::to_string(value) + "e"; }
inline std::string list(const std::vector<std::string>& items) {
  std::string out = "l";
  for (const std::string& item : items) out += item;
  return out + "e";
}
// Values are bencoded already; keys come out sorted.
using Dict = std::map<std::string, std::string>;
inline std::string d(const Dict& entries) {
  std::string out = "d";
  for (const auto& [key, value] : entries) out += s(key) + value;
  return out + "e";
}
inline std::string path(const std::vector<std::string>& components) {
  std::vector<std::string> items;
  for (const std::string& component : components) items.push_back(s(component));
  return list(items);
}
inline std::string file(std::int64_t length, const std::vector<std::string>& components,
                        Dict more = {}) {
  more["length"] = i(length);
  more["path"] = path(components);
  return d(more);
}

// A v1 info dictionary of one 20,000-byte file in 16 KiB pieces; change and wrap as needed.
inline Dict single_v1() {
  return {{"length", i(20'000)},
          {"name", s("name")},
          {"piece length", i(16'384)},
          {"pieces", s(std::string(40, 'h'))}};
}
// The same with `files`, which have to add up to `pieces` pieces.
inline Dict multi_v1(const std::vector<std::string>& files, std::size_t pieces = 1) {
  return {{"files", list(files)},
          {"name", s("root")},
          {"piece length", i(16'384)},
          {"pieces", s(std::string(20 * pieces, 'h'))}};
}
inline std::string root_hash(char fill = 'r') { return s(std::string(32, fill)); }
inline std::string leaf(std::int64_t length, const std::string& root = root_hash()) {
  Dict entries = {{"length", i(length)}};
  if (!root.empty()) entries["pieces root"] = root;
  return d({{"", d(entries)}});
}
inline Dict info_v2(const Dict& tree) {
  return {{"file tree", d(tree)},
          {"meta version", i(2)},
          {"name", s("root")},
          {"piece length", i(16'384)}};
}
inline std::string torrent(const Dict& info, Dict outer = {}) {
  outer["info"] = d(info);
  return d(outer);
}

inline MetainfoResult<TorrentMetadata> parse(const std::string& text) {
  // An exact copy on the heap, so that the address sanitizer sees a read past the end.
  const Buffer exact = to_buffer(as_bytes(text));
  return parse_torrent(exact);
}
// The name of the error, or "accepted".
inline std::string outcome(const std::string& text) {
  const auto result = parse(text);
  return result ? "accepted" : error_name(result.error().code);
}
inline std::string outcome(const Dict& info, const Dict& outer = {}) {
  return outcome(torrent(info, outer));
}
inline std::vector<std::string> paths(const std::string& text) {
  std::vector<std::string> out;
  const auto result = parse(text);
  if (!result) return {error_name(result.error().code)};
  for (const TorrentFile& f : result->info->layout.files()) out.push_back(f.path);
  return out;
}

}  // namespace weir::testing_text
