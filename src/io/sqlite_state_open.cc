// SPDX-License-Identifier: MIT OR Apache-2.0
// Opening the database: whose it is, which version, whether it is whole.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

#include "base/result.h"
#include "io/internal/beneath.h"
#include "io/sqlite_state.h"

namespace weir {
namespace {

constexpr const char* kMemoryName = ":memory:";

constexpr const char* kSchema =
    "CREATE TABLE record(id TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL);"
    "CREATE TABLE progress(id TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL);";

// Added to databases of the same version that lack it: who does not know it is not disturbed.
constexpr const char* kBanTable =
    "CREATE TABLE IF NOT EXISTS ban(address TEXT PRIMARY KEY NOT NULL, until INTEGER NOT NULL)";

constexpr const char* kSelect =
    "SELECT coalesce(r.id, p.id), r.value, p.value"
    " FROM record r FULL OUTER JOIN progress p ON r.id = p.id ";

StateError file_error(int error, const std::string& path) {
  return {StateErrc::disk, {disk_errc(error), path}, {}};
}

bool is_damage(int result) {
  return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

int execute(sqlite3* connection, const std::string& sql) {
  return sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
}

// The first column of the first row, as text or number.
struct Answer {
  int result = SQLITE_OK;
  std::int64_t number = 0;
  std::string text;
};
Answer ask(sqlite3* connection, const char* sql) {
  Answer answer;
  sqlite3_stmt* statement = nullptr;
  answer.result = sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr);
  if (answer.result != SQLITE_OK) return answer;
  answer.result = sqlite3_step(statement);
  if (answer.result == SQLITE_ROW) {
    answer.number = sqlite3_column_int64(statement, 0);
    if (const auto* text = sqlite3_column_text(statement, 0)) {
      answer.text = reinterpret_cast<const char*>(text);
    }
    answer.result = SQLITE_OK;
  }
  sqlite3_finalize(statement);
  return answer;
}

// Switching to the log needs the file for itself, and SQLite does not wait for that by itself.
int use_write_ahead_log(sqlite3* connection) {
  const auto deadline = std::chrono::steady_clock::now() +
                        std::chrono::milliseconds(SqliteStateStore::kBusyTimeoutMs);
  while (true) {
    const Answer answer = ask(connection, "PRAGMA journal_mode=WAL");
    if ((answer.result & 0xff) != SQLITE_BUSY) {
      if (answer.result != SQLITE_OK) return answer.result;
      // Without the log (network file systems) only the full setting survives a power cut.
      return execute(connection, answer.text == "wal" ? "PRAGMA synchronous=NORMAL"
                                                      : "PRAGMA synchronous=FULL");
    }
    if (std::chrono::steady_clock::now() > deadline) return answer.result;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

// Created before SQLite does, with the permissions that it then copies to the log.
StateResult<void> create_private(const std::string& directory, const std::string& path) {
  for (std::size_t at = 0; at != std::string::npos;) {
    at = directory.find('/', at + 1);
    const std::string name = directory.substr(0, at);
    if (::mkdir(name.c_str(), at == std::string::npos ? 0700 : 0755) == 0) continue;
    const int error = errno;
    struct stat found{};
    if (::stat(name.c_str(), &found) != 0) return std::unexpected(file_error(error, name));
    if (!S_ISDIR(found.st_mode)) return std::unexpected(file_error(ENOTDIR, name));
  }
  // Never opens a file that exists: closing it would release the locks that another connection of
  // this process holds on it.
  const Descriptor created(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!created && errno != EEXIST) return std::unexpected(file_error(errno, path));
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::unexpected(file_error(errno, path));
  if (!S_ISREG(found.st_mode)) return std::unexpected(file_error(EISDIR, path));
  return {};
}

// Renames the database with its log to the first free name.
StateResult<std::string> move_aside(const std::string& path) {
  for (int number = 1; number < 10'000; ++number) {
    const std::string aside = path + ".corrupt-" + std::to_string(number);
    if (::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno == EEXIST) continue;
      return std::unexpected(file_error(errno, path));
    }
    // A log left behind would be taken for the new database's.
    for (const char* suffix : {"-wal", "-shm"}) {
      const std::string part = path + suffix;
      if (::rename(part.c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT) {
        return std::unexpected(file_error(errno, part));
      }
    }
    return aside;
  }
  return std::unexpected(file_error(EEXIST, path));
}

}  // namespace

const char* error_name(StateErrc code) {
  switch (code) {
    case StateErrc::disk:
      return "disk";
    case StateErrc::newer_version:
      return "newer_version";
    case StateErrc::foreign:
      return "foreign";
  }
  std::unreachable();
}

void SqliteStateStore::CloseConnection::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}
void SqliteStateStore::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
SqliteStateStore::~SqliteStateStore() = default;

StateResult<std::unique_ptr<SqliteStateStore>> SqliteStateStore::in_memory() {
  std::unique_ptr<SqliteStateStore> store(new SqliteStateStore(kMemoryName));
  WEIR_CHECK(store->connect());
  return store;
}

StateResult<std::unique_ptr<SqliteStateStore>> SqliteStateStore::open(
    const std::string& directory) {
  const std::string path = directory + "/weir.db";
  WEIR_CHECK(create_private(directory, path));
  std::unique_ptr<SqliteStateStore> store(new SqliteStateStore(path));
  WEIR_TRY(opened, store->connect());
  if (opened == Opened::damaged) {
    store->disconnect();
    WEIR_CHECK(store->begin_anew());
  }
  return store;
}

// Damage is looked at once more behind a lock: another process may just have begun anew, and its
// new database must not be moved away.
StateResult<void> SqliteStateStore::begin_anew() {
  const std::string lock_path = path_ + ".repair-lock";
  const Descriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return std::unexpected(file_error(errno, lock_path));
  int locked = 0;
  do {
    locked = ::flock(lock.get(), LOCK_EX);
  } while (locked != 0 && errno == EINTR);
  if (locked != 0) return std::unexpected(file_error(errno, lock_path));
  WEIR_TRY(again, connect());
  if (again == Opened::ready) return {};
  const StateError damage = state_error(SQLITE_CORRUPT);
  disconnect();
  WEIR_TRY(aside, move_aside(path_));
  set_aside_ = aside;
  WEIR_CHECK(create_private(path_.substr(0, path_.rfind('/')), path_));
  WEIR_TRY(opened, connect());
  if (opened == Opened::damaged) return std::unexpected(damage);
  return {};
}

StateResult<SqliteStateStore::Opened> SqliteStateStore::connect() {
  sqlite3* raw = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(path_.c_str(), &raw, flags, nullptr);
  connection_.reset(raw);
  if (result != SQLITE_OK) return std::unexpected(state_error(result));
  // SQLite then settles for reading, only to fail later with less to say.
  if (sqlite3_db_readonly(raw, "main") == 1) {
    const int error = ::access(path_.c_str(), W_OK) == 0 ? EACCES : errno;
    disconnect();
    return std::unexpected(file_error(error, path_));
  }
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  auto checked = check_and_prepare();
  // A connection that was never given out must not leave its log's index behind.
  if (!checked) disconnect();
  return checked;
}

void SqliteStateStore::disconnect() {
  for (Statement* statement :
       {&load_all_, &load_, &save_record_, &save_progress_, &remove_record_, &remove_progress_}) {
    statement->reset();
  }
  connection_.reset();
}

// SQLITE_OK, or why the owner could not be told. Sets `refusal` to other than `disk` when the
// database is not for us.
int SqliteStateStore::judge_owner(StateErrc& refusal) const {
  // The three answers must be of one moment: another process may be making the database just now.
  if (const int begun = execute(connection_.get(), "BEGIN"); begun != SQLITE_OK) return begun;
  const int judged = judge_owner_in_transaction(refusal);
  const int ended = execute(connection_.get(), "COMMIT");
  return judged != SQLITE_OK ? judged : ended;
}

int SqliteStateStore::judge_owner_in_transaction(StateErrc& refusal) const {
  const Answer application = ask(connection_.get(), "PRAGMA application_id");
  if (application.result != SQLITE_OK) return application.result;
  const Answer version = ask(connection_.get(), "PRAGMA user_version");
  if (version.result != SQLITE_OK) return version.result;
  const Answer tables = ask(connection_.get(), "SELECT count(*) FROM sqlite_schema");
  if (tables.result != SQLITE_OK) return tables.result;
  const bool ours = application.number == kApplicationId;
  const bool untouched = application.number == 0 && version.number == 0 && tables.number == 0;
  if (!ours && !untouched) refusal = StateErrc::foreign;
  if (ours && version.number > kSchemaVersion) refusal = StateErrc::newer_version;
  return SQLITE_OK;
}

StateResult<SqliteStateStore::Opened> SqliteStateStore::check_and_prepare() {
  sqlite3* const connection = connection_.get();
  const auto damaged_or = [this](int result) -> StateResult<Opened> {
    if (is_damage(result)) return Opened::damaged;
    return std::unexpected(state_error(result));
  };
  // Whose it is comes first: nothing is changed in what is not ours.
  StateErrc refusal = StateErrc::disk;
  if (const int result = judge_owner(refusal); result != SQLITE_OK) return damaged_or(result);
  if (refusal != StateErrc::disk) {
    return std::unexpected(StateError{refusal, {DiskErrc::already_exists, path_}, {}});
  }
  if (const int result = use_write_ahead_log(connection); result != SQLITE_OK) {
    return damaged_or(result);
  }
  execute(connection, "PRAGMA journal_size_limit=16777216");
  if (auto made = make_schema(); !made) return std::unexpected(std::move(made).error());
  if (const int result = execute(connection, kBanTable); result != SQLITE_OK) {
    return damaged_or(result);
  }
  const Answer size =
      ask(connection, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  if (size.result != SQLITE_OK) return damaged_or(size.result);
  if (size.number <= kCheckBytesMax) {
    const Answer check = ask(connection, "PRAGMA quick_check(1)");
    if (check.result != SQLITE_OK) return damaged_or(check.result);
    if (check.text != "ok") return Opened::damaged;
  }
  if (const int result = prepare_statements(); result != SQLITE_OK) return damaged_or(result);
  return Opened::ready;
}

// In one transaction, so that of several processes that start at once one makes it.
StateResult<void> SqliteStateStore::make_schema() {
  sqlite3* const connection = connection_.get();
  const Answer before = ask(connection, "PRAGMA user_version");
  if (before.result == SQLITE_OK && before.number == kSchemaVersion) return {};
  int result = execute(connection, "BEGIN IMMEDIATE");
  if (result != SQLITE_OK) return std::unexpected(state_error(result));
  const Answer version = ask(connection, "PRAGMA user_version");
  result = version.result;
  if (result == SQLITE_OK && version.number == 0) {
    result = execute(connection, std::string(kSchema) +
                                     "PRAGMA application_id=" + std::to_string(kApplicationId) +
                                     ";PRAGMA user_version=" + std::to_string(kSchemaVersion));
  }
  if (result == SQLITE_OK) result = execute(connection, "COMMIT");
  if (result == SQLITE_OK) return {};
  auto error = state_error(result);
  if (sqlite3_get_autocommit(connection) == 0) execute(connection, "ROLLBACK");
  return std::unexpected(std::move(error));
}

int SqliteStateStore::prepare_statements() {
  const auto upsert = [](const std::string& table) {
    return "INSERT INTO " + table +
           "(id, value) VALUES(?1, ?2) ON CONFLICT(id) DO UPDATE SET value = excluded.value";
  };
  struct Wanted {
    Statement& statement;
    std::string sql;
  };
  const std::array wanted{
      Wanted{load_all_, std::string(kSelect) + "ORDER BY 1"},
      // Two halves: a condition on the joined id would make the join read every row.
      Wanted{load_,
             "SELECT ?1, (SELECT value FROM record WHERE id = ?1),"
             " (SELECT value FROM progress WHERE id = ?1)"
             " WHERE EXISTS(SELECT 1 FROM record WHERE id = ?1)"
             " OR EXISTS(SELECT 1 FROM progress WHERE id = ?1)"},
      Wanted{save_record_, upsert("record")},
      Wanted{save_progress_, upsert("progress")},
      Wanted{remove_record_, "DELETE FROM record WHERE id = ?1"},
      Wanted{remove_progress_, "DELETE FROM progress WHERE id = ?1"},
  };
  for (const Wanted& each : wanted) {
    sqlite3_stmt* raw = nullptr;
    const int result = sqlite3_prepare_v3(connection_.get(), each.sql.c_str(), -1,
                                          SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    each.statement.reset(raw);
    if (result != SQLITE_OK) return result;
  }
  return SQLITE_OK;
}

}  // namespace weir
