// SPDX-License-Identifier: MIT OR Apache-2.0
// A statement of SQLite for one use. A failure shows in step().
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace weir {

class Query {
 public:
  Query(sqlite3* connection, const char* sql) {
    result_ = sqlite3_prepare_v2(connection, sql, -1, &statement_, nullptr);
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Arguments in order; they are borrowed until the query ends.
  Query& text(const std::string& value) {
    return bound(sqlite3_bind_text64(statement_, ++at_, value.data(), value.size(), SQLITE_STATIC,
                                     SQLITE_UTF8));
  }
  Query& blob(Bytes value) {
    const int index = ++at_;
    if (value.empty()) return bound(sqlite3_bind_zeroblob(statement_, index, 0));
    return bound(sqlite3_bind_blob64(statement_, index, value.data(), value.size(), SQLITE_STATIC));
  }
  Query& number_or_null(std::optional<std::int64_t> value) {
    if (value) return number(*value);
    return bound(sqlite3_bind_null(statement_, ++at_));
  }
  Query& number(std::int64_t value) { return bound(sqlite3_bind_int64(statement_, ++at_, value)); }

  // SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return result_ == SQLITE_OK ? sqlite3_step(statement_) : result_; }
  [[nodiscard]] Bytes column(int index) const {
    const void* data = sqlite3_column_blob(statement_, index);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, index));
    return data ? Bytes(static_cast<const std::byte*>(data), size) : Bytes();
  }
  [[nodiscard]] bool is_null(int index) const {
    return sqlite3_column_type(statement_, index) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t number_at(int index) const {
    return sqlite3_column_int64(statement_, index);
  }

 private:
  Query& bound(int result) {
    if (result_ == SQLITE_OK) result_ = result;
    return *this;
  }
  sqlite3_stmt* statement_ = nullptr;
  int result_ = SQLITE_OK;
  int at_ = 0;
};

}  // namespace weir
