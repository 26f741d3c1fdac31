// SPDX-License-Identifier: MIT OR Apache-2.0
// What was published, by upload or in place, in SQLite: <directory>/catalogue.db. Each row is one
// manifest and with it the torrent over the same content; several rows may share content.
//
// Thread-safe, blocking. A save is one transaction and is on the disk when the call returns:
// the answer to an upload is a promise. docs/formats/catalogue.md describes the file.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/sqlite_state.h"

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

class CatalogueStore {
 public:
  // 2 brought in_place.
  static constexpr int kSchemaVersion = 2;
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

 private:
  explicit CatalogueStore(std::string path) : path_(std::move(path)) {}
  StateResult<void> prepare();
  [[nodiscard]] StateError error(int result) const;

  std::string path_;
  std::mutex mutex_;
  sqlite3* connection_ = nullptr;
};

}  // namespace weir
