// SPDX-License-Identifier: MIT OR Apache-2.0
// The files that become a torrent: lists them, and reads pieces of them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "cli/source.h"
#include "metainfo/create.h"

namespace weir {

struct ContentFiles {
  std::string root;  // the directory, or the file itself
  bool single = false;
  std::string name;               // root's last component
  std::vector<CreateFile> files;  // in no particular order

  [[nodiscard]] std::string path_of(std::size_t file) const;
};

// Every regular file below `path`. Anything that is neither file nor directory is an error, and so
// is what can't be looked at: nothing is skipped.
[[nodiscard]] CliResult<ContentFiles> list_content(const std::string& path);

// Reads pieces in turn; keeps the last file open. One per thread. `files` and `builder` are
// borrowed for its life.
class ContentReader {
 public:
  ContentReader(const ContentFiles& files, const TorrentBuilder& builder)
      : files_(files), builder_(builder) {}
  ~ContentReader();
  ContentReader(const ContentReader&) = delete;
  ContentReader& operator=(const ContentReader&) = delete;

  // Fills `out`, which is as large as the piece. A file that is not as long as it was when listed
  // is the error "changed".
  [[nodiscard]] CliResult<void> read(PieceIndex piece, MutableBytes out);

 private:
  [[nodiscard]] CliResult<void> open_file(std::size_t source);

  const ContentFiles& files_;
  const TorrentBuilder& builder_;
  std::size_t open_source_ = 0;
  int fd_ = -1;
};

}  // namespace weir
