// SPDX-License-Identifier: MIT OR Apache-2.0
// Which contents there are, where their copies lie, and which torrents use them.
//
// A content is the bytes of one file, named by its BEP 52 root and its length. A copy is a place of
// it that was verified, with what the file was at that moment: a file that is anything else now is
// not that copy any more. Two copies may be two names of one file on the disk.
//
// Plain data; its owner keeps it in step with the disk and with what is saved of it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "store/disk.h"

namespace weir {

struct ContentId {
  Sha256Digest root;
  std::uint64_t length = 0;
  auto operator<=>(const ContentId&) const = default;
};

// Saved as numbers.
enum class CopyKind : std::uint8_t {
  upload = 0,    // the node's, written once
  fetched = 1,   // the node's, written by the torrent that owns it
  in_place = 2,  // somebody else's: read, never linked from or to
};

struct Copy {
  std::string path;  // absolute, any bytes: the key
  ContentId content;
  FileStat seen;  // when it was verified
  CopyKind kind{};
  std::string owner;       // the torrent's name in this node; of uploads the root
  std::uint32_t file = 0;  // which of its files
  bool operator==(const Copy&) const = default;
};

// Whether a file is still what it was. Its identity does not count: device numbers change when a
// machine starts anew.
[[nodiscard]] bool unchanged(const FileStat& seen, const FileStat& now);

class ContentIndex {
 public:
  // Replaces what was known of that path.
  void put(Copy copy);
  void remove(const std::string& path);
  // Returns the paths that are forgotten.
  std::vector<std::string> remove_owner(const std::string& owner);

  [[nodiscard]] const Copy* find(const std::string& path) const;
  // In order of path.
  [[nodiscard]] std::vector<Copy> copies_of(const ContentId& content) const;
  [[nodiscard]] std::vector<Copy> owned_by(const std::string& owner) const;
  // Contents of that length.
  [[nodiscard]] std::vector<ContentId> of_length(std::uint64_t length) const;
  [[nodiscard]] std::vector<ContentId> contents() const;
  [[nodiscard]] std::vector<std::string> owners() const;

  struct Totals {
    std::size_t contents = 0;
    std::size_t copies = 0;
    std::uint64_t bytes = 0;         // of the node's own files, each counted once
    std::uint64_t shared_bytes = 0;  // that would be needed on top were each copy a file of its own
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  using ByPath = std::map<std::string, Copy>;
  void count(const ContentId& content, int sign);

  ByPath copies_;
  std::map<ContentId, std::set<std::string>> by_content_;
  std::map<std::uint64_t, std::set<Sha256Digest>> by_length_;
  std::map<std::string, std::set<std::string>> by_owner_;
  Totals totals_;
};

}  // namespace weir
