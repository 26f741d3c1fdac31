// SPDX-License-Identifier: MIT OR Apache-2.0
// The StateStore in SQLite: <directory>/weir.db, write-ahead log, one connection behind a mutex.
// Several processes may use one directory at a time; who waits longer than 5 s for another gives up
// with io_error.
//
// Durability: a kill loses nothing that was saved. A power cut may lose the last saves, a suffix of
// them, as store/resume.h allows.
//
// Records and progress lie in tables of their own, because saving the progress, which happens every
// few seconds, would otherwise rewrite the whole .torrent file with it. docs/formats/state.md
// describes the file.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "store/resume.h"

struct sqlite3;
struct sqlite3_stmt;

namespace weir {

enum class StateErrc : std::uint8_t {
  disk,           // see `disk`
  newer_version,  // written by a later weir; left alone
  foreign,        // a database of another program; left alone
};
// Stable names, part of the interface ("newer_version").
[[nodiscard]] const char* error_name(StateErrc code);
struct StateError {
  StateErrc code = StateErrc::disk;
  DiskError disk;      // the path is set in any case
  std::string detail;  // SQLite's words, for people
};
template <class T>
using StateResult = std::expected<T, StateError>;

class SqliteStateStore : public StateStore {
 public:
  static constexpr int kSchemaVersion = 1;
  static constexpr int kApplicationId = 0x77656972;  // "weir"
  static constexpr int kBusyTimeoutMs = 5000;
  // A database up to this size is checked as a whole when it is opened.
  static constexpr std::int64_t kCheckBytesMax = 16 * 1024 * 1024;

  // Creates the directory and the database when missing, readable to this user only: announce URLs
  // in it may carry passkeys. A database that is damaged is renamed to weir.db.corrupt-N and a new
  // one begun; set_aside() then says so.
  [[nodiscard]] static StateResult<std::unique_ptr<SqliteStateStore>> open(
      const std::string& directory);
  // Keeps nothing: for a node without a state directory.
  [[nodiscard]] static StateResult<std::unique_ptr<SqliteStateStore>> in_memory();
  ~SqliteStateStore() override;
  SqliteStateStore(const SqliteStateStore&) = delete;
  SqliteStateStore& operator=(const SqliteStateStore&) = delete;

  // Where the damaged database went that open() found, for a warning to the user.
  [[nodiscard]] const std::optional<std::string>& set_aside() const { return set_aside_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // By id, ascending.
  DiskResult<std::vector<Entry>> load_all() override;
  DiskResult<std::optional<Entry>> load(const std::string& id) override;
  DiskResult<void> save_record(const std::string& id, Bytes record) override;
  DiskResult<void> save_progress(const std::string& id, Bytes progress) override;
  DiskResult<void> remove(const std::string& id) override;

  // Bans with the time they end, in seconds since 1970. load_bans() forgets those that ended by
  // `now`; of more than kBansMax, those that end last are given. (sqlite_state_bans.cc)
  static constexpr std::size_t kBansMax = 10'000;
  struct SavedBan {
    IpAddress address;
    std::int64_t until = 0;
    bool operator==(const SavedBan&) const = default;
  };
  DiskResult<std::vector<SavedBan>> load_bans(std::int64_t now);
  // Replaces one of the same address.
  DiskResult<void> save_ban(const SavedBan& ban);
  DiskResult<void> remove_ban(const IpAddress& address);

 private:
  struct CloseConnection {
    void operator()(sqlite3* connection) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Connection = std::unique_ptr<sqlite3, CloseConnection>;
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;
  enum class Opened : std::uint8_t { ready, damaged };

  explicit SqliteStateStore(std::string path) : path_(std::move(path)) {}
  StateResult<Opened> connect();
  StateResult<Opened> check_and_prepare();
  StateResult<void> make_schema();
  int judge_owner(StateErrc& refusal) const;
  int judge_owner_in_transaction(StateErrc& refusal) const;
  int prepare_statements();
  void disconnect();
  StateResult<void> begin_anew();

  [[nodiscard]] StateError state_error(int result) const;
  [[nodiscard]] std::unexpected<DiskError> failure(int result) const;
  DiskResult<void> save(sqlite3_stmt* statement, const std::string& id, Bytes value);

  std::string path_;
  std::optional<std::string> set_aside_;
  std::mutex mutex_;
  Connection connection_;
  Statement load_all_;
  Statement load_;
  Statement save_record_;
  Statement save_progress_;
  Statement remove_record_;
  Statement remove_progress_;
};

}  // namespace weir
