// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/catalogue_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/result.h"
#include "io/internal/beneath.h"
#include "io/internal/sqlite_query.h"
#include "io/posix_disk.h"

namespace weir {
namespace {

constexpr const char* kSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS published("
    "cid TEXT PRIMARY KEY NOT NULL, root TEXT NOT NULL, path TEXT NOT NULL,"
    " manifest BLOB NOT NULL, torrent BLOB NOT NULL, created INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS in_place("
    "hash TEXT PRIMARY KEY NOT NULL, path BLOB NOT NULL, torrent BLOB NOT NULL,"
    " created INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS copies("
    "path BLOB PRIMARY KEY NOT NULL, root BLOB NOT NULL, length INTEGER NOT NULL,"
    " mtime INTEGER NOT NULL, file_id INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " owner TEXT NOT NULL, file INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS keeps("
    "owner TEXT PRIMARY KEY NOT NULL, pinned INTEGER NOT NULL, expires INTEGER,"
    " on_behalf INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA application_id=2003134819;"
    "PRAGMA user_version=3;"
    "COMMIT";
static_assert(CatalogueStore::kApplicationId == 2003134819 && CatalogueStore::kSchemaVersion == 3);

std::int64_t pragma(sqlite3* connection, const char* sql) {
  Query query(connection, sql);
  return query.step() == SQLITE_ROW ? query.number_at(0) : -1;
}

}  // namespace

CatalogueStore::~CatalogueStore() { sqlite3_close_v2(connection_); }

StateError CatalogueStore::error(int result) const {
  StateError out;
  out.disk.path = path_;
  out.detail = connection_ ? sqlite3_errmsg(connection_) : sqlite3_errstr(result);
  const int cause = connection_ ? sqlite3_system_errno(connection_) : 0;
  if ((result & 0xff) == SQLITE_FULL) {
    out.disk.code = DiskErrc::no_space;
  } else if ((result & 0xff) == SQLITE_READONLY) {
    out.disk.code = DiskErrc::read_only;
  } else if (cause != 0) {
    out.disk.code = disk_errc(cause);
  }
  return out;
}

StateResult<std::unique_ptr<CatalogueStore>> CatalogueStore::open(const std::string& directory) {
  std::string path = ":memory:";
  if (!directory.empty()) {
    if (auto made = create_root(directory); !made) {
      return std::unexpected(StateError{StateErrc::disk, std::move(made).error(), {}});
    }
    path = directory + "/catalogue.db";
    // Before SQLite does, for this user alone: names of files are nobody else's business.
    const Descriptor created(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!created && errno != EEXIST) {
      return std::unexpected(StateError{StateErrc::disk, {disk_errc(errno), path}, {}});
    }
  }
  std::unique_ptr<CatalogueStore> store(new CatalogueStore(std::move(path)));
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(store->path_.c_str(), &store->connection_, flags, nullptr);
  if (opened != SQLITE_OK) return std::unexpected(store->error(opened));
  WEIR_CHECK(store->prepare());
  return store;
}

StateResult<void> CatalogueStore::prepare() {
  sqlite3_busy_timeout(connection_, SqliteStateStore::kBusyTimeoutMs);
  const std::int64_t application = pragma(connection_, "PRAGMA application_id");
  const std::int64_t version = pragma(connection_, "PRAGMA user_version");
  const std::int64_t tables = pragma(connection_, "SELECT count(*) FROM sqlite_schema");
  // A damaged database is not begun anew: what it names may still be served by repairing it, and
  // would be swept without it.
  if (tables < 0) return std::unexpected(error(sqlite3_extended_errcode(connection_)));
  const bool untouched = application == 0 && version == 0 && tables == 0;
  if (!untouched && application != kApplicationId) {
    return std::unexpected(StateError{StateErrc::foreign, {DiskErrc::already_exists, path_}, {}});
  }
  if (version > kSchemaVersion) {
    return std::unexpected(
        StateError{StateErrc::newer_version, {DiskErrc::already_exists, path_}, {}});
  }
  sqlite3_exec(connection_, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
  sqlite3_exec(connection_, "PRAGMA synchronous=FULL", nullptr, nullptr, nullptr);
  // Older ones lack a table, which is made as for a new one.
  if (version == kSchemaVersion) return {};
  const int made = sqlite3_exec(connection_, kSchema, nullptr, nullptr, nullptr);
  if (made == SQLITE_OK) return {};
  auto refused = error(made);
  if (sqlite3_get_autocommit(connection_) == 0) {
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return std::unexpected(std::move(refused));
}

DiskResult<std::vector<CatalogueRow>> CatalogueStore::load_all() {
  const std::lock_guard lock(mutex_);
  Query query(connection_,
              "SELECT cid, root, path, manifest, torrent, created FROM published"
              " ORDER BY created, rowid");
  std::vector<CatalogueRow> rows;
  int result = SQLITE_ROW;
  while ((result = query.step()) == SQLITE_ROW) {
    CatalogueRow row;
    row.cid = as_text(query.column(0));
    row.root = as_text(query.column(1));
    row.path = as_text(query.column(2));
    row.manifest = to_buffer(query.column(3));
    row.torrent = to_buffer(query.column(4));
    row.created = query.number_at(5);
    rows.push_back(std::move(row));
  }
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return rows;
}

DiskResult<void> CatalogueStore::save(const CatalogueRow& row) {
  const std::lock_guard lock(mutex_);
  Query query(connection_,
              "INSERT OR REPLACE INTO published(cid, root, path, manifest, torrent, created)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
  query.text(row.cid).text(row.root).text(row.path);
  query.blob(row.manifest).blob(row.torrent).number(row.created);
  const int result = query.step();
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return {};
}

DiskResult<void> CatalogueStore::remove(const std::string& cid) {
  const std::lock_guard lock(mutex_);
  Query query(connection_, "DELETE FROM published WHERE cid = ?1");
  const int result = query.text(cid).step();
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return {};
}

DiskResult<std::vector<InPlaceRow>> CatalogueStore::load_in_place() {
  const std::lock_guard lock(mutex_);
  Query query(connection_,
              "SELECT hash, path, torrent, created FROM in_place ORDER BY created, rowid");
  std::vector<InPlaceRow> rows;
  int result = SQLITE_ROW;
  while ((result = query.step()) == SQLITE_ROW) {
    InPlaceRow row;
    row.hash = as_text(query.column(0));
    row.path = as_text(query.column(1));
    row.torrent = to_buffer(query.column(2));
    row.created = query.number_at(3);
    rows.push_back(std::move(row));
  }
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return rows;
}

DiskResult<void> CatalogueStore::save_in_place(const InPlaceRow& row) {
  const std::lock_guard lock(mutex_);
  Query query(connection_,
              "INSERT OR REPLACE INTO in_place(hash, path, torrent, created)"
              " VALUES(?1, ?2, ?3, ?4)");
  query.text(row.hash).blob(as_bytes(row.path)).blob(row.torrent).number(row.created);
  const int result = query.step();
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return {};
}

DiskResult<void> CatalogueStore::remove_in_place(const std::string& hash) {
  const std::lock_guard lock(mutex_);
  Query query(connection_, "DELETE FROM in_place WHERE hash = ?1");
  const int result = query.text(hash).step();
  if (result != SQLITE_DONE) return std::unexpected(error(result).disk);
  return {};
}

}  // namespace weir
