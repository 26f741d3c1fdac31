// SPDX-License-Identifier: MIT OR Apache-2.0
// Loading and saving; opening is in sqlite_state_open.cc.
#include "io/sqlite_state.h"

#include <sqlite3.h>

#include <utility>

#include "io/internal/beneath.h"

namespace weir {
namespace {

// Leaves the statement ready for its next use, and gives back the locks it holds.
class StatementUse {
 public:
  explicit StatementUse(sqlite3_stmt* statement) : statement_(statement) {}
  ~StatementUse() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;

  // Both are borrowed until the use ends.
  int bind_id(const std::string& id) {
    return sqlite3_bind_text64(statement_, 1, id.data(), id.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int bind_value(Bytes value) {
    if (value.empty()) return sqlite3_bind_zeroblob(statement_, 2, 0);
    return sqlite3_bind_blob64(statement_, 2, value.data(), value.size(), SQLITE_STATIC);
  }
  int step() { return sqlite3_step(statement_); }

  [[nodiscard]] StateStore::Entry entry() const {
    return {std::string(as_text(column(0))), to_buffer(column(1)), to_buffer(column(2))};
  }

 private:
  [[nodiscard]] Bytes column(int index) const {
    const void* data = sqlite3_column_blob(statement_, index);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, index));
    return data ? Bytes(static_cast<const std::byte*>(data), size) : Bytes();
  }
  sqlite3_stmt* statement_;
};

}  // namespace

DiskResult<std::vector<StateStore::Entry>> SqliteStateStore::load_all() {
  const std::lock_guard lock(mutex_);
  StatementUse use(load_all_.get());
  std::vector<Entry> all;
  int result = SQLITE_ROW;
  while ((result = use.step()) == SQLITE_ROW) all.push_back(use.entry());
  if (result != SQLITE_DONE) return failure(result);
  return all;
}

DiskResult<std::optional<StateStore::Entry>> SqliteStateStore::load(const std::string& id) {
  const std::lock_guard lock(mutex_);
  StatementUse use(load_.get());
  int result = use.bind_id(id);
  if (result == SQLITE_OK) result = use.step();
  if (result == SQLITE_ROW) return use.entry();
  if (result != SQLITE_DONE) return failure(result);
  return std::nullopt;
}

DiskResult<void> SqliteStateStore::save_record(const std::string& id, Bytes record) {
  return save(save_record_.get(), id, record);
}

DiskResult<void> SqliteStateStore::save_progress(const std::string& id, Bytes progress) {
  return save(save_progress_.get(), id, progress);
}

DiskResult<void> SqliteStateStore::save(sqlite3_stmt* statement, const std::string& id,
                                        Bytes value) {
  const std::lock_guard lock(mutex_);
  StatementUse use(statement);
  int result = use.bind_id(id);
  if (result == SQLITE_OK) result = use.bind_value(value);
  if (result == SQLITE_OK) result = use.step();
  if (result != SQLITE_DONE) return failure(result);
  return {};
}

DiskResult<void> SqliteStateStore::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  int result = sqlite3_exec(connection_.get(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return failure(result);
  for (sqlite3_stmt* statement : {remove_record_.get(), remove_progress_.get()}) {
    StatementUse use(statement);
    result = use.bind_id(id);
    if (result == SQLITE_OK) result = use.step();
    if (result != SQLITE_DONE) break;
  }
  if (result == SQLITE_DONE) {
    result = sqlite3_exec(connection_.get(), "COMMIT", nullptr, nullptr, nullptr);
    if (result == SQLITE_OK) return {};
  }
  auto error = failure(result);
  // Some errors have rolled back by themselves already.
  if (sqlite3_get_autocommit(connection_.get()) == 0) {
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return error;
}

std::unexpected<DiskError> SqliteStateStore::failure(int result) const {
  return std::unexpected(state_error(result).disk);
}

StateError SqliteStateStore::state_error(int result) const {
  StateError error;
  error.disk.path = path_;
  sqlite3* const connection = connection_.get();
  error.detail = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(result);
  const int cause = connection ? sqlite3_system_errno(connection) : 0;
  switch (result & 0xff) {
    case SQLITE_FULL:
      error.disk.code = DiskErrc::no_space;
      break;
    case SQLITE_READONLY:
      error.disk.code = DiskErrc::read_only;
      break;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      error.disk.code = DiskErrc::permission;
      break;
    case SQLITE_TOOBIG:
      error.disk.code = DiskErrc::too_large;
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      error.disk.code = cause != 0 ? disk_errc(cause) : DiskErrc::io_error;
      break;
    default:
      error.disk.code = DiskErrc::io_error;
  }
  return error;
}

}  // namespace weir
