// SPDX-License-Identifier: MIT OR Apache-2.0
// The directory that holds what the node stores itself:
//
//   incoming/<n>             an upload under way, or <root>.<n> while it moves to its place
//   published/<root>/<name>  uploads; <root> is the BEP 52 root of the content in hexadecimal, so
//                            the same bytes under several names are one file with several links
//   fetched/<info hash>/     torrents that were asked for by hash, each in a directory of its own
//
// Blocking calls, from any thread; calls about one root are the caller's to put in order.
// docs/decisions/0010-where-uploads-lie.md tells why.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "store/disk.h"

namespace weir {

class ContentDir {
 public:
  // A file that grows in incoming/. It is removed with this object unless place() took it.
  class Incoming {
   public:
    ~Incoming();
    Incoming(const Incoming&) = delete;
    Incoming& operator=(const Incoming&) = delete;

    // Appends all of it. After an error the file can only be thrown away.
    DiskResult<void> write(Bytes bytes);
    [[nodiscard]] std::uint64_t size() const { return size_; }

   private:
    friend class ContentDir;
    Incoming(int fd, std::string path, std::atomic<std::size_t>& open)
        : fd_(fd), path_(std::move(path)), open_(open) {
      ++open_;
    }
    int fd_;
    std::string path_;
    std::atomic<std::size_t>& open_;
    std::uint64_t size_ = 0;
  };
  struct Place {
    std::string root;  // hexadecimal digits
    std::string name;  // a safe component (metainfo/path.h)
  };

  // Creates what is missing.
  static DiskResult<std::unique_ptr<ContentDir>> open(std::string directory);

  // Ends what a killed process left in incoming/: a file on its way to its place is taken back,
  // unless `known` says that it is remembered there.
  void sweep(const std::function<bool(const Place&)>& known);

  DiskResult<std::unique_ptr<Incoming>> begin();
  // Puts the synced file at its place, durably. What lies there already is replaced, and all other
  // names of this content become links to the new file: it has just been hashed, the old one may
  // have been damaged. The move is final once the result, which keeps the name in incoming/, is
  // destroyed; a process that is killed before is swept.
  DiskResult<std::unique_ptr<Incoming>> place(std::unique_ptr<Incoming> file, const Place& place);
  // Forgets one name; the content goes with its last.
  void remove(const Place& place);

  // What is there without being anybody's: below this directory, with what it holds.
  struct Left {
    std::string path;  // relative
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
  };
  // In incoming/. Nothing while an upload is under way: one can't be told from the other.
  [[nodiscard]] std::vector<Left> leftovers() const;
  // Directories in fetched/ and published/ that `known` does not know by their names.
  using Known = std::function<bool(const std::string& name)>;
  [[nodiscard]] std::vector<Left> unknown_fetched(const Known& known) const;
  [[nodiscard]] std::vector<Left> unknown_published(const Known& known) const;
  // With everything in it; links are not followed.
  void remove_left(const Left& left);

  [[nodiscard]] const std::string& path() const { return directory_; }
  // Directories to add torrents with.
  [[nodiscard]] std::string published(const std::string& root) const;
  [[nodiscard]] std::string fetched(const std::string& info_hash) const;
  // Removes fetched/<info hash>/ when it is empty.
  void remove_fetched(const std::string& info_hash);

 private:
  explicit ContentDir(std::string directory) : directory_(std::move(directory)) {}
  DiskResult<void> link_all(const std::string& from, const Place& place);
  [[nodiscard]] Left measure(const std::string& relative) const;
  [[nodiscard]] std::vector<Left> unknown(const std::string& parent, const Known& known) const;

  std::string directory_;  // absolute
  std::atomic<std::uint64_t> last_{0};
  std::atomic<std::size_t> open_{0};  // of Incoming
};

}  // namespace weir
