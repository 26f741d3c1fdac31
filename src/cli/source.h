// SPDX-License-Identifier: MIT OR Apache-2.0
// Finds out what the user's ID names and loads it: a .torrent file, a magnet link, an info hash.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "cli/tracker_urls.h"
#include "metainfo/magnet.h"
#include "metainfo/metainfo_error.h"
#include "metainfo/torrent_info.h"
#include "store/content_names.h"

namespace weir {

template <class T>
using CliResult = std::expected<T, CliError>;

// One of the two is set.
struct TorrentSource {
  std::string id;  // as the user wrote it
  std::shared_ptr<const TorrentMetadata> metadata;
  Buffer torrent_file;  // the bytes that `metadata` came from
  std::optional<Magnet> magnet;
  std::vector<std::string> left_out_trackers;  // of a magnet link: no usable URLs, as they are

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

// Where the torrent's content lies, for those who only read it.
struct ContentPlace {
  std::string root;                           // absolute
  std::shared_ptr<const ContentNames> names;  // none: under the torrent's own
};
// Looks for the content in `data`, under the name the torrent's author gave it or under the safe
// one, then takes `data` for the content itself, whatever its name is. The first place where a file
// has the size that the torrent says is the one; without any, where something has the right name.
// REQUIRES: at least one file.
[[nodiscard]] CliResult<ContentPlace> find_content(const TorrentInfo& info,
                                                   const std::string& data);
[[nodiscard]] std::string absolute_path(const std::string& path);

// What the torrent file or magnet link names as trackers and nobody could ask.
[[nodiscard]] std::vector<UnusableTracker> unusable_trackers_of(const TorrentSource& source);

// The link that names the torrent, with its trackers.
[[nodiscard]] std::string magnet_of(const TorrentMetadata& metadata);

}  // namespace weir
