// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/create_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "cli/render.h"
#include "cli/values.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::unexpected<CliError> not_regular(const std::string& path, const char* what) {
  return std::unexpected(
      CliError{.exit = ExitCode::bad_input,
               .code = "not_regular",
               .text = fmt::format("{}: {}, which a torrent can't hold", printable(path), what),
               .offset = {},
               .field = {}});
}

std::unexpected<CliError> changed(const std::string& path) {
  return std::unexpected(
      CliError{.exit = ExitCode::failure,
               .code = "changed",
               .text = fmt::format("{}: changed while it was read", printable(path)),
               .offset = {},
               .field = {}});
}

CreateFile file_of(std::vector<std::string> path, const struct stat& status) {
  CreateFile file;
  file.path = std::move(path);
  file.length = static_cast<std::uint64_t>(status.st_size);
  file.attributes.executable = (status.st_mode & S_IXUSR) != 0;
  return file;
}

CliResult<void> add_entry(ContentFiles& out, const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return std::unexpected(errno_error(errno, path));
  if (S_ISDIR(status.st_mode)) return {};
  if (S_ISLNK(status.st_mode)) return not_regular(path, "a symbolic link");
  if (!S_ISREG(status.st_mode)) return not_regular(path, "a special file");
  // Hours of hashing should not end at a file that could never be read.
  if (access(path.c_str(), R_OK) != 0) return std::unexpected(errno_error(errno, path));
  out.files.push_back(file_of(split_path(path.substr(out.root.size())), status));
  return {};
}

CliResult<void> walk(ContentFiles& out) {
  std::error_code failed;
  fs::recursive_directory_iterator entry(out.root, failed);
  while (!failed && entry != fs::recursive_directory_iterator()) {
    const std::string path = entry->path().string();
    if (auto added = add_entry(out, path); !added) return added;
    entry.increment(failed);
    if (failed) return std::unexpected(errno_error(failed.value(), path));
  }
  if (failed) return std::unexpected(errno_error(failed.value(), out.root));
  return {};
}

}  // namespace

std::string ContentFiles::path_of(std::size_t file) const {
  std::string path = root;
  for (const std::string& part : files[file].path) path += "/" + part;
  return path;
}

CliResult<ContentFiles> list_content(const std::string& path) {
  ContentFiles out;
  std::error_code failed;
  const fs::path canonical = fs::canonical(path, failed);
  if (failed) return std::unexpected(errno_error(failed.value(), path));
  out.root = canonical.string();
  // The name is the one the user wrote, unless that is "." or "..".
  fs::path given = fs::path(path).lexically_normal();
  if (!given.has_filename()) given = given.parent_path();
  const fs::path last = given.filename();
  out.name =
      (last.empty() || last == "." || last == "..") ? canonical.filename().string() : last.string();
  struct stat status{};
  if (stat(out.root.c_str(), &status) != 0) return std::unexpected(errno_error(errno, path));
  if (S_ISREG(status.st_mode)) {
    if (access(out.root.c_str(), R_OK) != 0) return std::unexpected(errno_error(errno, path));
    out.single = true;
    out.files.push_back(file_of({}, status));
    return out;
  }
  if (!S_ISDIR(status.st_mode)) return not_regular(path, "a special file");
  if (auto walked = walk(out); !walked) return std::unexpected(walked.error());
  return out;
}

ContentReader::~ContentReader() {
  if (fd_ >= 0) close(fd_);
}

CliResult<void> ContentReader::open_file(std::size_t source) {
  if (fd_ >= 0 && open_source_ == source) return {};
  if (fd_ >= 0) close(fd_);
  const std::string path = files_.path_of(source);
  // The parent directories were walked without following links; a link put in their place since
  // would make the torrent hold what the user did not name.
  const int no_follow = files_.single ? 0 : O_NOFOLLOW;
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | no_follow);
  if (fd_ < 0) return std::unexpected(errno_error(errno, path));
  open_source_ = source;
  struct stat status{};
  if (fstat(fd_, &status) != 0) return std::unexpected(errno_error(errno, path));
  if (!S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != files_.files[source].length) {
    return changed(path);
  }
  (void)posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

CliResult<void> ContentReader::read(PieceIndex piece, MutableBytes out) {
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
      if (got < 0) return std::unexpected(errno_error(errno, files_.path_of(*source)));
      if (got == 0) return changed(files_.path_of(*source));
      part = part.subspan(static_cast<std::size_t>(got));
      at += static_cast<std::uint64_t>(got);
    }
  }
  return {};
}

}  // namespace weir
