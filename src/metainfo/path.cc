// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/path.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "base/utf8.h"

namespace weir {
namespace {

// Extensions up to this long survive shortening.
constexpr std::size_t kExtensionMax = 16;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string folded(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// Characters that turn the reading direction round and so disguise an extension. All of them start
// with 0xE2 in UTF-8: U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
bool is_direction_mark(std::string_view rest) {
  if (rest.size() < 3 || rest[0] != '\xe2') return false;
  const auto second = static_cast<unsigned char>(rest[1]);
  const auto third = static_cast<unsigned char>(rest[2]);
  if (second == 0x80) return third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae);
  return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

bool is_control_c1(std::string_view rest) {
  return rest.size() >= 2 && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0;
}

std::string replace_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '/' || c == '\\' || c < 0x20 || c == 0x7f) {
      out += '_';
    } else if (is_control_c1(rest)) {
      out += '_';
      i += 1;
    } else if (is_direction_mark(rest)) {
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// "C:" alone or before a separator, which by now reads "C:_".
bool has_drive(std::string_view text) {
  return text.size() >= 2 && is_letter(text[0]) && text[1] == ':' &&
         (text.size() == 2 || text[2] == '_');
}

// CON, aux.txt, COM1.tar.gz: devices on Windows whatever the extension.
bool is_device(std::string_view text) {
  const std::string stem = folded(text.substr(0, std::min(text.find('.'), text.size())));
  static constexpr std::array<std::string_view, 4> kNames = {"con", "prn", "aux", "nul"};
  if (std::find(kNames.begin(), kNames.end(), stem) != kNames.end()) return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) &&
         stem[3] >= '1' && stem[3] <= '9';
}

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > kExtensionMax) return {};
  return name.substr(dot);
}

std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// Whether two of the folded paths, or a path and a directory, may be equal: by 64-bit hashes, so
// that the usual torrent without collisions needs no set of strings.
bool may_collide(const std::vector<std::string>& keys) {
  std::vector<std::size_t> hashes;
  hashes.reserve(keys.size() * 2);
  for (const std::string& key : keys) hashes.push_back(std::hash<std::string_view>()(key));
  // A directory many files share is listed once for each run of files in it, so directories are
  // made unique before they join the files.
  std::vector<std::size_t> directories;
  std::string_view previous;
  for (const std::string& key : keys) {
    std::string_view directory = directory_of(key);
    if (directory == previous) continue;
    previous = directory;
    for (; !directory.empty(); directory = directory_of(directory)) {
      directories.push_back(std::hash<std::string_view>()(directory));
    }
  }
  std::sort(directories.begin(), directories.end());
  directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
  hashes.insert(hashes.end(), directories.begin(), directories.end());
  std::sort(hashes.begin(), hashes.end());
  return std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
}

std::set<std::string, std::less<>> directories_of(const std::vector<std::string>& keys) {
  std::set<std::string, std::less<>> out;
  for (const std::string& key : keys) {
    for (auto d = directory_of(key); !d.empty() && !out.contains(d); d = directory_of(d)) {
      out.emplace(d);
    }
  }
  return out;
}

}  // namespace

std::string mark_component(std::string_view name, std::string_view marker) {
  const std::string_view extension = extension_of(name);
  const std::string_view stem = name.substr(0, name.size() - extension.size());
  const std::size_t room = kComponentBytesMax - marker.size() - extension.size();
  std::string out(utf8_prefix(stem, room));
  out += marker;
  out += extension;
  return out;
}

std::string safe_component(std::string_view raw) {
  if (raw.empty() || raw == "." || raw == "..") return {};
  // Far longer than any name can be; keeps repair from working on megabytes.
  std::string text = replace_characters(repair_utf8(raw.substr(0, 64 * 1024)));
  // Removing direction marks may have left one of these.
  if (text == "." || text == "..") return {};
  if (has_drive(text)) text[1] = '_';
  if (is_device(text)) text.insert(0, "_");
  if (text.size() > kComponentBytesMax) text = mark_component(text, "");
  return text;
}

std::expected<void, PathErrc> make_unique_paths(std::vector<PathRequest>& paths,
                                                std::size_t renames_max) {
  std::vector<std::string> keys;
  keys.reserve(paths.size());
  for (const PathRequest& request : paths) keys.push_back(folded(request.path));
  if (!may_collide(keys)) return {};

  const auto directories = directories_of(keys);
  // A marked name must not take one that a later path asks for, so all wishes are known first.
  std::set<std::string, std::less<>> wished(keys.begin(), keys.end());
  std::set<std::string, std::less<>> taken;
  std::size_t renames = 0;
  std::size_t counter = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const bool is_directory = directories.contains(keys[i]);
    if (is_directory && paths[i].symlink) return std::unexpected(PathErrc::file_below_symlink);
    if (!is_directory && taken.insert(keys[i]).second) continue;
    if (++renames > renames_max) return std::unexpected(PathErrc::too_many_collisions);
    const std::string_view directory = directory_of(paths[i].path);
    const std::size_t name_at = directory.empty() ? 0 : directory.size() + 1;
    const std::string name = paths[i].path.substr(name_at);
    std::string key;
    do {
      ++counter;
      paths[i].path.resize(name_at);
      paths[i].path += mark_component(name, "." + std::to_string(counter));
      key = folded(paths[i].path);
    } while (directories.contains(key) || wished.contains(key) || !taken.insert(key).second);
  }
  return {};
}

}  // namespace weir
