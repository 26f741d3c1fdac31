// SPDX-License-Identifier: MIT OR Apache-2.0
// Bans in the state database: few, and seldom touched, so nothing is prepared ahead.
#include <sqlite3.h>

#include "io/sqlite_state.h"

namespace weir {
namespace {

class Query {
 public:
  Query(sqlite3* connection, const char* sql) {
    result_ = sqlite3_prepare_v2(connection, sql, -1, &statement_, nullptr);
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void bind(int index, const std::string& text) {
    if (result_ != SQLITE_OK) return;
    result_ = sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
  }
  void bind(int index, std::int64_t number) {
    if (result_ == SQLITE_OK) result_ = sqlite3_bind_int64(statement_, index, number);
  }
  int step() { return result_ == SQLITE_OK ? sqlite3_step(statement_) : result_; }
  [[nodiscard]] std::string text(int column) const {
    const auto* text = sqlite3_column_text(statement_, column);
    return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
  }
  [[nodiscard]] std::int64_t number(int column) const {
    return sqlite3_column_int64(statement_, column);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int result_ = SQLITE_OK;
};

}  // namespace

DiskResult<std::vector<SqliteStateStore::SavedBan>> SqliteStateStore::load_bans(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  Query ended(connection_.get(), "DELETE FROM ban WHERE until <= ?1");
  ended.bind(1, now);
  if (const int result = ended.step(); result != SQLITE_DONE) return failure(result);
  Query query(connection_.get(), "SELECT address, until FROM ban ORDER BY until DESC LIMIT ?1");
  query.bind(1, static_cast<std::int64_t>(kBansMax));
  std::vector<SavedBan> out;
  int result = SQLITE_ROW;
  while ((result = query.step()) == SQLITE_ROW) {
    // What is no address was not written by us, and bans nobody.
    if (const auto address = IpAddress::parse(query.text(0))) {
      out.push_back({.address = *address, .until = query.number(1)});
    }
  }
  if (result != SQLITE_DONE) return failure(result);
  return out;
}

DiskResult<void> SqliteStateStore::save_ban(const SavedBan& ban) {
  const std::lock_guard lock(mutex_);
  Query query(connection_.get(),
              "INSERT INTO ban(address, until) VALUES(?1, ?2)"
              " ON CONFLICT(address) DO UPDATE SET until = excluded.until");
  query.bind(1, ban.address.text());
  query.bind(2, ban.until);
  if (const int result = query.step(); result != SQLITE_DONE) return failure(result);
  return {};
}

DiskResult<void> SqliteStateStore::remove_ban(const IpAddress& address) {
  const std::lock_guard lock(mutex_);
  Query query(connection_.get(), "DELETE FROM ban WHERE address = ?1");
  query.bind(1, address.text());
  if (const int result = query.step(); result != SQLITE_DONE) return failure(result);
  return {};
}

}  // namespace weir
