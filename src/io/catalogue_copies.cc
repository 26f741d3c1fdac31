// SPDX-License-Identifier: MIT OR Apache-2.0
// Where copies of contents lie, and how long torrents are to be kept.
#include <sqlite3.h>

#include "io/catalogue_store.h"
#include "io/internal/sqlite_query.h"

namespace weir {
namespace {

std::optional<Copy> copy_of(const Query& row) {
  const auto root = Sha256Digest::from(row.column(1));
  const std::int64_t kind = row.number_at(5);
  Copy out;
  // Rows that no version of this program writes are passed over: they name nothing we could use.
  if (!root || kind < 0 || kind > 2) return std::nullopt;
  out.path = as_text(row.column(0));
  out.content.root = *root;
  out.content.length = static_cast<std::uint64_t>(row.number_at(2));
  out.seen.size = out.content.length;
  out.seen.mtime_ns = row.number_at(3);
  out.seen.file_id = static_cast<std::uint64_t>(row.number_at(4));
  out.kind = static_cast<CopyKind>(kind);
  out.owner = as_text(row.column(6));
  out.file = static_cast<std::uint32_t>(row.number_at(7));
  return out;
}

}  // namespace

DiskResult<void> CatalogueStore::transact(const std::function<int()>& change) {
  int result = sqlite3_exec(connection_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  if (result == SQLITE_OK) result = change();
  if (result == SQLITE_OK || result == SQLITE_DONE) {
    result = sqlite3_exec(connection_, "COMMIT", nullptr, nullptr, nullptr);
    if (result == SQLITE_OK) return {};
  }
  auto refused = error(result).disk;
  if (sqlite3_get_autocommit(connection_) == 0) {
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return std::unexpected(std::move(refused));
}

DiskResult<std::vector<Copy>> CatalogueStore::load_copies() {
  const std::lock_guard lock(mutex_);
  Query query(connection_,
              "SELECT path, root, length, mtime, file_id, kind, owner, file FROM copies");
  std::vector<Copy> rows;
  int result = SQLITE_ROW;
  while ((result = query.step()) == SQLITE_ROW) {
    if (auto copy = copy_of(query)) rows.push_back(std::move(*copy));
  }
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return rows;
}

DiskResult<void> CatalogueStore::change_copies(const std::vector<Copy>& saved,
                                               const std::vector<std::string>& removed_paths) {
  const std::lock_guard lock(mutex_);
  return transact([&] {
    for (const std::string& path : removed_paths) {
      Query query(connection_, "DELETE FROM copies WHERE path = ?1");
      const int result = query.blob(as_bytes(path)).step();
      if (result != SQLITE_DONE) return result;
    }
    for (const Copy& copy : saved) {
      Query query(connection_,
                  "INSERT OR REPLACE INTO copies(path, root, length, mtime, file_id, kind, owner,"
                  " file) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
      query.blob(as_bytes(copy.path)).blob(copy.content.root.bytes);
      query.number(static_cast<std::int64_t>(copy.content.length)).number(copy.seen.mtime_ns);
      query.number(static_cast<std::int64_t>(copy.seen.file_id));
      query.number(static_cast<std::int64_t>(copy.kind)).text(copy.owner).number(copy.file);
      const int result = query.step();
      if (result != SQLITE_DONE) return result;
    }
    return SQLITE_OK;
  });
}

DiskResult<std::vector<KeepRow>> CatalogueStore::load_keeps() {
  const std::lock_guard lock(mutex_);
  Query query(connection_, "SELECT owner, pinned, expires, on_behalf, used FROM keeps");
  std::vector<KeepRow> rows;
  int result = SQLITE_ROW;
  while ((result = query.step()) == SQLITE_ROW) {
    KeepRow row;
    row.owner = as_text(query.column(0));
    row.pinned = query.number_at(1) != 0;
    if (!query.is_null(2)) row.expires = query.number_at(2);
    row.on_behalf = query.number_at(3) != 0;
    row.used = query.number_at(4);
    rows.push_back(std::move(row));
  }
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return rows;
}

DiskResult<void> CatalogueStore::save_keeps(const std::vector<KeepRow>& rows) {
  const std::lock_guard lock(mutex_);
  return transact([&] {
    for (const KeepRow& row : rows) {
      Query query(connection_,
                  "INSERT OR REPLACE INTO keeps(owner, pinned, expires, on_behalf, used)"
                  " VALUES(?1, ?2, ?3, ?4, ?5)");
      query.text(row.owner).number(row.pinned ? 1 : 0).number_or_null(row.expires);
      const int result = query.number(row.on_behalf ? 1 : 0).number(row.used).step();
      if (result != SQLITE_DONE) return result;
    }
    return SQLITE_OK;
  });
}

DiskResult<void> CatalogueStore::remove_keep(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  Query query(connection_, "DELETE FROM keeps WHERE owner = ?1");
  const int result = query.text(owner).step();
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return {};
}

}  // namespace weir
