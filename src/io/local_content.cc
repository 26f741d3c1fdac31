// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/local_content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

namespace weir {
namespace {

namespace fs = std::filesystem;

std::unexpected<LocalContentError> failure(int os_error, const std::string& path) {
  return std::unexpected(LocalContentError{LocalContentErrc::os, os_error, path});
}
std::unexpected<LocalContentError> failure(LocalContentErrc code, const std::string& path) {
  return std::unexpected(LocalContentError{code, 0, path});
}

std::vector<std::string> components_of(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) out.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return out;
}

CreateFile file_of(std::vector<std::string> path, const struct stat& status) {
  CreateFile file;
  file.path = std::move(path);
  file.length = static_cast<std::uint64_t>(status.st_size);
  file.attributes.executable = (status.st_mode & S_IXUSR) != 0;
  return file;
}

std::int64_t mtime_of(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

LocalContentResult<void> add_entry(LocalContent& out, const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return failure(errno, path);
  if (S_ISDIR(status.st_mode)) return {};
  if (S_ISLNK(status.st_mode)) return failure(LocalContentErrc::symbolic_link, path);
  if (!S_ISREG(status.st_mode)) return failure(LocalContentErrc::special_file, path);
  // Hours of hashing should not end at a file that could never be read.
  if (access(path.c_str(), R_OK) != 0) return failure(errno, path);
  out.files.push_back(file_of(components_of(path.substr(out.root.size())), status));
  out.mtimes_ns.push_back(mtime_of(status));
  return {};
}

LocalContentResult<void> walk(LocalContent& out) {
  std::error_code failed;
  fs::recursive_directory_iterator entry(out.root, failed);
  while (!failed && entry != fs::recursive_directory_iterator()) {
    const std::string path = entry->path().string();
    if (auto added = add_entry(out, path); !added) return added;
    entry.increment(failed);
    if (failed) return failure(failed.value(), path);
  }
  if (failed) return failure(failed.value(), out.root);
  return {};
}

}  // namespace

std::string LocalContent::path_of(std::size_t file) const {
  std::string path = root;
  for (const std::string& part : files[file].path) path += "/" + part;
  return path;
}

LocalContentResult<LocalContent> list_local_content(const std::string& path) {
  LocalContent out;
  std::error_code failed;
  const fs::path canonical = fs::canonical(path, failed);
  if (failed) return failure(failed.value(), path);
  out.root = canonical.string();
  // The name is the one the user wrote, unless that is "." or "..".
  fs::path given = fs::path(path).lexically_normal();
  if (!given.has_filename()) given = given.parent_path();
  const fs::path last = given.filename();
  out.name =
      (last.empty() || last == "." || last == "..") ? canonical.filename().string() : last.string();
  struct stat status{};
  if (stat(out.root.c_str(), &status) != 0) return failure(errno, path);
  if (S_ISREG(status.st_mode)) {
    if (access(out.root.c_str(), R_OK) != 0) return failure(errno, path);
    out.single = true;
    out.files.push_back(file_of({}, status));
    out.mtimes_ns.push_back(mtime_of(status));
    return out;
  }
  if (!S_ISDIR(status.st_mode)) return failure(LocalContentErrc::special_file, path);
  if (auto walked = walk(out); !walked) return std::unexpected(walked.error());
  return out;
}

LocalContentResult<void> check_unchanged(const LocalContent& content) {
  const auto now = list_local_content(content.root);
  if (!now) return std::unexpected(now.error());
  using Seen = std::pair<std::uint64_t, std::int64_t>;
  std::map<std::string, Seen> seen;
  for (std::size_t i = 0; i < now->files.size(); ++i) {
    seen.emplace(now->path_of(i), Seen{now->files[i].length, now->mtimes_ns[i]});
  }
  for (std::size_t i = 0; i < content.files.size(); ++i) {
    const std::string path = content.path_of(i);
    const auto it = seen.find(path);
    const Seen before{content.files[i].length, content.mtimes_ns[i]};
    if (it == seen.end() || it->second != before) return failure(LocalContentErrc::changed, path);
    seen.erase(it);
  }
  if (seen.empty()) return {};
  return failure(LocalContentErrc::changed, seen.begin()->first);
}

LocalContentReader::~LocalContentReader() {
  if (fd_ >= 0) close(fd_);
}

LocalContentResult<void> LocalContentReader::open_file(std::size_t source) {
  if (fd_ >= 0 && open_source_ == source) return {};
  if (fd_ >= 0) close(fd_);
  const std::string path = files_.path_of(source);
  // The parent directories were walked without following links; a link put in their place since
  // would make the torrent hold what the user did not name.
  const int no_follow = files_.single ? 0 : O_NOFOLLOW;
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | no_follow);
  if (fd_ < 0) return failure(errno, path);
  open_source_ = source;
  struct stat status{};
  if (fstat(fd_, &status) != 0) return failure(errno, path);
  if (!S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != files_.files[source].length) {
    return failure(LocalContentErrc::changed, path);
  }
  (void)posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

LocalContentResult<void> LocalContentReader::read(PieceIndex piece, MutableBytes out) {
  const Layout& layout = builder_.layout();
  const auto size = static_cast<std::uint32_t>(out.size());
  for (const FileSlice& slice : layout.slices(piece, 0, size)) {
    MutableBytes part = out.first(slice.length);
    out = out.subspan(slice.length);
    const auto source = builder_.source_of(slice.file);
    if (slice.pad || !source) {
      std::ranges::fill(part, std::byte{0});
      continue;
    }
    if (auto opened = open_file(*source); !opened) return opened;
    std::uint64_t at = slice.file_offset;
    while (!part.empty()) {
      const ssize_t got = pread(fd_, part.data(), part.size(), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure(errno, files_.path_of(*source));
      if (got == 0) return failure(LocalContentErrc::changed, files_.path_of(*source));
      part = part.subspan(static_cast<std::size_t>(got));
      at += static_cast<std::uint64_t>(got);
    }
  }
  return {};
}

}  // namespace weir
