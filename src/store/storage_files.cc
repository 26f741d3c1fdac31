// SPDX-License-Identifier: MIT OR Apache-2.0
// Whole files: what must be there before the first byte, what happens after the last, removal.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/torrent_storage.h"

namespace weir {
namespace {

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

// The target as a link at `link` must spell it, both being relative to the download directory.
// Nothing when it is not plainly inside the torrent: the metainfo parser has refused such links
// already, but a link is the one thing that could lead others out of the root (MET-15).
std::optional<std::string> link_text(std::string_view link, std::string_view target) {
  const auto from = components(link);
  const auto to = components(target);
  for (const std::string_view part : to) {
    if (part.empty() || part == "." || part == "..") return std::nullopt;
  }
  if (from.size() < 2 || from.front() != to.front()) return std::nullopt;
  std::size_t common = 0;
  while (common < from.size() - 1 && common < to.size() && from[common] == to[common]) ++common;
  std::string text;
  for (std::size_t i = common; i < from.size() - 1; ++i) text += "../";
  for (std::size_t i = common; i < to.size(); ++i) {
    text += to[i];
    text += '/';
  }
  if (text.empty()) return ".";
  text.pop_back();
  return text;
}

// What a look at the disk says is to be done; nothing has been changed yet.
struct PreparePlan {
  std::optional<PartNames> part_names;  // where they are not in use, but may have been
  std::vector<std::pair<DiskPath, DiskPath>> renames;
  std::vector<FileIndex> allocate;
  std::uint64_t space = 0;
  std::set<std::string> asked;  // directories, and what is in none
};

// The file's stat when it is there and could be ours.
DiskResult<std::optional<FileStat>> look(Disk& disk, const DiskPath& path, std::uint64_t length) {
  const auto found = disk.stat(path);
  if (!found) {
    if (found.error().code == DiskErrc::not_found) return std::nullopt;
    return std::unexpected(found.error());
  }
  if (found->size > length) {
    return std::unexpected(DiskError{DiskErrc::already_exists, path.root + '/' + path.relative});
  }
  return *found;
}

// A file that is missing or short has to be written sooner or later. Better to know now whether it
// may be than when the first piece is here. Of the files missing in a directory, one speaks for
// all.
DiskResult<void> check_writable(Disk& disk, const DiskPath& path, bool missing, PreparePlan& plan) {
  if (missing && !plan.asked.insert(path.relative.substr(0, path.relative.rfind('/') + 1)).second) {
    return {};
  }
  return disk.check_writable(path);
}

// The name under which an earlier run with the opposite choice of ".part" left the file. Without
// ".part" in use it counts only while there is nothing under the final name: it may be anybody's.
DiskResult<std::optional<FileStat>> plan_part(Disk& disk, const TorrentStorage& storage,
                                              FileIndex file, PreparePlan& plan) {
  const DiskPath path = storage.file_path(file);
  const Layout& layout = storage.info().layout;
  const DiskPath part{path.root, plan.part_names->name(layout, file)};
  const auto left = look(disk, part, layout.file(file).length);
  // Something else of that name is not ours and in nobody's way.
  if (!left || !*left) return std::nullopt;
  plan.renames.emplace_back(part, path);
  return **left;
}

DiskResult<void> plan_file(Disk& disk, const TorrentStorage& storage, FileIndex file,
                           PreparePlan& plan) {
  const std::uint64_t length = storage.info().layout.file(file).length;
  const DiskPath path = storage.file_path(file);
  WEIR_TRY(found, look(disk, path, length));
  if (!found && plan.part_names) {
    WEIR_TRY(left, plan_part(disk, storage, file, plan));
    found = left;
  } else if (const auto other = storage.other_path(file)) {
    WEIR_TRY(left, look(disk, *other, length));
    if (found && left) {
      // Only one of them can be ours, and nothing says which.
      return std::unexpected(
          DiskError{DiskErrc::already_exists, other->root + '/' + other->relative});
    }
    if (left) {
      plan.renames.emplace_back(*other, path);
      found = left;
    }
  }
  const bool full = storage.options().preallocation == Preallocation::full;
  const std::uint64_t size = found ? found->size : 0;
  if (size < length || !found) {
    const bool renamed = !plan.renames.empty() && plan.renames.back().second == path;
    const DiskPath& now_at = renamed ? plan.renames.back().first : path;
    WEIR_CHECK(check_writable(disk, now_at, !found, plan));
  }
  if (!found ? full || length == 0 : full && size < length) plan.allocate.push_back(file);
  if (full) plan.space += length - size;
  return {};
}

}  // namespace

DiskResult<void> TorrentStorage::prepare(Disk& disk) const {
  const Layout& layout = info_->layout;
  PreparePlan plan;
  if (!part_names_ && !options_.names) plan.part_names.emplace(layout);
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    if (on_disk(FileIndex{i})) WEIR_CHECK(plan_file(disk, *this, FileIndex{i}, plan));
  }
  if (plan.space > 0) {
    WEIR_TRY(available, disk.free_space(options_.root));
    if (plan.space > available) {
      return std::unexpected(DiskError{DiskErrc::no_space, options_.root});
    }
  }
  for (const auto& [from, to] : plan.renames) WEIR_CHECK(disk.rename(from, to));
  for (const FileIndex file : plan.allocate) {
    WEIR_CHECK(disk.allocate(file_path(file), layout.file(file).length, options_.preallocation));
  }
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (!file.attributes.symlink || !wanted_.test(i)) continue;
    const auto text = link_text(file.path, file.symlink_target);
    if (!text) continue;
    const auto made = disk.make_symlink({options_.root, file.path}, *text);
    // Whatever is there already stays: our link from last time, or something of the user's.
    if (!made && made.error().code != DiskErrc::already_exists) {
      return std::unexpected(made.error());
    }
  }
  return {};
}

std::optional<FileStat> TorrentStorage::stat_file(Disk& disk, FileIndex file) const {
  if (!on_disk(file)) return std::nullopt;
  const auto found = disk.stat(file_path(file));
  return found ? std::optional(*found) : std::nullopt;
}

std::vector<std::optional<FileStat>> TorrentStorage::stat_files(Disk& disk) const {
  std::vector<std::optional<FileStat>> stats(info_->layout.files().size());
  for (std::uint32_t i = 0; i < stats.size(); ++i) stats[i] = stat_file(disk, FileIndex{i});
  return stats;
}

DiskResult<void> TorrentStorage::finish_file(Disk& disk, FileIndex file) const {
  if (!on_disk(file)) return {};
  const TorrentFile& entry = info_->layout.file(file);
  const DiskPath done{options_.root, content_path(info_->layout, options_, file)};
  if (const DiskPath current = file_path(file); current != done) {
    const auto renamed = disk.rename(current, done);
    // Already there when an earlier attempt got this far.
    if (!renamed && !(renamed.error().code == DiskErrc::not_found && disk.stat(done))) {
      return renamed;
    }
  }
  if (entry.attributes.executable) return disk.set_executable(done);
  return {};
}

DiskResult<void> TorrentStorage::remove_files(Disk& disk) const {
  const Layout& layout = info_->layout;
  std::optional<DiskError> first_error;
  // One file of each directory, inner directories before those around them.
  std::map<std::string, std::string, std::greater<>> parents;
  // Whether something is there, ours or not.
  const auto remove = [&](const DiskPath& path, std::uint64_t length) {
    const auto found = disk.stat(path);
    auto error = found ? std::nullopt : std::optional(found.error());
    if (found && found->size <= length) {
      if (const auto removed = disk.remove(path); !removed) error = removed.error();
    }
    if (!error) return true;
    if (error->code == DiskErrc::not_found) return false;
    // Something foreign is in the way, so no file of ours is there.
    const bool foreign =
        error->code == DiskErrc::not_regular || error->code == DiskErrc::not_contained;
    if (!foreign && !first_error) first_error = error;
    return true;
  };
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (!on_disk(FileIndex{i})) continue;
    const auto other = other_path(FileIndex{i});
    if (!remove(file_path(FileIndex{i}), file.length) && other) remove(*other, file.length);
    const std::string path = content_path(layout, options_, FileIndex{i});
    if (const std::size_t slash = path.rfind('/'); slash != std::string::npos) {
      parents.try_emplace(path.substr(0, slash), path);
    }
  }
  remove(side_path(), layout.total_size());
  for (const auto& [parent, path] : parents) disk.remove_empty_parents({options_.root, path});
  if (first_error) return std::unexpected(*std::move(first_error));
  return {};
}

}  // namespace weir
