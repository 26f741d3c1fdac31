// SPDX-License-Identifier: MIT OR Apache-2.0
// Files of this machine that become a torrent where they lie: lists them, and reads pieces of them.
// Blocking; nothing is ever written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "metainfo/create.h"

namespace weir {

enum class LocalContentErrc : std::uint8_t {
  os,             // os_error says what the system said
  symbolic_link,  // inside the directory: a torrent of what it leads to was not asked for
  special_file,
  changed,  // a file is not what it was when it was listed
};
struct LocalContentError {
  LocalContentErrc code{};
  int os_error = 0;
  std::string path;
};
template <class T>
using LocalContentResult = std::expected<T, LocalContentError>;

struct LocalContent {
  std::string root;  // the directory, or the file itself; absolute, without links
  bool single = false;
  std::string name;                     // root's last component, as it was asked for
  std::vector<CreateFile> files;        // in no particular order
  std::vector<std::int64_t> mtimes_ns;  // of each, since 1970

  [[nodiscard]] std::string path_of(std::size_t file) const;
};

// Every regular file below `path`. Anything that is neither file nor directory is an error, and so
// is what can't be looked at: nothing is skipped.
[[nodiscard]] LocalContentResult<LocalContent> list_local_content(const std::string& path);

// Looks again: "changed" when a file is gone, new, or not of the length and date that it had.
[[nodiscard]] LocalContentResult<void> check_unchanged(const LocalContent& content);

// Reads pieces in turn; keeps the last file open. One per thread. `files` and `builder` are
// borrowed for its life.
class LocalContentReader {
 public:
  LocalContentReader(const LocalContent& files, const TorrentBuilder& builder)
      : files_(files), builder_(builder) {}
  ~LocalContentReader();
  LocalContentReader(const LocalContentReader&) = delete;
  LocalContentReader& operator=(const LocalContentReader&) = delete;

  // Fills `out`, which is as large as the piece. A file that is not as long as it was when listed
  // is the error "changed".
  [[nodiscard]] LocalContentResult<void> read(PieceIndex piece, MutableBytes out);

 private:
  [[nodiscard]] LocalContentResult<void> open_file(std::size_t source);

  const LocalContent& files_;
  const TorrentBuilder& builder_;
  std::size_t open_source_ = 0;
  int fd_ = -1;
};

}  // namespace weir
