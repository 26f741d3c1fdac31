// SPDX-License-Identifier: MIT OR Apache-2.0
// Folders on their way into the node: <directory>/<n>/ while one comes in, and
// <directory>/<info hash>.torrent from before it gets its place until the engine has it on record,
// so that a process that is killed in between finds it again.
//
//   auto tree = intake->begin();
//   tree->add_file("album/a.flac", false);  tree->write(bytes); …
//   intake->place(*tree, hash, torrent, to);  // durably; then the engine is told
//   intake->settled(hash);                    // the engine will not forget it
//
// Blocking calls, from any thread; those about one tree or one hash come one after another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/posix_disk.h"

namespace weir {

class FolderIntake {
 public:
  // A tree that grows. What is still there of it is removed with this object.
  class Tree {
   public:
    ~Tree();
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    // Begins a file, with the folders above it. REQUIRES: a path made of safe components
    // (metainfo/path.h) that was not begun before.
    DiskResult<void> add_file(const std::string& path, bool executable);
    // Appends to the file begun last.
    DiskResult<void> write(Bytes bytes);
    // Puts all of it into one folder. At most once; nothing is added afterwards.
    DiskResult<void> wrap(const std::string& folder);
    // Within root(); already_exists when the name is taken.
    DiskResult<void> rename_file(const std::string& from, const std::string& to);
    // Where the paths begin.
    [[nodiscard]] const std::string& root() const { return root_; }

   private:
    friend class FolderIntake;
    explicit Tree(std::string path);

    std::string path_;
    std::string root_;
    PosixDisk disk_{8};
    std::string file_;  // begun last
    std::uint64_t size_ = 0;
    bool merged_ = false;  // with what lay at its place
  };
  // A folder that had its place, or was about to get it, when a process was killed.
  struct Left {
    std::string hash;
    Buffer torrent;
  };

  // Creates the directory when it is missing.
  static DiskResult<std::unique_ptr<FolderIntake>> open(std::string directory);
  // Removes the trees that a killed process left, and tells the folders that were being placed.
  // REQUIRES: no tree is there.
  [[nodiscard]] std::vector<Left> sweep();

  DiskResult<std::unique_ptr<Tree>> begin();
  // Syncs the tree and moves what is below its root to the directory `to`. `hash` names the
  // folder's torrent: hexadecimal digits. What lies at `to` already is replaced where it has the
  // same name.
  DiskResult<void> place(Tree& tree, const std::string& hash, Bytes torrent, const std::string& to);
  void settled(const std::string& hash);
  // Undoes place(), as far as nothing lay there before.
  void take_back(Tree& tree, const std::string& hash, const std::string& from);

 private:
  explicit FolderIntake(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] std::string mark(const std::string& hash) const;
  DiskResult<void> save_mark(const std::string& hash, Bytes torrent);

  std::string directory_;
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace weir
