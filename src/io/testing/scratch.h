// SPDX-License-Identifier: MIT OR Apache-2.0
// Directories and volumes for tests, gone with the object that stands for them.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace weir {

class ScratchDir {
 public:
  ScratchDir() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
    ::chmod(path_.c_str(), 0755);  // other users are part of some tests
  }
  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string at(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

// A file system in memory of the given size, mounted at `where` for the calling thread alone.
class TinyVolume {
 public:
  TinyVolume(const std::string& where, const std::string& options) : where_(where) {
    if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0) return;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    mounted_ = ::mount("none", where.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~TinyVolume() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  TinyVolume(const TinyVolume&) = delete;
  TinyVolume& operator=(const TinyVolume&) = delete;

  // False where mounting is not allowed: the test is to be skipped.
  [[nodiscard]] bool mounted() const { return mounted_; }
  void make_read_only() {
    if (::mount("none", where_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      std::abort();
  }
  [[nodiscard]] bool unmount() {
    mounted_ = ::umount(where_.c_str()) != 0;
    return !mounted_;
  }

 private:
  std::string where_;
  bool mounted_ = false;
};

// Permissions do not stop root, so a test of them becomes someone else for a while.
class AsNobody {
 public:
  AsNobody() : root_(::geteuid() == 0) {
    if (root_ && ::seteuid(65534) != 0) std::abort();
  }
  ~AsNobody() {
    if (root_ && ::seteuid(0) != 0) std::abort();
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool root_;
};

inline void put_file(const std::string& name, const std::string& contents) {
  std::ofstream(name, std::ios::binary) << contents;
}
inline std::string get_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace weir
