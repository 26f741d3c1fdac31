// SPDX-License-Identifier: MIT OR Apache-2.0
// From the names in a torrent to safe paths, and BEP 47 symbolic links that stay inside.
#include <map>
#include <string>
#include <utility>

#include "base/result.h"
#include "metainfo/internal/raw_files.h"
#include "metainfo/path.h"

namespace weir::metainfo_internal {
namespace {

// 9999-12-31; beyond, no file system keeps it.
constexpr std::int64_t kTimeMax = 253'402'300'799;

std::string safe_path(const std::string& name, std::span<const std::string_view> components) {
  std::string out = name;
  for (const std::string_view component : components) {
    const std::string safe = safe_component(component);
    if (safe.empty()) continue;
    out += '/';
    out += safe;
  }
  return out;
}

std::string joined(std::span<const std::string_view> components) {
  std::string out;
  for (const std::string_view component : components) {
    out += component;
    out += '\0';
  }
  return out;
}

// Finds what the links of a torrent may point at: its own files and directories, under the names
// its author gave them. The answer is the safe path, so a link still leads to its target when that
// was renamed, and nothing outside the torrent can be named at all.
class LinkTargets {
 public:
  LinkTargets(const RawFiles& raw, const std::vector<TorrentFile>& files, const std::string& name) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].attributes.pad || files[i].attributes.symlink) continue;
      const auto path = raw.path(raw.files[i]);
      targets_.emplace(joined(path), files[i].path);
      for (std::size_t depth = path.size() - 1; depth > 0; --depth) {
        const auto directory = path.first(depth);
        if (!targets_.emplace(joined(directory), safe_path(name, directory)).second) break;
      }
    }
  }

  // Empty when there is no such file or directory, or when the link lies inside its target: such a
  // link is not created. Links to links are left out too, so that there are no chains or cycles.
  // BEP 47 counts from the torrent's root; some creators count from the link's own directory, so
  // that is the second try.
  [[nodiscard]] std::string resolve(std::span<const std::string_view> link, BencodeNode file,
                                    const std::string& link_path) const {
    std::vector<std::string_view> wanted;
    for (const BencodeNode component : file.find("symlink path").as_list()) {
      const auto text = component.as_string();
      if (!text || wanted.size() == kPathDepthMax) return {};
      wanted.push_back(*text);
    }
    auto found = targets_.find(joined(wanted));
    if (found == targets_.end()) {
      const auto directory = link.first(link.empty() ? 0 : link.size() - 1);
      found = targets_.find(joined(walk(directory, wanted)));
    }
    if (found == targets_.end() || link_path.starts_with(found->second + "/")) return {};
    return found->second;
  }

 private:
  // The path reached from `start` by `steps`; empty, which is no target, when it leaves the
  // torrent.
  static std::vector<std::string_view> walk(std::span<const std::string_view> start,
                                            std::span<const std::string_view> steps) {
    std::vector<std::string_view> out(start.begin(), start.end());
    for (const std::string_view step : steps) {
      if (step == ".") continue;
      if (step != "..") {
        out.push_back(step);
      } else if (out.empty()) {
        return {};
      } else {
        out.pop_back();
      }
    }
    return out;
  }

  std::map<std::string, std::string> targets_;
};

MetainfoResult<void> assign_paths(const RawFiles& raw, const std::string& name, BencodeNode info,
                                  std::vector<TorrentFile>& files) {
  std::vector<PathRequest> requests;
  requests.reserve(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const RawFile& source = raw.files[i];
    std::string path = raw.single ? name : safe_path(name, raw.path(source));
    // Nothing was left of the file's own name.
    if (!raw.single && path == name) path += "/_";
    if (path.size() > kPathBytesMax) {
      return refuse(MetainfoErrc::path_too_long, source.node, "path");
    }
    if (source.attributes.pad) {
      files[i].path = std::move(path);  // never on disk, so it collides with nothing
    } else {
      requests.push_back({std::move(path), source.attributes.symlink});
    }
  }
  if (const auto unique = make_unique_paths(requests); !unique) {
    switch (unique.error()) {
      case PathErrc::too_many_collisions:
        return refuse(MetainfoErrc::too_many_collisions, info, "path");
      case PathErrc::file_below_symlink:
        return refuse(MetainfoErrc::file_below_symlink, info, "path");
    }
  }
  auto next = requests.begin();
  for (TorrentFile& file : files) {
    if (file.attributes.pad) continue;
    // A mark may have made it longer.
    if (next->path.size() > kPathBytesMax) return refuse(MetainfoErrc::path_too_long, info, "path");
    file.path = std::move((next++)->path);
  }
  return {};
}

}  // namespace

MetainfoResult<std::vector<TorrentFile>> resolve_files(const RawFiles& raw, const std::string& name,
                                                       BencodeNode info) {
  std::vector<TorrentFile> files(raw.files.size());
  bool any_symlink = false;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const RawFile& source = raw.files[i];
    files[i].length = source.length;
    files[i].offset = source.offset;
    files[i].attributes = source.attributes;
    files[i].pieces_root = source.pieces_root;
    const auto mtime = source.node.find("mtime").as_integer();
    if (mtime && *mtime >= 0 && *mtime <= kTimeMax) files[i].mtime = *mtime;
    any_symlink = any_symlink || source.attributes.symlink;
  }
  WEIR_CHECK(assign_paths(raw, name, info, files));
  if (any_symlink) {
    const LinkTargets targets(raw, files, name);
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (!files[i].attributes.symlink) continue;
      files[i].symlink_target =
          targets.resolve(raw.path(raw.files[i]), raw.files[i].node, files[i].path);
    }
  }
  return files;
}

}  // namespace weir::metainfo_internal
