// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/content_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "io/internal/beneath.h"
#include "io/posix_disk.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

DiskResult<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return {};
  return path_failure(errno, path);
}

// A second name for the file; where the file system has no links, the name moves.
DiskResult<void> link_over(const std::string& from, const std::string& to) {
  const std::string fresh = to + ".weir-new";
  ::unlink(fresh.c_str());
  if (::link(from.c_str(), fresh.c_str()) != 0) {
    const int error = errno;
    if (error != EPERM && error != EOPNOTSUPP && error != EMLINK) return path_failure(error, to);
    if (::rename(from.c_str(), to.c_str()) != 0) return path_failure(errno, to);
    return {};
  }
  if (::rename(fresh.c_str(), to.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    return path_failure(error, to);
  }
  // Nothing happens to two names of one file, so the fresh one may still be there.
  ::unlink(fresh.c_str());
  return {};
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

}  // namespace

ContentDir::Incoming::~Incoming() {
  if (fd_ >= 0) ::close(fd_);
  ::unlink(path_.c_str());
  --open_;
}

DiskResult<void> ContentDir::Incoming::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return path_failure(errno, path_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

DiskResult<std::unique_ptr<ContentDir>> ContentDir::open(std::string directory) {
  WEIR_CHECK(create_root(directory));
  std::error_code error;
  const fs::path absolute = fs::absolute(directory, error);
  if (error) return path_failure(error.value(), directory);
  std::unique_ptr<ContentDir> out(new ContentDir(absolute.lexically_normal().string()));
  for (const char* name : {"/incoming", "/published", "/fetched"}) {
    WEIR_CHECK(make_directory(out->directory_ + name));
  }
  return out;
}

std::string ContentDir::published(const std::string& root) const {
  return directory_ + "/published/" + root;
}
std::string ContentDir::fetched(const std::string& info_hash) const {
  return directory_ + "/fetched/" + info_hash;
}
void ContentDir::remove_fetched(const std::string& info_hash) {
  ::rmdir(fetched(info_hash).c_str());
}

void ContentDir::sweep(const std::function<bool(const Place&)>& known) {
  const std::string incoming = directory_ + "/incoming/";
  for (const std::string& name : names_in(incoming)) {
    const std::size_t dot = name.find('.');
    if (dot != std::string::npos) {
      const std::string root = name.substr(0, dot);
      for (const std::string& other : names_in(published(root))) {
        if (!known({root, other})) remove({root, other});
      }
    }
    ::unlink((incoming + name).c_str());
  }
}

DiskResult<std::unique_ptr<ContentDir::Incoming>> ContentDir::begin() {
  const std::string path = directory_ + "/incoming/" + std::to_string(++last_);
  // What a killed process left was swept; a name taken all the same is somebody else's.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd < 0) return path_failure(errno, path);
  return std::unique_ptr<Incoming>(new Incoming(fd, path, open_));
}

DiskResult<void> ContentDir::link_all(const std::string& from, const Place& place) {
  const std::string directory = published(place.root);
  WEIR_CHECK(make_directory(directory));
  std::vector<std::string> names = names_in(directory);
  std::erase(names, place.name);
  WEIR_CHECK(link_over(from, directory + '/' + place.name));
  const std::string placed = directory + '/' + place.name;
  for (const std::string& name : names) WEIR_CHECK(link_over(placed, directory + '/' + name));
  WEIR_CHECK(sync_directory(directory));
  return sync_directory(directory_ + "/published");
}

DiskResult<std::unique_ptr<ContentDir::Incoming>> ContentDir::place(std::unique_ptr<Incoming> file,
                                                                    const Place& place) {
  if (::fdatasync(file->fd_) != 0) return path_failure(errno, file->path_);
  const std::string moving = directory_ + "/incoming/" + place.root + "." + std::to_string(++last_);
  if (::rename(file->path_.c_str(), moving.c_str()) != 0) return path_failure(errno, moving);
  file->path_ = moving;
  WEIR_CHECK(sync_directory(directory_ + "/incoming"));
  WEIR_CHECK(link_all(moving, place));
  return file;
}

ContentDir::Left ContentDir::measure(const std::string& relative) const {
  Left out{relative, 0, 0};
  std::error_code error;
  const fs::path path = directory_ + '/' + relative;
  const auto add = [&out](const fs::directory_entry& entry) {
    std::error_code ignored;
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) return;
    ++out.files;
    // What another name keeps is not given back.
    if (entry.is_regular_file(ignored) && !entry.is_symlink(ignored) &&
        entry.hard_link_count(ignored) == 1) {
      out.bytes += entry.file_size(ignored);
    }
  };
  const fs::directory_entry top(path, error);
  if (!error) add(top);
  if (top.is_symlink(error) || !top.is_directory(error)) return out;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    add(*it);
  }
  return out;
}

std::vector<ContentDir::Left> ContentDir::leftovers() const {
  std::vector<Left> out;
  if (open_ > 0) return out;
  for (const std::string& name : names_in(directory_ + "/incoming")) {
    // Links are in the making for a moment, and swept at the next start should one be left.
    if (!name.starts_with("link.")) out.push_back(measure("incoming/" + name));
  }
  return out;
}

std::vector<ContentDir::Left> ContentDir::unknown(const std::string& parent,
                                                  const Known& known) const {
  std::vector<std::string> names = names_in(directory_ + '/' + parent);
  std::sort(names.begin(), names.end());
  std::vector<Left> out;
  for (const std::string& name : names) {
    if (!known(name)) out.push_back(measure(parent + '/' + name));
  }
  return out;
}

std::vector<ContentDir::Left> ContentDir::unknown_fetched(const Known& known) const {
  return unknown("fetched", known);
}
std::vector<ContentDir::Left> ContentDir::unknown_published(const Known& known) const {
  return unknown("published", known);
}

void ContentDir::remove_left(const Left& left) {
  std::error_code ignored;
  fs::remove_all(directory_ + '/' + left.path, ignored);
}

void ContentDir::remove(const Place& place) {
  ::unlink((published(place.root) + '/' + place.name).c_str());
  ::rmdir(published(place.root).c_str());
}

}  // namespace weir
