// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/folder_intake.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/result.h"
#include "io/internal/beneath.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarkSuffix = ".torrent";
constexpr std::string_view kFreshSuffix = ".new";

// One call for a hundred thousand files, where a sync of each would take minutes.
DiskResult<void> sync_all(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::syncfs(directory.get()) != 0) return path_failure(errno, path);
  return {};
}

// File by file, around what lies there already.
DiskResult<void> merge(const std::string& from, const std::string& to) {
  std::error_code failed;
  fs::recursive_directory_iterator entry(from, failed);
  for (; !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    const std::string target = to + entry->path().string().substr(from.size());
    std::error_code error;
    if (entry->is_directory(error)) {
      fs::create_directory(target, error);
    } else {
      fs::rename(entry->path(), target, error);
    }
    if (error) return path_failure(error.value(), target);
  }
  if (failed) return path_failure(failed.value(), from);
  return {};
}

}  // namespace

FolderIntake::Tree::Tree(std::string path) : path_(std::move(path)), root_(path_ + "/tree") {}

FolderIntake::Tree::~Tree() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

DiskResult<void> FolderIntake::Tree::add_file(const std::string& path, bool executable) {
  file_ = path;
  size_ = 0;
  const DiskPath at{root_, path};
  WEIR_CHECK(disk_.allocate(at, 0, Preallocation::sparse));
  return executable ? disk_.set_executable(at) : DiskResult<void>{};
}

DiskResult<void> FolderIntake::Tree::write(Bytes bytes) {
  const std::array<Bytes, 1> parts{bytes};
  WEIR_CHECK(disk_.write({root_, file_}, size_, parts));
  size_ += bytes.size();
  return {};
}

DiskResult<void> FolderIntake::Tree::wrap(const std::string& folder) {
  // One directory deeper, so that no name is in the way of another.
  const std::string around = path_ + "/wrapped";
  if (::mkdir(around.c_str(), 0777) != 0) return path_failure(errno, around);
  if (::rename(root_.c_str(), (around + '/' + folder).c_str()) != 0)
    return path_failure(errno, around);
  root_ = around;
  return {};
}

DiskResult<void> FolderIntake::Tree::rename_file(const std::string& from, const std::string& to) {
  WEIR_CHECK(disk_.rename({root_, from}, {root_, to}));
  disk_.remove_empty_parents({root_, from});
  return {};
}

DiskResult<std::unique_ptr<FolderIntake>> FolderIntake::open(std::string directory) {
  WEIR_CHECK(create_root(directory));
  std::error_code error;
  const fs::path absolute = fs::absolute(directory, error);
  if (error) return path_failure(error.value(), directory);
  return std::unique_ptr<FolderIntake>(new FolderIntake(absolute.lexically_normal().string()));
}

std::string FolderIntake::mark(const std::string& hash) const {
  return directory_ + '/' + hash + std::string(kMarkSuffix);
}

std::vector<FolderIntake::Left> FolderIntake::sweep() {
  std::vector<Left> out;
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end;
       it.increment(error)) {
    found.push_back(it->path());
  }
  for (const fs::path& path : found) {
    if (path.extension() != kMarkSuffix) {
      fs::remove_all(path, error);
      continue;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    out.push_back({path.stem().string(), to_buffer(as_bytes(text))});
  }
  return out;
}

DiskResult<std::unique_ptr<FolderIntake::Tree>> FolderIntake::begin() {
  const std::string path = directory_ + '/' + std::to_string(++last_);
  std::unique_ptr<Tree> tree(new Tree(path));
  for (const std::string& made : {path, tree->root_}) {
    if (::mkdir(made.c_str(), 0777) != 0) return path_failure(errno, made);
  }
  return tree;
}

// Under another name until it is whole: half a mark would not be a torrent.
DiskResult<void> FolderIntake::save_mark(const std::string& hash, Bytes torrent) {
  const DiskPath fresh{directory_, hash + std::string(kMarkSuffix) + std::string(kFreshSuffix)};
  ::unlink(full_name(fresh).c_str());
  PosixDisk disk(1);
  const std::array<Bytes, 1> parts{torrent};
  WEIR_CHECK(disk.write(fresh, 0, parts));
  WEIR_CHECK(disk.sync(fresh));
  if (::rename(full_name(fresh).c_str(), mark(hash).c_str()) != 0)
    return path_failure(errno, mark(hash));
  return sync_directory(directory_);
}

DiskResult<void> FolderIntake::place(Tree& tree, const std::string& hash, Bytes torrent,
                                     const std::string& to) {
  WEIR_CHECK(sync_all(tree.root_));
  WEIR_CHECK(save_mark(hash, torrent));
  const auto moved = [&]() -> DiskResult<void> {
    if (::rename(tree.root_.c_str(), to.c_str()) != 0) {
      if (errno != ENOTEMPTY && errno != EEXIST) return path_failure(errno, to);
      tree.merged_ = true;
      WEIR_CHECK(merge(tree.root_, to));
      return sync_all(to);
    }
    return sync_directory(fs::path(to).parent_path().string());
  }();
  if (!moved) settled(hash);
  return moved;
}

void FolderIntake::take_back(Tree& tree, const std::string& hash, const std::string& from) {
  if (!tree.merged_) ::rename(from.c_str(), tree.root_.c_str());
  settled(hash);
}

void FolderIntake::settled(const std::string& hash) { ::unlink(mark(hash).c_str()); }

}  // namespace weir
