// SPDX-License-Identifier: MIT OR Apache-2.0
// What the node has and why, in SQLite: <directory>/catalogue.db. What was published, by upload
// (each row is one manifest and with it the torrent over the same content; several rows may share
// content) or in place; where verified copies of contents lie; how long torrents are to be kept.
//
// Thread-safe, blocking. A save is one transaction and is on the disk when the call returns:
// the answer to an upload is a promise. docs/formats/catalogue.md describes the file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/sqlite_state.h"
#include "store/content_index.h"

namespace weir {

struct CatalogueRow {
  std::string cid;           // text of the manifest's CID: the key
  std::string root;          // of the content, hexadecimal: where it lies (io/content_dir.h)
  std::string path;          // its name there
  Buffer manifest;           // the Codex manifest's block
  Buffer torrent;            // the hybrid .torrent file
  std::int64_t created = 0;  // seconds since 1970
  bool operator==(const CatalogueRow&) const = default;
};

// What was published where it lies.
struct InPlaceRow {
  std::string hash;          // the torrent's v2 info hash, hexadecimal: the key
  std::string path;          // of the directory or file, absolute; any bytes
  Buffer torrent;            // the .torrent file
  std::int64_t created = 0;  // seconds since 1970
  bool operator==(const InPlaceRow&) const = default;
};

// How long a torrent or an upload is to be kept.
struct KeepRow {
  std::string owner;  // the torrent's name in this node: the key
  bool pinned = false;
  std::optional<std::int64_t> expires;  // seconds since 1970
  bool on_behalf = false;               // fetched for somebody who asked over HTTP
  std::int64_t used = 0;                // when it was last asked for, in seconds since 1970
  bool operator==(const KeepRow&) const = default;
};

class CatalogueStore {
 public:
  // 2 brought in_place, 3 copies and keeps.
  static constexpr int kSchemaVersion = 3;
  static constexpr int kApplicationId = 0x77656963;  // "weic"

  // Creates the directory and the database when missing. An empty name keeps nothing.
  [[nodiscard]] static StateResult<std::unique_ptr<CatalogueStore>> open(
      const std::string& directory);
  ~CatalogueStore();
  CatalogueStore(const CatalogueStore&) = delete;
  CatalogueStore& operator=(const CatalogueStore&) = delete;

  // Oldest first.
  DiskResult<std::vector<CatalogueRow>> load_all();
  // Replaces a row with the same CID.
  DiskResult<void> save(const CatalogueRow& row);
  DiskResult<void> remove(const std::string& cid);

  // The same for what lies elsewhere.
  DiskResult<std::vector<InPlaceRow>> load_in_place();
  DiskResult<void> save_in_place(const InPlaceRow& row);
  DiskResult<void> remove_in_place(const std::string& hash);

  // Verified copies (catalogue_copies.cc). Several are one transaction.
  DiskResult<std::vector<Copy>> load_copies();
  DiskResult<void> change_copies(const std::vector<Copy>& saved,
                                 const std::vector<std::string>& removed_paths);
  DiskResult<std::vector<KeepRow>> load_keeps();
  DiskResult<void> save_keeps(const std::vector<KeepRow>& rows);
  DiskResult<void> remove_keep(const std::string& owner);

 private:
  explicit CatalogueStore(std::string path) : path_(std::move(path)) {}
  StateResult<void> prepare();
  // Runs `change` between BEGIN and COMMIT. REQUIRES: mutex_ is held.
  DiskResult<void> transact(const std::function<int()>& change);
  [[nodiscard]] StateError error(int result) const;

  std::string path_;
  std::mutex mutex_;
  sqlite3* connection_ = nullptr;
};

}  // namespace weir
