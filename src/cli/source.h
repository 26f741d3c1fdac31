// SPDX-License-Identifier: MIT OR Apache-2.0
// Finds out what the user's ID names and loads it: a .torrent file, a magnet link, an info hash.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/exit_code.h"
#include "metainfo/magnet.h"
#include "metainfo/metainfo_error.h"
#include "metainfo/torrent_info.h"

namespace weir {

template <class T>
using CliResult = std::expected<T, CliError>;

// One of the two is set.
struct TorrentSource {
  std::string id;  // as the user wrote it
  std::shared_ptr<const TorrentMetadata> metadata;
  Buffer torrent_file;  // the bytes that `metadata` came from
  std::optional<Magnet> magnet;

  [[nodiscard]] const InfoHashes& hashes() const;
  // For messages: the torrent's name, else the hash.
  [[nodiscard]] std::string label() const;
};

// "-" is stdin. A file that exists goes before a hash of the same spelling.
[[nodiscard]] CliResult<TorrentSource> load_source(const std::string& id);
// The same without magnets and hashes, for commands that need the metadata.
[[nodiscard]] CliResult<TorrentSource> load_torrent_file(const std::string& path);

// Reads a file whose size is at most `bytes_max`; more is the error "input_too_large".
[[nodiscard]] CliResult<Buffer> read_whole_file(const std::string& path, std::size_t bytes_max);

// The absolute directory that holds the torrent's content under the torrent's name: `data` itself,
// or, when `data` is the content, its parent. REQUIRES: at least one file.
[[nodiscard]] CliResult<std::string> find_content(const TorrentInfo& info, const std::string& data);
[[nodiscard]] std::string absolute_path(const std::string& path);

// The link that names the torrent, with its trackers.
[[nodiscard]] std::string magnet_of(const TorrentMetadata& metadata);

}  // namespace weir
