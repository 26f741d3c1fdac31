// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrents made up for tests, with content that fits their hashes. Tests only: the definitions are
// in test_torrent_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bitfield.h"
#include "base/bytes.h"
#include "metainfo/torrent_info.h"
#include "store/torrent_storage.h"
#include "store/verifier.h"

namespace weir {

struct TestFile {
  std::string path;
  std::uint64_t length = 0;
  FileAttributes attributes = {};
  std::string symlink_target = {};
};

// Offsets and, for hybrids, pad files as the specifications want them.
[[nodiscard]] Layout make_test_layout(TorrentKind kind, std::uint32_t piece_length,
                                      const std::vector<TestFile>& files);

struct TestTorrent {
  std::shared_ptr<const TorrentInfo> info;
  std::vector<PieceLayer> piece_layers;
  std::vector<Buffer> contents;  // of each file in the layout; zeros for pads

  [[nodiscard]] const Layout& layout() const { return info->layout; }
  [[nodiscard]] PieceLayers layers() const { return {info->layout, piece_layers}; }
  [[nodiscard]] Buffer piece(PieceIndex piece) const;
  [[nodiscard]] FileIndex file(const std::string& path) const;
  [[nodiscard]] const Buffer& content(const std::string& path) const {
    return contents[to_int(file(path))];
  }
  // All files except those named; pads count as wanted.
  [[nodiscard]] Bitfield all_but(const std::vector<std::string>& paths) const;
  [[nodiscard]] TorrentStorage storage(const std::vector<std::string>& unwanted = {},
                                       bool part_suffix = false) const;
};

[[nodiscard]] TestTorrent make_test_torrent(TorrentKind kind, std::uint32_t piece_length,
                                            const std::vector<TestFile>& files,
                                            std::uint64_t seed = 1);

// Where the storages above put things.
inline constexpr const char* kTestRoot = "/data";
inline constexpr const char* kTestSideRoot = "/state";

}  // namespace weir
