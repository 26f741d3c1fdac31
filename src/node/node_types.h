// SPDX-License-Identifier: MIT OR Apache-2.0
// The values that go into and come out of a Node.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/weir.h"
#include "codex/manifest.h"
#include "codex/torrent.h"
#include "metainfo/magnet.h"
#include "metainfo/torrent_info.h"

namespace weir {

enum class NodeErrc : std::uint8_t {
  no_space,        // the disk is full
  quota_exceeded,  // the node's own limit
  disk,            // another failure of the disk or of the catalogue
  empty_content,   // an upload of no bytes has no hash to be found by
  too_large,       // more blocks or pieces than there may be
  bad_text,        // a file name or type that no manifest can hold
  too_many,        // uploads or fetches at a time
  not_found,       // nobody here has it
  timed_out,       // nobody gave it in time
  bad_torrent,     // the metadata is not a valid torrent, or contradicts what is here
  bad_path,        // a path that can't be published in place
  changed,         // content changed while it was read
  cancelled,       // by whoever asked for it
  already_here,    // the torrent is here, with its content at another place
  engine,          // the engine refuses; `detail` has its code
  stopping,
};
// Stable, lower-case.
[[nodiscard]] const char* error_name(NodeErrc code);
struct NodeError {
  NodeErrc code{};
  std::string detail;  // for people
};
// The quota has no room for an upload: in the same words wherever it is noticed.
[[nodiscard]] NodeError quota_error();
template <class T>
using NodeResult = std::expected<T, NodeError>;

struct NodeConfig {
  ClientConfig client;
  std::string content_dir;        // see io/content_dir.h
  std::uint64_t quota_bytes = 0;  // of all content here; 0: no limit
  std::chrono::seconds ttl{0};    // of what was fetched on behalf of somebody, unused; 0: for ever
  std::chrono::milliseconds fetch_timeout{20'000};  // until the metadata must be known
  std::chrono::milliseconds read_timeout{60'000};   // until the next bytes of a reader must be here
  unsigned workers = 4;
  std::size_t uploads_max = 64;
  std::size_t fetches_max = 256;  // torrents whose metadata is waited for
};

enum class UploadKind : std::uint8_t {
  torrent,  // blocks of 16 KiB as they are; the answer is the info hash
  data,     // blocks of 64 KiB, the last one padded; the answer is the manifest's CID
};

struct UploadOptions {
  UploadKind kind = UploadKind::torrent;
  std::string name;  // a safe component (metainfo/path.h), or empty
  std::string mimetype;
};

// One upload under all its names. Immutable and shared.
struct Publication {
  UploadKind kind{};
  codex::Manifest manifest;
  Buffer manifest_block;
  Cid cid;  // of the manifest
  // The info dictionary of four keys that the reference node makes, and a hybrid over the same
  // pieces. A torrent without a name is stored under its info hash.
  std::shared_ptr<const TorrentMetadata> reference;
  Buffer reference_file;
  std::shared_ptr<const TorrentMetadata> hybrid;
  Buffer hybrid_file;
  std::string root;  // of the content, hexadecimal
  std::string path;  // its name on disk
  std::int64_t created = 0;

  [[nodiscard]] const Sha1Digest& info_hash() const { return *reference->info->hashes.v1; }
  [[nodiscard]] codex::BitTorrentManifest torrent_manifest() const;
};

// A torrent that the node knows.
struct Found {
  TorrentKey key{};
  std::shared_ptr<const TorrentInfo> info;         // null while only its name is known
  std::shared_ptr<const Publication> publication;  // when it was uploaded here
};

struct AddOptions {
  bool paused = false;
  bool sequential = false;
};

// What to fetch: by hash, by magnet or by metadata.
struct FetchSource {
  InfoHashes hashes;  // at least one
  std::optional<Magnet> magnet;
  std::shared_ptr<const TorrentMetadata> metadata;
  Buffer torrent_file;  // the bytes `metadata` came from
  AddOptions options = {};
  // Of a torrent that is not here yet: its files' priorities (AddTorrent::select_files). Empty: all
  // are fetched. Pure; may run on the engine's thread.
  std::function<std::vector<std::uint8_t>(const TorrentInfo&)> select = {};
};

struct AddedTorrent {
  TorrentKey key{};
  bool is_new = true;  // false: it was here
};

struct NodeSpace {
  std::uint64_t blocks = 0;          // of the manifests here
  std::uint64_t quota_bytes = 0;     // 0: no limit
  std::uint64_t used_bytes = 0;      // content that is here or is being fetched
  std::uint64_t reserved_bytes = 0;  // by uploads under way
};

}  // namespace weir
