// SPDX-License-Identifier: MIT OR Apache-2.0
// Bans in the state database: few, and seldom touched, so nothing is prepared ahead.
#include <sqlite3.h>

#include "io/internal/sqlite_query.h"
#include "io/sqlite_state.h"

namespace weir {

DiskResult<std::vector<SqliteStateStore::SavedBan>> SqliteStateStore::load_bans(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  Query ended(connection_.get(), "DELETE FROM ban WHERE until <= ?1");
  ended.number(now);
  if (const int result = ended.step(); result != SQLITE_DONE) return failure(result);
  Query query(connection_.get(), "SELECT address, until FROM ban ORDER BY until DESC LIMIT ?1");
  query.number(static_cast<std::int64_t>(kBansMax));
  std::vector<SavedBan> out;
  int result = SQLITE_ROW;
  while ((result = query.step()) == SQLITE_ROW) {
    // What is no address was not written by us, and bans nobody.
    if (const auto address = IpAddress::parse(as_text(query.column(0)))) {
      out.push_back({.address = *address, .until = query.number_at(1)});
    }
  }
  if (result != SQLITE_DONE) return failure(result);
  return out;
}

DiskResult<void> SqliteStateStore::save_ban(const SavedBan& ban) {
  const std::string address = ban.address.text();
  const std::lock_guard lock(mutex_);
  Query query(connection_.get(),
              "INSERT INTO ban(address, until) VALUES(?1, ?2)"
              " ON CONFLICT(address) DO UPDATE SET until = excluded.until");
  query.text(address).number(ban.until);
  if (const int result = query.step(); result != SQLITE_DONE) return failure(result);
  return {};
}

DiskResult<void> SqliteStateStore::remove_ban(const IpAddress& address) {
  const std::string text = address.text();
  const std::lock_guard lock(mutex_);
  Query query(connection_.get(), "DELETE FROM ban WHERE address = ?1");
  query.text(text);
  if (const int result = query.step(); result != SQLITE_DONE) return failure(result);
  return {};
}

}  // namespace weir
